"""A dry run: what a run would train, and an estimate of its time. Nothing is written."""

import dataclasses
import itertools
import pathlib
import time
from collections.abc import Iterable, Iterator

from seqgan_tf.algorithms.registry import ALGORITHMS, PHASE_LENGTHS, parts_of, planned_rounds
from seqgan_tf.config import Config
from seqgan_tf.data.corpus import Corpus
from seqgan_tf.data.tasks import Task, load_task
from seqgan_tf.evaluation.evaluator import Evaluator
from seqgan_tf.evaluation.streams import evaluation_seed
from seqgan_tf.loggers.terminal import say, tell
from seqgan_tf.running.workdir import check_data, check_settings, user_errors
from seqgan_tf.training.parts import PARTS
from seqgan_tf.training.state import TrainState

BATCHES = 16  # in an epoch, and in a negative set, of a measured round: at B 64 the set is one chunk of samples
EVALUATED = 10_000  # samples in a measured evaluation, at most
FLOAT = 4  # bytes


@dataclasses.dataclass(frozen=True)
class Row:
    """One row of the plan: a phase, or the evaluations.

    Attributes:
        name: of the phase.
        rounds: how many there are.
        generator, discriminator: updates of the network in a round.
        seconds: of a round.
    """

    name: str
    rounds: int
    generator: int
    discriminator: int
    seconds: float


def dry_run(config: Config) -> None:
    """Reads the data, checks the settings, and prints sizes, updates and an estimate of the time.

    A few batches of each phase are run on a state that is thrown away.

    Raises:
        RunError: settings or data are bad, or the workdir was made with other ones.
    """
    workdir = pathlib.Path(config.workdir)
    check_settings(config, workdir)
    with user_errors():
        task = load_task(config)
        task.corpus.batches(0, config.batch_size, config.seed)
    check_data(config, task.corpus, workdir)
    for line in _sizes(config, task.corpus):
        tell(line)
    say('running a few batches of each phase ...')
    for line in _table(plan(config, task)):
        say(line)


def plan(config: Config, task: Task) -> list[Row]:
    """The phases of a run, with a measured time each; the last row is the evaluations."""
    seconds = _measure(config, task.corpus)
    batches = len(task.corpus.train) // config.batch_size
    has_discriminator = 'discriminator_optimizer' in parts_of(config)
    of_set = config.discriminator_epochs * (2 * _negatives(config, task.corpus) // config.batch_size)
    of_set *= has_discriminator  # a value network is trained on such sets too, without one
    d_steps = config.d_steps if 'discriminator' in seconds and not config.freeze_discriminator else 0
    updates = {
        'mle': (batches, 0),
        'discriminator': (0, of_set),
        'adversarial': (config.g_steps + config.adversarial_mle_steps, d_steps * of_set),
    }
    rounds = planned_rounds(config) | ({'mle': 0} if config.start_from else {})
    rows = [Row(phase, rounds[phase], *updates[phase], seconds[phase]) for phase in rounds]
    evaluations = 2 + sum(-(-row.rounds // config.eval_every) for row in rows if row.name != 'discriminator')
    return [*rows, Row('evaluation', evaluations, 0, 0, _measure_evaluation(config, task))]


def _measure(config: Config, corpus: Corpus) -> dict[str, float]:
    """{phase: seconds of a round} of the phases that the algorithm has.

    The second of two short rounds is timed, as the first one compiles. A time is scaled by the
    number of batches, a step of the generator by the number of steps.
    """
    rows = min(len(corpus.train), BATCHES * config.batch_size)
    share = rows / len(corpus.train)
    negatives = min(_negatives(config, corpus), BATCHES * config.batch_size // 2)
    small = dataclasses.replace(
        corpus, train=corpus.train[:rows], validation=corpus.validation[: max(1, round(share * len(corpus.validation)))]
    )
    short = dataclasses.replace(
        config,
        **dict.fromkeys(PHASE_LENGTHS.values(), 2),
        mle_patience=0,
        g_steps=min(1, config.g_steps),
        adversarial_mle_steps=min(1, config.adversarial_mle_steps),
        d_steps=0,
        negatives=negatives,
    )
    state = TrainState(short, corpus.vocabulary, parts_of(short))
    measured = dict(_timed(ALGORITHMS[short.algorithm](state, small, short)))

    seconds = {}
    if 'mle' in measured:
        seconds['mle'] = measured['mle'] / share
    if 'discriminator' in measured:
        seconds['discriminator'] = measured['discriminator'] * _negatives(config, corpus) / negatives
    if 'adversarial' in measured:
        mle_step = seconds['mle'] / (len(corpus.train) // config.batch_size) if config.adversarial_mle_steps else 0.0
        d_steps = 0 if config.freeze_discriminator else config.d_steps
        seconds['adversarial'] = (
            config.g_steps * max(0.0, measured['adversarial'] - mle_step)
            + config.adversarial_mle_steps * mle_step
            + d_steps * seconds.get('discriminator', 0.0)
        )
    return seconds


def _timed(reports: Iterable) -> Iterator[tuple[str, float]]:
    """(phase, seconds) of every round."""
    reports = iter(reports)
    while True:
        started = time.perf_counter()
        report = next(reports, None)
        if report is None:
            return
        yield report.phase, time.perf_counter() - started


def _measure_evaluation(config: Config, task: Task) -> float:
    """Seconds of an evaluation; the second one is timed, and scaled by its number of samples."""
    samples = min(EVALUATED, config.eval_samples)
    state = TrainState(config, task.corpus.vocabulary, parts_of(config))
    evaluator = Evaluator(state.generator, task, samples, config.jit, lambda: state.discriminator)
    started = 0.0
    for i in range(2):
        started = time.perf_counter()
        dict(evaluator(evaluation_seed(config.seed, 'initial', i)))
    return (time.perf_counter() - started) * config.eval_samples / samples


def _negatives(config: Config, corpus: Corpus) -> int:
    """Samples in a negative set."""
    return min(config.negatives or len(corpus.train), len(corpus.train))


def _sizes(config: Config, corpus: Corpus) -> Iterator[str]:
    """Lines about the data and the networks."""
    yield f'{config.dataset}: {corpus.sizes}'
    for note in corpus.notes:
        yield f'note: {note}'
    state = TrainState(config, corpus.vocabulary, parts_of(config))
    parts = {name: getattr(state, name) for name in ('generator', *PARTS)}
    for name in ('generator', 'rollout_policy', 'discriminator', 'value_network', 'causal_discriminator'):
        if parts[name] is not None:
            yield f'{name}: {parts[name].count_params():,} parameters'
    variables = itertools.chain(
        state.best_weights, *(getattr(part, 'variables', [part]) for part in parts.values() if part is not None)
    )
    megabytes = sum(FLOAT * int(variable.shape.num_elements()) for variable in variables) / 1e6
    yield f'a checkpoint has about {megabytes:.1f} MB'


def _table(rows: Iterable[Row]) -> Iterator[str]:
    """The plan as lines."""
    rows = list(rows)
    line = '{:14}{:>8}{:>12}{:>12}{:>11}{:>11}'.format
    yield line('', 'rounds', 'G updates', 'D updates', 'a round', 'in all')
    for row in rows:
        generator, discriminator = (row.rounds * count or '' for count in (row.generator, row.discriminator))
        yield line(
            row.name, row.rounds, generator, discriminator, _clock(row.seconds), _clock(row.rounds * row.seconds)
        )
    yield line('the whole run', '', '', '', '', _clock(sum(row.rounds * row.seconds for row in rows)))
    yield 'Times are estimates from a few batches on this machine. Compiling comes on top, and the'
    yield 'closing evaluation of --final_samples, and the texts that a discriminator chooses at the end.'


def _clock(seconds: float) -> str:
    """A duration in a unit that suits it."""
    for unit, size, least in (('h', 3600, 7200), ('min', 60, 120), ('s', 1, 1)):
        if seconds >= least:
            return f'{seconds / size:.1f} {unit}'
    return f'{seconds * 1000:.0f} ms'
