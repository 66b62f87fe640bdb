"""The checks of an exported model before it is served.

The model is loaded as TensorFlow Serving loads it and as Python loads it, and it is compared with
its checkpoint.
"""

import pathlib
import re
from collections.abc import Iterator

import numpy as np
from tensorflow.core.protobuf import saved_model_pb2

from seqgan_tf.serving import warmup
from seqgan_tf.serving.loaders import Answer, Model, SessionModel, python_model, servable_model
from seqgan_tf.serving.outcomes import Outcome, one_line, outcome, require
from seqgan_tf.serving.servable import Servable
from seqgan_tf.serving.signatures import SIGNATURES, check_signatures
from seqgan_tf.serving.trial_requests import ROWS, draws, read_alike, requests

TOLERANCE = dict(rtol=1e-5, atol=1e-5)  # between two ways to run the same float32 graph


# Python functions and cuDNN are not on every server. A random op with state would give different
# answers to the same seed.
FORBIDDEN = re.compile(r'PyFunc|Cudnn|^Random|^Multinomial|TruncatedNormal|^Rng|^Stateful(?!PartitionedCall)')
SEED_DRAW = 'RandomUniformInt'  # for negative seeds
KEPT = 'error', 'seed'  # outputs that a bad row has too


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


def check_agreement(session: SessionModel, other: Model) -> None:
    """Raises ValueError unless two ways to run a model give the same answers."""
    for signature, inputs in requests(session):
        _require_equal(signature, session(signature, **inputs), other(signature, **inputs))


def check_rows_alone(session: SessionModel) -> None:
    """Raises ValueError unless each row of a batch has the answer that it has alone."""
    for signature, inputs in requests(session):
        together = session(signature, **inputs)
        for row in (slice(i, i + 1) for i in range(ROWS)):
            alone = session(signature, **{name: value[row] for name, value in inputs.items()})
            beside = {name: value[row] for name, value in together.items()}
            if signature == 'candidates':  # whose width is that of the row with the most
                beside |= {name: beside[name][:, : alone[name].shape[1]] for name in ('text', 'log_prob', 'prob_real')}
            _require_equal(f'{signature}, row {row.start}', beside, alone)


def check_scores(session: Model) -> None:
    """Raises ValueError unless `score` gives the log_prob of the texts that `sample` returns.

    The numbers must be finite. With symbols that depend on what is beside them, texts that are read
    as other symbols than those drawn are left out.
    """
    drawn = session('sample', **draws())
    scored = session('score', text=drawn['text'])
    kept = read_alike(session, drawn, scored)
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


def check_bad_rows(session: SessionModel) -> None:
    """Raises ValueError unless `error` answers a row with a temperature of NaN or with a long text.

    Its other outputs must be empty, and the answers to the other rows must stay the same.
    """
    others = np.arange(ROWS) != 3
    too_long = b'x ' * (1 + session('sample', **draws())['tokens'].shape[1])
    for signature, inputs in requests(session):
        good = session(signature, **inputs)
        name, value = ('text', too_long) if 'text' in inputs else ('temperature', np.float32(np.nan))
        answer = session(signature, **inputs | {name: np.where(others, inputs[name], value)})
        bad = {name: values[3:4] for name, values in answer.items()}
        empty = all((values == _empty(name, values)).all() for name, values in bad.items() if name not in KEPT)
        require(
            bad['error'][0] and empty,
            f'a bad row must say so, with text empty, ids -1 and numbers 0. Received: {bad} from {signature}',
        )
        _require_equal(signature, {k: v[others] for k, v in good.items()}, {k: v[others] for k, v in answer.items()})


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
    with SessionModel(path) as session:
        served = SIGNATURES.keys() & session.signatures.keys()
        missing = ', '.join(sorted(served - {signature for signature, _ in records}))
        require(not missing, f'{warmup.PATH} must have a record for each signature. Missing: {missing}')
        for signature, inputs in records:
            answer = session(signature, **inputs)
            numbers = {name: values for name, values in answer.items() if values.dtype.kind == 'f'}
            fine = not any(answer['error']) and all(np.isfinite(values).all() for values in numbers.values())
            require(
                fine,
                f'{signature} must answer its warm-up request. Received: error {answer["error"]}, {numbers}',
            )


def _empty(name: str, values: np.ndarray) -> bytes | int:
    """What an output of a bad row must be."""
    if values.dtype.kind == 'O':
        return b''
    return -1 if name in ('tokens', 'chosen') else 0


def _require_equal(what: str, first: Answer, second: Answer) -> None:
    for name in first:
        one, other = first[name], second[name]
        same = np.allclose(one, other, **TOLERANCE) if one.dtype.kind == 'f' else np.array_equal(one, other)
        require(same, f'{what}: {name} must agree. Received: {one} and {other}')
