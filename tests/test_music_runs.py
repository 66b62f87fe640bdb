"""Runs of dataset=music: what they show, and what they leave behind."""

import dataclasses
import sys

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from seqgan_tf.commands import midi as command
from seqgan_tf.config import Config
from seqgan_tf.data.corpus import PARTS
from seqgan_tf.evaluation.streams import evaluation_seed
from seqgan_tf.music import midi
from seqgan_tf.music.audio import RATE
from seqgan_tf.music.melody import Melody
from seqgan_tf.music.notes import notes_of
from seqgan_tf.policies.chunked import Sampler
from seqgan_tf.running.experiment import run

T, STEP = 8, 0.25


@pytest.fixture(scope='module')
def config(tmp_path_factory):
    """Of a tiny run of MLE."""
    folder, rng = tmp_path_factory.mktemp('music'), np.random.default_rng(0)
    for part in PARTS:
        lines = (' '.join(map(str, rng.integers(40, 50, 2 * T))) for _ in range(10))
        (folder / f'{part}.txt').write_text('\n'.join(lines))
    return Config(
        algorithm='mle',
        dataset='music',
        corpus=str(folder),
        sequence_length=T,
        step=STEP,
        batch_size=16,
        embedding_dim=4,
        hidden_dim=4,
        mle_epochs=1,
        eval_samples=16,
        jit='off',
        workdir=str(folder / 'run'),
    )


@pytest.fixture(scope='module')
def trained(config):
    return run(config)


def pieces(workdir):
    return {path.name: path.read_bytes() for path in (workdir / 'samples').iterdir()}


@pytest.fixture
def workdir(config, trained, tmp_path):
    """The directory of the finished run."""
    return type(tmp_path)(config.workdir)


def test_a_run_ends_with_the_first_samples_of_its_closing_evaluation(config, trained, workdir):
    found = pieces(workdir)
    assert sorted(found) == sorted(f'{i}.{suffix}' for i in range(1, 9) for suffix in ('mid', 'wav'))
    seed, melody = evaluation_seed(config.seed, 'final', 0), Melody(step=STEP)
    tokens = Sampler(trained.generator, T, config.jit)(config.eval_samples, seed).numpy()[:8]
    assert [found[f'{i}.mid'] for i in range(1, 9)] == [
        midi.midi_bytes(notes_of(ids, melody), melody) for ids in tokens
    ]
    assert {len(found[f'{i}.wav']) for i in range(1, 9)} == {44 + 2 * int(RATE * (T * STEP + 1))}


def test_tensorboard_has_piano_rolls_and_sounds(workdir):
    events = EventAccumulator(str(workdir / 'tensorboard'))
    events.Reload()
    assert set(events.Tags()['tensors']) >= {'piano_roll/samples', 'piano_roll/data', 'pieces'}
    steps = lambda name: [event.step for event in events.Tensors(name)]
    assert steps('piano_roll/samples') == steps('piano_roll/data') == [0, 1]
    kinds = {name: events.SummaryMetadata(name).plugin_data.plugin_name for name in ('piano_roll/data', 'pieces')}
    assert kinds == {'piano_roll/data': 'images', 'pieces': 'audio'} and steps('pieces') == [1]


def test_an_extended_run_ends_as_the_uninterrupted_one(config, tmp_path, capsys):
    longer = dataclasses.replace(config, mle_epochs=2, loggers='', workdir=str(tmp_path / 'whole'))
    run(longer)
    parted = dataclasses.replace(longer, workdir=str(tmp_path / 'parted'))
    run(dataclasses.replace(parted, mle_epochs=1))
    run(parted)
    assert pieces(tmp_path / 'whole') == pieces(tmp_path / 'parted')
    assert f'8 pieces: {tmp_path}/parted/samples/1.mid' in capsys.readouterr().out


def test_a_run_without_the_extra_says_so_at_both_ends(config, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, 'mido', None)
    run(dataclasses.replace(config, workdir=str(tmp_path / 'run'), loggers='terminal'))
    printed = capsys.readouterr().out
    reason = "MIDI files need the package mido: pip install 'seqgan_tf[music]'. Received: no module mido."
    assert f'note: the run will end without MIDI files. {reason}' in printed
    assert f'no MIDI files: {reason} Then seqgan-midi --workdir={tmp_path}/run' in printed
    assert not (tmp_path / 'run' / 'samples').exists()


def test_the_command_writes_what_generate_gives(trained, workdir, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(
        sys, 'argv', ['seqgan-midi', f'--workdir={workdir}', '--n=3', '--seed=5', f'--out={tmp_path}/out']
    )
    command.main()
    assert capsys.readouterr().out.split() == [f'{tmp_path}/out/{i}.mid' for i in (1, 2, 3)]
    melody = Melody(step=STEP)
    for i, text in enumerate(trained.generate(3, seed=5), start=1):
        expected = midi.midi_bytes(notes_of(melody.parse(text), melody), melody)
        assert (tmp_path / 'out' / f'{i}.mid').read_bytes() == expected
