"""One token for each row of logits: pure functions of logits and random numbers."""

import functools
import math
from collections.abc import Callable

import tensorflow as tf

# A target scaled by this stays strictly below the total in float32, whatever the rounding.
BELOW_ONE = 1.0 - 2.0**-23
COLUMNS = 16  # `draw_lean` sums a block in so many columns
STRIPS = 8  # `draw_lean` takes the maximum of a row over so many strips of it


def draw(logits: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """One id for each row by inverse CDF.

    One number makes one draw, and a row depends only on itself. A logit of -inf is never drawn,
    unless all of its row are -inf.

    Args:
        logits: float32 [B, V].
        numbers: float32 [B], uniform in [0, 1).

    Returns:
        ids int32 [B].
    """
    # The padding comes before the exponentials, so that XLA fuses these with the block sums. A draw
    # then takes half the time.
    logits = _in_blocks(logits, float('-inf'))
    return _search_blocks(tf.exp(logits - tf.reduce_max(logits, axis=[1, 2], keepdims=True)), numbers)


def draw_lean(logits: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """`draw`, faster under XLA: it takes two thirds of the time on a CPU, but twice without XLA.

    Its sums are rounded differently. So it may choose the neighbouring id where a number is within
    rounding of the border between two ids. The time of `draw` goes into passes over [B, V]. XLA
    fuses sums and maxima of slices with their operands, but it does not fuse a reduction. So this
    function writes nothing of the size [B, V].
    """
    vocab_size = int(logits.shape[-1])
    block = -(-math.isqrt(vocab_size) // COLUMNS) * COLUMNS
    whole = (vocab_size - 1) // block  # blocks before the last one, which has 1 to `block` ids
    blocks, last = (
        tf.reshape(logits[:, : whole * block], [tf.shape(logits)[0], whole, block]),
        logits[:, whole * block :],
    )
    width = -(-vocab_size // STRIPS)
    strips = [
        logits[:, start : start + width] for start in (min(i * width, vocab_size - width) for i in range(STRIPS))
    ]  # may overlap
    largest = tf.reduce_max(functools.reduce(tf.maximum, strips), axis=1, keepdims=True)

    columns = [tf.exp(blocks[:, :, i : i + COLUMNS] - largest[:, :, None]) for i in range(0, block, COLUMNS)]
    sums = [
        tf.reduce_sum(functools.reduce(tf.add, columns), axis=-1),
        tf.reduce_sum(tf.exp(last - largest), axis=1, keepdims=True),
    ]

    def weights_of(chosen):
        ids = chosen[:, None] * block + tf.range(block)
        weights = tf.exp(tf.gather(logits, tf.minimum(ids, vocab_size - 1), batch_dims=1) - largest)
        return tf.where(ids < vocab_size, weights, 0.0)

    return _search(tf.concat(sums, axis=1), weights_of, numbers)


def draw_weighted(weights: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """`draw` for weights [B, V] in place of logits; they need not sum to 1."""
    return _search_blocks(_in_blocks(weights, 0.0), numbers)


def _in_blocks(values: tf.Tensor, filling: float) -> tf.Tensor:
    """Values [B, V] as [B, blocks, block], with the last block filled up."""
    vocab_size = int(values.shape[-1])
    block = math.isqrt(vocab_size - 1) + 1
    blocks = -(-vocab_size // block)
    padded = tf.pad(values, [[0, 0], [0, blocks * block - vocab_size]], constant_values=filling)
    return tf.reshape(padded, [-1, blocks, block])


def _search_blocks(weights, numbers):
    """The ids [B] that numbers [B] choose by weights [B, blocks, block]."""
    return _search(tf.reduce_sum(weights, axis=-1), lambda chosen: tf.gather(weights, chosen, batch_dims=1), numbers)


def _search(sums: tf.Tensor, weights_of: Callable[[tf.Tensor], tf.Tensor], numbers: tf.Tensor) -> tf.Tensor:
    """The ids [B] that numbers [B] choose.

    The CDF is searched on two levels, first in the sums of blocks and then inside one block. So no
    cumulative sum over all of V is formed.

    Args:
        sums: the sum of each block's weights, [B, blocks].
        weights_of: one block for each row [B] -> the weights in these blocks [B, block].
        numbers: float32 [B], uniform in [0, 1).
    """
    block_cdf = tf.cumsum(sums, axis=-1)
    target = tf.minimum(numbers, BELOW_ONE) * block_cdf[:, -1]
    chosen = _first_above(block_cdf, target)
    before = tf.where(chosen > 0, tf.gather(block_cdf, tf.maximum(chosen - 1, 0), batch_dims=1), 0.0)

    cdf = tf.cumsum(weights_of(chosen), axis=-1)
    target = tf.minimum(target - before, cdf[:, -1] * BELOW_ONE)
    return chosen * cdf.shape[-1] + _first_above(cdf, target)


def _first_above(cdf, target):
    """The first index with a cumulative weight above the target. Its own weight is positive."""
    return tf.reduce_sum(tf.cast(cdf <= target[:, None], tf.int32), axis=-1)
