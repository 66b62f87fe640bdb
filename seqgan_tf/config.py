"""Config: every setting of an experiment."""

import dataclasses
import os

from seqgan_tf.algorithms.registry import ALGORITHMS, Algorithm, reward_of
from seqgan_tf.data.registry import check_settings
from seqgan_tf.data.settings import DataSettings
from seqgan_tf.loggers.registry import LOGGERS
from seqgan_tf.rewards.registry import ADVERSARY, REWARDS, SEARCH, VALUES
from seqgan_tf.settings import check_value, explain, setting
from seqgan_tf.training.baselines import BASELINES

# How the discriminator learns: settings without a use where there is none.
LEARNING = ('discriminator_weight_decay', 'discriminator_best', 'discriminator_stop', 'discriminator_calibration')


@dataclasses.dataclass(frozen=True)
class Config(DataSettings):
    """The settings of one experiment, after those of its data.

    Defaults are those of the released code (LantaoYu/SeqGAN at e2b52fb), unless the help says
    otherwise.

    Raises:
        ValueError: a value has the wrong type or is out of its range, or two settings conflict.
    """

    algorithm: str = setting(
        'seqgan', 'how the generator is trained. ' + explain(ALGORITHMS), since='adversarial', choices=ALGORITHMS
    )
    seed: int = setting(0, 'seed of all random draws: weights, data, shuffles, samples', least=0, most=2**31 - 1)

    batch_size: int = setting(64, 'sequences in a batch, the same for all networks', least=1)
    embedding_dim: int = setting(32, 'E, the embedding width of the generator', least=1)
    hidden_dim: int = setting(32, 'H, the hidden width of the generator', least=1)
    generator_layers: int = setting(1, 'LSTMs of the generator, each of width H', least=1, most=2)
    generator_dropout: float = setting(
        0.0,
        'dropout rate at the input of each LSTM of the generator and at the output of the last, in likelihood updates '
        'only (released code: none)',
        least=0,
        most=0.99,
    )
    generator_learning_rate: float = setting(
        0.01, 'learning rate of Adam for MLE and for the policy gradient; each has its own Adam moments', least=0
    )
    policy_learning_rate: float = setting(
        0.0,
        'learning rate of Adam for the policy gradient. 0: generator_learning_rate, as in the released code',
        least=0,
        since='adversarial',
    )
    discriminator_learning_rate: float = setting(1e-4, 'learning rate of Adam', least=0, since='discriminator')
    discriminator: str = setting(
        'cnn_highway',
        "seqgan: the discriminator's network. cnn_highway: the paper's; given: the Keras model given to "
        'seqgan_tf.run(config, discriminator=...)',
        choices=('cnn_highway', 'given'),
        since='discriminator',
    )
    discriminator_embedding_dim: int = setting(
        64, 'embedding width of the discriminator', least=1, since='discriminator'
    )
    dropout: float = setting(
        0.25,
        'dropout rate after the highway layer, in training only (released code: keeps 0.75)',
        least=0,
        most=0.99,
        since='discriminator',
    )
    l2: float = setting(
        0.2, "weight of half the sum of squares of the discriminator's output layer", least=0, since='discriminator'
    )
    discriminator_weight_decay: float = setting(
        0.0,
        'AdamW: an update of the discriminator first takes this times the learning rate off its kernels and embeddings. '
        '0: Adam (released code)',
        least=0,
        since='discriminator',
    )
    discriminator_best: bool = setting(
        False,
        'the pretraining of the discriminator ends with its weights after the negative set with the lowest held-out '
        'loss. The moments of its optimizer stay those of the last set',
        since='discriminator',
    )
    discriminator_stop: bool = setting(
        False,
        'the epochs on a negative set end at the first one that does not lower the held-out loss, and the weights '
        'before it come back. It looks at that set alone, so it can hinder where the loss must rise before it falls',
        since='discriminator',
    )
    discriminator_calibration: bool = setting(
        False,
        "after each negative set a scale of the logit is fitted on held-out rows; the discriminator's rewards and the "
        'search of selfgan use it. Metrics, exports and the residual model have the logit without it',
        since='discriminator',
    )
    clip_norm: float = setting(5.0, 'generator gradients are clipped to this global norm', least=0)

    mle_epochs: int = setting(
        120, 'pretraining: epochs of maximum likelihood (MLE)', least=0, may_change=True, since='mle'
    )
    mle_patience: int = setting(
        0,
        'pretraining stops after this many epochs without a lower validation NLL, and takes the best weights again. '
        '0: it never stops early (released code)',
        least=0,
    )
    mle_decay: str = setting(
        'none',
        'pretraining: how generator_learning_rate falls. none: it stays (released code); plateau: it is halved after '
        'each epoch without a lower validation NLL; cosine: to 0 at the end of mle_epochs',
        choices=('none', 'plateau', 'cosine'),
    )
    truth_decay: float = setting(
        0.002,
        'scheduled_sampling: decrease per epoch of the share of true input tokens, which starts at 1 (paper)',
        least=0,
        most=1,
    )
    start_from: str = setting(
        '',
        'pg_bleu, seqgan, selfgan: the workdir of a finished run of mle, or of one with adversarial_rounds=0. The run '
        'starts where that one ended, in place of a pretraining of its own, which must have the same settings',
        since='adversarial',
    )
    discriminator_rounds: int = setting(
        50,
        'pretraining: number of negative sets that the discriminator, and the network of value, is trained on',
        least=0,
        may_change=True,
        since='discriminator',
    )
    adversarial_rounds: int = setting(200, 'rounds; each has g_steps, then d_steps', least=0, may_change=True)
    g_steps: int = setting(
        1, 'generator updates in an adversarial round (paper, Fig. 3d)', least=0, since='adversarial'
    )
    d_steps: int = setting(
        5, 'negative sets in an adversarial round, each freshly drawn (paper, Fig. 3d)', least=0, since='adversarial'
    )
    discriminator_epochs: int = setting(3, 'k, epochs on each negative set (Fig. 3d)', least=1, since='discriminator')
    negatives: int = setting(
        0,
        'samples in a negative set; an equal number of training rows joins them. 0: the number of training rows',
        least=0,
        since='discriminator',
    )
    policy_batch_size: int = setting(
        0, 'sequences in a batch of the policy gradient. 0: batch_size', least=0, since='adversarial'
    )
    num_rollouts: int = setting(
        16,
        'N, the number of roll-outs for each prefix. 0: none; each token has the reward of its finished sequence',
        least=0,
        since='adversarial',
    )
    rollout_decay: float = setting(
        0.0,
        "share of the roll-out policy's old weights that it keeps at the end of a round. 0: it becomes equal to the "
        'generator, as in Algorithm 1 (the update_rate 0.8 of the released code has no effect)',
        least=0,
        most=1,
        since='adversarial',
    )
    reward: str = setting(
        'discriminator',
        'seqgan: the reward of a finished sequence, or a control that replaces it. ' + explain(REWARDS),
        choices=REWARDS,
        since='adversarial',
    )
    value: str = setting(
        'rollouts',
        'seqgan, pg_bleu: how the reward of a finished sequence is carried back to its tokens. ' + explain(VALUES),
        choices=VALUES,
        since='discriminator',
    )
    value_start: str = setting(
        'random',
        'value=network and causal: the first weights of the network. random: its own; generator: embedding and LSTM of '
        'the pretrained generator',
        choices=('random', 'generator'),
        since='discriminator',
    )
    bleu_order: int = setting(
        3, 'n of BLEU-n where BLEU is the reward (released PG-BLEU: 3)', least=1, most=5, since='adversarial'
    )
    baseline: str = setting(
        'none',
        'the baseline, which is subtracted from the action values. ' + explain(BASELINES),
        choices=BASELINES,
        since='adversarial',
    )
    kl_coef: float = setting(
        0.0,
        'weight of the KL divergence to the generator before the adversarial phase, in rewards a nat. It is '
        'subtracted from the reward of a sequence (Jaques et al., 2017). 0: none (paper)',
        least=0,
        since='adversarial',
    )
    search_candidates: int = setting(
        8, 'selfgan: n, the samples of which one is chosen by the discriminator', least=1, since='adversarial'
    )
    guidance: float = setting(
        1.0, 'selfgan: beta. A sample with the logit s is chosen with weight e^(beta s)', least=0, since='adversarial'
    )
    real_share: float = setting(
        0.5, 'selfgan: share of training rows in an update. 1: the control', least=0, most=1, since='adversarial'
    )
    freeze_discriminator: bool = setting(
        False,
        'seqgan, a control: the discriminator, and the network of value, is not trained after its pretraining',
        since='adversarial',
    )
    adversarial_mle_steps: int = setting(
        0,
        'maximum-likelihood updates after the g-steps of each adversarial round (released code: 0)',
        least=0,
        since='adversarial',
    )

    eval_every: int = setting(
        5, 'rounds between evaluations; the last round of a phase is evaluated too', least=1, may_change=True
    )
    eval_samples: int = setting(
        10_000, 'samples in an evaluation (released code: 9,984; paper: 100,000)', least=1, may_change=True
    )
    final_samples: int = setting(
        0,
        'samples in the closing evaluation, which has every metric. 0: the usual evaluation',
        least=0,
        may_change=True,
    )
    final_curves: bool = setting(
        True,
        'with final_samples: curves of temperature, top_k, top_p, the likeliest of n and of the search come before. '
        'They take most of the time',
        may_change=True,
    )
    rollout_chunk: int = setting(
        0,
        'roll-outs that run at the same time; it limits memory and changes no draw. 0: chosen by vocabulary size',
        least=0,
        since='adversarial',
    )
    precision: str = setting(
        'auto',
        'type in which roll-outs are scored. auto: bfloat16 where a CPU has it, else float32',
        choices=('auto', 'float32', 'bfloat16', 'float16'),
        since='adversarial',
    )
    discriminator_precision: str = setting(
        'float32',
        "type of the products in the discriminator's updates; weights and moments are float32. auto: as above",
        choices=('auto', 'float32', 'bfloat16'),
        since='discriminator',
    )
    jit: str = setting(
        'auto',
        'what XLA compiles. auto: the parts that were measured to be faster; on: whole steps; off: nothing',
        choices=('auto', 'on', 'off'),
    )
    strategy: str = setting(
        'none',
        'devices that share the rows of each batch. none: one; mirrored: several of this machine; multi_worker: those of '
        'several processes; auto: mirrored where there are several GPUs, else none',
        choices=('none', 'mirrored', 'multi_worker', 'auto'),
        may_change=True,
    )
    num_devices: int = setting(
        0,
        'devices of this process. 0: all GPUs, or one CPU. Without a GPU, mirrored makes so many logical devices of the '
        'CPU, which is for trying out and no faster',
        least=0,
        may_change=True,
    )
    workers: str = setting(
        '',
        'multi_worker: HOST:PORT of all workers, separated by commas. Empty: those in the environment variable TF_CONFIG',
        may_change=True,
    )
    worker_index: int = setting(0, 'which of the workers this process is, from 0', least=0, may_change=True)
    checkpoint_every: int = setting(
        5, 'rounds between checkpoints; the last round of a phase is saved too', least=1, may_change=True
    )
    loggers: str = setting(
        'terminal,tensorboard',
        f'where metrics are shown, separated by commas: any of {", ".join(LOGGERS)}',
        choices=LOGGERS,
        several=True,
        may_change=True,
    )
    workdir: str = setting(
        'runs/default', 'directory of the run; the same command continues the run in it', may_change=True
    )
    export_dir: str = setting('', 'directory of the export for TensorFlow Serving. Empty: no export', may_change=True)

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.type is str and isinstance(value, os.PathLike):
                value = os.fspath(value)
                object.__setattr__(self, field.name, value)
            check_value(field, value)
        if not self.workdir:
            raise ValueError('workdir must name a directory. Received: workdir=')
        check_settings(self)
        if 0 < self.negatives < -(-self.batch_size // 2):
            raise ValueError(
                'negatives and an equal number of positives must fill a batch. '
                f'Received: negatives={self.negatives}, batch_size={self.batch_size}'
            )
        self._check_algorithm(ALGORITHMS[self.algorithm])
        if self.value != 'rollouts':
            self._check_value()
        for name in ('generator_learning_rate', 'discriminator_learning_rate', 'clip_norm'):
            if not getattr(self, name) > 0:
                raise ValueError(f'{name} must be above 0. Received: {name}={getattr(self, name)}')

    def _check_algorithm(self, algorithm: Algorithm) -> None:
        """Raises ValueError where a setting conflicts with what the algorithm declares."""
        adversarial = [name for name, other in ALGORITHMS.items() if other.adversarial]
        choosing = [name for name in adversarial if ALGORITHMS[name].reward is None]
        if self.reward != 'discriminator' and self.algorithm not in choosing:
            raise ValueError(
                f'reward is a setting of algorithm={" or ".join(choosing)}. '
                f'Received: algorithm={self.algorithm}, reward={self.reward}'
            )
        against = [
            name for name in adversarial if 'discriminator' in REWARDS[ALGORITHMS[name].reward or self.reward].parts
        ]
        for name in ('discriminator', *LEARNING):
            if getattr(self, name) != getattr(Config, name) and self.algorithm not in {*choosing, *against}:
                raise ValueError(
                    f'{name} is a setting of algorithm={" or ".join(against)}. '
                    f'Received: algorithm={self.algorithm}, {name}={getattr(self, name)}'
                )
        if self.start_from and not algorithm.adversarial:
            raise ValueError(
                f'start_from goes with algorithm={" or ".join(adversarial)}. '
                f'Received: algorithm={self.algorithm}, start_from={self.start_from}'
            )
        updates = self.g_steps + (self.adversarial_mle_steps if algorithm.policy_gradient else 0)
        if algorithm.adversarial and not updates:
            raise ValueError(
                'an adversarial round must update the generator. '
                f'Received: g_steps=0, adversarial_mle_steps={self.adversarial_mle_steps}'
            )

    def _check_value(self) -> None:
        """Raises ValueError where the network of a value cannot be trained or has no use."""
        reward, value = reward_of(self), VALUES[self.value]
        learning = [name for name, other in ALGORITHMS.items() if other.adversarial and other.policy_gradient]
        if self.algorithm not in learning:
            raise ValueError(
                f'value is a setting of algorithm={" or ".join(learning)}. '
                f'Received: algorithm={self.algorithm}, value={self.value}'
            )
        fitting = [
            name
            for name, other in REWARDS.items()
            if {*SEARCH, *(ADVERSARY if value.adversarial else ())} <= {*other.parts}
        ]
        if reward not in fitting:
            raise ValueError(
                f'value={self.value} goes with reward={" or ".join(fitting)}. '
                f'Received: algorithm={self.algorithm}, reward={reward}'
            )
        if not self.discriminator_rounds:
            raise ValueError(
                f'value={self.value} must be trained before its first use. Received: discriminator_rounds=0'
            )
        if self.value_start == 'generator' and self.generator_layers > 1:
            raise ValueError(
                'value_start=generator goes with generator_layers=1, since the network of a value has one LSTM. '
                f'Received: generator_layers={self.generator_layers}'
            )
        if self.value == 'network' and 0 < self.negatives < self.batch_size:
            raise ValueError(
                'with value=network the negatives must fill a batch. '
                f'Received: negatives={self.negatives}, batch_size={self.batch_size}'
            )
