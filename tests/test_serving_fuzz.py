"""Random and hostile requests, fed to the C++ runtime as a server feeds them: each is answered or refused, and nothing crashes.

`Session.run` of Python converts and checks what it is given; a callable of the session does not, so dtypes and shapes of any kind arrive.
"""

import collections

import numpy as np
import pytest
import tensorflow as tf
from serving_models import DEPENDENT, VOCABULARIES, networks
from tensorflow.core.protobuf import config_pb2

from seqgan_tf.serving.export import export_saved_model
from seqgan_tf.serving.loaders import SessionModel
from seqgan_tf.serving.signatures import SIGNATURES

REQUESTS = 700  # of each signature, for each of five vocabularies: 3,500
SHAPES_AND_TYPES = 0.15  # share of the requests with an input of a wrong length, rank or type
FLOATS = np.array(
    [
        np.nan,
        np.inf,
        -np.inf,
        0.0,
        -0.0,
        1e-45,
        -1e-45,
        1e-38,
        1e-7,
        0.5,
        1.0,
        np.nextafter(np.float32(1), np.float32(2)),
        1.5,
        1e30,
        3.4e38,
        -1.0,
        -3.4e38,
    ],
    np.float32,
)
INTEGERS = [0, 1, 2, 3, 7, 40, 256, 257, 5000, -1, -2, 2**31 - 1, -(2**31)]
SEEDS = [0, 1, -1, 2**31, 2**32, 2**53, 2**53 + 1, 2**63 - 1, -(2**63)]
TEXTS = [
    b'',
    b' ',
    b'\n',
    b'\t \r\n',
    b'\x00',
    b'\x00a',
    b'<end>',
    b'<unk>',
    b'\xef\xbb\xbf',
    '\ufffd'.encode(),
    '\u200b\u202e'.encode(),
    b'\xff',
    b'\xc0\x80',
    b'\xed\xa0\x80',
    b'\xf4\x90\x80\x80',
    b'\xe4\xb8',
    b'\x80' * 9,
    '👩‍👩‍👧'.encode(),
    b'a' * 5000,
    b'w1 ' * 3000,
    b'\xe4' * 999,
]


@pytest.fixture(scope='module', params=[*VOCABULARIES, *DEPENDENT])
def fuzzed(request, tmp_path_factory):
    """A vocabulary, its length, and the signatures of a model in a session, as functions of arrays of any kind."""
    vocabulary, length = (VOCABULARIES | DEPENDENT)[request.param]
    path = export_saved_model(
        *networks(vocabulary, length), vocabulary, length, tmp_path_factory.mktemp('exports') / 'poems'
    )
    with SessionModel(path) as model:
        yield vocabulary, length, {name: unchecked(model, name) for name in SIGNATURES}


def unchecked(model, name):
    """A signature as a function that hands its arrays to the runtime as they are."""
    signature = model.signatures[name]
    options = config_pb2.CallableOptions(
        feed=[signature.inputs[key].name for key in sorted(signature.inputs)],
        fetch=[signature.outputs[key].name for key in sorted(signature.outputs)],
    )
    run = model.session._make_callable_from_options(options)
    return lambda **inputs: dict(zip(sorted(signature.outputs), run(*(inputs[key] for key in sorted(inputs)))))


class Requests:
    """Random inputs of a signature."""

    def __init__(self, rng, vocabulary, length):
        self.rng, self.vocabulary, self.length = rng, vocabulary, length

    def floats(self, rows):
        bits = np.frombuffer(self.rng.bytes(4 * rows), np.float32)
        return np.where(self.rng.random(rows) < 0.7, self.rng.choice(FLOATS, rows), bits).astype(np.float32)

    def texts(self, rows):
        return np.array([*(self.text() for _ in range(rows)), None], object)[
            :-1
        ]  # None: NumPy must not make an array of byte strings

    def text(self):
        kind = self.rng.integers(4)
        if kind == 0:
            return TEXTS[self.rng.integers(len(TEXTS))]
        if kind == 1:
            return self.rng.bytes(self.rng.integers(30))
        symbols = self.rng.choice(
            self.vocabulary.symbols[1:], self.rng.integers(self.length + 3 if kind == 2 else self.length + 1)
        )
        text = self.vocabulary.join(list(symbols)).encode()
        return text if kind == 2 else text + TEXTS[self.rng.integers(len(TEXTS))]

    def request(self, signature):
        rng, rows = self.rng, int(self.rng.integers(5))
        inputs = (
            {'text': self.texts(rows)}
            if signature in ('score', 'inspect')
            else {'seed': rng.choice(np.array(SEEDS, np.int64), rows), 'temperature': self.floats(rows)}
        )
        if signature == 'complete':
            inputs |= {
                'prompt': self.texts(rows),
                'top_k': rng.choice(np.array(INTEGERS, np.int32), rows),
                'top_p': self.floats(rows),
            }
        if signature in ('search', 'candidates'):
            inputs |= {
                'prompt': self.texts(rows),
                'num_candidates': rng.choice(np.array(INTEGERS, np.int32), rows),
                'guidance': self.floats(rows),
            }
        if rng.random() < SHAPES_AND_TYPES:
            name = rng.choice(sorted(inputs))
            inputs[name] = self.spoil(inputs[name])
        return inputs

    def spoil(self, value):
        kind = self.rng.integers(6)
        if kind == 0:
            return np.concatenate([value, value, np.full(1, b'' if value.dtype == object else 0, value.dtype)])
        if kind == 1:
            return value.reshape([1, -1])
        if kind == 2:
            return value.reshape([-1, 1])
        if kind == 3:
            return value.reshape([1, 1, -1])
        if kind == 4:
            return np.array(b'x', object) if value.dtype == object else value.dtype.type(1)
        return np.zeros(len(value), self.rng.choice([np.float64, np.int8, np.bool_, np.complex64, np.uint64]))


def shape_of(signature, name, value, rows, length):
    """The shape that an output must have. Its last axis is free for alternatives, and for candidates."""
    if signature == 'inspect' and name != 'error':
        return (rows, length, *value.shape[2:])
    if signature == 'candidates' and name in ('text', 'log_prob', 'prob_real'):
        return (rows, *value.shape[1:])
    return (rows, length) if name == 'tokens' else (rows,)


def assert_inspected(answer, bad, vocabulary):
    assert (answer['tokens'][bad] == -1).all() and ((answer['tokens'][~bad] >= 0).all())
    assert (answer['tokens'] < len(vocabulary)).all() and (answer['alternative_log_prob'] <= 0).all()
    assert not any(symbol for name in ('symbol', 'alternative') for symbol in answer[name][bad].flat)
    assert (answer['alternative_log_prob'][bad] == 0).all()


def assert_candidates(answer, bad):
    chosen, count = answer['chosen'], answer['text'].shape[-1]
    assert (chosen[bad] == -1).all() and (chosen[~bad] >= 0).all() and (chosen < max(count, 1)).all()
    assert not any(text for text in answer['text'][bad].flat)


def assert_answer(signature, inputs, answer, vocabulary, length):
    """An answer's rows: good, or empty beside an error that says what was received."""
    rows = len(next(iter(inputs.values())))
    for name, value in answer.items():
        assert value.shape == shape_of(signature, name, value, rows, length)
        assert value.dtype.kind != 'f' or np.isfinite(value).all(), (inputs, answer)
    errors = [error.decode() for error in answer['error']]
    bad = np.array([error != '' for error in errors], bool)
    assert all('Received: ' in error for error in errors if error)
    assert (answer['log_prob'] <= 1e-4).all() and (answer['log_prob'][bad] == 0).all()
    if 'prob_real' in answer:
        assert ((answer['prob_real'] >= 0) & (answer['prob_real'] <= 1)).all() and (answer['prob_real'][bad] == 0).all()
    if signature == 'inspect':
        assert_inspected(answer, bad, vocabulary)
        return
    if signature == 'candidates':
        assert_candidates(answer, bad)
        return
    if signature == 'score':
        assert ((answer['length'] >= 0) & (answer['length'] <= length)).all()
        return
    texts, tokens = [text.decode() for text in answer['text']], answer['tokens']
    assert not any(text for text, is_bad in zip(texts, bad) if is_bad) and (tokens[bad] == -1).all()
    assert ((tokens[~bad] >= 0) & (tokens[~bad] < len(vocabulary))).all()
    assert [text for text, is_bad in zip(texts, bad) if not is_bad] == vocabulary.decode(tokens[~bad])
    given = inputs['seed'] >= 0
    assert (answer['seed'][given] == inputs['seed'][given]).all() and (answer['seed'] >= 0).all()


@pytest.mark.parametrize('signature', SIGNATURES)
def test_every_request_is_answered_or_refused(fuzzed, signature):
    vocabulary, length, run = fuzzed
    requests = Requests(np.random.default_rng(len(vocabulary)), vocabulary, length)
    outcomes = collections.Counter()
    for _ in range(REQUESTS):
        inputs = requests.request(signature)
        try:
            answer = run[signature](**inputs)
        except tf.errors.InvalidArgumentError as error:
            assert len(error.message) > 10
            outcomes['refused'] += 1
            continue
        assert_answer(signature, inputs, answer, vocabulary, length)
        outcomes['answered'] += 1
    assert outcomes['answered'] > REQUESTS / 2 and outcomes['refused'] > REQUESTS / 50
