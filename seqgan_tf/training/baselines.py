"""The baselines of the policy gradient by name, for `--baseline`. Read without TensorFlow."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Baseline:
    """A baseline, which `reinforce.PolicyGradientStep` computes.

    Attributes:
        help: one line for `--help`.
    """

    help: str


BASELINES = {
    'none': Baseline('nothing (the paper)'),
    'per_step': Baseline(
        "the batch's mean at each position, which leaves the gradient's mean nearly as it is and lowers its variance"
    ),
    'whitened': Baseline("the batch's mean; what is left is divided by the batch's standard deviation"),
    'ewma': Baseline('a running mean of all values before (ScratchGAN)'),
}
