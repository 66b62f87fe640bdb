"""The metrics of every evaluation, and of text that a search found.

Each is a function of an `Evaluation` that returns {name: value}. NLL and entropy are in nats per
token.
"""

import numpy as np

from seqgan_tf.data.corpus import Corpus
from seqgan_tf.evaluation.evaluation import Evaluation
from seqgan_tf.metrics import bleu, diversity

BLEU_ORDERS = (2, 3, 4)
CORPUS_BLEU_ORDER = 4  # the highest
SELF_BLEU_ORDERS = (2, 3, 4, 5)


def nll_validation(evaluation: Evaluation) -> dict[str, float]:
    """-log p of the validation rows. Settings and epochs are chosen by this metric only."""
    return {'nll_validation': evaluation.scorer.nll(evaluation.corpus.validation)}


def entropy(evaluation: Evaluation) -> dict[str, float]:
    """H(G): -log p of the generator's own samples."""
    return {'entropy': evaluation.scorer.nll(evaluation.samples)}


def nll_test(evaluation: Evaluation) -> dict[str, float]:
    """-log p of the held-out test rows."""
    return {'nll_test': evaluation.scorer.nll(evaluation.corpus.test)}


def unique(evaluation: Evaluation) -> dict[str, float]:
    """Share of distinct sequences among the samples. It falls as the number of samples grows."""
    return {'unique': diversity.unique_share(evaluation.samples)}


def nll_oracle(evaluation: Evaluation) -> dict[str, float]:
    """-log p of the samples under the oracle (Eq. 13)."""
    return {'nll_oracle': evaluation.nll_under_oracle(evaluation.samples)}


def bleus(evaluation: Evaluation) -> dict[str, float]:
    """Mean sentence BLEU-n of all samples."""
    return bleus_of(evaluation.samples, evaluation.corpus)


def corpus_bleus(evaluation: Evaluation) -> dict[str, float]:
    """Corpus BLEU-n of all samples, as NLTK and without smoothing."""
    return corpus_bleus_of(evaluation.samples, evaluation.corpus)


def rules(evaluation: Evaluation) -> dict[str, float]:
    """Shares of the samples that keep the rules of the task."""
    shares_of = evaluation.task.rules
    return shares_of(evaluation.corpus.vocabulary.decode(evaluation.samples)) if shares_of is not None else {}


def copied(evaluation: Evaluation) -> dict[str, float]:
    """Share of the samples that are training rows."""
    return {'copied': diversity.copied_share(evaluation.samples, evaluation.corpus.train)}


def self_bleus(evaluation: Evaluation) -> dict[str, float]:
    """Mean BLEU-n of each of the first 2,000 samples against the others."""
    return self_bleu_of(evaluation.few, evaluation.corpus.vocabulary.end_id)


def bleus_of(rows: np.ndarray, corpus: Corpus) -> dict[str, float]:
    """{bleu_n: value} for n = 2, 3, 4 of rows [B, T] against the test rows."""
    return {f'bleu_{n}': mean_bleu(rows, corpus, n) for n in BLEU_ORDERS}


def mean_bleu(rows: np.ndarray, corpus: Corpus, order: int) -> float:
    """Mean sentence BLEU of rows [B, T].

    All test rows are references. The smoothing is method1, as in Texygen.
    """
    scores = bleu.sentence_bleu(rows, corpus.test, order, end_id=corpus.vocabulary.end_id, smoothing='method1')
    return float(scores.mean())


def corpus_bleus_of(rows: np.ndarray, corpus: Corpus) -> dict[str, float]:
    """{corpus_bleu_n: value} for n = 1..4 of rows [B, T]. All test rows are references of each."""
    scores = bleu.corpus_bleus(rows, corpus.test, CORPUS_BLEU_ORDER, end_id=corpus.vocabulary.end_id)
    return {f'corpus_bleu_{n}': float(score) for n, score in enumerate(scores, start=1)}


def self_bleu_of(rows: np.ndarray, end_id: int | None) -> dict[str, float]:
    """{self_bleu_n: value} for n = 2..5 of rows [B, T]; nothing for a single row.

    The values grow with B, so compare only equal numbers of rows.
    """
    if len(rows) < 2:
        return {}
    return {f'self_bleu_{n}': bleu.self_bleu(rows, n, end_id=end_id) for n in SELF_BLEU_ORDERS}
