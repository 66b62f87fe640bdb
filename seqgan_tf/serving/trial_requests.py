"""Requests that any exported model can answer, made of what it draws itself."""

import re
from collections.abc import Sequence

import numpy as np

from seqgan_tf.data.token_kinds import CLUSTER, WORD_OR_MARK
from seqgan_tf.serving.loaders import Answer, Model, SessionModel

SYMBOLS = '[^ ]+', '(?s:.)', '[^ ]'  # words; characters; characters of verses, without the spaces
# Kinds of symbols that depend on what is beside them. A model may draw a list of them whose text has
# other symbols: `(￭` and `)` make `()`, whose symbols are `(` and `￭)`.
DEPENDENT = CLUSTER, WORD_OR_MARK
ROWS = 7


def draws() -> dict[str, np.ndarray]:
    """A request of `sample`."""
    return {'seed': np.arange(ROWS), 'temperature': np.linspace(0.5, 2.0, ROWS, dtype=np.float32)}


def requests(session: SessionModel) -> list[tuple[str, dict[str, np.ndarray]]]:
    """A request (name, inputs) for each signature of a model.

    Its prompts and texts are those that the model drew.
    """
    texts = session('sample', **draws())['text']
    completion = draws() | {'prompt': np.array(prompts_of(session, texts)[0], object)}
    restricted = {
        'top_k': np.arange(ROWS, dtype=np.int32),
        'top_p': np.linspace(1.0, 0.4, ROWS, dtype=np.float32),
    }
    searched = {
        'num_candidates': np.arange(1, ROWS + 1, dtype=np.int32),
        'guidance': np.linspace(3.0, 0.0, ROWS, dtype=np.float32),
    }
    known = [
        ('serving_default', draws()),
        ('sample', draws()),
        ('complete', completion | restricted),
        ('score', {'text': texts}),
        ('inspect', {'text': texts}),
        ('search', completion | searched),
        ('candidates', completion | searched),
    ]
    return [(signature, inputs) for signature, inputs in known if signature in session.signatures]


def prompts_of(
    session: Model, texts: Sequence[bytes] | np.ndarray, tokens: np.ndarray | None = None
) -> tuple[list[bytes], np.ndarray]:
    """Prompts of rising length from a model's texts.

    Args:
        session: the model.
        texts: string [B], drawn by the model.
        tokens: int32 [B, T], drawn with the texts. If they are given and the symbols depend on what
            is beside them, a prompt that is read as other symbols is replaced by an empty one.

    Returns:
        the first symbols of each text [B], and how many symbols these are, int [B]. Each prompt has
        one symbol more than the one before, modulo the length of its text.
    """
    scored = session('score', text=texts)
    decoded = [text.decode() for text in texts]
    pattern = _pattern_of(texts, scored)
    ends = [[0, *(found.end() for found in re.finditer(pattern, text))] for text in decoded]
    counts = np.arange(len(texts)) % (1 + scored['length'])
    prompts = [text[: places[count]].encode() for text, places, count in zip(decoded, ends, counts)]
    if tokens is not None and pattern in DEPENDENT:
        read = session('complete', **_completions(prompts))['tokens']
        other = ((read != tokens) & (np.arange(tokens.shape[1]) < counts[:, None])).any(axis=1)
        counts = np.where(other, 0, counts)
        prompts = [b'' if bad else prompt for prompt, bad in zip(prompts, other)]
    return prompts, counts


def read_alike(session: Model, drawn: Answer, scored: Answer) -> np.ndarray:
    """Which of the texts that a model drew it reads as the symbols that it drew, bool [B].

    All are, unless the symbols depend on what is beside them.

    Args:
        session: the model.
        drawn: an answer of a signature that draws.
        scored: the answer of `score` for its texts.
    """
    if _pattern_of(drawn['text'], scored) not in DEPENDENT:
        return np.ones(len(drawn['text']), bool)
    read = session('complete', **_completions(drawn['text']))['tokens']
    alike = (read == drawn['tokens']) | (np.arange(read.shape[1]) >= scored['length'][:, None])
    return alike.all(axis=1) & (scored['error'] == b'')


def _pattern_of(texts: Sequence[bytes] | np.ndarray, scored: Answer) -> str:
    """The pattern of a symbol by which texts have the lengths that `score` gave them."""
    pairs = [(text.decode(), n) for text, n, error in zip(texts, scored['length'], scored['error']) if not error]
    for pattern in (*SYMBOLS, *DEPENDENT):
        if all(len(re.findall(pattern, text)) == length for text, length in pairs):
            return pattern
    raise ValueError(f'length must be the number of symbols of a text. Received: {pairs[:3]}')


def _completions(prompts: Sequence[bytes] | np.ndarray) -> dict[str, np.ndarray]:
    """A request of unrestricted completions."""
    return {
        'seed': np.arange(len(prompts)),
        'temperature': np.ones(len(prompts), np.float32),
        'prompt': np.array([*prompts, None], object)[:-1],  # None: not an array of byte strings
        'top_k': np.zeros(len(prompts), np.int32),
        'top_p': np.ones(len(prompts), np.float32),
    }
