"""Starting from the likelihood phase of another run, so that several runs share a pretraining."""

import pathlib

import tensorflow as tf

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
    """Puts a new run where the run of `config.start_from` ended its likelihood phase.

    The generator, its optimizer, the random stream, the counters and the logged lines are copied.
    The rest of the run equals, bit for bit, the rest of a run with its own pretraining.

    Args:
        config: settings of the new run.
        corpus: of the new run.
        state: of the new run; it is changed.
        metrics_file, samples_file: logs of the new run; the lines of the other run are appended.

    Returns:
        The path of the checkpoint that was read.

    Raises:
        RunError: the other run is not a finished run of algorithm=mle, or it has other data,
            networks or pretraining.
    """
    source = pathlib.Path(config.start_from)
    if not (source / 'config.json').is_file():
        raise RunError(f'start_from must be the workdir of a run. Received: {source}, which has no config.json')
    with user_errors():
        there = Config.from_json(source / 'config.json')
    if there.algorithm != 'mle':
        raise RunError(
            f'start_from must be a run of algorithm=mle. Received: {source} with algorithm={there.algorithm}'
        )
    differing = config.likelihood_differences(there)
    if differing:
        raise RunError(
            'start_from must be a run with the same data, networks and pretraining. '
            f'{source} was made with others:{list_differences(differing)}'
        )
    check_data(config, corpus, source)

    path, _ = Checkpoints(source / 'checkpoints', state=tf.train.Checkpoint(**state.likelihood_phase())).restore()
    if path is None or not (state.done['mle'] == config.mle_epochs or state.ended_early):
        raise RunError(
            f'start_from must be a finished run. Received: {source}, which has done {int(state.done["mle"])} epochs of '
            f'{config.mle_epochs}'
        )
    try:
        entries = metrics_log.read(source / metrics_log.NAME)
        samples = metrics_log.read_text(source / 'samples.txt')
    except RunError as error:
        raise RunError(
            f'start_from must hold metrics.jsonl and samples.txt of a run. Received: {source} ({error})'
        ) from None
    logged = metrics_log.copy_lines(entry for entry in entries if entry['phase'] in ('initial', 'mle'))
    for file, text in ((metrics_file, logged), (samples_file, samples)):
        file.cut()
        file.append(text)
    return path
