"""Sequences for the rows of a request: random numbers, draws, and the outputs that hold them.

Letter key: B rows, T sequence length, V vocabulary size.
"""

from collections.abc import Callable

import tensorflow as tf

from seqgan_tf.models.generator import Generator
from seqgan_tf.policies.draws import draw_weighted
from seqgan_tf.policies.filters import softmax_parts
from seqgan_tf.policies.sampling import inverse_temperature, unroll
from seqgan_tf.randomness import uniforms
from seqgan_tf.serving.codec import TextCodec

# Clients that read every JSON number as a double still report a fresh seed exactly.
FRESH_SEEDS = 2**53
SEED = tf.TensorSpec([None], tf.int64, 'seed')
TEMPERATURE = tf.TensorSpec([None], tf.float32, 'temperature')
PROMPT = tf.TensorSpec([None], tf.string, 'prompt')


def draw_rows(
    generator: Generator,
    numbers: tf.Tensor,
    temperature: tf.Tensor,
    prompt: tf.Tensor | None = None,
    prompt_length: tf.Tensor | int = 0,
    restrict: Callable[[tf.Tensor], tf.Tensor] = lambda logits: logits,
    filtered: tf.Tensor | bool = False,
) -> tuple[tf.Tensor, tf.Tensor]:
    """A sequence of the generator for each row.

    Args:
        generator: the generator.
        numbers: float32 [B, T], uniform in [0, 1): one for each draw.
        temperature: float32 [B], positive and finite.
        prompt: ids int32 [B, T] of which the first `prompt_length` [B] are kept; None for no
            prompts.
        restrict: logits [B, V] -> logits of the tokens that may be drawn.
        filtered: bool, whether `restrict` does anything.

    Returns:
        tokens int32 [B, T], and their log-likelihood float32 [B] at temperature 1, unfiltered.
    """
    length = int(numbers.shape[1])
    numbers = tf.transpose(numbers)
    inverse = inverse_temperature(temperature)[:, None]
    prompt = tf.zeros([1, length], tf.int32) if prompt is None else prompt
    altered = tf.reduce_any(inverse != 1.0) | filtered

    def choose(position, logits):
        weights, log_total = softmax_parts(logits)
        # Most of a step's time goes into exponentials over V. Where nothing alters the draw, it
        # uses those of log_prob.
        weights = tf.cond(altered, lambda: softmax_parts(restrict(logits * inverse))[0], lambda: weights)
        tokens = tf.where(position < prompt_length, prompt[:, position], draw_weighted(weights, numbers[position]))
        return tokens, tf.gather(logits, tokens, batch_dims=1) - log_total

    return unroll(generator, tf.shape(numbers)[1], length, choose)


def row_uniforms(seeds: tf.Tensor, length: int, streams: tf.Tensor | None = None) -> tf.Tensor:
    """Random numbers [B, length], uniform in [0, 1), from seeds int64 [B].

    A row depends only on its own seed and on its stream, an integer [B]; 0 unless given.
    """
    streams = tf.zeros_like(seeds) if streams is None else tf.cast(streams, tf.int64)
    row = tf.TensorSpec([length], tf.float32)
    return tf.map_fn(lambda pair: uniforms([length], pair), tf.stack([seeds, streams], axis=1), fn_output_signature=row)


def used_seeds(seeds: tf.Tensor) -> tf.Tensor:
    """The seeds int64 [B], with a fresh one in place of each that is negative.

    Fresh seeds differ from call to call and from load to load: an op with the seeds 0 and 0 chooses
    its seed when it is loaded.
    """
    least, limit = tf.constant(0, tf.int64), tf.constant(FRESH_SEEDS, tf.int64)
    fresh = tf.raw_ops.RandomUniformInt(shape=tf.shape(seeds), minval=least, maxval=limit, seed=0, seed2=0)
    return tf.where(seeds < 0, fresh, seeds)


def drawn_outputs(
    codec: TextCodec, error: tf.Tensor, seed: tf.Tensor, tokens: tf.Tensor, log_prob: tf.Tensor
) -> dict[str, tf.Tensor]:
    """The outputs of a signature that draws. Those of a row with an error are empty."""
    good = error == ''
    return {
        'text': tf.where(good, codec.decode(tokens), ''),
        'tokens': tf.where(good[:, None], tokens, -1),
        'log_prob': tf.where(good, log_prob, 0.0),
        'seed': seed,
        'error': error,
    }
