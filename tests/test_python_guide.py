"""docs/python.md, run as a user would: as a script, and as a notebook that is interrupted and goes on."""

import asyncio
import os
import pathlib
import re
import subprocess
import sys
import threading
import time

import nbclient
import nbformat
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
CODE = re.findall(r'```python\n(.*?)```', (ROOT / 'docs' / 'python.md').read_text('utf-8'), flags=re.S)
INTERRUPTED = """
import pathlib
interrupted = seqgan_tf.Config(**vars(config) | {'workdir': 'runs/interrupted', 'mle_epochs': 3000})
report = lambda report: pathlib.Path('started').touch() if report.round else None
seqgan_tf.run(interrupted, corpus=corpus, on_report=report)
"""
CONTINUED = """
done = seqgan_tf.read_metrics('runs/interrupted')[-1]['round']
shorter = seqgan_tf.Config(**vars(interrupted) | {'mle_epochs': done + 1})
print('epochs', int(seqgan_tf.run(shorter, corpus=corpus).state.done['mle']) - done)
"""


def test_the_guide_runs_as_a_script(tmp_path):
    (tmp_path / 'guide.py').write_text('\n'.join(CODE), 'utf-8')
    done = subprocess.run(
        [sys.executable, 'guide.py'],
        cwd=tmp_path,
        env=os.environ | {'PYTHONPATH': str(ROOT)},
        capture_output=True,
        text=True,
        timeout=570,
    )
    assert done.returncode == 0, done.stderr
    assert 'final 0' in done.stdout and re.search(r'^final \d+\.\d+$', done.stdout, re.M)
    assert done.stderr == ''


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    """A client that runs cells in a kernel of its own, whose directory is a temporary one."""
    monkeypatch.setenv('PYTHONPATH', str(ROOT))
    cells = [nbformat.v4.new_code_cell(code) for code in (*CODE[:2], INTERRUPTED, CONTINUED)]
    return nbclient.NotebookClient(
        nbformat.v4.new_notebook(cells=cells),
        timeout=570,
        allow_errors=True,
        resources={'metadata': {'path': str(tmp_path)}},
    )


def test_a_notebook_is_interrupted_and_goes_on(notebook, tmp_path):
    def interrupt():
        while not (tmp_path / 'started').exists():
            time.sleep(0.1)
        asyncio.run(notebook.km.interrupt_kernel())

    threading.Thread(target=interrupt, daemon=True).start()
    *guide, interrupted, continued = notebook.execute().cells
    outputs = lambda cell: ''.join(output.get('text', '') for output in cell.outputs)
    errors = lambda cell: [output for output in cell.outputs if output.output_type == 'error']
    assert not any(errors(cell) for cell in (*guide, continued)), [errors(cell) for cell in (*guide, continued)]
    assert 'adversarial 2' in outputs(guide[0])
    (error,) = errors(interrupted)
    assert error.ename == 'Stopped' and 'stopped and saved after mle round' in error.evalue
    assert 'epochs 1' in outputs(continued)
