"""The laws that the answers of an exported model must obey, against an exact twin of its generator in NumPy.

Where draws are compared with a law, each gets the place
in [0, 1) that it has among the tokens of its step, the likeliest first: before + uniform * own, in shares of the law's probability. If the
law holds these places are independent and uniform (probability integral transform, with random numbers inside steps), over all
positions and rows together; that is what the chi-square test is for.

Letter key: B rows, T sequence length, V vocabulary size. Log-probabilities in nats.
"""

import numpy as np
import tensorflow as tf

from seqgan_tf.policies import sampling
from seqgan_tf.serving.check import prompts_of
from seqgan_tf.serving.loaders import SessionModel
from seqgan_tf.serving.outcomes import outcome, require
from seqgan_tf.serving.twin import Twin

ROWS = 1000  # of each request whose draws are compared with a law: T times as many draws
ROWS_OF_SAMPLE = 20_000  # of each of two samples that are compared
ROWS_OF_REQUEST = 512  # what a server accepts
BINS = 50
LEAST_P = 1e-4  # a dozen tests at fixed seeds: one model in a thousand is refused by chance
LEAST_COUNT, MERGED = 20, 97  # of both samples in a cell; rarer ones are merged, by their remainder
MARGIN = 1e-4  # between logits in float32 and in float64
TEMPERATURES = (0.6, 1.0, 1.7)
FILTERS = ((20, 1.0), (0, 0.8), (20, 0.8))  # (top_k, top_p)
TRAINED_SEED = 1_000_003  # of the trained generator's sample; the served model's seeds are 0 and up


def check(path, servable=None):
    """Checks the laws of one version of an exported model.

    Args:
        path: of the SavedModel, `<export_dir>/<version>`.
        servable: the `serving.Servable` of the checkpoint that it was made from, whose generator's distribution it must have; or None.

    Yields:
        (what is checked, with the p-value where it is a test; what is wrong or None).
    """
    with SessionModel(path) as session:
        twin = Twin.of_export(path, end_id=None if session('score', text=np.array([b''], object))['error'][0] else 0)
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


def check_log_prob(session, twin):
    """Raises ValueError unless log_prob of draws, and `score` of their texts, are the twin's."""
    drawn = draw(session, ROWS)
    scored = session('score', text=drawn['text'])['log_prob']
    difference = max(np.abs(values - twin.log_prob(drawn['tokens'])).max() for values in (drawn['log_prob'], scored))
    require(difference <= 1e-3, f"log_prob must be within 1e-3 of the twin's. Received: {difference:.1e} off")
    return f'{difference:.1e} nats off at most'


def check_law(session, twin, temperature, top_k, top_p, prompts=None, given=0):
    """Raises ValueError unless the draws of `complete` obey their law; returns its p-value in words.

    Args:
        prompts: bytes, one a row; none unless given.
        given: int [B], how many tokens of each row are the prompt's.
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
    return _judged(np.sum((counts - expected) ** 2) / expected, BINS - 1, f'{len(places)} draws')


def check_prompts(session, twin):
    """Raises ValueError unless completions start with the tokens and with the text of their prompts; returns a p-value in words."""
    drawn = draw(session, ROWS)
    prompts, lengths = prompts_of(session, drawn['text'])
    answer = draw(session, ROWS, 1.0, 0, 1.0, prompts)
    free = np.arange(drawn['tokens'].shape[1]) >= lengths[:, None]
    altered = ~((answer['tokens'] == drawn['tokens']) | free).all(axis=1)
    altered |= [not text.startswith(prompt) for text, prompt in zip(answer['text'], prompts)]
    require(not altered.any(), f'a prompt must be kept. Received: {altered.sum()} of {ROWS} altered')
    return check_law(session, twin, 1.0, 0, 1.0, prompts, lengths)


def check_distribution(session, twin, servable):
    """Raises ValueError unless a sample of the served model and one of the trained generator may be of one distribution.

    Both are of other seeds. Compared are pairs of neighbouring tokens, one pair a row at a random position, and log-likelihoods of whole
    sequences in cells of equal counts; returns the p-values in words.
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
    # One number for equal sequences: rounded in two ways they could fall on both sides of an edge.
    _, first, index = np.unique(
        np.concatenate([served['tokens'], tokens]), axis=0, return_index=True, return_inverse=True
    )
    log_probs = np.concatenate([served['log_prob'], log_probs])[first[index.ravel()]]
    levels = np.split(np.searchsorted(np.quantile(log_probs, np.linspace(0, 1, BINS + 1)[1:-1]), log_probs), 2)
    return f'pairs of tokens {two_samples(*pairs)}, log-likelihoods {two_samples(*levels)}'


def place(logits, tokens, top_k=0, top_p=1.0):
    """Where tokens [B] are among those that top_k and top_p leave of logits [B, V], the likeliest first and equal ones by id.

    Returns:
        the share of the tokens before each [B], its own share [B], and by how much its logit is below the least that is left [B].
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


def two_samples(first, second):
    """Chi-square test of two samples of cells (integers of at least 0, equally many): the p-value in words.

    Rare cells are merged: `MERGED` sets of them, and what is rare even then as one.

    Raises:
        ValueError: it is below `LEAST_P`.
    """
    cells = np.concatenate([first, second])
    for merged in (-1 - cells % MERGED, np.full_like(cells, -1 - MERGED)):
        _, index, counts = np.unique(cells, return_inverse=True, return_counts=True)
        cells = np.where(counts[index] < LEAST_COUNT, merged, cells)
    _, index = np.unique(cells, return_inverse=True)
    counts = np.stack([np.bincount(half, minlength=index.max() + 1) for half in np.split(index, 2)])
    return _judged(
        np.sum((counts[0] - counts[1]) ** 2 / counts.sum(axis=0)), counts.shape[1] - 1, f'{counts.shape[1]} cells'
    )


def draw(session, rows, temperature=1.0, top_k=0, top_p=1.0, prompts=None):
    """The outputs of `complete`, in requests that a server accepts; the seeds are 0 and up, and others where there are prompts."""
    inputs = {
        'seed': np.arange(rows) + (rows if prompts else 0),
        'temperature': np.full(rows, temperature, np.float32),
        'prompt': np.array(prompts or [b''] * rows, object),
        'top_k': np.full(rows, top_k, np.int32),
        'top_p': np.full(rows, top_p, np.float32),
    }
    answers = [
        session('complete', **{name: value[start : start + ROWS_OF_REQUEST] for name, value in inputs.items()})
        for start in range(0, rows, ROWS_OF_REQUEST)
    ]
    return {name: np.concatenate([answer[name] for answer in answers]) for name in answers[0]}


def _judged(statistic, degrees, what):
    pvalue = (
        float(tf.math.igammac(tf.constant(degrees / 2, tf.float64), tf.constant(statistic / 2, tf.float64)))
        if degrees
        else 1.0
    )
    require(pvalue >= LEAST_P, f'the chi-square test must not refuse it. Received: p {pvalue:.2g} of {what}')
    return f'p {pvalue:.3f} of {what}'
