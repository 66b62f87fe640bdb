"""The signature `candidates`: those among which `search` chooses, the first that of `complete`, rows of their own number."""

import numpy as np
import pytest
from serving_models import VOCABULARIES, networks, opened

from seqgan_tf.serving import search_laws, searching
from seqgan_tf.serving.loaders import python_model, servable_model
from seqgan_tf.serving.servable import Servable

LISTS = 'text', 'log_prob', 'prob_real'
EMPTY = {'text': b'', 'log_prob': 0, 'prob_real': 0}


@pytest.fixture(scope='module')
def words(tmp_path_factory):
    vocabulary, length = VOCABULARIES['words']
    with opened(*networks(vocabulary, length), vocabulary, length, tmp_path_factory.mktemp('exports')) as model:
        yield model


def asked(rows, num_candidates=5, guidance=20.0, prompt=b'', temperature=0.8, seed=0):
    return {
        'seed': np.arange(seed, seed + rows),
        'temperature': np.full(rows, temperature, np.float32),
        'prompt': np.full(rows, prompt, object),
        'num_candidates': np.resize(np.int32(num_candidates), rows),
        'guidance': np.resize(np.float32(guidance), rows),
    }


@pytest.mark.parametrize('guidance', [0.0, 5.0, 40.0, 3e38, [0.0, 1.0, 60.0, 3e38]])
def test_the_chosen_one_is_the_answer_of_search_and_the_first_that_of_complete(words, guidance):
    request = asked(40, [1, 16, 3, 7, 256], guidance, 'w1é'.encode())
    answer, found = words.session('candidates', **request), words.session('search', **request)
    rows = np.arange(40)
    np.testing.assert_array_equal(answer['text'][rows, answer['chosen']], found['text'])
    for name in ('log_prob', 'prob_real'):
        np.testing.assert_allclose(answer[name][rows, answer['chosen']], found[name], rtol=1e-5)
    np.testing.assert_array_equal(answer['seed'], found['seed'])
    assert (answer['chosen'][request['guidance'] == 0] == 0).all() and not any(answer['error'])
    assert (answer['chosen'].any()) == (request['guidance'] > 0).any()
    plain = {name: request[name] for name in ('seed', 'temperature', 'prompt')}
    completed = words.session('complete', **plain, top_k=np.zeros(40, np.int32), top_p=np.ones(40, np.float32))
    np.testing.assert_array_equal(answer['text'][:, 0], completed['text'])
    np.testing.assert_allclose(answer['log_prob'][:, 0], completed['log_prob'], rtol=1e-5)


def test_each_candidate_has_the_numbers_of_its_text_and_the_others_are_empty(words):
    several = np.array([3, 1, 9, 4])
    answer = words.session('candidates', **asked(4, several, [0.0, 20.0, 20.0, 20.0]))
    own = np.arange(9) < several[:, None]
    assert answer['text'].shape == own.shape and (answer['text'] != b'')[own].mean() > 0.8
    for name in LISTS:
        assert (answer[name][~own] == EMPTY[name]).all()
    scored = words.session('score', text=answer['text'][own])
    np.testing.assert_allclose(answer['log_prob'][own], scored['log_prob'], atol=1e-4)
    np.testing.assert_allclose(answer['prob_real'][own], scored['prob_real'], rtol=1e-5)


def test_a_row_alone_is_the_row_of_any_batch_but_for_the_width(words):
    request = asked(40, [2, 256, 3, 16, 7], np.linspace(0, 60, 40), seed=40)
    together = words.session('candidates', **request)
    assert together['text'].shape == (40, 256)
    for row in (0, 1, 18, 39):
        alone = words.session('candidates', **{name: value[row : row + 1] for name, value in request.items()})
        own = request['num_candidates'][row]
        assert alone['text'].shape == (1, own) and alone['chosen'][0] == together['chosen'][row]
        np.testing.assert_array_equal(together['text'][row, :own], alone['text'][0])
        for name in ('log_prob', 'prob_real'):
            np.testing.assert_allclose(together[name][row, :own], alone[name][0], rtol=1e-5)


@pytest.mark.parametrize('chunk', [1, 5, 7])
def test_the_size_of_a_chunk_changes_nothing(words, monkeypatch, chunk):
    request = asked(7, [5, 1, 4, 12, 3, 2, 8], 40.0)
    expected = words.session('candidates', **request)
    monkeypatch.setattr(searching, 'CHUNK', chunk)
    vocabulary, length = VOCABULARIES['words']
    answer = servable_model(Servable(*networks(vocabulary, length), vocabulary, length))('candidates', **request)
    for name in ('text', 'chosen', 'seed'):
        np.testing.assert_array_equal(answer[name], expected[name])
    np.testing.assert_allclose(answer['log_prob'], expected['log_prob'], rtol=1e-5)


BAD = {
    'temperature': (0.0, np.nan),
    'num_candidates': (0, 257, 2**31 - 1, -(2**31)),
    'guidance': (-1.0, np.nan, np.inf),
    'prompt': (b'w1 ' * 30,),
}


@pytest.mark.parametrize('name', BAD)
def test_a_bad_row_says_so_leaves_the_others_alone_and_does_not_count(words, name):
    good = words.session('candidates', **asked(5))
    for value in BAD[name]:
        request = asked(5)
        request[name][2] = value
        answer = words.session('candidates', **request)
        assert answer['error'][2].decode().startswith(f'{name} must') and b'Received: ' in answer['error'][2]
        assert answer['text'].shape == (5, 5) and (answer['chosen'][2], answer['seed'][2]) == (-1, 2)
        assert all((answer[key][2] == EMPTY[key]).all() for key in LISTS)
        for key in ('text', 'chosen', 'seed', 'error'):
            np.testing.assert_array_equal(np.delete(answer[key], 2, 0), np.delete(good[key], 2, 0))
        np.testing.assert_allclose(np.delete(answer['prob_real'], 2, 0), np.delete(good['prob_real'], 2, 0), rtol=1e-5)
    alone = words.session('candidates', **{key: values[2:3] for key, values in request.items()})
    assert alone['text'].shape == (1, 1) and alone['error'][0]


def test_no_rows_get_an_empty_answer_in_every_loader(words):
    for model in (words.session, python_model(words.path), servable_model(words.servable)):
        shapes = {name: value.shape for name, value in model('candidates', **asked(0)).items()}
        assert shapes == dict.fromkeys(LISTS, (0, 0)) | dict.fromkeys(('chosen', 'seed', 'error'), (0,))


def test_fresh_seeds_are_reported_and_give_the_same_again(words):
    answer = words.session('candidates', **asked(4) | {'seed': np.full(4, -1)})
    assert len(set(answer['seed'])) == 4 and min(answer['seed']) >= 0
    again = words.session('candidates', **asked(4) | {'seed': answer['seed']})
    np.testing.assert_array_equal(answer['text'], again['text'])


def bent(session, change):
    """A session whose answers to `candidates` are changed on their way."""

    def run(signature, **inputs):
        answer = session(signature, **inputs)
        return answer | change(answer) if signature == 'candidates' else answer

    return run


@pytest.mark.parametrize(
    'change, message',
    [
        (lambda answer: {'chosen': answer['chosen'] * 0}, 'the chosen candidate must be the answer of search'),
        (lambda answer: {'prob_real': answer['prob_real'] + 1}, 'the chosen candidate must be the answer of search'),
        (
            lambda answer: (
                {'text': answer['text'][:, ::-1], 'chosen': answer['text'].shape[1] - 1 - answer['chosen']}
                | {name: answer[name][:, ::-1] for name in ('log_prob', 'prob_real')}
            ),
            'the first candidate must be that of complete',
        ),
        (lambda answer: {'log_prob': answer['log_prob'] - (answer['log_prob'] == 0)}, 'places after the candidates'),
    ],
)
def test_candidates_of_another_choice_are_refused(words, monkeypatch, change, message):
    monkeypatch.setattr(search_laws, 'ROWS', 60)
    with pytest.raises(ValueError, match=message):
        search_laws.check_candidates(bent(words.session, change))


def test_without_a_discriminator_there_are_none():
    vocabulary, length = VOCABULARIES['words']
    generator, _ = networks(vocabulary, length)
    assert list(Servable(generator, None, vocabulary, length).signatures) == ['sample', 'complete', 'score', 'inspect']
