"""Starting from another run's pretraining is the same as having done it; and what is refused."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from seqgan_tf.config import Config
from seqgan_tf.errors import RunError
from seqgan_tf.running.experiment import run

TINY = Config(
    dataset='synthetic',
    vocab_size=12,
    sequence_length=5,
    num_sequences=96,
    held_out=32,
    batch_size=16,
    eval_samples=32,
    jit='off',
    mle_epochs=6,
    mle_patience=2,
    generator_learning_rate=0.05,
    discriminator_rounds=1,
    adversarial_rounds=2,
    d_steps=1,
    discriminator_epochs=1,
    num_rollouts=2,
    adversarial_mle_steps=1,
)
LATER = [
    dict(algorithm='seqgan'),
    dict(algorithm='seqgan', baseline='ewma', freeze_discriminator=True),
    dict(algorithm='pg_bleu'),
]


def weights(state):
    holders = (state.generator, state.discriminator, state.mle_optimizer, state.policy_optimizer)
    return [v.numpy() for holder in holders if holder is not None for v in holder.variables]


def figures(workdir):
    lines = [json.loads(line) for line in (workdir / 'metrics.jsonl').read_text().splitlines()]
    return [{name: value for name, value in line.items() if not name.endswith('_seconds')} for line in lines]


@pytest.fixture(scope='module')
def pretrained(tmp_path_factory):
    """The workdir of a run of MLE."""
    workdir = tmp_path_factory.mktemp('study') / 'mle' / 'seed_0'
    run(dataclasses.replace(TINY, algorithm='mle', workdir=str(workdir)))
    return workdir


@pytest.mark.parametrize('settings', LATER, ids=str)
def test_it_is_the_run_with_a_pretraining_of_its_own(settings, pretrained, tmp_path):
    whole = run(dataclasses.replace(TINY, workdir=str(tmp_path / 'whole'), **settings)).state
    taken = run(
        dataclasses.replace(TINY, workdir=str(tmp_path / 'taken'), start_from=str(pretrained), **settings)
    ).state
    for a, b in zip(weights(whole), weights(taken), strict=True):
        np.testing.assert_array_equal(a, b)
    assert figures(tmp_path / 'whole') == figures(tmp_path / 'taken')
    assert figures(tmp_path / 'taken')[-1]['phase'] == 'final'


def test_it_is_continued_like_any_run(pretrained, tmp_path):
    short = dataclasses.replace(
        TINY, workdir=str(tmp_path), start_from=str(pretrained), reward='constant', adversarial_rounds=1
    )
    run(short)
    run(dataclasses.replace(short, adversarial_rounds=2))
    phases = [line['phase'] for line in figures(tmp_path)]
    assert (
        phases.count('final') == 1
        and phases[-1] == 'final'
        and phases.count('adversarial') == 2
        and phases.count('initial') == 1
    )


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(seed=1), 'same data, networks and pretraining(.|\n)*seed: 0 there, 1 now'),
        (dict(hidden_dim=16), 'hidden_dim: 32 there, 16 now'),
        (dict(mle_epochs=7), 'mle_epochs: 6 there, 7 now'),
        (dict(held_out=33), 'held_out: 32 there, 33 now'),
    ],
)
def test_another_pretraining_is_refused(change, message, pretrained, tmp_path):
    with pytest.raises(RunError, match=message):
        run(dataclasses.replace(TINY, workdir=str(tmp_path / 'new'), start_from=str(pretrained), **change))
    assert not (tmp_path / 'new' / 'metrics.jsonl').exists()


def test_a_directory_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(RunError, match=f'start_from must be the workdir of a run. Received: {tmp_path}'):
        run(dataclasses.replace(TINY, workdir=str(tmp_path / 'new'), start_from=str(tmp_path)))


@pytest.mark.parametrize(
    'name, content', [('metrics.jsonl', 'no json'), ('metrics.jsonl', '{}'), ('samples.txt', None)]
)
def test_a_damaged_run_is_refused(name, content, pretrained, tmp_path):
    source = shutil.copytree(pretrained, tmp_path / 'source')
    (source / name).unlink() if content is None else (source / name).write_text(content)
    with pytest.raises(RunError, match='start_from must hold metrics.jsonl and samples.txt of a run'):
        run(dataclasses.replace(TINY, workdir=str(tmp_path / 'new'), start_from=str(source)))


def test_an_unfinished_or_adversarial_run_is_refused(pretrained, tmp_path):
    unfinished = dataclasses.replace(
        TINY, algorithm='mle', mle_patience=0, mle_epochs=2, workdir=str(tmp_path / 'source')
    )
    run(unfinished)
    config = dataclasses.replace(
        TINY, mle_patience=0, mle_epochs=3, workdir=str(tmp_path / 'new'), start_from=str(tmp_path / 'source')
    )
    (tmp_path / 'source' / 'config.json').write_text(dataclasses.replace(unfinished, mle_epochs=3).to_json())
    with pytest.raises(RunError, match='start_from must be a finished run. .*has done 2 epochs of 3'):
        run(config)
    (tmp_path / 'source' / 'config.json').write_text(dataclasses.replace(config, start_from='').to_json())
    with pytest.raises(RunError, match='or one with adversarial_rounds=0. Received: .*adversarial_rounds=2'):
        run(config)


@pytest.fixture(scope='module')
def pretrained_discriminator(pretrained):
    """The workdir of a run that ends with the discriminator's pretraining, started from the run of MLE."""
    workdir = pretrained.parent.parent / 'discriminator' / 'seed_0'
    run(dataclasses.replace(TINY, workdir=str(workdir), start_from=str(pretrained), adversarial_rounds=0))
    return workdir


@pytest.mark.parametrize(
    'settings', [dict(), dict(reward='logit', baseline='whitened', num_rollouts=0), dict(algorithm='selfgan')], ids=str
)
def test_a_trained_discriminator_is_taken_over_too(settings, pretrained, pretrained_discriminator, tmp_path):
    settings = dict(adversarial_rounds=1) | settings
    whole = run(
        dataclasses.replace(TINY, workdir=str(tmp_path / 'whole'), start_from=str(pretrained), **settings)
    ).state
    taken = run(
        dataclasses.replace(TINY, workdir=str(tmp_path / 'taken'), start_from=str(pretrained_discriminator), **settings)
    ).state
    for a, b in zip(weights(whole), weights(taken), strict=True):
        np.testing.assert_array_equal(a, b)
    assert figures(tmp_path / 'whole') == figures(tmp_path / 'taken')


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(discriminator_rounds=2), 'discriminator_rounds: 1 there, 2 now'),
        (dict(discriminator_learning_rate=0.5), 'discriminator_learning_rate: 0.0001 there, 0.5 now'),
        (dict(hidden_dim=16), 'hidden_dim: 32 there, 16 now'),
        (dict(reward='constant'), 'must have trained the networks that the run needs'),
        (dict(value='causal'), 'must have trained the networks that the run needs'),
    ],
)
def test_another_training_of_the_discriminator_is_refused(change, message, pretrained_discriminator, tmp_path):
    with pytest.raises(RunError, match=message):
        run(
            dataclasses.replace(TINY, workdir=str(tmp_path / 'new'), start_from=str(pretrained_discriminator), **change)
        )
    assert not (tmp_path / 'new' / 'metrics.jsonl').exists()


def test_an_unfinished_training_of_the_discriminator_is_refused(pretrained_discriminator, tmp_path):
    source = shutil.copytree(pretrained_discriminator, tmp_path / 'source')
    config = Config.from_json(source / 'config.json')
    (source / 'config.json').write_text(dataclasses.replace(config, discriminator_rounds=2).to_json())
    with pytest.raises(RunError, match='has done 1 negative sets of 2'):
        run(dataclasses.replace(TINY, workdir=str(tmp_path / 'new'), start_from=str(source), discriminator_rounds=2))
