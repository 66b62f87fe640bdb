"""Starting from the pretraining of another run, so that several runs share it."""

import pathlib

import tensorflow as tf

from seqgan_tf.algorithms.registry import ALGORITHMS, TRAINED_ON_SETS, parts_of, planned_rounds, reward_of
from seqgan_tf.config import Config
from seqgan_tf.data.corpus import Corpus
from seqgan_tf.errors import RunError
from seqgan_tf.running import metrics_log
from seqgan_tf.running.append_only_file import AppendOnlyFile
from seqgan_tf.running.checkpoints import Checkpoints
from seqgan_tf.running.workdir import check_data, user_errors
from seqgan_tf.settings import list_differences
from seqgan_tf.training.state import TrainState


def start_from(
    config: Config, corpus: Corpus, state: TrainState, metrics_file: AppendOnlyFile, samples_file: AppendOnlyFile
) -> pathlib.Path:
    """Puts a new run where the run of `config.start_from` ended its pretraining.

    That run ended with the likelihood phase, or with the phase 'discriminator' after it. What it
    trained, the random stream, the counters and the logged lines are copied. The rest of the new
    run equals, bit for bit, the rest of a run with its own pretraining.

    Args:
        config: settings of the new run.
        corpus: of the new run.
        state: of the new run; it is changed.
        metrics_file, samples_file: logs of the new run; the lines of the other run are appended.

    Returns:
        The path of the checkpoint that was read.

    Raises:
        RunError: the other run is unfinished or has adversarial rounds, or it has other data,
            networks or pretraining.
    """
    source = pathlib.Path(config.start_from)
    if not (source / 'config.json').is_file():
        raise RunError(f'start_from must be the workdir of a run. Received: {source}, which has no config.json')
    with user_errors():
        there = Config.from_json(source / 'config.json')
    planned = planned_rounds(there)
    if not ALGORITHMS[there.algorithm].adversarial and there.algorithm != 'mle' or 'adversarial' in planned:
        raise RunError(
            'start_from must be a run of algorithm=mle, or one with adversarial_rounds=0. Received: '
            f'{source} with algorithm={there.algorithm}, adversarial_rounds={there.adversarial_rounds}'
        )
    phases, parts = ['mle'], {'mle_optimizer'}
    if 'discriminator' in planned:
        phases, parts = [*phases, 'discriminator'], {*parts, *(parts_of(there) & TRAINED_ON_SETS)}
        _check_same_networks(config, there, source)
    differing = config.differences_in(phases, there)
    if differing:
        raise RunError(
            'start_from must be a run with the same data, networks and pretraining. '
            f'{source} was made with others:{list_differences(differing)}'
        )
    check_data(config, corpus, source)

    path, _ = Checkpoints(source / 'checkpoints', state=tf.train.Checkpoint(**state.pretrained(parts))).restore()
    if path is None or not (state.done['mle'] == config.mle_epochs or state.ended_early):
        raise RunError(
            f'start_from must be a finished run. Received: {source}, which has done {int(state.done["mle"])} epochs of '
            f'{config.mle_epochs}'
        )
    if state.done['discriminator'] != planned.get('discriminator', 0):
        raise RunError(
            f'start_from must be a finished run. Received: {source}, which has done '
            f'{int(state.done["discriminator"])} negative sets of {planned["discriminator"]}'
        )
    try:
        entries = metrics_log.read(source / metrics_log.NAME)
        samples = metrics_log.read_text(source / 'samples.txt')
    except RunError as error:
        raise RunError(
            f'start_from must hold metrics.jsonl and samples.txt of a run. Received: {source} ({error})'
        ) from None
    logged = metrics_log.copy_lines(entry for entry in entries if entry['phase'] in ('initial', *phases))
    for file, text in ((metrics_file, logged), (samples_file, samples)):
        file.cut()
        file.append(text)
    return path


def _check_same_networks(config: Config, there: Config, source: pathlib.Path) -> None:
    """Raises RunError where the phase 'discriminator' of two runs trains other networks, or on other rewards."""
    here, other = (parts_of(settings) & TRAINED_ON_SETS for settings in (config, there))
    same_reward = config.value != 'network' or reward_of(config) == reward_of(there)
    if here != other or not same_reward:
        raise RunError(
            'start_from must have trained the networks that the run needs, a value network on the same reward. '
            f'{source} has algorithm={there.algorithm}, reward={reward_of(there)}, value={there.value}; the run has '
            f'algorithm={config.algorithm}, reward={reward_of(config)}, value={config.value}'
        )
