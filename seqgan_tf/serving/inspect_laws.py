"""The laws that the signature `inspect` of an exported model must obey.

Its numbers are compared with those of an exact twin of the generator, and their sums with `score`.

Letter key: B rows, T sequence length, K alternatives, V vocabulary size.
"""

import pathlib
from collections.abc import Iterator

import numpy as np

from seqgan_tf.serving.laws import MARGIN, draw, twin_of
from seqgan_tf.serving.loaders import Answer, Model, SessionModel
from seqgan_tf.serving.outcomes import Outcome, outcome, require
from seqgan_tf.serving.twin import Twin, log_softmax

ROWS = 300  # texts that are inspected


def check(path: str | pathlib.Path) -> Iterator[Outcome]:
    """Checks the laws of `inspect` of one version of an exported model; nothing where it has none.

    Args:
        path: the path of the SavedModel, `<export_dir>/<version>`.

    Yields:
        (what is checked, with the largest difference; what is wrong or None).
    """
    with SessionModel(path) as session:
        if 'inspect' in session.signatures:
            yield outcome('inspect: the sum is the score', check_sums, session)
            yield outcome('inspect: log_prob of the twin', check_tokens, session, twin_of(path, session))
            yield outcome('inspect: the likeliest of the twin', check_alternatives, session, twin_of(path, session))


def check_sums(session: Model) -> str:
    """The largest difference, in words, of a sum of log_prob from that of `score`.

    Raises ValueError where it is above 1e-3 nats, or where a row has not as many symbols as its
    text.
    """
    texts = draw(session, ROWS)['text']
    answer, scored = (session(signature, text=texts) for signature in ('inspect', 'score'))
    lengths = (answer['symbol'] != b'').sum(axis=1)
    other = (lengths != scored['length']) | (answer['error'] != scored['error'])
    require(not other.any(), f'symbols must be as many as length says. Received: {other.sum()} of {ROWS} other rows')
    difference = np.abs(answer['log_prob'].sum(axis=1) - scored['log_prob']).max()
    require(difference <= 1e-3, f'log_prob must sum to the score within 1e-3. Received: {difference:.1e} off')
    return f'{difference:.1e} nats off at most'


def check_tokens(session: Model, twin: Twin) -> str:
    """The largest difference, in words, of log_prob from the twin's; ValueError above 1e-3 nats."""
    answer = _inspected(session)
    tokens, difference = answer['tokens'], 0.0
    for position, (logits, open_rows) in enumerate(twin.steps(tokens)):
        expected = log_softmax(logits)[np.arange(len(tokens)), tokens[:, position]]
        off = np.abs(answer['log_prob'][:, position] - np.where(open_rows, expected, 0.0))
        difference = max(difference, off.max(initial=0))
    require(difference <= 1e-3, f"log_prob must be within 1e-3 of the twin's. Received: {difference:.1e} off")
    return f'{difference:.1e} nats off at most'


def check_alternatives(session: Model, twin: Twin) -> str:
    """The largest difference, in words, of the alternatives' log-probabilities from the twin's.

    Raises ValueError where it is above 1e-3 nats, and where an alternative is another symbol than
    the twin's. Symbols that are in none of the texts are not compared, nor those that are as likely
    as the one before or after, up to `MARGIN`.
    """
    answer = _inspected(session)
    shown = dict(zip(answer['tokens'].flat, answer['symbol'].flat))
    symbols = np.array([shown.get(token) for token in range(len(twin.embedding))], object)
    count = answer['alternative'].shape[2]
    difference, wrong = 0.0, 0
    for position, (logits, open_rows) in enumerate(twin.steps(answer['tokens'])):
        log_p = log_softmax(logits[open_rows])
        order = np.argsort(-log_p, axis=1, kind='stable')
        ordered = np.take_along_axis(log_p, order, 1)
        apart = -np.diff(ordered, prepend=np.inf, append=-np.inf) > MARGIN
        sure = apart[:, :count] & apart[:, 1 : count + 1] & np.isin(order[:, :count], [*shown])
        found = {name: answer[name][open_rows, position] for name in ('alternative', 'alternative_log_prob')}
        wrong += (sure & (found['alternative'] != symbols[order[:, :count]])).sum()
        difference = max(difference, np.abs(found['alternative_log_prob'] - ordered[:, :count]).max(initial=0))
    require(not wrong, f'the alternatives must be the likeliest of the twin, in order. Received: {wrong} other ones')
    require(difference <= 1e-3, f"alternative_log_prob must be within 1e-3 of the twin's. Received: {difference:.1e}")
    return f'{difference:.1e} nats off at most'


def _inspected(session: Model) -> Answer:
    """The rows of `inspect` for texts of the model, without those that it reads as bad ones."""
    answer = session('inspect', text=draw(session, ROWS)['text'])
    return {name: values[answer['error'] == b''] for name, values in answer.items()}
