"""A policy whose sequences do not end early."""

from seqgan_tf.policies.policy import Policy


class Endless:
    """The same policy with `end_id` None.

    The tokens after a drawn end token are drawn like any others.
    """

    def __init__(self, policy: Policy):
        self.initial_state, self.step, self.start_id, self.end_id = (
            policy.initial_state,
            policy.step,
            policy.start_id,
            None,
        )
