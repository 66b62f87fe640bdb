"""One pass over shuffled batches, inside a compiled epoch."""

from collections.abc import Callable, Sequence

import tensorflow as tf

from seqgan_tf import randomness


def over_batches(
    columns: Sequence[tf.Tensor],
    batch_size: int,
    seed: randomness.Seed,
    names: Sequence[str],
    update: Callable[..., dict[str, tf.Tensor]],
) -> dict[str, tf.Tensor]:
    """Calls an update on every batch of shuffled rows; returns the means of its scalars.

    The last incomplete batch is left out.

    Args:
        columns: tensors [M, ...], of which row i belongs to row i of the others. M is static.
        batch_size: B.
        seed: int [2].
        names: of the scalars that the update returns.
        update: (a batch [B, ...] of each column, seed int [2]) -> {name: scalar}.

    Raises:
        ValueError: the rows do not fill a batch.
    """
    rows = int(columns[0].shape[0])
    count = rows // batch_size
    if count < 1:
        raise ValueError(f'the rows must fill a batch of {batch_size}. Received: {rows} rows')
    order = randomness.permutation(rows, randomness.fold_in(seed, 0))

    def one(i, total):
        batch = tf.slice(order, [i * batch_size], [batch_size])
        step = update(*(tf.gather(column, batch) for column in columns), randomness.fold_in(seed, i + 1))
        return i + 1, tf.nest.map_structure(tf.add, total, step)

    zero = {name: tf.constant(0.0) for name in names}
    _, total = tf.while_loop(lambda i, _: i < count, one, (0, zero), parallel_iterations=1)
    return {name: value / count for name, value in total.items()}
