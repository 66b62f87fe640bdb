"""The signature `search` of an export: the generator draws, and the discriminator chooses.

Letter key: B rows of a request, N candidates of all rows together, T sequence length.
"""

import tensorflow as tf

from seqgan_tf.models.discriminator import Discriminator
from seqgan_tf.models.generator import Generator
from seqgan_tf.models.given import GivenDiscriminator
from seqgan_tf.search.resample import choose
from seqgan_tf.serving.codec import TextCodec
from seqgan_tf.serving.drawing import PROMPT, SEED, TEMPERATURE, draw_rows, drawn_outputs, row_uniforms, used_seeds
from seqgan_tf.serving.request_rules import (
    MAX_CANDIDATES,
    check_shapes,
    first_error,
    search_rules,
    temperature_rule,
    text_rules,
)

NUM_CANDIDATES = tf.TensorSpec([None], tf.int32, 'num_candidates')
GUIDANCE = tf.TensorSpec([None], tf.float32, 'guidance')
CHUNK = 512  # candidates that are drawn and scored at once, which bounds the memory of a request
CHOICE = -1  # the stream of a row's seed that chooses; candidate i has the stream i


class Search(tf.Module):
    """Resampling for an export (see `search.resample`): one of n sequences for each row.

    Args:
        generator: draws the candidates.
        discriminator: scores them by its logit.
        codec: of the vocabulary and the sequence length.
    """

    def __init__(self, generator: Generator, discriminator: Discriminator | GivenDiscriminator, codec: TextCodec):
        super().__init__()
        self.generator, self.discriminator, self.codec = generator, discriminator, codec

    @tf.function(autograph=False, input_signature=[SEED, TEMPERATURE, PROMPT, NUM_CANDIDATES, GUIDANCE])
    def search(
        self,
        seed: tf.Tensor,
        temperature: tf.Tensor,
        prompt: tf.Tensor,
        num_candidates: tf.Tensor,
        guidance: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        """A sequence for each row, chosen among several that start with its prompt.

        The first candidate is the sequence that `complete` gives for the same seed. A row costs as
        much as `num_candidates` rows of `complete` and of `score`, and without guidance as one.

        Args:
            seed, temperature, prompt: as in `complete`.
            num_candidates: int32 [B] from 1 to 256, n. How many sequences are drawn.
            guidance: float32 [B], beta, at least 0 and finite. One of the n is chosen with weights
                e^(beta * s), where s is the discriminator's logit. 0: the first one; large: the
                best of n.

        Returns:
            as `complete`, and prob_real float32 [B] of the chosen sequence, the sigmoid of s.
        """
        seed, temperature, prompt, num_candidates, guidance = check_shapes(
            seed=seed, temperature=temperature, prompt=prompt, num_candidates=num_candidates, guidance=guidance
        )
        ids, lengths = self.codec.encode(prompt)
        error = first_error(
            temperature_rule(temperature),
            *search_rules(num_candidates, guidance),
            *text_rules('prompt', ids, lengths),
        )
        good = error == ''
        seed, temperature, lengths = used_seeds(seed), tf.where(good, temperature, 1.0), tf.where(good, lengths, 0)
        # Without guidance all weights are equal. Then the first candidate has the law of the chosen
        # one, and the others are not drawn. A bad row has one candidate too, which is not shown.
        searched = good & (guidance > 0)
        candidates = tf.ragged.range(tf.where(searched, num_candidates, 1))  # their streams, by row
        tokens, log_prob, scores = self._candidates(seed, temperature, ids, lengths, candidates)
        # All rows have one width, so that no choice depends on the other rows.
        table = candidates.with_values(scores).to_tensor(float('-inf'), shape=[None, MAX_CANDIDATES])
        numbers = row_uniforms(seed, 1, tf.fill(tf.shape(seed), CHOICE))[:, 0]
        chosen = tf.cast(candidates.row_starts(), tf.int32) + choose(table, tf.where(searched, guidance, 0.0), numbers)
        tokens, log_prob, scores = (tf.gather(values, chosen) for values in (tokens, log_prob, scores))
        answer = drawn_outputs(self.codec, error, seed, tokens, log_prob)
        return answer | {'prob_real': tf.where(good, tf.sigmoid(scores), 0.0)}

    def _candidates(
        self, seed: tf.Tensor, temperature: tf.Tensor, ids: tf.Tensor, lengths: tf.Tensor, candidates: tf.RaggedTensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Draws and scores the candidates of all rows, `CHUNK` at a time.

        Returns:
            tokens int32 [N, T], log_prob float32 [N] at temperature 1, logits float32 [N].
        """
        streams, rows = candidates.values, candidates.value_rowids()
        total = tf.size(streams)
        length = self.codec.sequence_length

        def advance(step, *parts):
            part = slice(step * CHUNK, (step + 1) * CHUNK)
            row_of = lambda values: tf.gather(values, rows[part])
            numbers = row_uniforms(row_of(seed), length, streams[part])
            tokens, log_prob = draw_rows(self.generator, numbers, row_of(temperature), row_of(ids), row_of(lengths))
            drawn = tokens, log_prob, self.discriminator(tokens)
            return step + 1, *(array.write(step, values) for array, values in zip(parts, drawn))

        steps = -(-total // CHUNK)
        parts = [
            tf.TensorArray(dtype, size=steps, element_shape=[None, *shape], infer_shape=False)
            for dtype, shape in ((tf.int32, [length]), (tf.float32, []), (tf.float32, []))
        ]
        # One chunk at a time, whatever the number of threads.
        _, *parts = tf.while_loop(lambda step, *_: step < steps, advance, [0, *parts], parallel_iterations=1)
        return tuple(part.concat() for part in parts)
