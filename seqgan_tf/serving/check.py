"""The checks of an exported model before it is served.

The model is loaded as TensorFlow Serving loads it and as Python loads it, and it is compared with
its checkpoint.
"""

import pathlib
import re
from collections.abc import Iterator, Sequence

import numpy as np
from tensorflow.core.protobuf import saved_model_pb2

from seqgan_tf.data.token_kinds import CLUSTER, WORD_OR_MARK
from seqgan_tf.serving import warmup
from seqgan_tf.serving.loaders import Answer, Model, SessionModel, python_model, servable_model
from seqgan_tf.serving.outcomes import Outcome, one_line, outcome, require
from seqgan_tf.serving.servable import Servable
from seqgan_tf.serving.signatures import SIGNATURES, check_signatures

SYMBOLS = '[^ ]+', '(?s:.)', '[^ ]'  # words; characters; characters of verses, without the spaces
# Kinds of symbols that depend on what is beside them. A model may draw a list of them whose text has
# other symbols: `(￭` and `)` make `()`, whose symbols are `(` and `￭)`.
DEPENDENT = CLUSTER, WORD_OR_MARK
ROWS = 7
TOLERANCE = dict(rtol=1e-5, atol=1e-5)  # between two ways to run the same float32 graph


# Python functions and cuDNN are not on every server. A random op with state would give different
# answers to the same seed.
FORBIDDEN = re.compile(r'PyFunc|Cudnn|^Random|^Multinomial|TruncatedNormal|^Rng|^Stateful(?!PartitionedCall)')
SEED_DRAW = 'RandomUniformInt'  # for negative seeds


def check(path: str | pathlib.Path, servable: Servable | None = None) -> Iterator[Outcome]:
    """Checks one version of an exported model.

    Args:
        path: the path of the SavedModel, `<export_dir>/<version>`.
        servable: the `Servable` of its checkpoint, to compare with; or None.

    Yields:
        (what is checked, what is wrong or None).
    """
    yield outcome('no op or attribute that a server lacks', check_portable, path)
    try:
        with SessionModel(path) as session:
            yield outcome('signatures, as documented', check_signatures, session)
            yield outcome('session: rows alone and in a batch agree', check_rows_alone, session)
            yield outcome('session: log_prob is the score of the text', check_scores, session)
            yield outcome('session: a bad row leaves the others as they are', check_bad_rows, session)
            yield outcome('session and Python agree', lambda: check_agreement(session, python_model(path)))
            if servable is not None:
                yield outcome('session and checkpoint agree', check_agreement, session, servable_model(servable))
            yield outcome('a negative seed is a fresh one at each load', check_fresh_seeds, session, path)
    except Exception as error:
        yield 'session: loads as TensorFlow Serving loads it', one_line(error)
    yield outcome('warm-up records run', replay_warmup, path)


def check_portable(path: str | pathlib.Path) -> None:
    """Raises ValueError for an op or attribute that a server may lack, or that ignores the seed.

    The server is a TensorFlow Serving on a CPU.
    """
    content = pathlib.Path(path, 'saved_model.pb').read_bytes()
    for meta_graph in saved_model_pb2.SavedModel.FromString(content).meta_graphs:
        functions = meta_graph.graph_def.library.function
        nodes = [*meta_graph.graph_def.node, *(node for function in functions for node in function.node_def)]
        compiled = [item.name for item in nodes if item.attr['_XlaMustCompile'].b]
        compiled += [function.signature.name for function in functions if function.attr['_XlaMustCompile'].b]
        require(not compiled, f'no function may need XLA. Received: _XlaMustCompile on {", ".join(compiled[:3])}')
        forbidden = sorted({node.op for node in nodes if FORBIDDEN.search(node.op) and node.op != SEED_DRAW})
        require(not forbidden, f'only ops that every server runs alike may be inside. Received: {", ".join(forbidden)}')


def check_agreement(session: Model, other: Model) -> None:
    """Raises ValueError unless two ways to run a model give the same answers."""
    for signature, inputs in _requests(session):
        _require_equal(signature, session(signature, **inputs), other(signature, **inputs))


def check_rows_alone(session: Model) -> None:
    """Raises ValueError unless each row of a batch has the answer that it has alone."""
    for signature, inputs in _requests(session):
        together = session(signature, **inputs)
        for row in (slice(i, i + 1) for i in range(ROWS)):
            alone = session(signature, **{name: value[row] for name, value in inputs.items()})
            _require_equal(
                f'{signature}, row {row.start}', {name: value[row] for name, value in together.items()}, alone
            )


def check_scores(session: Model) -> None:
    """Raises ValueError unless `score` gives the log_prob of the texts that `sample` returns.

    The numbers must be finite. With symbols that depend on what is beside them, texts that are read
    as other symbols than those drawn are left out.
    """
    drawn = session('sample', **_draws())
    scored = session('score', text=drawn['text'])
    kept = np.ones(ROWS, bool)
    if _pattern_of(drawn['text'], scored) in DEPENDENT:
        read = session('complete', **_completions(drawn['text']))['tokens']
        kept = ((read == drawn['tokens']) | (np.arange(read.shape[1]) >= scored['length'][:, None])).all(axis=1)
        kept &= scored['error'] == b''
    require(
        not any(scored['error'][kept]) and not any(drawn['error']),
        f'no row may fail. Received: {drawn["error"]}, {scored["error"]}',
    )
    close = (
        np.allclose(drawn['log_prob'][kept], scored['log_prob'][kept], rtol=1e-5, atol=1e-4)
        and np.isfinite(drawn['log_prob']).all()
    )
    require(
        close,
        f'log_prob must be finite and the score. Received: {drawn["log_prob"]} from sample, {scored["log_prob"]} from score',
    )


def check_bad_rows(session: Model) -> None:
    """Raises ValueError unless `error` answers a row with a temperature of NaN.

    The answers to the other rows must stay the same.
    """
    good = session('sample', **_draws())
    inputs = _draws()
    inputs['temperature'][3] = np.nan
    answer = session('sample', **inputs)
    bad = {name: value[3] for name, value in answer.items()}
    require(
        bad['error'] and not bad['text'] and (bad['tokens'] == -1).all() and bad['log_prob'] == 0,
        f'a bad row must say so, with text empty, tokens -1 and log_prob 0. Received: {bad}',
    )
    others = np.arange(ROWS) != 3
    _require_equal('sample', {k: v[others] for k, v in good.items()}, {k: v[others] for k, v in answer.items()})


def check_fresh_seeds(session: Model, path: str | pathlib.Path) -> None:
    """Raises ValueError unless a fresh seed replaces each negative seed.

    Fresh seeds must differ between rows and between loads.
    """
    inputs = {'seed': np.full(ROWS, -1), 'temperature': np.ones(ROWS, np.float32)}
    with SessionModel(path) as second:
        seeds = [*session('sample', **inputs)['seed'], *second('sample', **inputs)['seed']]
    require(len(set(seeds)) == 2 * ROWS and min(seeds) >= 0, f'fresh seeds must differ. Received: {seeds}')


def replay_warmup(path: str | pathlib.Path) -> None:
    """Raises ValueError unless each signature has a warm-up record that it can answer.

    The answers must have finite numbers and no error.
    """
    records = warmup.read(pathlib.Path(path))
    missing = SIGNATURES.keys() - {signature for signature, _ in records}
    require(not missing, f'{warmup.PATH} must have a record for each signature. Missing: {", ".join(sorted(missing))}')
    with SessionModel(path) as session:
        for signature, inputs in records:
            answer = session(signature, **inputs)
            fine = not any(answer['error']) and np.isfinite(answer['log_prob']).all()
            require(
                fine,
                f'{signature} must answer its warm-up request. Received: error {answer["error"]}, log_prob {answer["log_prob"]}',
            )


def _draws() -> dict[str, np.ndarray]:
    return {'seed': np.arange(ROWS), 'temperature': np.linspace(0.5, 2.0, ROWS, dtype=np.float32)}


def _requests(session: Model) -> list[tuple[str, dict[str, np.ndarray]]]:
    """A request (name, inputs) for each signature, with prompts and texts that the model drew."""
    texts = session('sample', **_draws())['text']
    restricted = {
        'prompt': np.array(prompts_of(session, texts)[0], object),
        'top_k': np.arange(ROWS, dtype=np.int32),
        'top_p': np.linspace(1.0, 0.4, ROWS, dtype=np.float32),
    }
    return [
        ('serving_default', _draws()),
        ('sample', _draws()),
        ('complete', _draws() | restricted),
        ('score', {'text': texts}),
    ]


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


def _require_equal(what: str, first: Answer, second: Answer) -> None:
    for name in first:
        one, other = first[name], second[name]
        same = np.allclose(one, other, **TOLERANCE) if one.dtype.kind == 'f' else np.array_equal(one, other)
        require(same, f'{what}: {name} must agree. Received: {one} and {other}')
