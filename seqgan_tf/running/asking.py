"""What `Trained` asks of the signatures of its networks: plain Python in, dicts out.

A signature is traced at its first call. Errors of rows are raised as ValueError.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from seqgan_tf.serving.request_rules import MAX_CANDIDATES
from seqgan_tf.serving.servable import Servable

ROWS = 512  # texts that are drawn or scored at once
INSPECTED = 'symbol', 'log_prob', 'alternative', 'alternative_log_prob'


def draw(
    servable: Servable,
    n: int,
    prompt: str,
    temperature: float,
    top_k: int,
    top_p: float,
    seed: int,
    num_candidates: int,
    guidance: float,
) -> list[dict[str, Any]]:
    """See `Trained.draw`."""
    _check('n', n, 1, 2**31)
    _check('top_k', top_k, 0, 2**31)
    _check('seed', seed, -(2**63), 2**63 - n)
    _check_candidates(num_candidates, guidance)
    received = f'Received: num_candidates={num_candidates}, top_k={top_k}, top_p={top_p}'
    if num_candidates > 1 and servable.discriminator is None:
        raise ValueError(f'num_candidates must be 1 where no discriminator was trained. {received}')
    if num_candidates > 1 and (top_k, top_p) != (0, 1):
        raise ValueError(f'top_k must be 0 and top_p 1 with several candidates. {received}')
    filtered = {'top_k': np.int32(top_k), 'top_p': np.float32(top_p)}
    searched = {'num_candidates': np.int32(num_candidates), 'guidance': np.float32(guidance)}
    signature, options, *names = ('complete', filtered) if num_candidates == 1 else ('search', searched, 'prob_real')
    options |= {'temperature': np.float32(temperature), 'prompt': np.array(prompt, object)}
    seeds = np.arange(seed, seed + n) if seed >= 0 else np.full(n, -1)
    rows = []
    for part in np.array_split(seeds, range(ROWS, n, ROWS)):
        inputs = {name: np.full(len(part), value) for name, value in options.items()}
        rows += _ask(servable, signature, ('text', 'log_prob', 'seed', *names), seed=part, **inputs)
    return rows


def candidates(
    servable: Servable, prompt: str, temperature: float, seed: int, num_candidates: int, guidance: float
) -> dict[str, Any]:
    """See `Trained.candidates`."""
    if servable.discriminator is None:
        raise ValueError('discriminator must be a trained one to rate candidates. Received: discriminator=None')
    _check('seed', seed, -(2**63), 2**63)
    _check_candidates(num_candidates, guidance)
    (row,) = _ask(
        servable,
        'candidates',
        ('text', 'log_prob', 'prob_real', 'chosen', 'seed'),
        seed=np.array([seed]),
        temperature=np.array([temperature], np.float32),
        prompt=np.array([prompt], object),
        num_candidates=np.array([num_candidates], np.int32),
        guidance=np.array([guidance], np.float32),
    )
    return row


def score(servable: Servable, texts: Sequence[str]) -> list[dict[str, Any]]:
    """See `Trained.score`."""
    names = ('log_prob', 'length') if servable.discriminator is None else ('log_prob', 'prob_real', 'length')
    return _ask_of_texts(servable, 'score', names, texts)


def inspect(servable: Servable, texts: Sequence[str]) -> list[dict[str, Any]]:
    """See `Trained.inspect`."""
    rows = _ask_of_texts(servable, 'inspect', ('tokens', *INSPECTED), texts)
    for row in rows:
        tokens = row.pop('tokens')
        scored = tokens.index(servable.end_id) + 1 if servable.end_id in tokens else len(tokens)
        row |= {name: row[name][:scored] for name in INSPECTED}
    return rows


def _ask_of_texts(servable: Servable, signature: str, names: Sequence[str], texts: Any) -> list[dict[str, Any]]:
    """The answers to texts, some at once. Raises ValueError where they are no list of str."""
    if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
        raise ValueError(f'texts must be a list of str. Received: {texts!r:.60}')
    rows = []
    for start in range(0, len(texts), ROWS):
        rows += _ask(servable, signature, names, text=texts[start : start + ROWS])
    return rows


def _ask(servable: Servable, signature: str, names: Sequence[str], **inputs: Any) -> list[dict[str, Any]]:
    """The rows of a signature's answer as dicts. Raises ValueError with the first error in it."""
    tensors = {name: tf.constant(value) for name, value in inputs.items()}
    answer = servable.signatures[signature].get_concrete_function()(**tensors)
    columns = {name: _plain(answer[name].numpy().tolist()) for name in (*names, 'error')}
    error = next(filter(None, columns['error']), None)
    if error is not None:
        raise ValueError(error)
    return [dict(zip(names, row)) for row in zip(*(columns[name] for name in names))]


def _plain(value: Any) -> Any:
    """A value with str in place of bytes, also inside lists."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.decode() if isinstance(value, bytes) else value


def _check_candidates(num_candidates: int, guidance: float) -> None:
    _check('num_candidates', num_candidates, 1, MAX_CANDIDATES + 1)
    _check('guidance', guidance, 0, math.inf)


def _check(name: str, value: float, least: float, limit: float) -> None:
    if not least <= value < limit:
        raise ValueError(f'{name} must be in [{least}, {limit}). Received: {name}={value}')
