"""A policy at another temperature."""


class Tempered:
    """A policy whose logits are those of another one times `inverse_temperature`: above 1 it is sharper, below 1 flatter.

    Args:
        policy: a policy.
        inverse_temperature: a positive number, or a scalar variable: compiled code then follows its value.
    """

    def __init__(self, policy, inverse_temperature):
        self.policy, self.inverse_temperature = policy, inverse_temperature
        self.initial_state, self.start_id, self.end_id = (
            policy.initial_state,
            policy.start_id,
            policy.end_id,
        )

    def step(self, tokens, state):
        """Reads tokens [B]; returns the scaled logits [B, V] of the next token and the new state."""
        logits, state = self.policy.step(tokens, state)
        return logits * self.inverse_temperature, state
