"""The laws that an exported model's answers must obey, from an exact twin of its generator.

The twin runs in NumPy. A draw is compared with a law by its place in [0, 1). The tokens of a step
are sorted, the likeliest first. Then place = before + uniform * own: `before` is the probability of
the tokens before the drawn one, `own` is the drawn token's probability, and `uniform` is a random
number. If the law holds, the places of all positions and rows are independent and uniform
(randomized probability integral transform). A chi-square test checks that they are uniform.

Letter key: B rows, T sequence length, V vocabulary size. Log-probabilities are in nats.
"""

import pathlib
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from seqgan_tf.policies import sampling
from seqgan_tf.serving.chi_square import BINS, judged, levels, two_samples
from seqgan_tf.serving.loaders import Answer, Model, SessionModel
from seqgan_tf.serving.outcomes import Outcome, outcome, require
from seqgan_tf.serving.servable import Servable
from seqgan_tf.serving.trial_requests import prompts_of
from seqgan_tf.serving.twin import Twin

ROWS = 1000  # rows of a request whose draws are compared with a law, with up to T draws each
ROWS_OF_SAMPLE = 20_000  # rows of each of two samples that are compared
ROWS_OF_REQUEST = 512  # the most rows of a request that a server accepts
MARGIN = 1e-4  # between logits in float32 and in float64
TEMPERATURES = (0.6, 1.0, 1.7)
FILTERS = ((20, 1.0), (0, 0.8), (20, 0.8))  # (top_k, top_p)
TRAINED_SEED = 1_000_003  # of the trained generator's sample; the served model's seeds start at 0


def check(path: str | pathlib.Path, servable: Servable | None = None) -> Iterator[Outcome]:
    """Checks the laws of one version of an exported model.

    Args:
        path: the path of the SavedModel, `<export_dir>/<version>`.
        servable: the `Servable` of its checkpoint; or None. The exported model must have the
            distribution of its generator.

    Yields:
        (what is checked, with the p-value of a test; what is wrong or None).
    """
    with SessionModel(path) as session:
        twin = twin_of(path, session)
        yield outcome('log_prob is that of an exact twin', check_log_prob, session, twin)
        for temperature in TEMPERATURES:
            yield outcome(f'temperature {temperature}: the exact law', check_law, session, twin, temperature, 0, 1.0)
        for top_k, top_p in FILTERS:
            yield outcome(f'top_k {top_k}, top_p {top_p}: the exact law', check_law, session, twin, 1.2, top_k, top_p)
        yield outcome('top_k 1 takes the likeliest token', check_law, session, twin, 1.0, 1, 1.0)
        yield outcome('a prompt is kept, the rest by the exact law', check_prompts, session, twin)
        if servable is not None:
            yield outcome(
                'served and trained generator have one distribution', check_distribution, session, twin, servable
            )


def check_log_prob(session: Model, twin: Twin) -> str:
    """The largest difference, in words, of log_prob and of `score` from the twin.

    Raises ValueError where it is above 1e-3 nats.
    """
    drawn = draw(session, ROWS)
    scored = session('score', text=drawn['text'])['log_prob']
    difference = max(np.abs(values - twin.log_prob(drawn['tokens'])).max() for values in (drawn['log_prob'], scored))
    require(difference <= 1e-3, f"log_prob must be within 1e-3 of the twin's. Received: {difference:.1e} off")
    return f'{difference:.1e} nats off at most'


def check_law(
    session: Model,
    twin: Twin,
    temperature: float,
    top_k: int,
    top_p: float,
    prompts: Sequence[bytes] | None = None,
    given: np.ndarray | int = 0,
) -> str:
    """Tests whether the draws of `complete` obey their law.

    Returns the p-value in words. Raises ValueError where it is below `LEAST_P`, and for a token
    that top_k and top_p exclude.

    Args:
        temperature, top_k, top_p: the inputs of `complete`, one value for all rows.
        prompts: one for each row; `ROWS` empty ones unless given.
        given: int [B], how many tokens of each row belong to its prompt.
    """
    rows = len(prompts) if prompts else ROWS
    tokens = draw(session, rows, temperature, top_k, top_p, prompts)['tokens']
    random, places = np.random.default_rng(0), []
    for position, (logits, open_rows) in enumerate(twin.steps(tokens)):
        counted = open_rows & (position >= np.broadcast_to(given, rows))
        before, own, beyond = place(logits[counted] / temperature, tokens[counted, position], top_k, top_p)
        require(
            (beyond <= MARGIN / temperature).all(),
            'no token beyond the filters may be drawn. Received: one whose logit is '
            f'{beyond.max(initial=0):.3f} too low at position {position}',
        )
        places.append(before + own * random.random(len(own)))
    if top_k == 1:  # nothing is left to chance
        return ''
    places = np.concatenate(places)
    counts = np.histogram(places, BINS, (0, 1))[0]
    expected = len(places) / BINS
    return judged(np.sum((counts - expected) ** 2) / expected, BINS - 1, f'{len(places)} draws')


def check_prompts(session: Model, twin: Twin) -> str:
    """Tests whether completions keep their prompts and the rest obeys its law.

    Raises ValueError where the tokens or the text of a prompt were altered, and as `check_law`.
    """
    drawn = draw(session, ROWS)
    prompts, lengths = prompts_of(session, drawn['text'], drawn['tokens'])
    answer = draw(session, ROWS, 1.0, 0, 1.0, prompts)
    free = np.arange(drawn['tokens'].shape[1]) >= lengths[:, None]
    altered = ~((answer['tokens'] == drawn['tokens']) | free).all(axis=1)
    altered |= [not text.startswith(prompt) for text, prompt in zip(answer['text'], prompts)]
    require(not altered.any(), f'a prompt must be kept. Received: {altered.sum()} of {ROWS} altered')
    return check_law(session, twin, 1.0, 0, 1.0, prompts, lengths)


def check_distribution(session: Model, twin: Twin, servable: Servable) -> str:
    """Tests whether the served model and the trained generator have one distribution.

    Two samples with different seeds are compared in two ways: by pairs of neighbouring tokens, one
    pair from each row at a random position, and by the log-likelihoods of whole sequences, in cells
    of equal counts. Returns both p-values in words; raises ValueError where one is below `LEAST_P`.
    """
    served = draw(session, ROWS_OF_SAMPLE)
    length = served['tokens'].shape[1]

    @tf.function(autograph=False)
    def sample(part):
        tokens = sampling.sample(servable.generator, ROWS_OF_REQUEST, length, tf.stack([TRAINED_SEED, part]))
        return tokens, sampling.sequence_log_prob(servable.generator, tokens)

    parts = [sample(tf.constant(i)) for i in range(-(-ROWS_OF_SAMPLE // ROWS_OF_REQUEST))]
    tokens, log_probs = (np.concatenate(values)[:ROWS_OF_SAMPLE] for values in zip(*parts))
    at = np.random.default_rng(1).integers(length - 1, size=[2, ROWS_OF_SAMPLE, 1])
    pairs = [
        np.take_along_axis(rows, place, 1)[:, 0] * len(twin.embedding) + np.take_along_axis(rows, place + 1, 1)[:, 0]
        for rows, place in zip((served['tokens'], tokens), at)
    ]
    likelihoods = levels(np.concatenate([served['tokens'], tokens]), np.concatenate([served['log_prob'], log_probs]))
    return f'pairs of tokens {two_samples(*pairs)}, log-likelihoods {two_samples(*likelihoods)}'


def twin_of(path: str | pathlib.Path, session: Model) -> Twin:
    """The twin of an exported generator. Only where sequences end may a text have no symbols."""
    return Twin.of_export(path, end_id=None if session('score', text=np.array([b''], object))['error'][0] else 0)


def place(
    logits: np.ndarray, tokens: np.ndarray, top_k: int = 0, top_p: float = 1.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The places of tokens [B] among those that top_k and top_p keep of logits [B, V].

    The likeliest token is the first, and equally likely tokens are sorted by id.

    Returns:
        three arrays [B]: the probability of the tokens before the drawn one, its own probability,
        and by how much its logit is below the smallest kept one.
    """
    order = np.argsort(-logits, axis=1, kind='stable')
    ordered = np.take_along_axis(logits, order, 1)
    weights = np.exp(ordered - ordered[:, :1])
    if top_k:
        weights[:, top_k:] = 0
    if top_p < 1:
        before = np.cumsum(weights, axis=1) - weights
        weights[before >= top_p * weights.sum(axis=1, keepdims=True)] = 0
    share = weights / weights.sum(axis=1, keepdims=True)
    rank = np.argmax(order == tokens[:, None], axis=1)[:, None]
    before, own = (
        np.take_along_axis(np.cumsum(share, axis=1) - share, rank, 1)[:, 0],
        np.take_along_axis(share, rank, 1)[:, 0],
    )
    least = np.take_along_axis(ordered, (weights > 0).sum(axis=1, keepdims=True) - 1, 1)[:, 0]
    return before, own, np.maximum(0, least - np.take_along_axis(ordered, rank, 1)[:, 0])


def draw(
    session: Model,
    rows: int,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    prompts: Sequence[bytes] | None = None,
) -> Answer:
    """The outputs of `complete` for a number of rows.

    The seeds are 0, 1, ... without prompts, and other ones with prompts.
    """
    inputs = {
        'seed': np.arange(rows) + (rows if prompts else 0),
        'temperature': np.full(rows, temperature, np.float32),
        'prompt': np.array(prompts or [b''] * rows, object),
        'top_k': np.full(rows, top_k, np.int32),
        'top_p': np.full(rows, top_p, np.float32),
    }
    return ask(session, 'complete', inputs)


def ask(session: Model, signature: str, inputs: Answer) -> Answer:
    """The outputs of a signature for any number of rows, in requests that a server accepts."""
    rows = len(inputs['seed'])
    answers = [
        session(signature, **{name: value[start : start + ROWS_OF_REQUEST] for name, value in inputs.items()})
        for start in range(0, rows, ROWS_OF_REQUEST)
    ]
    return {name: np.concatenate([answer[name] for answer in answers]) for name in answers[0]}
