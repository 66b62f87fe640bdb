"""Unfinished runs and the report: those below a directory are skipped and named, one that is named itself is refused."""

import sys

import pytest
from test_report import write_run

from seqgan_tf.errors import RunError
from seqgan_tf.report import command
from seqgan_tf.report.document import compose
from seqgan_tf.report.page import markdown
from seqgan_tf.report.study import read_study

ENDS = {
    'before its closing evaluation': (lambda path: keep(path, -1), 'likeliest 3'),
    'in the midst': (lambda path: keep(path, 8), 'mle 7'),
    'before its first line': (lambda path: keep(path, 0), 'none'),
    'before its log': (lambda path: path.unlink(), 'none'),
}


def keep(path, count):
    path.write_bytes(b''.join(path.read_bytes().splitlines(keepends=True)[:count]))


@pytest.fixture
def study_dir(tmp_path):
    """Two finished runs, and one to spoil: a/seed_0."""
    for label, seed in (('a', 0), ('a', 1), ('b', 1)):
        write_run(tmp_path / 'study', label, seed)
    return tmp_path / 'study'


def report(monkeypatch, *arguments):
    monkeypatch.setattr(sys, 'argv', ['report', *map(str, arguments)])
    monkeypatch.setattr(command, 'build', lambda study: {'report.md': markdown(compose(study, ())).encode()})
    command.main()


@pytest.mark.parametrize('case', ENDS)
def test_an_unfinished_run_is_skipped_and_named(case, study_dir, tmp_path, monkeypatch, capsys):
    change, last = ENDS[case]
    change(study_dir / 'a' / 'seed_0' / 'metrics.jsonl')
    report(monkeypatch, study_dir, f'--out={tmp_path / "out"}')
    said = capsys.readouterr()
    assert said.err == f'skipped: {study_dir / "a" / "seed_0"} is unfinished; its last line is {last}\n'
    page = (tmp_path / 'out' / 'report.md').read_text()
    assert 'The report has 2 finished runs. Labels, with their numbers of seeds: a (1), b (1).' in page
    assert f'unfinished, and so left out: a with seed 0 (last line: {last}).' in page


def test_where_all_are_finished_none_is_named(study_dir, tmp_path, monkeypatch, capsys):
    report(monkeypatch, study_dir, f'--out={tmp_path / "out"}')
    assert capsys.readouterr().err == '' and 'left out' not in (tmp_path / 'out' / 'report.md').read_text()


@pytest.mark.parametrize('case', ENDS)
def test_an_unfinished_run_that_is_named_itself_is_refused(case, study_dir):
    change, last = ENDS[case]
    run = study_dir / 'a' / 'seed_0'
    change(run / 'metrics.jsonl')
    with pytest.raises(RunError, match=f'must be finished.*Received: {run}, whose last line is {last}'):
        read_study([study_dir, run])


def test_without_a_finished_run_there_is_no_report(study_dir, tmp_path, monkeypatch):
    for path in study_dir.rglob('metrics.jsonl'):
        keep(path, 8)
    with pytest.raises(SystemExit, match='error: a report needs a finished run. Received: 3 unfinished.*mle 7') as exit:
        report(monkeypatch, study_dir, f'--out={tmp_path / "out"}')
    assert '\n' not in str(exit.value) and not (tmp_path / 'out').exists()


def test_a_damaged_run_below_a_directory_still_stops_the_report(study_dir):
    path = study_dir / 'a' / 'seed_0' / 'metrics.jsonl'
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(RunError, match='metrics.jsonl must hold'):
        read_study([study_dir])
