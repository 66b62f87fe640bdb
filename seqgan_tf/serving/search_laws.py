"""The laws that the signatures `search` and `candidates` of an exported model must obey.

A search of one candidate is compared with `complete`, with the exact twin of the generator and with
`score`. A search of several is compared with a choice that NumPy makes among searches of one. `candidates`
is compared with `search` and with `complete`.

Letter key: B rows, n candidates of a row, T sequence length.
"""

import pathlib
from collections.abc import Iterator, Sequence

import numpy as np

from seqgan_tf.serving.chi_square import levels, two_samples
from seqgan_tf.serving.laws import ask, draw, twin_of
from seqgan_tf.serving.loaders import Answer, Model, SessionModel
from seqgan_tf.serving.outcomes import Outcome, outcome, require
from seqgan_tf.serving.trial_requests import prompts_of, read_alike
from seqgan_tf.serving.twin import Twin

ROWS = 500  # rows of a request whose answers are compared one by one
CANDIDATES = 16_000  # sequences among which each of two compared samples is chosen
CELLS = 20  # of a sample of chosen sequences, which is smaller than a sample of draws
CANDIDATE_SEED = 2_000_003  # of the candidates that NumPy chooses among; searches start at 0
TEMPERATURE = 0.8
BEST = 1e6  # guidance that chooses the best
SPREAD = 1.0  # guidance times the standard deviation of the logits, where the choice is at random
BAD_VALUES = (('num_candidates', 0), ('num_candidates', 257), ('guidance', -1.0), ('guidance', np.nan))


def check(path: str | pathlib.Path) -> Iterator[Outcome]:
    """Checks the laws of both in one version of an exported model, as far as it has them.

    Args:
        path: the path of the SavedModel, `<export_dir>/<version>`.

    Yields:
        (what is checked, with the p-value of a test; what is wrong or None).
    """
    with SessionModel(path) as session:
        if 'search' not in session.signatures:
            return
        twin = twin_of(path, session)
        yield outcome('search: guidance 0 gives what complete gives', check_unguided, session)
        yield outcome('search: log_prob of the twin, prob_real of the score', check_numbers, session, twin)
        yield outcome('search: one of 8 is chosen by its weight', check_choice, session, 8)
        yield outcome('search: the best of 16 after prompts', check_choice, session, 16, True)
        yield outcome('search: values out of range are errors of their rows', check_bad_values, session)
        if 'candidates' in session.signatures:
            yield outcome(
                'candidates: the first is that of complete, the chosen that of search', check_candidates, session
            )


def check_unguided(session: Model) -> None:
    """Raises ValueError unless `search` with guidance 0 gives what `complete` gives.

    The same seeds and prompts must give the same tokens, whatever the number of candidates is.
    """
    prompts = _prompts(session, ROWS)[0]
    completed = draw(session, ROWS, TEMPERATURE, prompts=prompts)
    found = search(session, completed['seed'], 1 + np.arange(ROWS) % 256, 0.0, prompts)
    for name in ('text', 'tokens', 'seed', 'error'):
        other = (found[name] != completed[name]).reshape(ROWS, -1).any(axis=1)
        require(not other.any(), f'{name} must be that of complete. Received: another one in {other.sum()} of {ROWS}')


def check_numbers(session: Model, twin: Twin) -> str:
    """The largest differences, in words, of log_prob from the twin and of prob_real from `score`.

    Raises ValueError where the first is above 1e-3 nats, or the second above 1e-5.
    """
    found = search(session, np.arange(ROWS), 4, BEST)
    scored = session('score', text=found['text'])
    kept = read_alike(session, found, scored)
    log_prob = np.abs(found['log_prob'] - twin.log_prob(found['tokens'])).max()
    prob_real = np.abs(found['prob_real'] - scored['prob_real'])[kept].max(initial=0)
    require(log_prob <= 1e-3, f"log_prob must be within 1e-3 of the twin's. Received: {log_prob:.1e} off")
    require(prob_real <= 1e-5, f"prob_real must be within 1e-5 of score's. Received: {prob_real:.1e} off")
    return f'{log_prob:.1e} nats and {prob_real:.1e} off at most'


def check_choice(session: Model, num_candidates: int, best: bool = False) -> str:
    """Tests whether `search` chooses among n candidates as NumPy does.

    Two samples are compared by the log-likelihoods and by the prob_real of whole sequences, in
    cells of equal counts: what `search` gives, and what is chosen among n searches of one.

    Args:
        session: the model.
        num_candidates: n.
        best: whether the guidance is so large that the best is chosen, after prompts. Otherwise
            the weights of the candidates are of one magnitude, and there are no prompts.

    Returns:
        both p-values in words. Raises ValueError where one is below `chi_square.LEAST_P`, and where a
        prompt was altered.
    """
    rows = CANDIDATES // num_candidates
    prompts, tokens, free = _prompts(session, rows) if best else ([b''] * rows, 0, True)
    seeds = np.arange(CANDIDATE_SEED, CANDIDATE_SEED + rows * num_candidates)
    candidates = search(session, seeds, 1, 0.0, [prompt for prompt in prompts for _ in range(num_candidates)])
    logits = _logits(candidates['prob_real']).reshape(rows, num_candidates)
    guidance = BEST if best else SPREAD / max(float(logits.std()), 1e-6)
    weights = np.exp(guidance * (logits - logits.max(axis=1, keepdims=True)))
    shares = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
    place = np.minimum((shares <= np.random.default_rng(2).random([rows, 1])).sum(axis=1), num_candidates - 1)
    chosen = {name: value[np.arange(rows) * num_candidates + place] for name, value in candidates.items()}

    found = search(session, np.arange(rows), num_candidates, guidance, prompts)
    altered = ~((found['tokens'] == tokens) | free).all(axis=1)
    require(not altered.any(), f'a prompt must be kept. Received: {altered.sum()} of {rows} altered')
    both = {name: np.concatenate([found[name], chosen[name]]) for name in found}
    likelihoods, real = (two_samples(*levels(both['tokens'], both[name], CELLS)) for name in ('log_prob', 'prob_real'))
    return f'log-likelihoods {likelihoods}, prob_real {real}'


def check_bad_values(session: Model) -> None:
    """Raises ValueError unless `error` answers values out of range, and the other rows stay."""
    rows = 1 + len(BAD_VALUES)
    inputs = {'num_candidates': np.full(rows, 3, np.int32), 'guidance': np.ones(rows, np.float32)}
    good = search(session, np.arange(rows), **inputs)
    for row, (name, value) in enumerate(BAD_VALUES, 1):
        inputs[name][row] = value
    answer = search(session, np.arange(rows), **inputs)
    refused = [
        error.decode().startswith(f'{name} must be') for (name, _), error in zip(BAD_VALUES, answer['error'][1:])
    ]
    empty = (answer['tokens'][1:] == -1).all() and not answer['prob_real'][1:].any() and not any(answer['text'][1:])
    require(all(refused) and empty, f'bad rows must say so and be empty. Received: {answer}')
    require(answer['text'][0] == good['text'][0], f'the other row must stay. Received: {answer["text"][0]}')


def check_candidates(session: Model) -> None:
    """Raises ValueError unless `candidates` shows those among which `search` chooses.

    For the same inputs the chosen one must be the answer of `search`. The first must be the answer
    of `complete`, and there must be as many as the row asks for.
    """
    prompts = _prompts(session, ROWS)[0]
    completed = draw(session, ROWS, TEMPERATURE, prompts=prompts)
    rows, several = np.arange(ROWS), 1 + np.arange(ROWS) % 16
    # No row without guidance: then both draw the same candidates together, and round alike.
    inputs = completed['seed'], several, np.resize([0.5, 2.0, BEST], ROWS), prompts
    found, answer = search(session, *inputs), search(session, *inputs, signature='candidates')
    chosen = {name: answer[name][rows, answer['chosen']] for name in ('text', 'log_prob', 'prob_real')}
    close = all(np.allclose(chosen[name], found[name], rtol=1e-5, atol=1e-4) for name in ('log_prob', 'prob_real'))
    same = np.array_equal(chosen['text'], found['text']) and np.array_equal(answer['seed'], found['seed'])
    require(close and same, f'the chosen candidate must be the answer of search. Received: {chosen} and {found}')
    first = answer['text'][:, 0] == completed['text']
    require(first.all(), f'the first candidate must be that of complete. Received: another in {(~first).sum()} rows')
    unguided = search(session, rows[:16], 16, 0.0, signature='candidates')['chosen']
    require(not unguided.any(), f'without guidance the first one must be chosen. Received: {unguided}')
    beyond = np.arange(answer['text'].shape[1]) >= several[:, None]
    empty = (answer['text'] == b'') & (answer['log_prob'] == 0) & (answer['prob_real'] == 0)
    require(empty[beyond].all(), 'places after the candidates of a row must be empty. Received: others')


def search(
    session: Model,
    seeds: np.ndarray,
    num_candidates: int | np.ndarray,
    guidance: float | np.ndarray,
    prompts: Sequence[bytes] | None = None,
    signature: str = 'search',
) -> Answer:
    """The outputs of a signature for seeds [B], with one value or [B] of each other input."""
    rows = len(seeds)
    inputs = {
        'seed': seeds,
        'temperature': np.full(rows, TEMPERATURE, np.float32),
        'prompt': np.array(prompts or [b''] * rows, object),
        'num_candidates': np.broadcast_to(np.asarray(num_candidates, np.int32), rows),
        'guidance': np.broadcast_to(np.asarray(guidance, np.float32), rows),
    }
    return ask(session, signature, inputs)


def _prompts(session: Model, rows: int) -> tuple[list[bytes], np.ndarray, np.ndarray]:
    """Prompts [B], the tokens [B, T] that begin with them, and where these are free [B, T]."""
    drawn = draw(session, rows)
    prompts, lengths = prompts_of(session, drawn['text'], drawn['tokens'])
    return prompts, drawn['tokens'], np.arange(drawn['tokens'].shape[1]) >= lengths[:, None]


def _logits(prob_real: np.ndarray) -> np.ndarray:
    """The logits of probabilities, float64; finite where a probability was rounded to 0 or 1."""
    prob_real = np.clip(prob_real.astype(np.float64), 1e-45, 1 - 2.0**-25)
    return np.log(prob_real) - np.log1p(-prob_real)
