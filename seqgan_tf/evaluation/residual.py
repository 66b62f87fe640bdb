"""Metrics of the residual model: the generator, corrected by the discriminator.

`search.residual` has the model. NLLs are in nats per token.
"""

import dataclasses

import numpy as np
import tensorflow as tf

from seqgan_tf.evaluation.evaluation import Evaluation
from seqgan_tf.policies.sampling import valid_mask
from seqgan_tf.search.residual import effective_sample_size, log_z

GUIDANCES = tuple(i / 10 for i in range(21))  # of which validation rows choose beta; 0: no discriminator


@dataclasses.dataclass(frozen=True)
class HeldOut:
    """What a residual model's NLL of held-out rows is made of.

    Attributes:
        nll: of the rows under the generator.
        logit: their mean logit.
        length: their mean number of tokens that count.
    """

    nll: float
    logit: float
    length: float

    @classmethod
    def of(cls, rows: np.ndarray, nll: float, logits: np.ndarray, end_id: int | None) -> 'HeldOut':
        """Of rows int32 [N, T], their NLL under the generator, and their logits [N]."""
        counted = valid_mask(tf.constant(rows), end_id).numpy().sum(dtype=np.float64)
        return cls(nll, float(logits.mean(dtype=np.float64)), counted / len(rows))

    def residual_nll(self, guidance: float, sample_logits: np.ndarray) -> float:
        """-log p under m e^(guidance * s) / Z, Z estimated from logits [N] of samples of m."""
        return self.nll - (guidance * self.logit - float(log_z(sample_logits, guidance))) / self.length


def residual(evaluation: Evaluation) -> dict[str, float]:
    """The residual model's NLLs at the beta that is best on the validation rows, and its log Z.

    Z is estimated from all samples, and once more from the first half of them.
    """
    corpus, end_id = evaluation.corpus, evaluation.generator.end_id
    validation, test = (
        HeldOut.of(rows, evaluation.values[name], evaluation.logits_of(rows), end_id)
        for name, rows in (('nll_validation', corpus.validation), ('nll_test', corpus.test))
    )
    samples = evaluation.logits_of(evaluation.samples)
    nlls = {beta: validation.residual_nll(beta, samples) for beta in GUIDANCES}
    beta = min(nlls, key=nlls.__getitem__)
    return {
        'residual_nll_test': test.residual_nll(beta, samples),
        'residual_nll_test_half': test.residual_nll(beta, samples[: -(-len(samples) // 2)]),
        'residual_nll_validation': nlls[beta],
        'residual_beta': beta,
        'log_z': float(log_z(samples, beta)),
        'log_z_ess': float(effective_sample_size(samples, beta)),
    }
