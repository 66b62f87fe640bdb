"""Replicas: the devices that share the rows of each batch (`tf.distribute`).

The number of replicas changes results by rounding only. Draws are laid out by the rows of the whole
batch (`randomness.uniforms`), losses are divided by counts of the whole batch, and gradients are
summed before they are clipped. What a step does between these parts, it does once and alike.

A step runs across replicas. It enters them by `Replicas.over_rows`, for what it computes row by row,
and by `Replicas.update`, for an update. Inside an update `rows_of` takes a replica's own rows, and
`sum_of` adds up what the replicas have found.
"""

import contextlib
from collections.abc import Callable
from typing import Any

import tensorflow as tf


class Replicas:
    """The replicas of a strategy, or the one device that is there without a strategy.

    Without a strategy every function is called as it is. So one device pays nothing.

    Args:
        strategy: a mirrored strategy of `tf.distribute` with several replicas; None for one device.
    """

    def __init__(self, strategy: tf.distribute.Strategy | None = None):
        self.strategy = strategy
        self.count = strategy.num_replicas_in_sync if strategy else 1

    def scope(self) -> contextlib.AbstractContextManager:
        """A context in which a variable is made with a copy on each replica."""
        return self.strategy.scope() if self.strategy else contextlib.nullcontext()

    def compile(self, function: Callable[..., Any], jit_compile: bool) -> Callable[..., Any]:
        """A compiled graph of a function that enters the replicas.

        XLA compiles for one device. With several replicas it compiles the parts that run on each of
        them (`over_rows`, `compile_part`).
        """
        return tf.function(function, autograph=False, jit_compile=jit_compile and self.count == 1)

    def compile_part(self, function: Callable[..., Any], jit_compile: bool) -> Callable[..., Any]:
        """A function for use inside an update, compiled where the graph around it cannot be."""
        if self.count == 1:
            return function
        return tf.function(function, autograph=False, jit_compile=jit_compile)

    def compile_alone(self, function: Callable[..., Any], jit_compile: bool) -> Callable[..., Any]:
        """A function for use inside an update that sums over replicas, compiled where there is one device.

        With several replicas TensorFlow allows no graph of its own for such a function.
        """
        return self.compile(function, jit_compile) if self.count == 1 else function

    def over_rows(self, function: Callable[..., Any], rows: int, *columns: tf.Tensor, jit_compile: bool = False) -> Any:
        """Calls a function with a share of the rows on each replica; returns the results of all rows.

        Args:
            function: (a number b of rows, b rows of each column) -> a nest of tensors [b, ...]. Row i
                of a result depends on row i of the columns, and on draws of `randomness.uniforms`.
            rows: B.
            *columns: tensors [B, ...].
            jit_compile: whether XLA compiles the function, on each replica alone.
        """
        part = tf.function(function, autograph=False, jit_compile=True) if jit_compile else function
        if self.strategy is None:
            return part(rows, *columns)
        strategy, share = self.strategy, -(-rows // self.count)

        def on_replica(*columns):
            # Where the rows cannot be shared evenly, the last replicas repeat the last row.
            own = tf.minimum(_replica_id() * share + tf.range(share), rows - 1)
            return part(share, *(tf.gather(column, own) for column in columns))

        def gathered(parts):
            shape = strategy.experimental_local_results(parts)[0].shape
            return tf.ensure_shape(strategy.gather(parts, axis=0)[:rows], [rows, *shape[1:]])

        return tf.nest.map_structure(gathered, strategy.run(on_replica, columns))

    def update(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Calls an update on every replica with the same arguments; returns the result of the first.

        Args:
            function: returns tensors that are equal on all replicas.
            *arguments: tensors or None. Those with rows have the rows of the whole batch.
        """
        strategy = self.strategy
        if strategy is None:
            return function(*arguments)
        first = lambda results: strategy.experimental_local_results(results)[0]
        return tf.nest.map_structure(first, strategy.run(function, arguments))


ONE = Replicas()


def rows_of(values: tf.Tensor) -> tf.Tensor:
    """The rows [B / n, ...] of values [B, ...] that belong to this one of n replicas.

    Raises:
        ValueError: B is no multiple of n.
    """
    count = _count()
    if count == 1:
        return values
    rows = int(values.shape[0])
    if rows % count:
        raise ValueError(f'the rows of an update must be a multiple of {count} replicas. Received: {rows} rows')
    share = rows // count
    own = tf.slice(values, [_replica_id() * share] + [0] * (len(values.shape) - 1), [share, *values.shape[1:]])
    return tf.ensure_shape(own, [share, *values.shape[1:]])


def sum_of(values: Any) -> Any:
    """The sums of a nest of tensors over the replicas, which each of them gets."""
    return values if _count() == 1 else _context().all_reduce(tf.distribute.ReduceOp.SUM, values)


def mean_of(values: Any) -> Any:
    """As `sum_of`, the means."""
    return values if _count() == 1 else _context().all_reduce(tf.distribute.ReduceOp.MEAN, values)


def _context() -> tf.distribute.ReplicaContext:
    return tf.distribute.get_replica_context()


def _count() -> int:
    context = _context()  # None across replicas
    return 1 if context is None else context.num_replicas_in_sync


def _replica_id() -> tf.Tensor:
    return tf.cast(_context().replica_id_in_sync_group, tf.int32)
