"""What a run shows in a terminal and in a log file: lines that fit and are aligned, and what is left of the run."""

import contextlib
import dataclasses
import fcntl
import os
import pathlib
import pty
import re
import struct
import sys
import termios

import pytest

from seqgan_tf.algorithms.registry import planned_rounds
from seqgan_tf.config import Config
from seqgan_tf.loggers import layout
from seqgan_tf.loggers.terminal import Terminal, tell
from seqgan_tf.training.state import Report

ROUNDS = dict(mle_epochs=120, discriminator_rounds=50, adversarial_rounds=200)
CONFIG = Config(dataset='verse', **ROUNDS)
EVALUATION = dict(
    nll_oracle=9.1,
    nll_validation=1.71,
    entropy=1.42,
    nll_test=1.7007,
    unique=1.0,
    bleu_2=0.61,
    valid_tones=0.84,
    valid_all=0.1142,
)
OF_PHASE = {
    'mle': dict(nll=3.701, grad_norm=0.09467, nll_validation=2.388),
    'discriminator': dict(d_loss=0.25, d_accuracy=0.55, d_held_out_loss=0.6, d_held_out_accuracy=0.7812),
    'adversarial': dict(pg_loss=-12.669, grad_norm=27.1, entropy=1.689, reward=0.2234, d_loss=0.25)
    | dict(d_accuracy=0.55, d_held_out_loss=0.6, d_held_out_accuracy=0.7812),
}


def terminal(config=CONFIG):
    return Terminal(pathlib.Path('run'), dataclasses.asdict(config))


def report(phase, i, rounds=None, every=5):
    """Round i of a phase, with an evaluation in every fifth one."""
    total = rounds or ROUNDS[dict(zip(OF_PHASE, ROUNDS))[phase]]
    evaluation = EVALUATION if phase != 'discriminator' and i % every == 0 else {}
    return Report(phase, i, total, OF_PHASE[phase] | evaluation)


def shown(capsys, logger, phase, rounds, seconds):
    """The lines of these rounds."""
    capsys.readouterr()
    for i, duration in zip(rounds, seconds, strict=True):
        logger.write(report(phase, i), i, duration)
    return [line for line in capsys.readouterr().out.splitlines() if '/' in line]


@pytest.fixture(autouse=True)
def no_columns(monkeypatch):
    monkeypatch.delenv('COLUMNS', raising=False)


# What is left


def test_the_round_that_compiles_is_left_out_of_the_time_left(capsys):
    first, second, third = shown(capsys, terminal(), 'mle', (1, 2, 3), (300.0, 4.0, 4.0))
    assert 'left' not in first
    assert second.endswith('left 7m52s+') and third.endswith('left 7m48s+')


def test_one_slow_round_does_not_change_the_time_left(capsys):
    lines = shown(capsys, terminal(), 'adversarial', range(1, 8), (300.0, 4.0, 4.0, 4.0, 600.0, 4.0, 4.0))
    assert lines[-1].endswith('left 12m')


def test_a_resumed_phase_compiles_again(capsys):
    first, second = shown(capsys, terminal(), 'adversarial', (101, 102), (300.0, 1.0))
    assert 'left' not in first and second.endswith('left 1m38s')


def test_a_round_that_was_not_measured_gives_no_time(capsys):
    assert 'left' not in shown(capsys, terminal(), 'mle', (1, 2), (None, None))[-1]


def test_phases_to_come_are_named_when_a_phase_begins_and_where_they_fit(capsys, monkeypatch):
    logger = terminal()
    logger.write(Report('initial', 0, 0, EVALUATION), 0, None)
    assert capsys.readouterr().out.endswith('mle: 120 rounds, then discriminator 50, adversarial 200\n')
    monkeypatch.setenv('COLUMNS', '140')
    assert shown(capsys, logger, 'mle', (1, 2), (9.0, 1.0))[-1].endswith(
        'left 1m58s, then discriminator 50, adversarial 200'
    )
    logger.write(report('mle', 120), 120, 1.0)
    assert capsys.readouterr().out.endswith('\ndiscriminator: 50 rounds, then adversarial 200\n')


def test_the_last_phase_gives_the_time_of_the_whole_run(capsys):
    line = shown(capsys, terminal(), 'adversarial', (1, 2), (9.0, 2.0))[-1]
    assert line.endswith('left 6m36s') and 'then' not in line


def test_an_early_end_of_the_likelihood_phase_is_its_end(capsys):
    logger = terminal()
    logger.write(report('mle', 36), 36, 1.0)
    logger.write(report('mle', 37, rounds=37), 37, 1.0)
    assert capsys.readouterr().out.splitlines()[-1] == 'discriminator: 50 rounds, then adversarial 200'


@pytest.mark.parametrize(
    'settings, plan',
    [
        (dict(), ROUNDS),
        (dict(algorithm='random'), {}),
        (dict(algorithm='scheduled_sampling'), dict(mle_epochs=120)),
        (dict(algorithm='pg_bleu'), dict(mle_epochs=120, adversarial_rounds=200)),
        (dict(reward='constant'), dict(mle_epochs=120, adversarial_rounds=200)),
        (dict(reward='shuffled'), ROUNDS),
        (dict(discriminator_rounds=0), dict(mle_epochs=120, adversarial_rounds=200)),
    ],
)
def test_the_plan_has_the_phases_of_the_algorithm(settings, plan):
    phases = dict(zip(ROUNDS, OF_PHASE))
    planned = planned_rounds(dataclasses.replace(CONFIG, **settings))
    assert list(planned.items()) == [(phases[name], rounds) for name, rounds in plan.items()]


@pytest.mark.parametrize(
    'seconds, text',
    [(0, '0s'), (59.6, '1m00s'), (450, '7m30s'), (599, '9m59s'), (720, '12m'), (7530, '2h05m'), (50_000, '13h')]
    + [(86_400 * 3.2, '3d04h'), (86_400 * 20, '20d')],
)
def test_a_duration_has_at_most_five_characters(seconds, text):
    assert layout.duration(seconds) == text and len(text) <= 5


# Lines


@pytest.mark.parametrize('dataset', ['synthetic', 'verse'])
@pytest.mark.parametrize('width', [60, 80, 100, 140])
@pytest.mark.parametrize('phase', OF_PHASE)
def test_lines_of_a_phase_fit_and_are_aligned(phase, width, dataset, capsys, monkeypatch):
    monkeypatch.setenv('COLUMNS', str(width))
    logger = terminal(dataclasses.replace(CONFIG, dataset=dataset))
    lines = shown(capsys, logger, phase, (1, 9, 10, 11, 50), (9.0, 20.0, 20.0, 20.0, 20.0))
    assert max(map(len, lines)) <= width
    places = {}
    for line in lines:
        for match in re.finditer(r'[a-z]\w+ (?=[-.\d])', re.split('  left|  then', line)[0]):
            places.setdefault(match[0], set()).add(match.start())
    assert places and all(len(starts) == 1 for starts in places.values()), places


def test_the_most_important_figures_come_first(capsys, monkeypatch):
    monkeypatch.setenv('COLUMNS', '80')
    line = shown(capsys, terminal(), 'adversarial', (5,), (1.0,))[0]
    assert re.findall(r'[a-z]\w{2,}', line) == ['adversarial', 'valid_all', 'nll_test', 'reward']
    monkeypatch.setenv('COLUMNS', '160')
    line = shown(capsys, terminal(), 'adversarial', (5,), (1.0,))[0]
    assert ' '.join(re.findall(r'[a-z]\w{2,}', line)).startswith(
        'adversarial valid_all nll_test reward nll_validation d_held_out_accuracy pg_loss'
    )


@pytest.mark.parametrize('width', [80, 100, 140])
def test_a_round_without_an_evaluation_has_blank_cells(width, capsys, monkeypatch):
    monkeypatch.setenv('COLUMNS', str(width))
    without, evaluated = shown(capsys, terminal(), 'adversarial', (4, 5), (1.0, 1.0))
    assert 'valid_all' not in without and without.index('reward') == evaluated.index('reward')


@pytest.mark.parametrize('width', [40, 80, 100, 140])
@pytest.mark.parametrize('phase', ['initial', 'final'])
def test_an_evaluation_beside_the_rounds_shows_all_figures_in_aligned_lines(phase, width, capsys, monkeypatch):
    monkeypatch.setenv('COLUMNS', str(width))
    metrics = {f'self_bleu_{n}_of_data': 0.1 / n for n in (2, 3, 4)} | EVALUATION | {'fresh_discriminator_loss': -1e-5}
    terminal(dataclasses.replace(CONFIG, algorithm='random')).write(Report(phase, 0, 0, metrics), 0, None)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= width and lines[0].startswith(f'{phase}  valid_all 0.1142')
    assert all(line.startswith(' ' * len(phase)) for line in lines[1:])
    assert sorted(re.findall(r'([a-z]\w+) [-\d]', '\n'.join(lines))) == sorted(metrics)
    starts = [{m.start() for m in re.finditer(r'[a-z]\w+ (?=[-\d])', line)} for line in lines]
    assert all(later <= starts[0] for later in starts[1:])


@pytest.mark.parametrize('value', [0.0, 1.0, -2.669, 1235.4, 123456.0, -123456.0, 0.09196, -0.00123, 1e-12, 8.76612])
def test_every_value_stays_in_its_cell(value):
    line = layout.row({'pg_loss': value, 'b': 1.0}, ['pg_loss', 'b'], 40)
    name, text, last, one = line.split()
    assert (name, last, one) == ('pg_loss', 'b', '1') and line.index(' b ') == 14
    assert abs(float(text) - value) <= max(0.5 * abs(value), 1e-3)


def test_a_log_file_has_lines_of_100_characters(monkeypatch):
    read, write = os.pipe()
    with open(write, 'w') as pipe, open(read):
        monkeypatch.setattr(sys, 'stdout', pipe)
        monkeypatch.setattr(sys, '__stdout__', pipe)
        assert layout.line_width() == 100


# The bar, in a pseudo-terminal


@pytest.fixture
def screen(monkeypatch):
    """(columns) -> a function that returns what was written to a terminal of so many columns since the last call."""
    main, other = pty.openpty()
    os.set_blocking(main, False)

    def read():
        parts = []
        with contextlib.suppress(BlockingIOError):  # there is no more
            while True:
                parts.append(os.read(main, 1 << 16))
        return b''.join(parts).decode().replace('\r\n', '\n').replace('\r', '\n')

    def resize(columns):
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack('HHHH', 40, columns, 0, 0))
        for name in ('stdout', 'stderr', '__stdout__'):  # here, because pytest sets them before a test begins
            monkeypatch.setattr(sys, name, stream)
        return read

    with os.fdopen(other, 'w') as stream, os.fdopen(main):
        yield resize


def bars(text):
    return [line for line in text.splitlines() if '%|' in line]


@pytest.mark.parametrize('columns', [80, 140])
def test_the_bar_follows_the_rounds_and_names_what_is_left(columns, screen):
    read, logger = screen(columns), terminal()
    logger.write(Report('initial', 0, 0, EVALUATION), 0, None)
    assert re.fullmatch(
        r'mle +0%\| +\| 0/120, compiling, then discriminator 50, adversarial 200', bars(read())[-1].strip()
    )
    logger.write(report('mle', 1), 1, 300.0)
    assert bars(read())[-1].endswith('| 1/120, then discriminator 50, adversarial 200')
    logger.write(report('mle', 2), 2, 4.0)
    assert bars(read())[-1].endswith('| 2/120, left 7m52s, then discriminator 50, adversarial 200')
    logger.write(report('mle', 120), 120, 4.0)
    text = read()
    assert re.match(r'discriminator +0%\| +\| 0/50, compiling, then adversarial 200', bars(text)[-1])
    assert max(map(len, text.splitlines())) <= columns
    logger.close()
    assert not read().strip(), 'a bar that is closed leaves nothing'


def test_the_bar_of_the_last_phase_ends_with_it(screen):
    read, logger = screen(80), terminal()
    logger.write(report('adversarial', 199), 199, 4.0)
    assert '| 199/200' in bars(read())[-1]
    logger.write(report('adversarial', 200), 200, 4.0)
    read()
    logger.write(Report('final', 0, 0, EVALUATION), 0, 60.0)
    assert not bars(read())


def test_lines_in_a_terminal_without_a_size_have_80_characters(screen):
    screen(0)
    assert layout.line_width() == 80


@pytest.mark.parametrize('on_a_terminal', [True, False])
def test_sentences_are_broken_between_words_on_a_terminal_only(on_a_terminal, monkeypatch, capsys):
    monkeypatch.setenv('COLUMNS', '40')
    monkeypatch.setattr(sys.stdout, 'isatty', lambda: on_a_terminal, raising=False)
    sentence = 'note: a sentence of many words, some-of-them-joined by hyphens, that no line of forty holds'
    tell(sentence)
    lines = capsys.readouterr().out.splitlines()
    assert ' '.join(line.strip() for line in lines) == sentence
    assert (max(map(len, lines)) <= 40) == on_a_terminal
