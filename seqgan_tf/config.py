"""Config: every setting of an experiment.

A field is default, unit, help and source; flags, JSON and checks are made from it.
"""

import dataclasses

from seqgan_tf.algorithms.registry import ALGORITHMS, Algorithm
from seqgan_tf.data.registry import DATASETS, check_settings
from seqgan_tf.data.text_file import ON_LONG
from seqgan_tf.data.vocabulary import TOKEN_KINDS
from seqgan_tf.loggers.registry import LOGGERS
from seqgan_tf.rewards.registry import REWARDS
from seqgan_tf.settings import Settings, check_value, explain, setting
from seqgan_tf.training.baselines import BASELINES


@dataclasses.dataclass(frozen=True)
class Config(Settings):
    """The settings of one experiment.

    Defaults are the released code's (LantaoYu/SeqGAN at e2b52fb), unless the help says otherwise.

    Raises:
        ValueError: a value of the wrong type or out of its range, or settings that do not go
            together.
    """

    algorithm: str = setting(
        'seqgan', 'what trains the generator. ' + explain(ALGORITHMS), after_likelihood=True, choices=ALGORITHMS
    )
    seed: int = setting(0, 'root of every random draw: weights, data, shuffles, samples', least=0, most=2**31 - 1)

    dataset: str = setting(
        'synthetic',
        ', '.join(f'{name} ({entry.summary})' for name, entry in DATASETS.items()),
        choices=DATASETS,
    )
    corpus: str = setting('', 'text: the file, utf-8, one sequence a line')
    tokens: str = setting('char', 'text: what a symbol is', choices=TOKEN_KINDS)
    verse_length: int = setting(
        0,
        'text, tokens=char: spaces separate verses of so many characters; they are no symbols and are put back on '
        'output. 0: a space is a symbol',
        least=0,
    )
    sequence_length: int = setting(20, 'T, the most symbols in a sequence (paper: 20, music 32)', least=2, most=1024)
    on_long: str = setting(
        'error', 'text: what to do with a line of more than sequence_length symbols', choices=ON_LONG
    )
    min_count: int = setting(1, 'text: symbols that occur less often become unknown', least=1)
    max_vocab: int = setting(
        0,
        'text: at most so many symbols, the rest become unknown; with tokens=id the number of ids. 0: no limit',
        least=0,
    )
    validation_share: float = setting(0.1, 'text: share of the lines for validation', least=0, most=0.5)
    test_share: float = setting(0.1, 'text: share of the lines for test', least=0, most=0.5)
    num_sequences: int = setting(
        0, 'synthetic, verse: training sequences. 0: 10,000 synthetic (paper), 16,384 poems', least=0
    )
    held_out: int = setting(2000, 'synthetic, verse: sequences each for validation and test', least=1)
    oracle_seed: int = setting(0, "synthetic: seed of the oracle's N(0, 1) weights", least=0, most=2**31 - 1)
    oracle_path: str = setting('', 'synthetic: an .npz with the arrays of an oracle, in place of oracle_seed')
    vocab_size: int = setting(5000, 'synthetic: V of an oracle made from oracle_seed', least=2)

    batch_size: int = setting(64, 'sequences in a batch, for all networks', least=1)
    embedding_dim: int = setting(32, 'E of the generator', least=1)
    hidden_dim: int = setting(32, 'H of the generator', least=1)
    generator_learning_rate: float = setting(
        0.01, 'Adam, for MLE and policy gradient, each with its own moments', least=0
    )
    policy_learning_rate: float = setting(
        0.0,
        'Adam of the policy gradient. 0: generator_learning_rate, as in the released code',
        least=0,
        after_likelihood=True,
    )
    discriminator_learning_rate: float = setting(1e-4, 'Adam', least=0, after_likelihood=True)
    discriminator_embedding_dim: int = setting(
        64, 'embedding width of the discriminator', least=1, after_likelihood=True
    )
    dropout: float = setting(
        0.25,
        'share dropped after the highway in training (the code keeps 0.75)',
        least=0,
        most=0.99,
        after_likelihood=True,
    )
    l2: float = setting(
        0.2, "weight of half the squares of the discriminator's output layer", least=0, after_likelihood=True
    )
    clip_norm: float = setting(5.0, 'global norm that generator gradients are clipped to', least=0)

    mle_epochs: int = setting(
        120, 'pretraining: epochs of maximum likelihood', least=0, may_change=True, after_likelihood=False
    )
    mle_patience: int = setting(
        0,
        'pretraining stops after so many epochs without a better validation NLL and goes back to the best weights. '
        '0: never (released code)',
        least=0,
    )
    truth_decay: float = setting(
        0.002,
        'scheduled_sampling: by how much the share of true tokens among the inputs falls each epoch, from 1 (paper)',
        least=0,
        most=1,
        after_likelihood=True,
    )
    start_from: str = setting(
        '',
        'pg_bleu, seqgan: the workdir of a finished run of mle with the same data, networks and pretraining, which is '
        "taken over in place of a pretraining of one's own",
        after_likelihood=True,
    )
    discriminator_rounds: int = setting(
        50, 'pretraining: negative sets for the discriminator', least=0, may_change=True
    )
    adversarial_rounds: int = setting(200, 'rounds of g-steps and d-steps', least=0, may_change=True)
    g_steps: int = setting(
        1, 'generator updates in an adversarial round (paper, Fig. 3d)', least=0, after_likelihood=True
    )
    d_steps: int = setting(
        5, 'negative sets in an adversarial round, each drawn anew (Fig. 3d)', least=0, after_likelihood=True
    )
    discriminator_epochs: int = setting(3, 'k, epochs on each negative set (Fig. 3d)', least=1, after_likelihood=True)
    negatives: int = setting(
        0,
        'sequences in a negative set, joined by as many positives. 0: as many as training rows',
        least=0,
        after_likelihood=True,
    )
    num_rollouts: int = setting(16, 'N, roll-outs for each prefix', least=1, after_likelihood=True)
    reward: str = setting(
        'discriminator',
        'seqgan: the reward of a finished sequence, or a control in its place. ' + explain(REWARDS),
        choices=REWARDS,
        after_likelihood=True,
    )
    bleu_order: int = setting(
        3, 'the n of BLEU-n as reward (released PG-BLEU: 3)', least=1, most=5, after_likelihood=True
    )
    freeze_discriminator: bool = setting(
        False, 'seqgan, as a control: the discriminator stays as its pretraining left it', after_likelihood=True
    )
    adversarial_mle_steps: int = setting(
        0,
        'batches of maximum likelihood after the g-steps of each round (released code: none)',
        least=0,
        after_likelihood=True,
    )
    baseline: str = setting(
        'none',
        'what is subtracted from the action values before the update. ' + explain(BASELINES),
        choices=BASELINES,
        after_likelihood=True,
    )
    rollout_decay: float = setting(
        0.0,
        "share of the roll-out policy's old weights kept at the end of a round. 0: it becomes the generator, as in "
        "Algorithm 1 (the code's update_rate 0.8 never acts)",
        least=0,
        most=1,
        after_likelihood=True,
    )

    eval_every: int = setting(
        5, 'rounds between evaluations; the last round of a phase is always evaluated', least=1, may_change=True
    )
    eval_samples: int = setting(
        10_000, 'samples that an evaluation draws (code: 9,984; paper: 100,000)', least=1, may_change=True
    )
    final_samples: int = setting(
        0,
        'samples of a closing evaluation with every metric and the temperature curve. 0: none, but the usual evaluation',
        least=0,
        may_change=True,
    )
    checkpoint_every: int = setting(
        5, 'rounds between checkpoints; a phase also ends with one', least=1, may_change=True
    )
    rollout_chunk: int = setting(
        0,
        'roll-outs that run side by side; bounds the memory, changes no draw. 0: chosen by the vocabulary',
        least=0,
        after_likelihood=True,
    )
    precision: str = setting(
        'auto',
        'type in which roll-outs are scored; all else is float32. auto: bfloat16 on a CPU that has it, else float32',
        choices=('auto', 'float32', 'bfloat16', 'float16'),
        after_likelihood=True,
    )
    jit: str = setting(
        'auto',
        'what XLA compiles: auto (what was measured to win), on (whole steps) or off',
        choices=('auto', 'on', 'off'),
    )
    loggers: str = setting(
        'terminal,tensorboard',
        f'what shows the metrics, of {", ".join(LOGGERS)}; several are separated by commas',
        choices=LOGGERS,
        several=True,
        may_change=True,
    )
    workdir: str = setting(
        'runs/default', 'where everything is written; the same command continues from here', may_change=True
    )
    export_dir: str = setting(
        '', 'where the trained generator is exported for TensorFlow Serving; empty: nowhere', may_change=True
    )

    def __post_init__(self):
        for field in dataclasses.fields(self):
            check_value(field, getattr(self, field.name))
        if not self.workdir:
            raise ValueError('workdir must name a directory. Received: workdir=')
        check_settings(self)
        if 0 < self.negatives < -(-self.batch_size // 2):
            raise ValueError(
                f'negatives, joined by as many positives, must fill a batch. Received: negatives={self.negatives}, '
                f'batch_size={self.batch_size}'
            )
        self._check_algorithm(ALGORITHMS[self.algorithm])
        for name in ('generator_learning_rate', 'discriminator_learning_rate', 'clip_norm'):
            if not getattr(self, name) > 0:
                raise ValueError(f'{name} must be above 0. Received: {name}={getattr(self, name)}')

    def _check_algorithm(self, algorithm: Algorithm) -> None:
        """Raises where settings do not go with what the algorithm declares."""
        adversarial = [name for name, other in ALGORITHMS.items() if other.adversarial]
        choosing = [name for name in adversarial if ALGORITHMS[name].reward is None]
        if self.reward != 'discriminator' and self.algorithm not in choosing:
            raise ValueError(
                f'reward is a setting of algorithm={" or ".join(choosing)}. '
                f'Received: algorithm={self.algorithm}, reward={self.reward}'
            )
        if self.start_from and not algorithm.adversarial:
            raise ValueError(
                f'start_from goes with algorithm={" or ".join(adversarial)}. '
                f'Received: algorithm={self.algorithm}, start_from={self.start_from}'
            )
        if algorithm.adversarial and not self.g_steps + self.adversarial_mle_steps:
            raise ValueError(
                'an adversarial round must update the generator. Received: g_steps=0, adversarial_mle_steps=0'
            )
