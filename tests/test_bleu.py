"""BLEU against NLTK and sacreBLEU, and against laws that need neither."""

import itertools
import time
import warnings

import numpy as np
import pytest

from seqgan_tf.metrics.bleu import corpus_bleu, corpus_bleus, self_bleu, sentence_bleu

END = 0
EXACT = {'rtol': 1e-12, 'atol': 0}
# (hypotheses, references, width of a hypothesis, width of a reference, vocabulary)
SHAPES = [
    (1, 1, 1, 1, 1),
    (1, 1, 1, 1, 2),
    (1, 1, 5, 3, 2),
    (1, 7, 6, 9, 3),
    (7, 1, 9, 6, 3),
    (5, 4, 1, 8, 4),
    (5, 4, 8, 1, 4),
    (12, 9, 10, 10, 2),
    (12, 9, 7, 12, 4),
    (20, 30, 12, 12, 8),
    (10, 10, 20, 20, 50),
    (5, 5, 20, 20, 2**31 - 1),
]


def random_ids(rng, rows, width, vocab_size):
    """Half the rows repeat a few tokens, so that counts above 1 get clipped whatever the vocabulary is."""
    ids = rng.integers(vocab_size, size=(rows, width))
    return np.where(np.arange(rows)[:, None] % 2 == 0, ids, ids[:1, rng.integers(min(3, width), size=width)])


def cut(ids, end_id):
    """Rows as lists that stop before `end_id`: the twin of what the module does with lengths."""
    return [list(itertools.takewhile(lambda token: token != end_id, row)) for row in np.asarray(ids).tolist()]


def nltk_bleu(name, references, hypotheses, max_order, smoothing):
    bleu_score = pytest.importorskip('nltk.translate.bleu_score')
    function = {'none': None, 'method1': bleu_score.SmoothingFunction().method1}[smoothing]
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # NLTK warns of each order without a match
        return getattr(bleu_score, name)(references, hypotheses, [1 / max_order] * max_order, function)


@pytest.mark.parametrize('end_id', [None, END])
@pytest.mark.parametrize('smoothing', ['none', 'method1'])
@pytest.mark.parametrize('max_order', [1, 2, 4, 5])
@pytest.mark.parametrize('shape', SHAPES, ids=str)
class TestAgainstNltk:
    @pytest.fixture
    def ids(self, shape):
        num_hypotheses, num_references, width, reference_width, vocab_size = shape
        rng = np.random.default_rng(sum(shape))
        return (
            random_ids(rng, num_hypotheses, width, vocab_size),
            random_ids(rng, num_references, reference_width, vocab_size),
        )

    def test_sentence_bleu(self, ids, max_order, smoothing, end_id):
        hypotheses, references = ids
        expected = [
            nltk_bleu('sentence_bleu', cut(references, end_id), row, max_order, smoothing)
            for row in cut(hypotheses, end_id)
        ]
        actual = sentence_bleu(hypotheses, references, max_order, end_id=end_id, smoothing=smoothing)
        assert actual.dtype == np.float64
        np.testing.assert_allclose(actual, expected, **EXACT)

    def test_corpus_bleu(self, ids, max_order, smoothing, end_id):
        hypotheses, references = ids
        all_references = [cut(references, end_id)] * len(hypotheses)
        expected = nltk_bleu('corpus_bleu', all_references, cut(hypotheses, end_id), max_order, smoothing)
        actual = corpus_bleu(hypotheses, references, max_order, end_id=end_id, smoothing=smoothing)
        np.testing.assert_allclose(actual, expected, **EXACT)

    def test_self_bleu(self, ids, max_order, smoothing, end_id):
        samples = np.repeat(ids[0], 2, axis=0) if len(ids[0]) == 1 else ids[0]
        rows = cut(samples, end_id)
        expected = np.mean(
            [
                nltk_bleu('sentence_bleu', rows[:i] + rows[i + 1 :], row, max_order, smoothing)
                for i, row in enumerate(rows)
            ]
        )
        actual = self_bleu(samples, max_order, end_id=end_id, smoothing=smoothing)
        np.testing.assert_allclose(actual, expected, **EXACT)


@pytest.mark.parametrize('smoothing, sacrebleu_name', [('none', 'none'), ('method1', 'floor')])
@pytest.mark.parametrize('max_order', [1, 2, 4])
@pytest.mark.parametrize('vocab_size', [2, 5, 30])
def test_corpus_bleu_equals_sacrebleu(vocab_size, max_order, smoothing, sacrebleu_name):
    sacrebleu = pytest.importorskip('sacrebleu')
    rng = np.random.default_rng(vocab_size)
    hypotheses = random_ids(rng, 30, 12, vocab_size)
    references = random_ids(rng, 40, 14, vocab_size)
    hypotheses[:, :4] = references[:30, :4] = 1  # rows of at least 4 tokens and a match: see the docstring
    metric = sacrebleu.BLEU(tokenize='none', smooth_method=sacrebleu_name, max_ngram_order=max_order, force=True)
    lines, reference_lines = ([' '.join(map(str, row)) for row in cut(ids, END)] for ids in (hypotheses, references))
    expected = metric.corpus_score(lines, [[line] * len(lines) for line in reference_lines]).score / 100
    actual = corpus_bleu(hypotheses, references, max_order, end_id=END, smoothing=smoothing)
    np.testing.assert_allclose(actual, expected, **EXACT)


def test_counts_are_clipped_by_the_maximum_over_references():
    # Papineni et al. (2002), example 2: 'the' seven times has precision 2/7, not 7/7 and not (2 + 1)/7.
    the, cat, is_, on, mat, there, a = range(7)
    end = 7
    references = [[the, cat, is_, on, the, mat, end], [there, is_, a, cat, on, the, mat]]
    np.testing.assert_allclose(sentence_bleu([[the] * 7], references, 1, end_id=end), [2 / 7], **EXACT)


@pytest.mark.parametrize('length, closest', [(1, 3), (3, 3), (4, 3), (5, 3), (6, 7), (7, 7)])
def test_brevity_penalty_takes_the_closest_reference_and_the_shorter_of_two(length, closest):
    references = np.ones((2, 7), int)
    references[0, 3:] = END
    hypothesis = np.ones((1, length), int)
    expected = np.exp(min(0, 1 - closest / length))
    np.testing.assert_allclose(sentence_bleu(hypothesis, references, 1, end_id=END), [expected], **EXACT)


def test_order_without_match():
    hypotheses, references = [[1, 2, 3]], [[3, 2, 1]]
    smoothed = sentence_bleu(hypotheses, references, 2, smoothing='method1')
    np.testing.assert_allclose(smoothed, [np.sqrt(3 / 3 * 0.1 / 2)], **EXACT)
    assert 0 < sentence_bleu(hypotheses, references, 2)[0] < 1e-150


@pytest.mark.parametrize('smoothing', ['none', 'method1'])
def test_zero_without_unigram_match(smoothing):
    hypotheses = [[END, 1, 1], [9, 9, END]]
    assert sentence_bleu(hypotheses, [[1, 2, 3]], 2, end_id=END, smoothing=smoothing).tolist() == [0, 0]
    assert corpus_bleu(hypotheses, [[1, 2, 3]], 2, end_id=END, smoothing=smoothing) == 0


def test_corpus_against_itself_is_one():
    ids = np.random.default_rng(0).integers(5000, size=(50, 20))
    np.testing.assert_array_equal(sentence_bleu(ids, ids), np.ones(50))
    assert corpus_bleu(ids, ids) == 1


def test_self_bleu_of_identical_rows_is_one_and_of_disjoint_rows_zero():
    assert self_bleu(np.tile(np.arange(20), (5, 1))) == 1
    assert self_bleu(np.arange(100).reshape(5, 20)) == 0


def test_corpus_bleus_are_those_of_each_order():
    rng = np.random.default_rng(5)
    hypotheses, references = rng.integers(9, size=(30, 8)), rng.integers(9, size=(40, 8))
    expected = [corpus_bleu(hypotheses, references, n, end_id=END) for n in (1, 2, 3, 4)]
    np.testing.assert_array_equal(corpus_bleus(hypotheses, references, end_id=END), expected)


def test_what_comes_after_the_end_and_the_width_do_not_matter():
    rng = np.random.default_rng(1)
    hypotheses, references = rng.integers(4, size=(20, 10)), rng.integers(4, size=(20, 10))
    after_end = np.cumsum(hypotheses == END, axis=1) > 0
    padded = np.pad(np.where(after_end, END, hypotheses), [(0, 0), (0, 3)], constant_values=END)
    np.testing.assert_array_equal(
        sentence_bleu(hypotheses, references, end_id=END), sentence_bleu(padded, references, end_id=END)
    )
    assert self_bleu(hypotheses, end_id=END) == self_bleu(padded, end_id=END)


def test_names_of_tokens_do_not_matter():
    rng = np.random.default_rng(2)
    hypotheses, references = rng.integers(6, size=(20, 10)), rng.integers(6, size=(20, 10))
    names = np.array([7, -3, 2**62, 0, 2**40, 11])
    np.testing.assert_array_equal(
        sentence_bleu(hypotheses, references), sentence_bleu(names[hypotheses], names[references])
    )
    assert self_bleu(hypotheses) == self_bleu(names[hypotheses])


def test_speed():
    # About 0.1 s; a loop over 10,000 rows or over pairs of rows takes far more than the limit.
    ids = np.random.default_rng(3).integers(5000, size=(2, 10_000, 20))
    start = time.process_time()
    sentence_bleu(ids[0], ids[1])
    self_bleu(ids[0])
    assert time.process_time() - start < 4


@pytest.mark.parametrize(
    'hypotheses, settings, message',
    [
        ([[1]], {'max_order': 0}, r'max_order must be at least 1\. Received: max_order=0'),
        ([[1]], {'smoothing': 'exp'}, r"smoothing must be one of \('none', 'method1'\)\. Received: smoothing='exp'"),
        ([1, 2], {}, r'must be a non-empty array of rank 2\. Received: \w+ of shape \(2,\)'),
        (np.zeros((0, 3), int), {}, r'non-empty array of rank 2\. Received: \w+ of shape \(0, 3\)'),
        (np.zeros((3, 0), int), {}, r'non-empty array of rank 2\. Received: \w+ of shape \(3, 0\)'),
        ([[1.0], [2.0]], {}, r'must be integers\. Received: \w+ of dtype float64'),
    ],
)
def test_errors(hypotheses, settings, message):
    for function, references in [
        (sentence_bleu, [[[1]]]),
        (corpus_bleu, [[[1]]]),
        (corpus_bleus, [[[1]]]),
        (self_bleu, []),
    ]:
        with pytest.raises(ValueError, match=message):
            function(hypotheses, *references, **settings)


def test_errors_of_references_and_of_a_single_sample():
    with pytest.raises(ValueError, match='references must be a non-empty array of rank 2'):
        sentence_bleu([[1]], np.zeros((0, 3), int))
    with pytest.raises(ValueError, match=r'samples must have at least 2 rows\. Received: samples of shape \(1, 3\)'):
        self_bleu([[1, 2, 3]])
