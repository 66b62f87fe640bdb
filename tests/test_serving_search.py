"""The signature `search`: its law by enumeration, its rows, its chunks, and the checks that refuse another law."""

import itertools

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf
from serving_models import DEPENDENT, VOCABULARIES, networks, opened

from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.models.given import GivenDiscriminator
from seqgan_tf.running.trained import load
from seqgan_tf.serving import search_laws, searching, servable
from seqgan_tf.serving.check import check
from seqgan_tf.serving.loaders import python_model, servable_model
from seqgan_tf.serving.servable import Servable

KEYS = 'text', 'tokens', 'seed', 'error'


@pytest.fixture(scope='module')
def words(tmp_path_factory):
    vocabulary, length = VOCABULARIES['words']
    with opened(*networks(vocabulary, length), vocabulary, length, tmp_path_factory.mktemp('exports')) as model:
        yield model


def searches(rows, num_candidates=5, guidance=20.0, prompt=b'', temperature=0.8, seed=0):
    """A request of `search`; the discriminators of random weights differ by tenths in their logits."""
    return {
        'seed': np.arange(seed, seed + rows),
        'temperature': np.full(rows, temperature, np.float32),
        'prompt': np.full(rows, prompt, object),
        'num_candidates': np.full(rows, num_candidates, np.int32),
        'guidance': np.full(rows, guidance, np.float32),
    }


def completions(request):
    """The request of `complete` for the first candidates of a search."""
    rows = len(request['seed'])
    kept = {name: request[name] for name in ('seed', 'temperature', 'prompt')}
    return kept | {'top_k': np.zeros(rows, np.int32), 'top_p': np.ones(rows, np.float32)}


def chosen_law(probabilities, exponents, n):
    """The law of one of n independent draws, chosen with weights e^exponents: the sum over all n-tuples."""
    law = np.zeros(len(probabilities))
    for drawn in map(list, itertools.product(range(len(probabilities)), repeat=n)):
        weights = np.exp(exponents[drawn] - exponents[drawn].max())
        np.add.at(law, drawn, probabilities[drawn].prod() * weights / weights.sum())
    return law


CASES = (1, 30.0), (2, 30.0), (2, 0.0), (3, 30.0), (3, 3e38)  # (num_candidates, guidance)


def test_the_law_at_finite_n_is_exact_for_each_row_of_a_mixed_request():
    vocabulary, rows = Vocabulary(list('abc')), 10_000
    generator, discriminator = networks(vocabulary, 2)
    model = servable_model(Servable(generator, discriminator, vocabulary, 2))
    pairs = np.array(list(itertools.product(range(3), repeat=2)))
    log_probs = tf.nn.log_softmax(generator(pairs) / 0.7).numpy().astype(np.float64)
    probabilities = np.exp(log_probs[np.arange(9)[:, None], [0, 1], pairs].sum(axis=1))
    logits = discriminator(pairs).numpy().astype(np.float64)
    case = np.arange(rows * len(CASES)) % len(CASES)
    answer = model('search', **searches(len(case), *np.array([*zip(*CASES)])[:, case], temperature=0.7))
    found = answer['tokens'] @ [3, 1]
    np.testing.assert_allclose(answer['prob_real'], tf.sigmoid(logits).numpy()[found], rtol=1e-5)
    for i, (n, guidance) in enumerate(CASES):
        law = chosen_law(probabilities, guidance * logits, n)
        counts = np.bincount(found[case == i], minlength=9)
        assert scipy.stats.chisquare(counts, law / law.sum() * rows).pvalue > 1e-3, (n, guidance)


@pytest.mark.parametrize('guidance', [0.0, -0.0])
def test_guidance_0_is_complete_bit_for_bit(words, guidance):
    request = searches(60, 1 + np.arange(60) * 4, guidance, temperature=np.linspace(0.3, 2, 60), prompt=b'w1\xc3\xa9')
    found, completed = words.session('search', **request), words.session('complete', **completions(request))
    for name in (*KEYS, 'log_prob'):
        np.testing.assert_array_equal(found[name], completed[name])


def test_much_guidance_is_the_best_of_its_candidates(words):
    """More candidates hold the fewer, so the best only gets better; and the first candidate is one of them."""
    bests = [words.session('search', **searches(50, n, 3e38))['prob_real'] for n in (1, 2, 16, 256)]
    for fewer, more in itertools.pairwise(bests):
        assert (more >= fewer - 1e-6).all()
    assert bests[3].mean() > bests[2].mean() > bests[1].mean() > bests[0].mean()


def test_every_candidate_keeps_the_prompt_of_its_row(words):
    prompts = [b'w1\xc3\xa9 w2\xc3\xa9', b'', b'w7\xc3\xa9'] * 20
    answer = words.session('search', **searches(60, 16, 3e38) | {'prompt': np.array(prompts, object)})
    assert not any(answer['error'])
    assert all(text.startswith(prompt) for text, prompt in zip(answer['text'], prompts))
    free = words.session('search', **searches(60, 16, 3e38))
    np.testing.assert_array_equal(answer['tokens'][1::3], free['tokens'][1::3])


def test_a_row_alone_is_the_row_of_any_batch(words):
    request = searches(130, np.tile([1, 256, 3, 16, 7], 26), np.linspace(0, 60, 130), seed=40)
    together = words.session('search', **request)
    for row in (0, 1, 64, 127, 129):
        alone = words.session('search', **{name: value[row : row + 1] for name, value in request.items()})
        for name in KEYS:
            np.testing.assert_array_equal(together[name][row : row + 1], alone[name])
        np.testing.assert_allclose(together['prob_real'][row], alone['prob_real'][0], rtol=1e-5)


@pytest.mark.parametrize('chunk', [1, 5, 7])
def test_the_size_of_a_chunk_changes_nothing(words, monkeypatch, chunk):
    """Rows that end with a chunk, rows of several chunks, and a last chunk that is full or not."""
    request = searches(7, [5, 1, 4, 12, 3, 2, 8], 40.0)
    expected = words.session('search', **request)
    monkeypatch.setattr(searching, 'CHUNK', chunk)
    vocabulary, length = VOCABULARIES['words']
    answer = servable_model(Servable(*networks(vocabulary, length), vocabulary, length))('search', **request)
    for name in KEYS:
        np.testing.assert_array_equal(answer[name], expected[name])
    np.testing.assert_allclose(answer['log_prob'], expected['log_prob'], rtol=1e-5)


def test_eager_graph_session_and_python_agree(words):
    request = searches(12, 1 + np.arange(12), np.linspace(0, 30, 12))
    expected = words.session('search', **request)
    others = [servable_model(words.servable)('search', **request), python_model(words.path)('search', **request)]
    tf.config.run_functions_eagerly(True)
    try:
        others.append(servable_model(words.servable)('search', **request))
    finally:
        tf.config.run_functions_eagerly(False)
    for answer in others:
        for name in KEYS:
            np.testing.assert_array_equal(answer[name], expected[name])
        np.testing.assert_allclose(answer['prob_real'], expected['prob_real'], rtol=1e-5)


BAD = {
    'temperature': (0.0, np.nan),
    'num_candidates': (0, -1, 257, 2**31 - 1, -(2**31)),
    'guidance': (-1.0, np.nan, np.inf, -np.inf),
    'prompt': (b'w1 ' * 30,),
}


@pytest.mark.parametrize('name', BAD)
def test_a_bad_row_says_so_and_leaves_the_others_alone(words, name):
    good = words.session('search', **searches(5))
    for value in BAD[name]:
        request = searches(5)
        request[name][2] = value
        answer = words.session('search', **request)
        assert answer['error'][2].decode().startswith(f'{name} must') and b'Received: ' in answer['error'][2]
        assert answer['text'][2] == b'' and (answer['tokens'][2] == -1).all()
        assert (answer['log_prob'][2], answer['prob_real'][2], answer['seed'][2]) == (0, 0, 2)
        for key in KEYS:
            np.testing.assert_array_equal(np.delete(answer[key], 2, 0), np.delete(good[key], 2, 0))
        np.testing.assert_allclose(np.delete(answer['prob_real'], 2), np.delete(good['prob_real'], 2), rtol=1e-5)


def test_an_empty_request_gets_an_empty_answer(words):
    answer = words.session('search', **searches(0))
    assert answer['tokens'].shape == (0, words.length) and answer['prob_real'].shape == (0,)


def test_fresh_seeds_are_reported_and_give_the_same_again(words):
    answer = words.session('search', **searches(6) | {'seed': np.full(6, -1)})
    assert len(set(answer['seed'])) == 6 and min(answer['seed']) >= 0
    again = words.session('search', **searches(6) | {'seed': answer['seed']})
    np.testing.assert_array_equal(answer['tokens'], again['tokens'])


def test_without_a_discriminator_there_is_no_search(tmp_path):
    vocabulary, length = VOCABULARIES['words']
    with opened(networks(vocabulary, length)[0], None, vocabulary, length, tmp_path) as model:
        assert 'search' not in model.session.signatures and 'search' not in model.servable.signatures
        assert [problem for _, problem in check(model.path, model.servable) if problem] == []
        assert list(search_laws.check(model.path)) == []


def test_a_given_keras_model_chooses(tmp_path):
    vocabulary, length = VOCABULARIES['words']
    layers = keras.layers.Embedding(len(vocabulary), 4), keras.layers.GRU(4), keras.layers.Dense(1)
    discriminator = GivenDiscriminator(keras.Sequential(layers), len(vocabulary), length)
    with opened(networks(vocabulary, length)[0], discriminator, vocabulary, length, tmp_path) as model:
        assert [problem for _, problem in check(model.path, model.servable) if problem] == []
        answer = model.session('search', **searches(20, 16, 3e38))
        np.testing.assert_allclose(answer['prob_real'], discriminator.prob_real(answer['tokens']), rtol=1e-5)
        first = model.session('search', **searches(20, 1))['prob_real']
        assert (answer['prob_real'] >= first - 1e-6).all() and answer['prob_real'].mean() > first.mean()


def test_a_discriminator_that_answers_nan_is_not_published(tmp_path):
    vocabulary, length = VOCABULARIES['words']
    generator, discriminator = networks(vocabulary, length)
    discriminator.head.bias.assign([np.nan, 0.0])
    with pytest.raises(ValueError, match='score must answer its warm-up request.*prob_real.*nan'):
        with opened(generator, discriminator, vocabulary, length, tmp_path):
            pass
    assert not (tmp_path / 'poems' / '1').exists()


def test_an_export_of_an_earlier_version_is_read_and_its_check_says_what_it_lacks(tmp_path, monkeypatch):
    vocabulary, length = VOCABULARIES['words']
    with monkeypatch.context() as patch:
        patch.setattr(servable, 'Search', lambda *_: None)
        with opened(*networks(vocabulary, length), vocabulary, length, tmp_path) as model:
            path = model.path
    failed = [(what, problem) for what, problem in check(path) if problem]
    assert len(failed) == 1 and failed[0][0] == 'signatures, as documented'
    assert 'signature search must be there' in failed[0][1] and 'Export the run again' in failed[0][1]
    assert list(search_laws.check(path)) == []
    assert len(load(path).generate(2, num_candidates=4)) == 2


@pytest.mark.parametrize('kind', DEPENDENT)
def test_every_law_holds_where_a_text_may_have_other_symbols(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(search_laws, 'CANDIDATES', 8000)
    monkeypatch.setattr(search_laws, 'ROWS', 100)
    vocabulary, length = DEPENDENT[kind]
    with opened(*networks(vocabulary, length), vocabulary, length, tmp_path) as model:
        outcomes = list(search_laws.check(model.path))
    print(*(what for what, _ in outcomes), sep='\n')
    assert len(outcomes) == 6 and [outcome for outcome in outcomes if outcome[1]] == []


def bent(session, change):
    """A session whose searches among several are changed on their way."""

    def run(signature, **inputs):
        several = signature == 'search' and (inputs['num_candidates'] > 1).any()
        return session(signature, **(inputs | change(inputs) if several else inputs))

    return run


@pytest.mark.parametrize(
    'change, best',
    [
        (lambda inputs: {'guidance': inputs['guidance'] * np.float32(1.5)}, False),
        (lambda inputs: {'guidance': inputs['guidance'] * 0}, False),
        (lambda inputs: {'num_candidates': inputs['num_candidates'] - 5}, False),
        (lambda inputs: {'temperature': inputs['temperature'] * np.float32(1.5)}, False),
        (lambda inputs: {'seed': inputs['seed'] // 16}, False),
        (lambda inputs: {'num_candidates': inputs['num_candidates'] // 2}, True),
        (lambda inputs: {'guidance': inputs['guidance'] * 0 + 10}, True),
        (lambda inputs: {'prompt': np.roll(inputs['prompt'], 1)}, True),
    ],
)
def test_a_choice_of_another_law_is_refused(words, change, best):
    with pytest.raises(ValueError, match='must not refuse it|a prompt must be kept'):
        search_laws.check_choice(bent(words.session, change), 16 if best else 8, best)


@pytest.mark.parametrize('name', ['seed', 'temperature', 'guidance'])
def test_a_search_that_is_not_complete_is_refused(words, name):
    with pytest.raises(ValueError, match='must be that of complete'):
        search_laws.check_unguided(bent(words.session, lambda inputs: {name: inputs[name] + 40}))
