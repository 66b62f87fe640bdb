"""The notebooks run from top to bottom with small sizes, and are committed as they ran with their own."""

import ast
import os
import pathlib
import re

import nbclient
import nbformat
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
FOLDER = ROOT / 'notebooks'
SIZES = {  # in place of the cell tagged `parameters`
    'tour': """
RUNS = 'runs'
ORACLE_ROWS, ORACLE_EPOCHS = 64, 2
POEMS = 128
SHORT_EPOCHS, LONG_EPOCHS = 1, 1
NEGATIVE_SETS, NEGATIVES = 1, 64
ROUNDS, UPDATES, ROLLOUTS = 1, 1, 1
SAMPLES = 40
JIT = 'off'
""",
    'own_text': """
FILE = ''
TOKENS, LENGTH = 'word', 12
RUNS = 'runs'
MLE_EPOCHS, NEGATIVE_SETS, ROUNDS = 1, 1, 1
SAMPLES = 40
JIT = 'off'
""",
}
NAMES = [pytest.param(name, id=name) for name in SIZES]


def read(name):
    return nbformat.read(FOLDER / f'{name}.ipynb', as_version=4)


def code_of(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == 'code']


def parameters_of(notebook):
    (cell,) = (cell for cell in notebook.cells if 'parameters' in cell.metadata.get('tags', []))
    return cell


def names_set(code):
    return {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}


@pytest.mark.slow
@pytest.mark.parametrize('name', NAMES)
def test_a_notebook_runs_with_small_sizes(name, tmp_path, monkeypatch):
    pytest.importorskip('matplotlib', reason='the figures need the extra `plots`')
    monkeypatch.setenv('PYTHONPATH', str(ROOT))
    notebook = read(name)
    parameters_of(notebook).source = SIZES[name]
    nbclient.NotebookClient(notebook, timeout=570, resources={'metadata': {'path': str(tmp_path)}}).execute()


@pytest.mark.parametrize('name', NAMES)
def test_the_small_sizes_name_what_the_notebook_names(name):
    notebook = read(name)
    assert names_set(SIZES[name]) == names_set(parameters_of(notebook).source)
    assert code_of(notebook)[0] is parameters_of(notebook)


def test_every_notebook_is_tested():
    assert {path.stem for path in FOLDER.glob('*.ipynb')} == set(SIZES)


@pytest.mark.parametrize('name', NAMES)
def test_a_committed_notebook_has_the_outputs_of_one_run(name):
    cells = code_of(read(name))
    assert [cell.execution_count for cell in cells] == [*range(1, len(cells) + 1)]
    outputs = [output for cell in cells for output in cell.outputs]
    assert outputs and not any(output.output_type == 'error' for output in outputs)
    assert any('image/png' in output.get('data', {}) for output in outputs)
    assert os.path.getsize(FOLDER / f'{name}.ipynb') < 1_000_000


@pytest.mark.parametrize('name', NAMES)
def test_the_links_of_a_notebook_lead_to_files(name):
    for cell in read(name).cells:
        if cell.cell_type == 'markdown':
            targets = re.findall(r'\]\(([^)\s#]+)', cell.source)
            assert [t for t in targets if '://' not in t and not (FOLDER / t).is_file()] == []
