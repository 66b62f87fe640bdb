"""BLEU-n and self-BLEU of token ids, in NumPy: exact, and without a Python loop over rows.

BLEU is by Papineni et al. (ACL 2002): the geometric mean of the clipped n-gram precisions of orders
1..n with equal weights, times the brevity penalty. The paper leaves some cases open. Here they are
as in NLTK (`nltk.translate.bleu_score`), which Texygen and SeqGAN's released PG-BLEU baseline call:
  - A match count is clipped by its maximum over ALL reference rows.
  - Of two equally close reference lengths the shorter counts.
  - A row too short for an n-gram has precision 0/1 at that order.
  - A score without a single matching unigram is 0, whatever the smoothing.

Smoothing, for an order without a match:
  'none'     the precision becomes the smallest positive float, as in NLTK, so the score is nearly 0
  'method1'  the match count becomes 0.1 (method 1 of Chen and Cherry, WMT 2014), as in Texygen

If `end_id` is given, a row ends before its first `end_id`. Otherwise every column counts as a
token, padding too.

Letters: B hypotheses, R references, T and S their widths.
"""

from typing import Any

import numpy as np

from seqgan_tf.metrics.ngram_counts import count_ngrams, row_lengths

EPSILON = 0.1  # the match count that 'method1' puts in place of 0, as Chen and Cherry and NLTK do
SMOOTHINGS = ('none', 'method1')


def sentence_bleu(
    hypotheses: np.ndarray,
    references: np.ndarray,
    max_order: int = 4,
    *,
    end_id: int | None = None,
    smoothing: str = 'none',
) -> np.ndarray:
    """BLEU of each hypothesis against all references.

    It equals `nltk.translate.bleu_score.sentence_bleu`. Text-GAN papers call the mean over the rows
    BLEU-n, with the whole test set as references. Texygen smooths by 'method1'. The SeqGAN paper
    (tables 2-4) does not name its smoothing.

    Args:
        hypotheses: integers [B, T], token ids.
        references: integers [R, S], token ids.
        max_order: the n of BLEU-n, at least 1.
        end_id: the id that ends a row, or None.
        smoothing: 'none' or 'method1'.

    Returns:
        float64 [B], each in [0, 1].

    Raises:
        ValueError: an array is empty, not of rank 2 or not of integers; `max_order` is below 1; or
            `smoothing` is unknown.
    """
    _check_settings(max_order, smoothing)
    return _score(*_compare_with_references(hypotheses, references, max_order, end_id), smoothing)


def corpus_bleu(
    hypotheses: np.ndarray,
    references: np.ndarray,
    max_order: int = 4,
    *,
    end_id: int | None = None,
    smoothing: str = 'none',
) -> float:
    """BLEU of the whole set: matches and lengths are summed over the hypotheses, then divided.

    It equals `nltk.translate.bleu_score.corpus_bleu` with all references for each hypothesis.
    sacreBLEU gives percent and calls 'method1' 'floor'. It agrees except in two cases: it counts
    0/0 instead of 0/1 for a row too short for an n-gram, and its 'none' gives exactly 0 where an
    order has no match. Text-GAN papers report the mean of sentence scores instead, which is
    `sentence_bleu(...).mean()`.

    Args, Raises: as `sentence_bleu`.

    Returns:
        float in [0, 1].
    """
    return float(corpus_bleus(hypotheses, references, max_order, end_id=end_id, smoothing=smoothing)[-1])


def corpus_bleus(
    hypotheses: np.ndarray,
    references: np.ndarray,
    max_order: int = 4,
    *,
    end_id: int | None = None,
    smoothing: str = 'none',
) -> np.ndarray:
    """`corpus_bleu` of all orders n = 1..max_order, from one count of the n-grams.

    Args, Raises: as `sentence_bleu`.

    Returns:
        float64 [max_order], each in [0, 1].
    """
    _check_settings(max_order, smoothing)
    statistics = _compare_with_references(hypotheses, references, max_order, end_id)
    matches, totals, length, closest_length = (statistic.sum(axis=0) for statistic in statistics)
    scores = [_score(matches[:n], totals[:n], length, closest_length, smoothing) for n in range(1, max_order + 1)]
    return np.array(scores, np.float64)


def self_bleu(
    samples: np.ndarray, max_order: int = 4, *, end_id: int | None = None, smoothing: str = 'method1'
) -> float:
    """The mean sentence BLEU of a row against all other rows (Zhu et al., Texygen, SIGIR 2018).

    It is 1 if all rows are equal, and it is low where samples are diverse. A row is never among its
    own references. Code that leaves it there gets inflated scores, which do not compare with these.
    The score grows with the number of rows, so compare equal numbers.

    Args:
        samples: integers [B, T], token ids, B at least 2.
        max_order, end_id, smoothing: as in `sentence_bleu`.

    Returns:
        float in [0, 1].

    Raises:
        ValueError: as `sentence_bleu`, and fewer than 2 rows.
    """
    _check_settings(max_order, smoothing)
    return float(_score(*_compare_with_other_rows(samples, max_order, end_id), smoothing).mean())


def _compare_with_references(hypotheses, references, max_order, end_id):
    """The four statistics of `_score` for each hypothesis."""
    hypotheses, lengths = _rows_and_lengths(hypotheses, 'hypotheses', end_id)
    references, reference_lengths = _rows_and_lengths(references, 'references', end_id)
    num_hypotheses = len(hypotheses)
    tokens = np.zeros((num_hypotheses + len(references), max(hypotheses.shape[1], references.shape[1])), np.int64)
    tokens[:num_hypotheses, : hypotheses.shape[1]] = hypotheses
    tokens[num_hypotheses:, : references.shape[1]] = references

    matches = []
    for keys, gram, row, count in count_ngrams(tokens, np.concatenate([lengths, reference_lengths]), max_order):
        is_hypothesis = row < num_hypotheses
        limit = np.zeros(len(keys), np.int64)
        np.maximum.at(limit, gram[~is_hypothesis], count[~is_hypothesis])
        clipped = np.minimum(count[is_hypothesis], limit[gram[is_hypothesis]])
        matches.append(np.bincount(row[is_hypothesis], clipped, minlength=num_hypotheses))

    candidates = np.unique(reference_lengths)
    distances = np.abs(lengths[:, np.newaxis] - candidates)
    # The candidates ascend, so argmin takes the shorter of two equally close lengths.
    return np.stack(matches, axis=-1), _totals(lengths, max_order), lengths, candidates[distances.argmin(axis=1)]


def _compare_with_other_rows(samples, max_order, end_id):
    """As `_compare_with_references`, with all other rows as the references of a row."""
    samples, lengths = _rows_and_lengths(samples, 'samples', end_id)
    if len(samples) < 2:
        raise ValueError(f'samples must have at least 2 rows. Received: samples of shape {samples.shape}')

    matches = []
    for _, gram, row, count in count_ngrams(samples, lengths, max_order):
        matches.append(np.bincount(row, np.minimum(count, _limit_by_other_rows(gram, count)), minlength=len(samples)))

    candidates, frequencies = np.unique(lengths, return_counts=True)
    distances = np.abs(lengths[:, np.newaxis] - candidates)
    # Distance 0 is the row's own length. It is no candidate where no other row has it.
    distances[(distances == 0) & (frequencies == 1)] = samples.shape[1] + 1
    return np.stack(matches, axis=-1), _totals(lengths, max_order), lengths, candidates[distances.argmin(axis=1)]


def _limit_by_other_rows(gram, count):
    """For each (gram, row) the largest count of the gram in another row, 0 if there is none.

    In the order of (gram, count), it is the count of the gram's last entry. For the last entry
    itself, it is the count of the entry before.
    """
    order = np.lexsort((count, gram))
    gram, count = gram[order], count[order]
    last = np.searchsorted(gram, gram, side='right') - 1
    first = np.searchsorted(gram, gram, side='left')
    entry = np.arange(len(gram))
    limit = np.empty_like(count)
    limit[order] = np.where(entry < last, count[last], np.where(first < last, count[last - 1], 0))
    return limit


def _totals(lengths, max_order):
    """Number of n-grams [B, max_order] in rows of these lengths; at least 1, as in NLTK."""
    return np.maximum(lengths[:, np.newaxis] - np.arange(max_order), 1)


def _score(matches, totals, lengths, closest_lengths, smoothing):
    """BLEU [...] from four statistics of the hypotheses.

    matches, totals: [..., max_order], n-grams that match and n-grams in all.
    lengths, closest_lengths: [...], of the hypotheses and of the closest references.
    """
    floor = EPSILON / totals if smoothing == 'method1' else np.finfo(np.float64).tiny
    precisions = np.where(matches > 0, matches / totals, floor)
    brevity_penalty = np.exp(np.minimum(1 - closest_lengths / np.maximum(lengths, 1), 0))
    return np.where(matches[..., 0] > 0, brevity_penalty * np.exp(np.log(precisions).mean(axis=-1)), 0.0)


def _check_settings(max_order, smoothing):
    if max_order < 1:
        raise ValueError(f'max_order must be at least 1. Received: max_order={max_order}')
    if smoothing not in SMOOTHINGS:
        raise ValueError(f'smoothing must be one of {SMOOTHINGS}. Received: smoothing={smoothing!r}')


def _rows_and_lengths(tokens: Any, name: str, end_id: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Checks the ids [B, T]; returns them as int64 and the length [B] of each row."""
    tokens = np.asarray(tokens)
    if tokens.ndim != 2 or tokens.size == 0:
        raise ValueError(f'{name} must be a non-empty array of rank 2. Received: {name} of shape {tokens.shape}')
    if not np.issubdtype(tokens.dtype, np.integer):
        raise ValueError(f'{name} must be integers. Received: {name} of dtype {tokens.dtype}')
    return tokens.astype(np.int64), row_lengths(tokens, end_id)
