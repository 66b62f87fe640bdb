"""The metrics of every evaluation: functions of an `Evaluation` that give {name: value}.

NLL and entropy are in nats per token.
"""

from seqgan_tf.evaluation.evaluation import Evaluation
from seqgan_tf.metrics import bleu, diversity

BLEU_ORDERS = (2, 3, 4)
SELF_BLEU_ORDERS = (2, 3, 4, 5)


def nll_validation(evaluation: Evaluation) -> dict[str, float]:
    """-log p of the validation rows: the only metric to choose settings and epochs by."""
    return {'nll_validation': evaluation.scorer.nll(evaluation.corpus.validation)}


def entropy(evaluation: Evaluation) -> dict[str, float]:
    """H(G): -log p of the generator's own samples."""
    return {'entropy': evaluation.scorer.nll(evaluation.samples)}


def nll_test(evaluation: Evaluation) -> dict[str, float]:
    """-log p of the held-out test rows."""
    return {'nll_test': evaluation.scorer.nll(evaluation.corpus.test)}


def unique(evaluation: Evaluation) -> dict[str, float]:
    """Share of distinct sequences among the samples. It falls as their number grows."""
    return {'unique': diversity.unique_share(evaluation.samples)}


def nll_oracle(evaluation: Evaluation) -> dict[str, float]:
    """-log p of the samples under the oracle (Eq. 13)."""
    return {'nll_oracle': evaluation.oracle_scorer.nll(evaluation.samples)}


def bleus(evaluation: Evaluation) -> dict[str, float]:
    """Mean sentence BLEU-n of all samples."""
    return {f'bleu_{n}': mean_bleu(evaluation, evaluation.samples, n) for n in BLEU_ORDERS}


def rules(evaluation: Evaluation) -> dict[str, float]:
    """Shares of the samples that keep the rules of the task; nothing where it has none."""
    if evaluation.task.rules is None:
        return {}
    return evaluation.task.rules(evaluation.corpus.vocabulary.decode(evaluation.samples))


def mean_bleu(evaluation: Evaluation, rows, order: int) -> float:
    """Mean sentence BLEU of rows [B, T]; all test rows are references.

    Smoothing is method1, Texygen's choice.
    """
    scores = bleu.sentence_bleu(
        rows, evaluation.corpus.test, order, end_id=evaluation.corpus.vocabulary.end_id, smoothing='method1'
    )
    return float(scores.mean())


def self_bleu_of(rows, end_id: int | None) -> dict[str, float]:
    """{self_bleu_n: value} for n = 2..5 of rows [B, T]; nothing for a single row.

    It grows with B: compare equal numbers.
    """
    if len(rows) < 2:
        return {}
    return {f'self_bleu_{n}': bleu.self_bleu(rows, n, end_id=end_id) for n in SELF_BLEU_ORDERS}
