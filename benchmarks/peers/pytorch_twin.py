"""The pieces in PyTorch: the networks of this project, roll-outs in lanes, fused Adam, float32.

compare.py starts it. The draw is the two-level inverse CDF of `seqgan_tf/policies/draws.py`, in
place: `torch.multinomial` makes V random numbers a draw, and takes longer (51 ms for 512 rows of
5,000, where a whole step of the draw takes 4.4). With --compile the generator's losses go through
`torch.compile`, which needs a C++ compiler. The draw and the discriminator gain nothing by it.
"""

import math

import numpy as np
import problem
import torch
import torch.nn.functional as F
import worker
from recipe import SAMPLES


class Generator:
    """The LSTM on its six arrays, and its update."""

    def __init__(self, weights, sharpness=1.0, compiled=False):
        self.parameters = [torch.tensor(array).requires_grad_() for array in weights]
        self.embedding, self.kernel, self.recurrent, self.bias, self.head, self.head_bias = self.parameters
        with torch.no_grad():
            self.head.mul_(sharpness)
        self.vocab = len(self.embedding)
        self.adam = torch.optim.Adam(self.parameters, problem.GENERATOR_RATE, eps=problem.EPSILON, fused=True)
        compiled = torch.compile if compiled else lambda function: function
        self.mle_loss = compiled(lambda tokens: F.cross_entropy(self.logits(tokens), tokens.flatten()))
        self.policy_loss = compiled(lambda tokens, values: (self.nll(tokens) * values).sum())

    def cell(self, inputs, state):
        """The new (h, c) from inputs [B, 4H], which are x W + b, and (h, c)."""
        entry, forget, value, output = torch.addmm(inputs, state[0], self.recurrent).chunk(4, dim=1)
        cell = torch.sigmoid(forget) * state[1] + torch.sigmoid(entry) * torch.tanh(value)
        return torch.sigmoid(output) * torch.tanh(cell), cell

    def inputs(self, tokens):
        """x W + b for tokens of any shape."""
        return F.embedding(tokens, self.embedding) @ self.kernel + self.bias

    def start(self, rows):
        """The first token, and the state before it."""
        zeros = torch.zeros(rows, problem.HIDDEN)
        return torch.zeros(rows, dtype=torch.int64), (zeros, zeros)

    def states(self, tokens):
        """[(h, c)] before each token of [B, T] is drawn, the start token read."""
        first, state = self.start(len(tokens))
        states = []
        for inputs in self.inputs(torch.cat([first[:, None], tokens[:, :-1]], dim=1)).unbind(dim=1):
            state = self.cell(inputs, state)
            states.append(state)
        return states

    def logits(self, tokens):
        """Teacher-forced, [B T, V]."""
        hidden = torch.stack([h for h, _ in self.states(tokens)], dim=1)
        return torch.addmm(self.head_bias, hidden.flatten(0, 1), self.head)

    def nll(self, tokens):
        """-log p of each token [B, T]."""
        return F.cross_entropy(self.logits(tokens), tokens.flatten(), reduction='none').view_as(tokens)

    def update(self, loss):
        """One clipped step of Adam; returns the loss."""
        self.adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, problem.CLIP_NORM)
        self.adam.step()
        return loss.item()

    def mle_step(self, tokens):
        """One update by maximum likelihood."""
        return self.update(self.mle_loss(tokens))

    def policy_update(self, tokens, values):
        """One update by REINFORCE with values [B, T]."""
        return self.update(self.policy_loss(tokens, values))


class Drawer:
    """Draws tokens from a generator whose weights do not change while it is used."""

    def __init__(self, generator):
        self.generator = generator
        self.block = math.isqrt(generator.vocab - 1) + 1
        columns = -(-generator.vocab // self.block) * self.block
        # Whole blocks of logits: the filling is never drawn, and no pass over them is needed to add it.
        self.head = torch.zeros(problem.HIDDEN, columns)
        self.head[:, : generator.vocab] = generator.head
        self.head_bias = torch.full([columns], -torch.inf)
        self.head_bias[: generator.vocab] = generator.head_bias

    def step(self, tokens, state):
        """One token drawn after tokens [B], and the new state."""
        state = self.generator.cell(self.generator.inputs(tokens), state)
        logits = torch.addmm(self.head_bias, state[0], self.head)
        weights = logits.sub_(logits.amax(dim=1, keepdim=True)).exp_().view(len(tokens), -1, self.block)
        sums = weights.sum(dim=2).cumsum(dim=1)
        target = torch.rand(len(tokens), 1) * sums[:, -1:]
        chosen = (sums <= target).sum(dim=1, keepdim=True).clamp_(max=sums.shape[1] - 1)
        before = F.pad(sums, (1, 0)).gather(1, chosen)
        inside = weights[torch.arange(len(tokens)), chosen[:, 0]].cumsum(dim=1)
        place = (inside <= target - before).sum(dim=1).clamp_(max=self.block - 1)
        return (chosen[:, 0] * self.block + place).clamp_(max=self.generator.vocab - 1), state

    def sample(self, rows, length):
        """Tokens int64 [rows, T]."""
        tokens, state = self.generator.start(rows)
        sequence = torch.empty(rows, length, dtype=torch.int64)
        for t in range(length):
            tokens, state = self.step(tokens, state)
            sequence[:, t] = tokens
        return sequence


class Discriminator:
    """The CNN with its highway, and its update."""

    def __init__(self, weights, dropout):
        array = lambda value: torch.tensor(value).requires_grad_()
        self.dropout = dropout
        self.embedding, self.feature_bias = array(weights['embedding']), array(weights['feature_bias'])
        self.convolutions = [array(np.ascontiguousarray(k.transpose(2, 1, 0))) for k in weights['convolutions']]
        self.gate, self.transform, self.head = ([*map(array, weights[name])] for name in ('gate', 'transform', 'head'))
        self.adam = torch.optim.Adam(
            [self.embedding, *self.convolutions, self.feature_bias, *self.gate, *self.transform, *self.head],
            problem.DISCRIMINATOR_RATE,
            eps=problem.EPSILON,
            fused=True,
        )

    def logit(self, tokens, dropout=0.0):
        """The logit [B] of tokens [B, T]."""
        embedded = F.embedding(tokens, self.embedding).transpose(1, 2)
        pooled = [F.conv1d(embedded, kernel).amax(dim=2) for kernel in self.convolutions]
        features = F.relu(torch.cat(pooled, dim=1) + self.feature_bias)
        gate = torch.sigmoid(torch.addmm(self.gate[1], features, self.gate[0]))
        new = F.relu(torch.addmm(self.transform[1], features, self.transform[0]))
        features = F.dropout(torch.lerp(features, new, gate), dropout)
        outputs = torch.addmm(self.head[1], features, self.head[0])
        return outputs[:, 1] - outputs[:, 0]

    def step(self, tokens, labels):
        """One update; returns the loss without the penalty."""
        loss = F.binary_cross_entropy_with_logits(self.logit(tokens, self.dropout), labels)
        self.adam.zero_grad()
        (loss + problem.L2 / 2 * sum(weight.square().sum() for weight in self.head)).backward()
        self.adam.step()
        return loss.item()


@torch.no_grad()
def action_values(policy, discriminator, tokens, num_rollouts):
    """Q [B, T] by roll-outs in lanes, as in `seqgan_tf/rewards/rollout.py`."""
    batch, length = tokens.shape
    drawer, values = Drawer(policy), torch.zeros(batch, length - 1)
    states = [torch.stack(parts) for parts in zip(*policy.states(tokens))]
    prefixes, weights = map(torch.tensor, problem.lanes(length, num_rollouts))
    chunk = max(1, problem.LANE_ROWS // batch)
    for lanes, counted in zip(prefixes.split(chunk), weights.split(chunk, dim=1)):
        finished = finish_lanes(drawer, tokens, states, lanes)
        rewards = torch.sigmoid(discriminator.logit(finished)).view(2, len(lanes), batch)
        values += torch.einsum('plb,plt->bt', rewards, counted)
    return torch.cat([values, torch.sigmoid(discriminator.logit(tokens))[:, None]], dim=1)


def finish_lanes(drawer, tokens, states, lanes):
    """Both roll-outs of each lane, [2 L B, T]. `states` are [T, B, H], those before each token is read."""
    batch, length = tokens.shape
    row = torch.arange(batch).repeat(len(lanes))
    first = lanes.repeat_interleave(batch)
    second = length - first
    start = lambda prefix: (tokens[row, prefix - 1], [state[prefix - 1, row] for state in states])
    (last, state), (other, other_state) = start(first), start(second)
    drawn = torch.empty(len(row), length, dtype=torch.int64)
    for step in range(length):
        switch = second == step
        last = torch.where(switch, other, last)
        state = [torch.where(switch[:, None], new, old) for new, old in zip(other_state, state)]
        last, state = drawer.step(last, state)
        drawn[:, step] = last
    position, given = torch.arange(length), tokens[row]
    shifted = drawn.gather(1, (position - first[:, None]).clamp_(min=0))
    return torch.cat([torch.where(position < p[:, None], given, new) for p, new in ((first, shifted), (second, drawn))])


def main():
    """Answers compare.py."""
    parser = problem.parser(__doc__)
    parser.add_argument('--compile', action='store_true')
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    batch, length, vocab = arguments.batch_size, arguments.sequence_length, arguments.vocab_size
    weights = problem.generator_weights(vocab), problem.discriminator_weights(vocab, length)
    generator, policy = (
        Generator(weights[0], compiled=arguments.compile),
        Generator(problem.generator_weights(vocab, seed=1)),
    )
    discriminator = Discriminator(weights[1], problem.DROPOUT)
    tokens = torch.tensor(problem.tokens(batch, length, vocab))
    labels = (torch.arange(batch) % 2).float()

    @torch.no_grad()
    def samples(count):
        drawer = Drawer(generator)
        chunks = [drawer.sample(problem.SAMPLE_ROWS, length) for _ in range(-(-count // problem.SAMPLE_ROWS))]
        return torch.cat(chunks)[:count]

    def generator_step():
        with torch.no_grad():
            sampled = Drawer(generator).sample(batch, length)
        generator.policy_update(sampled, action_values(policy, discriminator, sampled, arguments.num_rollouts))

    def facts():
        mine, other = (Generator(weights[0], compiled=arguments.compile) for _ in range(2))
        silent = Discriminator(weights[1], 0.0)
        sharp = Generator(weights[0], problem.SHARP)
        with torch.no_grad():
            law = Generator(weights[0], problem.PEAKED)
            sampled = Drawer(law).sample(problem.FACT_SAMPLES, length)
            measured = {
                'nll': mine.nll(tokens).tolist(),
                'logit': silent.logit(tokens).tolist(),
                'action_values': action_values(sharp, silent, tokens, 3).tolist(),
                'nll_of_samples': float(law.nll(sampled).mean()),
            }
        values = torch.tensor(problem.values(batch, length))
        return measured | {
            'mle_losses': [mine.mle_step(tokens) for _ in range(3)],
            'policy_losses': [other.policy_update(tokens, values) for _ in range(3)],
            'discriminator_losses': [silent.step(tokens, labels) for _ in range(3)],
        }

    worker.serve(
        {
            'mle_step': (lambda: generator.mle_step(tokens), 1),
            'discriminator_step': (lambda: discriminator.step(tokens, labels), 1),
            'action_values': (lambda: action_values(policy, discriminator, tokens, arguments.num_rollouts), 1),
            'generator_step': (generator_step, 1),
            'sample_10k': (lambda: samples(SAMPLES), 1),
        },
        {'torch': torch.__version__},
        facts,
    )


if __name__ == '__main__':
    main()
