"""A policy without its end."""


class Endless:
    """The same policy with `end_id` None: what follows a drawn end token is drawn like any other token."""

    def __init__(self, policy):
        self.initial_state, self.step, self.start_id, self.end_id = (
            policy.initial_state,
            policy.step,
            policy.start_id,
            None,
        )
