"""A dry run: what it says of a run holds for the run, and it leaves nothing behind."""

import dataclasses
import json
import re

import pytest

from seqgan_tf.algorithms.registry import parts_of
from seqgan_tf.config import Config
from seqgan_tf.data.tasks import load_task
from seqgan_tf.errors import RunError
from seqgan_tf.running import dry_run
from seqgan_tf.running.checkpoints import Checkpoints
from seqgan_tf.training.state import TrainState

SMALL = Config(
    vocab_size=12,
    sequence_length=5,
    num_sequences=400,
    held_out=32,
    batch_size=16,
    eval_samples=32,
    mle_epochs=3,
    discriminator_rounds=4,
    adversarial_rounds=5,
    d_steps=2,
    g_steps=3,
    discriminator_epochs=2,
    negatives=300,
    num_rollouts=2,
    jit='off',
)


@pytest.fixture(scope='module')
def printed(tmp_path_factory):
    """The lines of a dry run of seqgan; its working directory is empty before and after."""
    folder, lines = tmp_path_factory.mktemp('empty'), []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in ('say', 'tell'):
            patch.setattr(dry_run, name, lines.append)
        dry_run.dry_run(SMALL)
    assert list(folder.iterdir()) == []
    return lines


def test_it_says_the_sizes(printed, tmp_path):
    assert printed[0] == 'synthetic: 400 training, 32 validation and 32 test sequences of 5 symbols, vocabulary 12'
    state = TrainState(SMALL, load_task(SMALL).corpus.vocabulary, parts_of(SMALL))
    for name in ('generator', 'rollout_policy', 'discriminator'):
        assert f'{name}: {getattr(state, name).count_params():,} parameters' in printed
    Checkpoints(tmp_path, state=state).save()
    [data] = tmp_path.glob('*.data-*')
    [said] = [float(match[1]) for line in printed if (match := re.match(r'a checkpoint has about ([\d.]+) MB', line))]
    assert said == pytest.approx(data.stat().st_size / 1e6, rel=0.05)


def test_it_says_rounds_and_updates(printed):
    rows = {
        line.split()[0]: line.split()[1:4] for line in printed if re.match(r'(mle|disc\w+|adv\w+|eval\w+) +\d', line)
    }
    of_set = 2 * (2 * 300 // 16)  # two epochs
    assert rows['mle'][:2] == ['3', str(3 * (400 // 16))]
    assert rows['discriminator'][:2] == ['4', str(4 * of_set)]
    assert rows['adversarial'] == ['5', str(5 * 3), str(5 * 2 * of_set)]
    assert rows['evaluation'][0] == '4'  # before, after each of the two phases of the generator, and at the end


@pytest.mark.parametrize(
    'changes, phases',
    [
        (dict(algorithm='random'), []),
        (dict(algorithm='mle'), ['mle']),
        (dict(reward='constant', g_steps=0, adversarial_mle_steps=2), ['mle', 'adversarial']),
    ],
)
def test_it_has_the_phases_of_the_algorithm(changes, phases):
    config = dataclasses.replace(SMALL, **changes)
    assert [row.name for row in dry_run.plan(config, load_task(config))] == [*phases, 'evaluation']


def test_time_is_scaled_by_batches_and_steps(monkeypatch):
    """With a clock that counts one second a round."""
    monkeypatch.setattr(dry_run.time, 'perf_counter', iter(range(10_000)).__next__)
    rows = {row.name: row.seconds for row in dry_run.plan(SMALL, load_task(SMALL))}
    assert rows['mle'] == pytest.approx(400 / (16 * 16))
    assert rows['discriminator'] == pytest.approx(300 / 128)
    assert rows['adversarial'] == pytest.approx(3 + 2 * 300 / 128)
    assert rows['evaluation'] == 1


def test_settings_of_another_run_are_refused(tmp_path):
    (tmp_path / 'config.json').write_text(SMALL.to_json(), 'utf-8')
    with pytest.raises(RunError, match='was made with others:\n  seed: 0 there, 1 now'):
        dry_run.dry_run(dataclasses.replace(SMALL, seed=1, workdir=str(tmp_path)))
    assert [path.name for path in tmp_path.iterdir()] == ['config.json']
    assert json.loads((tmp_path / 'config.json').read_text('utf-8')) == dataclasses.asdict(SMALL)


def test_bad_data_are_refused():
    with pytest.raises(RunError, match='batch_size must be at most the number of training rows, 400'):
        dry_run.dry_run(dataclasses.replace(SMALL, batch_size=500, negatives=0))
