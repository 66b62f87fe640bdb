"""Rules that the rows of a request must keep, and the messages for rows that break them.

The graph checks the rules. A rule is a pair: whether each row breaks it, bool [B], and the parts of
its message, which are strings or string tensors [B].
"""

from collections.abc import Sequence

import tensorflow as tf

MAX_CANDIDATES = 256  # of a row of `search`
Rule = tuple[tf.Tensor, Sequence[str | tf.Tensor]]


def check_shapes(**inputs: tf.Tensor) -> list[tf.Tensor]:
    """Checks in the graph that all inputs have one shape [B], and returns them.

    The check is needed because a server does not enforce the declared shapes.

    Raises:
        InvalidArgumentError: another rank, or inputs of different lengths; when the graph runs.
    """
    inputs = {name: tf.ensure_shape(value, [None]) for name, value in inputs.items()}
    sizes = tf.stack([tf.shape(value)[0] for value in inputs.values()])
    names = ', '.join(inputs)
    same = tf.debugging.Assert(
        tf.reduce_all(sizes == sizes[0]), [f'inputs must have one length. Received: {names} of lengths', sizes]
    )
    with tf.control_dependencies([same]):
        return [tf.identity(value) for value in inputs.values()]


def first_error(*rules: Rule) -> tf.Tensor:
    """The message string [B] of the first rule that each row breaks, or ''."""
    error = tf.constant('')
    for broken, parts in reversed(rules):
        error = tf.where(broken, tf.strings.join(parts), error)
    return error


def temperature_rule(temperature: tf.Tensor) -> Rule:
    """The rule of temperature float32 [B]."""
    bad = tf.logical_not(tf.math.is_finite(temperature) & (temperature > 0))
    return bad, ['temperature must be positive and finite. Received: temperature=', _number(temperature)]


def filter_rules(top_k: tf.Tensor, top_p: tf.Tensor) -> list[Rule]:
    """The rules of top_k int32 [B] and of top_p float32 [B]."""
    bad_p = tf.logical_not((top_p > 0) & (top_p <= 1))
    return [
        (top_k < 0, ['top_k must be at least 0. Received: top_k=', _number(top_k)]),
        (bad_p, ['top_p must be above 0 and at most 1. Received: top_p=', _number(top_p)]),
    ]


def search_rules(num_candidates: tf.Tensor, guidance: tf.Tensor) -> list[Rule]:
    """The rules of num_candidates int32 [B] and of guidance float32 [B]."""
    few = (num_candidates >= 1) & (num_candidates <= MAX_CANDIDATES)
    strong = tf.math.is_finite(guidance) & (guidance >= 0)
    return [
        (
            tf.logical_not(few),
            [
                f'num_candidates must be at least 1 and at most {MAX_CANDIDATES}. Received: num_candidates=',
                _number(num_candidates),
            ],
        ),
        (
            tf.logical_not(strong),
            ['guidance must be at least 0 and finite. Received: guidance=', _number(guidance)],
        ),
    ]


def text_rules(name: str, ids: tf.Tensor, lengths: tf.Tensor, whole: bool = False) -> list[Rule]:
    """The rules of an encoded text.

    Args:
        name: the name of the input in the messages.
        ids, lengths: int32 [B, T] and [B], as `TextCodec.encode` gives them.
        whole: whether a text must have all T symbols.
    """
    length = int(ids.shape[1])
    unknown = (ids < 0) & (tf.range(length) < lengths[:, None])
    received = [_number(lengths), ' symbols']
    rules = [
        (lengths > length, [f'{name} must have at most {length} symbols. Received: ', *received]),
        (
            tf.reduce_any(unknown, axis=1),
            [
                f'every symbol of {name} must be in the vocabulary. Received: an unknown one, number ',
                _number(1 + tf.argmax(unknown, axis=1)),
            ],
        ),
    ]
    if whole:
        rules.append(
            (
                lengths < length,
                [f'{name} must have {length} symbols: the vocabulary has no end symbol. Received: ', *received],
            )
        )
    return rules


def _number(values):
    return tf.strings.as_string(values, shortest=values.dtype.is_floating)
