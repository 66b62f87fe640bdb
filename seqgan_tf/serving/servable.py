"""The trained networks as a `tf.Module` whose SavedModel TensorFlow Serving can run.

Letter key: B rows of a request, T sequence length, V vocabulary size, K alternatives.
Log-probabilities are sums over a sequence, in nats, but for those of `inspect`, which are of one
token.
"""

from typing import Any

import tensorflow as tf

from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.models.discriminator import Discriminator
from seqgan_tf.models.generator import Generator
from seqgan_tf.models.given import GivenDiscriminator
from seqgan_tf.policies.filters import keep_likely
from seqgan_tf.policies.inspection import inspect_tokens
from seqgan_tf.policies.sampling import sequence_log_prob
from seqgan_tf.serving.codec import TextCodec
from seqgan_tf.serving.drawing import PROMPT, SEED, TEMPERATURE, draw_rows, drawn_outputs, row_uniforms, used_seeds
from seqgan_tf.serving.request_rules import check_shapes, filter_rules, first_error, temperature_rule, text_rules
from seqgan_tf.serving.searching import Search

TOP_K = tf.TensorSpec([None], tf.int32, 'top_k')
TOP_P = tf.TensorSpec([None], tf.float32, 'top_p')
TEXT = tf.TensorSpec([None], tf.string, 'text')
ALTERNATIVES = 5  # the most that `inspect` shows of a position


class Servable(tf.Module):
    """Generator, discriminator and vocabulary with their signatures.

    They are `sample`, `complete`, `score` and `inspect`, and where there is a discriminator `search`
    and `candidates`.

    The answer to a row depends on that row alone, so a server may merge requests. If a row breaks a
    rule, its `error` says what was expected and what was received. Its other outputs are then empty
    (text '', tokens -1, numbers 0). A request of the wrong rank, or with inputs of different
    lengths, fails as a whole with InvalidArgumentError.

    Args:
        generator: the generator of the vocabulary's size.
        discriminator: gives `prob_real`, and chooses for `search`. None where none was trained.
            Then `score` has no output `prob_real`, and there is neither `search` nor `candidates`.
        vocabulary: its end id must be the generator's.
        sequence_length: T.

    Raises:
        ValueError: networks and vocabulary do not go together.
    """

    def __init__(
        self,
        generator: Generator,
        discriminator: Discriminator | GivenDiscriminator | None,
        vocabulary: Vocabulary,
        sequence_length: int,
    ):
        super().__init__()
        _check_same('vocab_size', len(vocabulary), generator.vocab_size)
        _check_same('end_id', vocabulary.end_id, generator.end_id)
        if discriminator is not None:
            _check_same('vocab_size', len(vocabulary), discriminator.vocab_size)
            _check_same('sequence_length', sequence_length, discriminator.sequence_length)
        self.generator, self.discriminator = generator, discriminator
        # A session restores only variables that are plain tf.Variables of the module. It does not
        # find those inside Keras layers.
        self.session_variables = [
            variable.value for variable in (*generator.variables, *(discriminator.variables if discriminator else ()))
        ]
        self.codec = TextCodec(vocabulary, sequence_length)
        self.length, self.end_id = sequence_length, vocabulary.end_id
        self.searching = None if discriminator is None else Search(generator, discriminator, self.codec)

    @property
    def signatures(self) -> dict[str, Any]:
        """The signatures by name, each a `tf.function`; those of `Search` are its methods."""
        functions = {name: getattr(self, name) for name in ('sample', 'complete', 'score', 'inspect')}
        if self.searching is not None:
            functions |= {name: getattr(self.searching, name) for name in ('search', 'candidates')}
        return functions

    @tf.function(autograph=False, input_signature=[SEED, TEMPERATURE])
    def sample(self, seed: tf.Tensor, temperature: tf.Tensor) -> dict[str, tf.Tensor]:
        """A sequence for each row.

        Args:
            seed: int64 [B]. The same seed gives the same sequence. A fresh seed replaces a negative
                one.
            temperature: float32 [B], divides the logits.

        Returns:
            text string [B], tokens int32 [B, T], log_prob float32 [B] of the tokens at temperature
            1, the used seed int64 [B], and error string [B].
        """
        seed, temperature = check_shapes(seed=seed, temperature=temperature)
        error = first_error(temperature_rule(temperature))
        seed = used_seeds(seed)
        numbers = row_uniforms(seed, self.length)
        drawn = draw_rows(self.generator, numbers, tf.where(error == '', temperature, 1.0))
        return drawn_outputs(self.codec, error, seed, *drawn)

    @tf.function(autograph=False, input_signature=[SEED, TEMPERATURE, PROMPT, TOP_K, TOP_P])
    def complete(
        self, seed: tf.Tensor, temperature: tf.Tensor, prompt: tf.Tensor, top_k: tf.Tensor, top_p: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """A sequence for each row that starts with its prompt.

        Args:
            seed, temperature: as in `sample`.
            prompt: string [B], at most T symbols. A symbol that is not in the vocabulary becomes
                the unknown symbol.
            top_k: int32 [B]. Only the top_k likeliest tokens can be drawn; 0 for all.
            top_p: float32 [B]. Of the top_k tokens only the fewest can be drawn whose share of the
                probability reaches top_p; 1 for all.

        Returns:
            as `sample`. log_prob is of the whole sequence under the unfiltered model.
        """
        seed, temperature, prompt, top_k, top_p = check_shapes(
            seed=seed, temperature=temperature, prompt=prompt, top_k=top_k, top_p=top_p
        )
        ids, lengths = self.codec.encode(prompt)
        error = first_error(
            temperature_rule(temperature), *filter_rules(top_k, top_p), *text_rules('prompt', ids, lengths)
        )
        good = error == ''
        temperature, lengths = tf.where(good, temperature, 1.0), tf.where(good, lengths, 0)
        top_k, top_p = tf.where(good, top_k, 0), tf.where(good, top_p, 1.0)
        filtered = tf.reduce_any((top_k > 0) | (top_p < 1))

        def restrict(logits):
            return tf.cond(filtered, lambda: keep_likely(logits, top_k, top_p), lambda: logits)

        seed = used_seeds(seed)
        numbers = row_uniforms(seed, self.length)
        drawn = draw_rows(self.generator, numbers, temperature, ids, lengths, restrict, filtered)
        return drawn_outputs(self.codec, error, seed, *drawn)

    @tf.function(autograph=False, input_signature=[TEXT])
    def score(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
        """How likely and how real each text string [B] is.

        Returns:
            log_prob float32 [B] under the generator, its end included; length int32 [B] in symbols;
            error string [B]; and prob_real float32 [B] where a discriminator was trained.
        """
        tokens, lengths, error = self._read(text)
        good = error == ''
        answer = {
            'log_prob': tf.where(good, sequence_log_prob(self.generator, tokens), 0.0),
            'length': tf.where(good, lengths, 0),
            'error': error,
        }
        discriminator = self.discriminator
        if discriminator is not None:
            # oneDNN's pooling gives wrong shapes for a batch of no rows.
            prob_real = tf.cond(tf.size(error) > 0, lambda: discriminator.prob_real(tokens), lambda: tf.zeros([0]))
            answer['prob_real'] = tf.where(good, prob_real, 0.0)
        return answer

    @tf.function(autograph=False, input_signature=[TEXT])
    def inspect(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
        """What the generator expected at each position of each text string [B].

        All numbers are of one token given those before it, at temperature 1. After the first end
        token symbols and alternatives are '', and numbers are 0.

        Returns:
            tokens int32 [B, T]; symbol string [B, T], '' for the end token; log_prob float32
            [B, T], whose sum is that of `score`; alternative string [B, T, K], the K likeliest
            symbols, the likeliest first, and '' for the end token; alternative_log_prob float32
            [B, T, K], theirs; and error string [B]. K is 5, or V where V is smaller.
        """
        tokens, _, error = self._read(text)
        good = error == ''
        found = inspect_tokens(self.generator, tokens, min(ALTERNATIVES, self.generator.vocab_size))
        row, place = good[:, None], good[:, None, None]
        return {
            'tokens': tf.where(row, tokens, -1),
            'symbol': tf.where(row, self.codec.symbols(tokens), ''),
            'log_prob': tf.where(row, found.log_prob, 0.0),
            'alternative': tf.where(place, self.codec.symbols(found.alternatives), ''),
            'alternative_log_prob': tf.where(place, found.alternative_log_prob, 0.0),
            'error': error,
        }

    def _read(self, text: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """The sequences of texts string [B], which must be whole ones.

        Returns:
            tokens int32 [B, T], harmless ones for a bad row; lengths int32 [B]; error string [B].
        """
        (text,) = check_shapes(text=text)
        ids, lengths = self.codec.encode(text)
        error = first_error(*text_rules('text', ids, lengths, whole=self.end_id is None))
        # After its end a text has the id -1. There the sequence has end ids.
        return tf.where((error == '')[:, None] & (ids >= 0), ids, self.end_id or 0), lengths, error


def _check_same(name, expected, received):
    if received != expected:
        raise ValueError(
            f'networks and vocabulary must have the same {name}. Expected: {expected}. Received: {received}'
        )
