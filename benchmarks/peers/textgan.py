"""The pieces of TextGAN-PyTorch's SeqGAN, in a clone of it; compare.py starts it.

Its updates are those of its `BasicInstructor`, and its settings are the ones of the paper.
"""

import sys

import problem
import torch
import worker
from recipe import SAMPLES


def main():
    """Answers compare.py."""
    parser = problem.parser(__doc__)
    parser.add_argument('--directory', required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    sys.path.insert(0, arguments.directory)
    import config

    batch, length, vocab = arguments.batch_size, arguments.sequence_length, arguments.vocab_size
    config.CUDA, config.batch_size, config.max_seq_len, config.vocab_size = False, batch, length, vocab
    from instructor.oracle_data.instructor import BasicInstructor
    from models.SeqGAN_D import SeqGAN_D
    from models.SeqGAN_G import SeqGAN_G
    from utils.data_loader import GenDataIter
    from utils.rollout import ROLLOUT

    generator = SeqGAN_G(problem.HIDDEN, problem.HIDDEN, vocab, length, config.padding_idx)
    discriminator = SeqGAN_D(problem.EMBEDDING, vocab, config.padding_idx, dropout=problem.DROPOUT)
    adam = lambda network, rate: torch.optim.Adam(network.parameters(), lr=rate)
    mle_adam, policy_adam = adam(generator, problem.GENERATOR_RATE), adam(generator, problem.GENERATOR_RATE)
    discriminator_adam = adam(discriminator, problem.DISCRIMINATOR_RATE)
    tokens = torch.tensor(problem.tokens(batch, length, vocab))
    inputs, _ = GenDataIter.prepare(tokens)
    labels = torch.arange(batch) % 2

    def mle_step():
        predicted = generator.forward(inputs, generator.init_hidden(batch))
        BasicInstructor.optimize(mle_adam, torch.nn.NLLLoss()(predicted, tokens.view(-1)), generator)

    def discriminator_step():
        loss = torch.nn.CrossEntropyLoss()(discriminator.forward(tokens), labels)
        BasicInstructor.optimize(discriminator_adam, loss, discriminator)

    def action_values(sampled):
        return ROLLOUT(generator, gpu=False).get_reward(sampled, arguments.num_rollouts, discriminator)

    def generator_step():
        read, sampled = GenDataIter.prepare(generator.sample(batch, batch))
        loss = generator.batchPGLoss(read, sampled, action_values(sampled))
        BasicInstructor.optimize(policy_adam, loss)

    worker.serve(
        {
            'mle_step': (mle_step, 1),
            'discriminator_step': (discriminator_step, 1),
            'action_values': (lambda: action_values(tokens), 1),
            'generator_step': (generator_step, 1),
            'sample_10k': (lambda: generator.sample(SAMPLES, 4 * batch), 1),
        },
        {'torch': torch.__version__},
    )


if __name__ == '__main__':
    main()
