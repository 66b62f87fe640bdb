"""Laws of the oracle and of what is drawn from it, against a NumPy twin of the published network."""

import io
import pathlib

import numpy as np
import pytest
import tensorflow as tf

from seqgan_tf.data.synthetic import CHUNK, draw_corpus
from seqgan_tf.models.oracle import load_oracle, make_oracle
from seqgan_tf.policies import sampling

PUBLISHED = pathlib.Path(__file__).resolve().parents[2] / 'shared' / 'data' / 'seqgan_oracle_params.npz'
LENGTH = 5


def made_up_arrays(vocab_size=7, embedding_dim=3, hidden_dim=4, seed=0):
    """Arrays of an oracle file; sizes that differ, so that no two can be mixed up."""
    rng = np.random.default_rng(seed)
    shapes = dict(embedding=(vocab_size, embedding_dim), W_out=(hidden_dim, vocab_size), b_out=(vocab_size,))
    for gate in 'ifoc':
        shapes |= {
            f'W_{gate}': (embedding_dim, hidden_dim),
            f'U_{gate}': (hidden_dim, hidden_dim),
            f'b_{gate}': (hidden_dim,),
        }
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def logits_by_formula(arrays, tokens):
    """Logits [B, T, V], one token at a time, in float64: i = sigmoid(x W_i + h U_i + b_i), ..., c' = f c + i g, h' = o tanh(c')."""
    a = {name: array.astype(np.float64) for name, array in arrays.items()}
    sigmoid = lambda z: 1 / (1 + np.exp(-z))
    h = c = np.zeros([len(tokens), len(a['b_i'])])
    logits = []
    for token in np.concatenate([np.zeros_like(tokens[:, :1]), tokens[:, :-1]], axis=1).T:
        x = a['embedding'][token]
        i, f, o, z = (x @ a[f'W_{gate}'] + h @ a[f'U_{gate}'] + a[f'b_{gate}'] for gate in 'ifoc')
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(z)
        h = sigmoid(o) * np.tanh(c)
        logits.append(h @ a['W_out'] + a['b_out'])
    return np.stack(logits, axis=1)


@pytest.fixture
def oracle_file(tmp_path):
    """Writes an oracle file: the made-up arrays with changes; None takes an array out."""

    def write(**changes):
        arrays = {name: array for name, array in (made_up_arrays() | changes).items() if array is not None}
        np.savez(tmp_path / 'oracle.npz', **arrays)
        return tmp_path / 'oracle.npz'

    return write


def all_rows(corpus):
    return np.concatenate([corpus.train, corpus.validation, corpus.test])


# An oracle from a seed


def test_a_seed_makes_the_oracle():
    first, again, other = make_oracle(3, 50), make_oracle(3, 50), make_oracle(4, 50)
    for a, b, c in zip(first.variables, again.variables, other.variables):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
        assert not np.array_equal(a.numpy(), c.numpy())


def test_an_oracle_is_frozen(oracle_file):
    assert make_oracle(0, 5).trainable_variables == [] and load_oracle(oracle_file()).trainable_variables == []


def test_every_array_of_an_oracle_is_standard_normal():
    """Biases too. The bounds are 5 standard errors of the mean, the variance and the share within one deviation."""
    oracle = make_oracle(0, 5000)
    assert [tuple(v.shape) for v in oracle.variables] == [(5000, 32), (32, 128), (32, 128), (128,), (32, 5000), (5000,)]
    for variable in oracle.variables:
        values = variable.numpy().ravel()
        assert abs(values.mean()) < 5 / len(values) ** 0.5
        assert abs(values.var() - 1) < 5 * (2 / len(values)) ** 0.5
        assert abs((abs(values) < 1).mean() - 0.6827) < 5 * 0.466 / len(values) ** 0.5


def test_no_two_arrays_of_an_oracle_are_one_draw():
    heads = [tuple(v.numpy().ravel()[:32]) for v in make_oracle(0, 128).variables]
    assert len(set(heads)) == len(heads)


# An oracle from a file


@pytest.mark.parametrize('sizes', [(7, 3, 4), (2, 1, 1), (9, 4, 4), (5, 6, 2)])
def test_a_loaded_oracle_follows_the_formulas(sizes, oracle_file):
    arrays = made_up_arrays(*sizes)
    tokens = np.random.default_rng(1).integers(0, sizes[0], [20, LENGTH])
    oracle = load_oracle(oracle_file(**arrays))
    expected = logits_by_formula(arrays, tokens)
    np.testing.assert_allclose(oracle(tokens).numpy(), expected, rtol=2e-5, atol=2e-5)
    nll = (
        -sum(np.log(np.exp(z[t]) / np.exp(z).sum()) for row, ids in zip(expected, tokens) for z, t in zip(row, ids))
        / tokens.size
    )
    assert float(tf.reduce_mean(sampling.sequence_nll(oracle, tokens))) == pytest.approx(nll, abs=1e-5)


@pytest.mark.parametrize('name', made_up_arrays())
def test_every_array_counts(name, oracle_file):
    """Else one could be mixed up with another without notice."""
    tokens = np.random.default_rng(1).integers(0, 7, [20, LENGTH])
    changed = load_oracle(oracle_file(**{name: made_up_arrays()[name] + 1}))
    if name == 'b_out':  # adds 1 to all logits
        np.testing.assert_allclose(changed(tokens), load_oracle(oracle_file())(tokens) + 1, rtol=1e-5, atol=1e-5)
    else:
        assert np.abs(changed(tokens) - load_oracle(oracle_file())(tokens)).max() > 1e-2


@pytest.mark.parametrize(
    'changes, message',
    [
        (dict(W_f=None), 'Missing in .*oracle.npz: W_f$'),
        (dict(embedding=None, b_out=None), 'Missing in .*oracle.npz: b_out, embedding$'),
        (dict(W_out=np.zeros([4, 8])), 'W_out'),
        (dict(b_out=np.zeros(6)), 'b_out'),
        (dict(U_o=np.zeros([3, 4])), 'U_o'),
        (dict(b_c=np.zeros(5)), 'b_c'),
        (dict(W_i=np.zeros([4, 4])), 'W_i'),
        (dict(embedding=np.zeros(7)), 'embedding'),
        (dict(b_i=np.zeros([])), 'b_i'),
        (dict(b_i=np.zeros(5)), 'fit together'),
        (dict(embedding=np.array([['a', 'b', 'c']] * 7)), 'embedding'),
        (dict(W_c=made_up_arrays()['W_c'] * np.nan), 'W_c'),
    ],
)
def test_arrays_that_are_no_oracle_are_named(changes, message, oracle_file):
    path = oracle_file(**changes)
    with pytest.raises(ValueError, match=f'oracle file .*{message}') as raised:
        load_oracle(path)
    assert str(path) in str(raised.value) and '\n' not in str(raised.value)


def saved(save, *values):
    stream = io.BytesIO()
    save(stream, *values)
    return stream.getvalue()


PICKLED = np.array([{'a': 1}], dtype=object)
NO_ARCHIVES = {
    'empty': b'',
    'text': b'no oracle\n',
    'cut': saved(np.savez, PICKLED)[:-30],
    'npy': saved(np.save, np.zeros(3)),
    'pickle': saved(lambda stream, value: value.dump(stream), PICKLED),
    'pickled npy': saved(lambda stream, value: np.save(stream, value, allow_pickle=True), PICKLED),
}


@pytest.mark.parametrize('content', NO_ARCHIVES.values(), ids=NO_ARCHIVES)
def test_what_is_no_archive_of_arrays_is_refused(content, tmp_path):
    path = tmp_path / 'oracle.npz'
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f'oracle file must be a readable .npz archive of arrays. Received: {path}'):
        load_oracle(path)


def test_pickled_arrays_are_refused(oracle_file):
    with pytest.raises(ValueError, match='oracle file must .*oracle.npz .*allow_pickle=False'):
        load_oracle(oracle_file(b_o=PICKLED))


def test_a_damaged_archive_is_refused(tmp_path):
    np.savez_compressed(tmp_path / 'oracle.npz', **made_up_arrays(500))
    content = bytearray((tmp_path / 'oracle.npz').read_bytes())
    content[2000:2100] = bytes(100)
    (tmp_path / 'oracle.npz').write_bytes(content)
    with pytest.raises(ValueError, match='oracle file must .*oracle.npz'):
        load_oracle(tmp_path / 'oracle.npz')


@pytest.mark.parametrize('make', [lambda path: None, lambda path: path.mkdir()], ids=['missing', 'directory'])
def test_what_is_no_file_is_refused(make, tmp_path):
    make(tmp_path / 'oracle.npz')
    with pytest.raises(
        ValueError, match='oracle file must be a readable .npz archive of arrays. Received: .*oracle.npz'
    ):
        load_oracle(tmp_path / 'oracle.npz')


# The corpus


@pytest.fixture(scope='module')
def oracle():
    return make_oracle(0, 30, 4, 4)


@pytest.fixture(scope='module')
def corpus(oracle):
    return draw_corpus(oracle, 40, 20, LENGTH, seed=0)


def test_a_corpus_has_the_sizes_asked_for(corpus):
    assert corpus.train.shape == (40, LENGTH) and corpus.validation.shape == corpus.test.shape == (20, LENGTH)
    assert corpus.vocabulary.symbols == [str(i) for i in range(30)] and corpus.vocabulary.end_id is None
    assert corpus.vocabulary.decode([[3, 29, 0]]) == ['3 29 0']


def test_a_corpus_depends_on_the_seed_alone(oracle, corpus):
    np.testing.assert_array_equal(all_rows(draw_corpus(oracle, 40, 20, LENGTH, seed=0)), all_rows(corpus))
    assert not np.array_equal(all_rows(draw_corpus(oracle, 40, 20, LENGTH, seed=1)), all_rows(corpus))


def test_how_many_rows_follow_changes_none_before(oracle, corpus):
    larger = draw_corpus(oracle, CHUNK + 50, CHUNK + 1, LENGTH, seed=0)
    for part in ('train', 'validation', 'test'):
        rows = getattr(corpus, part)
        np.testing.assert_array_equal(getattr(larger, part)[: len(rows)], rows)


def test_no_part_or_chunk_repeats_another(oracle):
    corpus = draw_corpus(oracle, 2 * CHUNK, CHUNK, LENGTH, seed=0)
    chunks = [corpus.train[:CHUNK], corpus.train[CHUNK:], corpus.validation, corpus.test]
    assert len({chunk.tobytes() for chunk in chunks}) == len(chunks)
    same = [(a == b).all(axis=1).mean() for i, a in enumerate(chunks) for b in chunks[:i]]
    assert max(same) < 0.05


def test_first_tokens_have_the_oracles_probabilities(oracle):
    rows = draw_corpus(oracle, 20_000, 1, LENGTH, seed=2).train
    probabilities = tf.nn.softmax(oracle(rows[:1])[0, 0]).numpy().astype(np.float64)
    expected = 20_000 * probabilities
    counts = np.bincount(rows[:, 0], minlength=30)
    chi2 = ((counts - expected) ** 2 / expected).sum()
    assert chi2 < 29 + 5 * (2 * 29) ** 0.5


def test_the_published_oracle_has_its_published_entropy():
    if not PUBLISHED.exists():
        pytest.skip(f'no {PUBLISHED}')
    oracle = load_oracle(PUBLISHED)
    own = draw_corpus(oracle, 2000, 1, 20, seed=0).train
    uniform = np.random.default_rng(0).integers(0, 5000, [500, 20])
    nll = tf.function(lambda tokens: tf.reduce_mean(sampling.sequence_nll(oracle, tokens)))
    assert np.mean([nll(batch) for batch in np.split(own, 4)]) == pytest.approx(5.75, abs=0.05)
    assert float(nll(uniform)) == pytest.approx(11.44, abs=0.1)
