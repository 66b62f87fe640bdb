"""The documents speak of what is there: links, paths, symbols and flags are checked against the sources.

The sources are parsed, not imported.
"""

import ast
import functools
import pathlib
import re

import pytest

import seqgan_tf

ROOT = pathlib.Path(__file__).resolve().parents[1]
PACKAGE = ROOT / 'seqgan_tf'
FOLDERS = ('docs', 'deploy', 'export', 'benchmarks', 'flags', 'tests', 'seqgan_tf')
DOCUMENTS = sorted([*ROOT.glob('*.md'), *(path for folder in FOLDERS for path in (ROOT / folder).rglob('*.md'))])
GENERATED = [path for path in DOCUMENTS if path.is_relative_to(ROOT / 'benchmarks' / 'results')]
WRITTEN = [path for path in DOCUMENTS if path not in GENERATED]

# What a run, an export or a build makes, and so no file of the project.
MADE = re.compile(r'(runs|exports|checkpoints|tensorboard|assets\.extra)/|export/cpp/ask$')
RUN_FILES = ('config.json', 'data.json', 'sources.json', 'model.json', 'model_card.md')
SUFFIXES = ('py', 'md', 'flags', 'toml', 'ini', 'sh', 'yaml', 'yml', 'config', 'cc', 'json', 'csv', 'png')
FOREIGN_FLAGS = {
    'allow_version_labels_for_unavailable_models': 'tensorflow_model_server',
    'array': 'sbatch',
    'batching_parameters_file': 'tensorflow_model_server',
    'build': 'docker build, --build-arg',
    'check': 'ruff format',
    'dry_run': 'a switch of the training command, no setting',
    'enable_batching': 'tensorflow_model_server',
    'enable_profiler': 'tensorflow_model_server',
    'execute': 'jupyter nbconvert',
    'flagfile': 'absl',
    'help': 'absl',
    'inplace': 'jupyter nbconvert',
    'load_retry_interval_micros': 'tensorflow_model_server',
    'logdir': 'tensorboard',
    'max_num_load_retries': 'tensorflow_model_server',
    'model_base_path': 'tensorflow_model_server',
    'model_name': 'tensorflow_model_server',
    'now': 'systemctl',
    'rest_api_port': 'tensorflow_model_server',
    'rest_api_timeout_in_ms': 'tensorflow_model_server',
    'strict': 'mkdocs build',
    'to': 'jupyter nbconvert',
    'wait': 'docker compose',
    'xla_cpu_prefer_vector_width': 'XLA_FLAGS',
}

FENCE = re.compile(r'^```(\w*)\n(.*?)^```', re.MULTILINE | re.DOTALL)
LINK = re.compile(r'\]\(([^)\s]+)\)')


def without_code(text):
    """A document without its code blocks; their lines stay, empty."""
    return FENCE.sub(lambda block: '\n' * block.group().count('\n'), text)


def quoted(text):
    """What stands in back quotes outside code blocks."""
    return re.findall(r'`([^`\n]+)`', without_code(text))


def shell_blocks(text):
    """The code blocks that name no language: commands."""
    return [code for language, code in FENCE.findall(text) if not language]


@functools.cache
def tree(path):
    return ast.parse(path.read_text('utf-8'))


def names_in(body):
    """{name: node or None} of what a module or a class defines."""
    names = {}
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names[node.name] = node
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {n.id: None for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)}
    return names


def defines(path, symbol):
    """Whether a source file has a symbol, such as f, C or C.f."""
    body = tree(path).body
    for name in symbol.split('.'):
        names = names_in(body)
        if name not in names:
            return False
        body = getattr(names[name], 'body', [])
    return True


def is_module(dotted):
    """Whether seqgan_tf.a.b is a module or a package, or a.b's symbol."""
    path = ROOT.joinpath(*dotted.split('.'))
    if path.is_dir() or path.with_suffix('.py').is_file():
        return True
    source = path.parent.with_suffix('.py') if path.parent.with_suffix('.py').is_file() else path.parent / '__init__.py'
    return source.is_file() and (defines(source, path.name) or path.name in public_names())


@functools.cache
def public_names():
    return set(seqgan_tf.__all__)


@functools.cache
def known_flags():
    """The fields of Config with those of its data, and what the commands define."""
    classes = (('config.py', 'Config'), ('data/settings.py', 'DataSettings'))
    bodies = [names_in(tree(PACKAGE / file).body)[name].body for file, name in classes]
    found = {node.target.id for body in bodies for node in body if isinstance(node, ast.AnnAssign)}
    for path in [*PACKAGE.rglob('*.py'), *(ROOT / 'export').rglob('*.py'), *(ROOT / 'benchmarks').rglob('*.py')]:
        for call in ast.walk(tree(path)):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.args:
                name = call.args[0].value if isinstance(call.args[0], ast.Constant) else None
                if call.func.attr.startswith('DEFINE_') or call.func.attr == 'add_argument':
                    found.add(str(name).removeprefix('--'))
    return found


def slug(heading):
    """The anchor that GitHub gives a heading."""
    return re.sub(r'[^\w\- ]', '', heading.strip().lower()).replace(' ', '-')


def broken_links(path, text):
    for target in LINK.findall(without_code(text)):
        if re.match(r'[a-z]+:', target):
            continue
        name, _, anchor = target.partition('#')
        found = (path.parent / name).resolve() if name else path
        if not (found.exists() and found.is_relative_to(ROOT)):
            yield target
        elif anchor and anchor not in map(slug, re.findall(r'^#+ (.*)$', found.read_text('utf-8'), re.MULTILINE)):
            yield target


def looks_like_a_path(name):
    """A folder with a slash, or a file with a suffix that files of the project have."""
    if not re.fullmatch(r'\.?[A-Za-z][\w*-]*([/.][\w.*-]+)*/?', name) or MADE.match(name) or name in RUN_FILES:
        return False
    return '/' in name or name.rpartition('.')[2] in SUFFIXES


def exists(path, name):
    """Whether there is such a file: beside the document, at the top, in the package, or, for a bare name, anywhere."""
    if any(any(folder.glob(name.rstrip('/'))) for folder in (path.parent, ROOT, PACKAGE)):
        return True
    return '/' not in name and any(any(ROOT.joinpath(folder).rglob(name)) for folder in FOLDERS)


def missing_paths(path, text):
    for name in quoted(text):
        if re.fullmatch(r'seqgan_tf(\.\w+)+', name) and not name.endswith('.py'):
            if not is_module(name):
                yield name
        elif looks_like_a_path(name) and not exists(path, name):
            yield name
    for code in shell_blocks(text):
        yield from (name for name in re.findall(r'-m (seqgan_tf[\w.]*)', code) if not is_module(name))
        named = re.findall(rf'(?<![\w/.$])((?:{"|".join(FOLDERS)})/[\w./*-]+)', code)
        yield from (name for name in named if not MADE.match(name) and not exists(path, name))


def missing_symbols(path, text):
    del path
    for name, symbol in re.findall(r'`([\w/]+\.py)::([\w.]+)`', text):
        if not ((ROOT / name).is_file() and defines(ROOT / name, symbol)):
            yield f'{name}::{symbol}'


def missing_imports(path, text):
    """What the examples in Python import from the package."""
    del path
    code = '\n'.join(code for language, code in FENCE.findall(text) if language == 'python')
    for module, names in re.findall(r'^ *from (seqgan_tf[\w.]*) import ([\w, ]+)', code, re.MULTILINE):
        wanted = [f'{module}.{name}' for name in names.split(', ')]
        yield from (name for name in wanted if not is_module(name))


def unknown_flags(path, text):
    del path
    for flag in re.findall(r'(?<![\w-])--([a-zA-Z]\w*)', text):
        if not {flag, flag.removeprefix('no')} & (known_flags() | set(FOREIGN_FLAGS)):
            yield f'--{flag}'


def long_lines(path, text):
    """Prose of more than 100 characters; tables, code and lines with a link may be longer."""
    del path
    for number, line in enumerate(without_code(text).splitlines(), 1):
        if len(line) > 100 and not line.startswith('|') and '](' not in line:
            yield f'line {number} has {len(line)} characters'


def of(paths):
    return pytest.mark.parametrize('path', paths, ids=lambda path: str(path.relative_to(ROOT)))


@of(DOCUMENTS)
def test_links_lead_to_files(path):
    assert list(broken_links(path, path.read_text('utf-8'))) == []


@of(WRITTEN)
@pytest.mark.parametrize('find', [missing_paths, missing_symbols, missing_imports, unknown_flags])
def test_what_is_named_is_there(path, find):
    assert list(find(path, path.read_text('utf-8'))) == []


@of(WRITTEN)
def test_prose_ends_at_100_columns(path):
    assert list(long_lines(path, path.read_text('utf-8'))) == []


@pytest.mark.parametrize('name, most', [('README.md', 120), ('BUILD_NOTES.md', 80)])
def test_the_first_pages_stay_short(name, most):
    assert len((ROOT / name).read_text('utf-8').splitlines()) < most


def test_the_readme_has_its_two_commands():
    commands = '\n'.join(shell_blocks((ROOT / 'README.md').read_text('utf-8'))).splitlines()
    assert commands[:2] == [
        'pip install -e . && python train.py --flagfile=poetry.flags',
        "pip install -e '.[test]' && pytest",
    ]


def test_fidelity_names_symbols_and_lines():
    text = (ROOT / 'docs' / 'fidelity.md').read_text('utf-8')
    rows = re.findall(r'^\| (\d+) \|', text.partition('## Deviations')[0], re.MULTILINE)
    assert rows == [str(number) for number in range(1, len(rows) + 1)]
    assert len(re.findall(r'`[\w/]+\.py::[\w.]+`', text)) >= len(rows)
    # A permalink names a whole commit: a branch's lines move.
    links = re.findall(r'github\.com/LantaoYu/SeqGAN/blob/([^/]+)/', text)
    assert links and all(re.fullmatch(r'[0-9a-f]{40}', commit) for commit in links)


@pytest.mark.parametrize(
    'find, text',
    [
        (broken_links, 'See [this](docs/no_such_page.md).'),
        (broken_links, 'See [this](README.md#no-such-heading).'),
        (broken_links, 'See [this](../elsewhere.md).'),
        (broken_links, '![picture](benchmarks/results/no_such.png)'),
        (missing_paths, 'In `seqgan_tf/no_such.py`.'),
        (missing_paths, 'In `models/no_such/`.'),
        (missing_paths, 'In `no_such.py`.'),
        (missing_paths, 'Ask `seqgan_tf.no_such`.'),
        (missing_paths, '```\npython -m seqgan_tf.no_such\n```\n'),
        (missing_paths, '```\npython train.py --flagfile=flags/no_such.flags\n```\n'),
        (missing_symbols, '`seqgan_tf/policies/draws.py::no_such`'),
        (missing_symbols, '`seqgan_tf/config.py::Config.no_such`'),
        (missing_imports, '```python\nfrom seqgan_tf import sample, no_such\n```\n'),
        (missing_imports, '```python\nfrom seqgan_tf.policies.draws import no_such\n```\n'),
        (unknown_flags, 'Give `--no_such_flag=1`.'),
        (long_lines, 'word ' * 21),
    ],
)
def test_a_fault_is_found(find, text):
    assert len(list(find(ROOT / 'a_document.md', text))) == 1


def test_what_is_right_is_no_fault():
    text = (
        'See [this](README.md#two-commands), `seqgan_tf/config.py`, `models/`, `poetry.flags`, `seqgan_tf.report`, '
        '`seqgan_tf/config.py::Config.seed`, `runs/x`,\n`--seed`, `--notwins`, `tokens [B, T]` and `1/T`.\n'
        '```python\nfrom seqgan_tf.models.generator import Generator\nfrom seqgan_tf import sample\n```\n'
    )
    for find in (broken_links, missing_paths, missing_symbols, missing_imports, unknown_flags):
        assert list(find(ROOT / 'a_document.md', text)) == []
