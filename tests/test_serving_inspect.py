"""The signature `inspect`: each token and the likeliest ones of a NumPy twin, bad rows, and the checks that refuse others."""

import numpy as np
import pytest
import tensorflow as tf
from serving_models import CHARS, DEPENDENT, VOCABULARIES, networks, opened

from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.models.generator import Generator
from seqgan_tf.policies.inspection import inspect_tokens
from seqgan_tf.policies.sampling import sample, sequence_log_prob
from seqgan_tf.running.trained import load
from seqgan_tf.serving import inspect_laws
from seqgan_tf.serving.check import check
from seqgan_tf.serving.laws import twin_of
from seqgan_tf.serving.loaders import servable_model
from seqgan_tf.serving.servable import Servable
from seqgan_tf.serving.twin import log_softmax

TOO_LONG = CHARS[0] * 30 + ' w1é' * 30
KINDS = VOCABULARIES | DEPENDENT


def served(vocabulary, length):
    """The signatures of random networks, in this process."""
    return servable_model(Servable(*networks(vocabulary, length), vocabulary, length))


def drawn(model, rows=20):
    return model('sample', seed=np.arange(rows), temperature=np.linspace(0.5, 2, rows, dtype=np.float32))['text']


@pytest.fixture(scope='module')
def words(tmp_path_factory):
    vocabulary, length = VOCABULARIES['words']
    with opened(*networks(vocabulary, length), vocabulary, length, tmp_path_factory.mktemp('exports')) as model:
        model.twin = twin_of(model.path, model.session)
        yield model


@pytest.mark.parametrize('end_id', [None, 2])
@pytest.mark.parametrize('count', [1, 3, 6])
def test_log_probs_and_ranks_are_those_of_the_whole_log_softmax(end_id, count):
    """The generator reads whole sequences here; the slow way sorts all of its logits."""
    policy = Generator(6, 4, 5, initializer_stddev=1.0, end_id=end_id, seed=3)
    tokens = sample(policy, 40, 7, (1, 2))
    log_p = log_softmax(policy(tokens).numpy().reshape(-1, 6).astype(np.float64)).reshape(40, 7, 6)
    ended = np.cumsum(tokens.numpy() == end_id, axis=1) > 0 if end_id is not None else np.zeros([40, 7], bool)
    is_open = ~np.pad(ended[:, :-1], [[0, 0], [1, 0]])
    order = np.argsort(-log_p, axis=2, kind='stable')[..., :count]
    own = np.take_along_axis(log_p, tokens.numpy()[..., None], 2)[..., 0]
    for compiled in (None, False, True):
        run = inspect_tokens if compiled is None else tf.function(inspect_tokens, jit_compile=compiled, autograph=False)
        found = run(policy, tokens, count)
        np.testing.assert_allclose(found.log_prob, np.where(is_open, own, 0), atol=1e-5)
        np.testing.assert_allclose(tf.reduce_sum(found.log_prob, 1), sequence_log_prob(policy, tokens), atol=1e-5)
        np.testing.assert_array_equal(found.alternatives, np.where(is_open[..., None], order, end_id))
        best = np.where(is_open[..., None], np.take_along_axis(log_p, order, 2), 0)
        np.testing.assert_allclose(found.alternative_log_prob, best, atol=1e-5)


def test_equally_likely_tokens_are_sorted_by_id():
    policy = Generator(6, 4, 5, initializer_stddev=1.0, seed=3)
    for variable in policy.head.variables:
        variable.assign(tf.zeros_like(variable))
    found = inspect_tokens(policy, tf.zeros([2, 3], tf.int32), 4)
    np.testing.assert_array_equal(found.alternatives, np.broadcast_to(np.arange(4), [2, 3, 4]))


@pytest.mark.parametrize('kind', KINDS)
def test_symbols_are_those_of_the_text(kind):
    vocabulary, length = KINDS[kind]
    model = served(vocabulary, length)
    texts = drawn(model)
    answer, scored = model('inspect', text=texts), model('score', text=texts)
    np.testing.assert_array_equal(answer['error'], scored['error'])
    np.testing.assert_allclose(answer['log_prob'].sum(axis=1), scored['log_prob'], atol=1e-4)
    shown = np.array(['' if symbol == '<end>' else vocabulary.join([symbol]) for symbol in vocabulary.symbols], object)
    for i in np.flatnonzero(answer['error'] == b''):
        symbols = [symbol.decode() for symbol in answer['symbol'][i]]
        assert symbols == [*shown[answer['tokens'][i]]]
        parts = vocabulary.split(texts[i].decode())
        assert symbols[len(parts) :] == [''] * (length - len(parts))
        assert not answer['log_prob'][i, len(parts) + 1 :].any()
        assert not (answer['alternative'][i, len(parts) + 1 :] != b'').any()
        np.testing.assert_array_equal(answer['tokens'][i], vocabulary.encode([parts], length)[0])


def test_a_token_among_its_alternatives_has_the_same_log_prob(words):
    answer = words.session('inspect', text=drawn(words.session, 100))
    same = answer['alternative'] == answer['symbol'][..., None]
    assert same.sum() > 100
    own = np.broadcast_to(answer['log_prob'][..., None], same.shape)
    np.testing.assert_array_equal(own[same], answer['alternative_log_prob'][same])
    assert (np.diff(answer['alternative_log_prob'], axis=2) <= 0).all()


def test_a_vocabulary_of_few_symbols_has_as_many_alternatives():
    model = served(Vocabulary(list('abc')), 4)
    answer = model('inspect', text=np.array([b'abca'], object))
    assert answer['alternative'].shape == (1, 4, 3)
    np.testing.assert_allclose(np.exp(answer['alternative_log_prob']).sum(axis=2), 1, rtol=1e-5)


def test_bad_rows_say_what_score_says_and_leave_the_others_alone(words):
    texts = drawn(words.session, 3)
    bad = [TOO_LONG.encode(), b'w1 ' * 9]
    odd = ['w999 \U0001f600'.encode(), b'\xff w1\xc3\xa9', b'\x00', b'<end>', b'']  # unknown symbols, and no symbol
    mixed = np.array([texts[0], bad[0], texts[1], bad[1], texts[2], *odd, None], object)[:-1]
    answer, scored = (words.session(signature, text=mixed) for signature in ('inspect', 'score'))
    np.testing.assert_array_equal(answer['error'], scored['error'])
    assert [bool(error) for error in answer['error']] == [False, True, False, True] + [False] * 6
    for name, empty in (
        ('tokens', -1),
        ('symbol', b''),
        ('alternative', b''),
        ('log_prob', 0),
        ('alternative_log_prob', 0),
    ):
        assert (answer[name][[1, 3]] == empty).all()
    assert [symbol.decode() for symbol in answer['symbol'][5, :3]] == ['<unk>', '<unk>', '']
    np.testing.assert_allclose(answer['log_prob'].sum(axis=1), scored['log_prob'], atol=1e-4)
    good = words.session('inspect', text=texts)
    for name in ('tokens', 'symbol', 'alternative'):
        np.testing.assert_array_equal(answer[name][[0, 2, 4]], good[name])
    np.testing.assert_allclose(answer['log_prob'][[0, 2, 4]], good['log_prob'], rtol=1e-5)


def test_no_texts_get_an_empty_answer(words):
    shapes = {name: value.shape for name, value in words.session('inspect', text=np.zeros(0, object)).items()}
    table, cube = (0, words.length), (0, words.length, 5)
    assert shapes == dict(
        tokens=table, symbol=table, log_prob=table, alternative=cube, alternative_log_prob=cube, error=(0,)
    )


def test_an_export_of_an_earlier_version_is_read_and_its_check_says_what_it_lacks(tmp_path, monkeypatch):
    vocabulary, length = VOCABULARIES['words']
    made = Servable.signatures.fget
    with monkeypatch.context() as patch:
        kept = lambda self: {name: made(self)[name] for name in ('sample', 'complete', 'score', 'search')}
        patch.setattr(Servable, 'signatures', property(kept))
        with opened(*networks(vocabulary, length), vocabulary, length, tmp_path) as model:
            path = model.path
    ((what, problem),) = [(what, problem) for what, problem in check(path) if problem]
    assert what == 'signatures, as documented'
    assert 'signature inspect must be there' in problem and 'Export the run again' in problem
    assert list(inspect_laws.check(path)) == []
    assert load(path).inspect(['w1é'])[0]['symbol'] == ['w1é', '']


def bent(session, name, change):
    """A session of which one output of `inspect` is changed on its way."""

    def run(signature, **inputs):
        answer = session(signature, **inputs)
        return answer | {name: change(answer[name])} if signature == 'inspect' else answer

    return run


def test_another_answer_is_refused(words):
    shifted = bent(words.session, 'log_prob', lambda values: values * np.float32(1.01))
    with pytest.raises(ValueError, match='log_prob must sum to the score'):
        inspect_laws.check_sums(shifted)
    with pytest.raises(ValueError, match="log_prob must be within 1e-3 of the twin's"):
        inspect_laws.check_tokens(bent(words.session, 'log_prob', lambda values: values[:, ::-1]), words.twin)
    with pytest.raises(ValueError, match='symbols must be as many'):
        inspect_laws.check_sums(bent(words.session, 'symbol', lambda values: values[:, :-1]))
    with pytest.raises(ValueError, match='must be the likeliest of the twin, in order'):
        inspect_laws.check_alternatives(
            bent(words.session, 'alternative', lambda values: values[..., ::-1]), words.twin
        )
    with pytest.raises(ValueError, match='alternative_log_prob must be within'):
        inspect_laws.check_alternatives(
            bent(words.session, 'alternative_log_prob', lambda values: values - 1), words.twin
        )
