"""metrics.jsonl: what is written is read back, and a line that nobody should compute with is refused."""

import pytest

from seqgan_tf.errors import RunError
from seqgan_tf.evaluation import streams
from seqgan_tf.running import metrics_log
from seqgan_tf.running.stopwatch import Duration
from seqgan_tf.training.state import PHASES, Report

REPORTS = [
    Report('initial', 0, 0, {'nll': 1 / 3}),
    Report('mle', 1, 2, {'nll': 0.1, 'samples': 7}),
    Report('final', 0, 0, {'nll': 1e-9}),
]


@pytest.fixture
def log(tmp_path):
    path = tmp_path / metrics_log.NAME
    path.write_text(''.join(metrics_log.format_line(report, Duration(2.5, 4.0)) for report in REPORTS), 'utf-8')
    return path


def test_what_is_written_is_read_back(log):
    entries = metrics_log.read(log)
    assert [(e['phase'], e['round']) for e in entries] == [(r.phase, r.round) for r in REPORTS]
    assert [metrics_log.metrics_of(e) for e in entries] == [{'nll': r.metrics['nll']} for r in REPORTS]
    assert metrics_log.copy_lines(entries) == log.read_text('utf-8')
    assert all((e['round_seconds'], e['round_cpu_seconds']) == (2.5, 4.0) for e in entries)
    assert '_seconds' not in metrics_log.format_line(REPORTS[0])


def test_a_run_is_finished_when_its_last_line_says_so(log):
    assert metrics_log.is_finished(log) and metrics_log.last_phase(log) == 'final'
    log.write_text(metrics_log.format_line(REPORTS[1]), 'utf-8')
    assert not metrics_log.is_finished(log) and metrics_log.last_phase(log) == 'mle'
    log.write_text('', 'utf-8')
    assert metrics_log.last_phase(log) is None and not metrics_log.is_finished(log)
    log.unlink()
    assert metrics_log.last_phase(log) is None and not metrics_log.is_finished(log)


@pytest.mark.parametrize(
    'line',
    [
        '',
        '[]',
        '"final"',
        '{"phase": "final"}',
        '{"phase": "mle", "round": -1}',
        '{"phase": "mle", "round": 1.0}',
        '{"phase": "mle", "round": true}',
        '{"phase": 1, "round": 1}',
        '{"phase": "mle", "round": 1, "nll": NaN}',
        '{"phase": "mle", "round": 1, "nll": -Infinity}',
        '{"phase": "mle", "round": 1, "nll": true}',
        '{"phase": "mle", "round": 1, "nll": "1"}',
        f'{{"phase": "mle", "round": 1, "nll": 1{"0" * 400}}}',
        '{"phase": "mle", "round": 1',
        '[' * 200_000,
    ],
    ids=lambda line: line[:40],
)
def test_a_bad_line_is_refused(line, log):
    with pytest.raises(ValueError):
        metrics_log.parse_line(line)
    log.write_text(f'{metrics_log.format_line(REPORTS[0])}{line}\n', 'utf-8')
    with pytest.raises(RunError, match=f'one JSON object with finite numbers a line. Received: {log}, line 2 '):
        metrics_log.read(log)


@pytest.mark.parametrize('again', [0, 1])
def test_the_rounds_of_a_phase_rise(again, log):
    log.write_text(''.join(metrics_log.format_line(Report('mle', i, 2, {})) for i in (1, again)), 'utf-8')
    with pytest.raises(RunError, match=f'line 2 .mle {again} comes after mle 1'):
        metrics_log.read(log)


# The streams of evaluations, by the phases that a log names


def test_a_phase_keeps_its_stream_whatever_phases_there_are(monkeypatch):
    numbers = dict(initial=0, mle=1, discriminator=2, adversarial=3, temperature=4, final=5, search=6)
    numbers |= dict(top_k=7, top_p=8, likeliest=9)
    assert streams.STREAMS == numbers
    assert set(PHASES) <= set(streams.STREAMS)
    before = {phase: streams.evaluation_seed(3, phase, 2).numpy().tolist() for phase in streams.STREAMS}
    monkeypatch.setattr(streams, 'STREAMS', {'other': 10} | streams.STREAMS)
    assert before == {phase: streams.evaluation_seed(3, phase, 2).numpy().tolist() for phase in before}
    assert streams.evaluation_seed(3, 'other', 2).numpy().tolist() not in before.values()
    assert len({tuple(seed) for seed in before.values()}) == len(before)


def test_a_phase_without_a_stream_is_refused():
    with pytest.raises(ValueError, match='must have a number in STREAMS. Received: phase=other'):
        streams.evaluation_seed(0, 'other', 1)
