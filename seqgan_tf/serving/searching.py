"""The signatures `search` and `candidates`: the generator draws, and the discriminator chooses.

Letter key: B rows of a request, N candidates of all rows together, M the most candidates of a row,
T sequence length.
"""

from collections.abc import Callable
from typing import NamedTuple

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
INPUTS = [SEED, TEMPERATURE, PROMPT, NUM_CANDIDATES, GUIDANCE]
CHUNK = 512  # candidates that are drawn and scored at once, which bounds the memory of a request
CHOICE = -1  # the stream of a row's seed that chooses; candidate i has the stream i


class Request(NamedTuple):
    """The checked inputs of a request, [B] each but for `ids` [B, T]; those of bad rows are harmless."""

    error: tf.Tensor
    seed: tf.Tensor
    temperature: tf.Tensor
    ids: tf.Tensor
    lengths: tf.Tensor
    num_candidates: tf.Tensor
    guidance: tf.Tensor


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

    @tf.function(autograph=False, input_signature=INPUTS)
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
        request = self._read(seed, temperature, prompt, num_candidates, guidance)
        # Without guidance the first candidate is the answer, and the others are not drawn.
        streams = tf.ragged.range(tf.where(request.guidance > 0, request.num_candidates, 1))
        whole = tf.TensorSpec([self.codec.sequence_length], tf.int32)
        tokens, log_prob, scores = self._draw(request, streams, lambda tokens: tokens, whole)
        chosen = tf.cast(streams.row_starts(), tf.int32) + _chosen(request, streams.with_values(scores))
        tokens, log_prob, scores = (tf.gather(values, chosen) for values in (tokens, log_prob, scores))
        answer = drawn_outputs(self.codec, request.error, request.seed, tokens, log_prob)
        return answer | {'prob_real': tf.where(request.error == '', tf.sigmoid(scores), 0.0)}

    @tf.function(autograph=False, input_signature=INPUTS)
    def candidates(
        self,
        seed: tf.Tensor,
        temperature: tf.Tensor,
        prompt: tf.Tensor,
        num_candidates: tf.Tensor,
        guidance: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        """All candidates of each row, and which of them `search` answers for the same inputs.

        M is the largest num_candidates of the request. The places of a row after its own candidates
        are empty (text '', numbers 0).

        Args:
            seed, temperature, prompt, num_candidates, guidance: as in `search`. All candidates are
                drawn, whatever the guidance is.

        Returns:
            text string [B, M]; log_prob float32 [B, M], as that of `complete`; prob_real float32
            [B, M]; chosen int32 [B], the index of the answer of `search`, and -1 for a bad row; the
            used seed int64 [B]; and error string [B].
        """
        request = self._read(seed, temperature, prompt, num_candidates, guidance)
        streams = tf.ragged.range(request.num_candidates)
        # Only the texts of a chunk are kept, because its symbols take much more memory.
        drawn = self._draw(request, streams, self.codec.decode, tf.TensorSpec([], tf.string))
        text, log_prob, scores = (streams.with_values(values) for values in drawn)
        good = request.error == ''
        return {
            'text': tf.where(good[:, None], text.to_tensor(), ''),
            'log_prob': tf.where(good[:, None], log_prob.to_tensor(), 0.0),
            'prob_real': tf.where(good[:, None], tf.ragged.map_flat_values(tf.sigmoid, scores).to_tensor(), 0.0),
            'chosen': tf.where(good, _chosen(request, scores), -1),
            'seed': request.seed,
            'error': request.error,
        }

    def _read(
        self,
        seed: tf.Tensor,
        temperature: tf.Tensor,
        prompt: tf.Tensor,
        num_candidates: tf.Tensor,
        guidance: tf.Tensor,
    ) -> Request:
        """Checks the inputs of a request. A bad row has one candidate, which is not shown."""
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
        return Request(
            error,
            used_seeds(seed),
            tf.where(good, temperature, 1.0),
            ids,
            tf.where(good, lengths, 0),
            tf.where(good, num_candidates, 1),
            tf.where(good, guidance, 0.0),
        )

    def _draw(
        self,
        request: Request,
        streams: tf.RaggedTensor,
        keep: Callable[[tf.Tensor], tf.Tensor],
        kept: tf.TensorSpec,
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Draws and scores the candidates of all rows, `CHUNK` at a time.

        Args:
            request: the inputs.
            streams: int32 [B, (n)], the streams of the candidates by row.
            keep: tokens int32 [chunk, T] -> what is returned of them.
            kept: the shape and type of that for one candidate.

        Returns:
            what is kept of the tokens [N, ...], log_prob float32 [N] at temperature 1, and logits
            float32 [N].
        """
        rows, streams = streams.value_rowids(), streams.values
        total = tf.size(streams)

        def advance(step, *parts):
            part = slice(step * CHUNK, (step + 1) * CHUNK)
            row_of = lambda values: tf.gather(values, rows[part])
            numbers = row_uniforms(row_of(request.seed), self.codec.sequence_length, streams[part])
            tokens, log_prob = draw_rows(
                self.generator, numbers, *map(row_of, (request.temperature, request.ids, request.lengths))
            )
            drawn = keep(tokens), log_prob, self.discriminator(tokens)
            return step + 1, *(array.write(step, values) for array, values in zip(parts, drawn))

        steps = -(-total // CHUNK)
        number = tf.TensorSpec([], tf.float32)
        parts = [
            tf.TensorArray(spec.dtype, size=steps, element_shape=[None, *spec.shape], infer_shape=False)
            for spec in (kept, number, number)
        ]
        # One chunk at a time, whatever the number of threads.
        _, *parts = tf.while_loop(lambda step, *_: step < steps, advance, [0, *parts], parallel_iterations=1)
        return tuple(part.concat() for part in parts)


def _chosen(request: Request, scores: tf.RaggedTensor) -> tf.Tensor:
    """The index int32 [B] of the candidate that a search answers, from the scores [B, (n)]."""
    # All rows have one width, so that no choice depends on the other rows.
    table = scores.to_tensor(float('-inf'), shape=[None, MAX_CANDIDATES])
    numbers = row_uniforms(request.seed, 1, tf.fill(tf.shape(request.seed), CHOICE))[:, 0]
    # Without guidance all weights are equal. Then the first candidate has the law of the chosen one.
    return tf.where(request.guidance > 0, choose(table, request.guidance, numbers), 0)
