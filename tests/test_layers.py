"""The layers of the package, read from its sources: imports go down only, and the maths knows nothing of files and settings."""

import ast
import functools
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
PACKAGE = ROOT / 'seqgan_tf'

# From the bottom up. A module imports from its own layer and from those before it; a package stands for its modules.
LAYERS = [
    'errors interruption startup versions',
    'vocabulary bleu devices randomness',
    'models losses corpus datasets',
    'sampling filters request_rules rewards distribution datasets.synthetic',  # synthetic: its rows are sampled from the oracle
    'rollout bulk divergences diversity',
    'steps state config grid',
    'algorithms judges',
    'evaluation closing serving serving_check serving_laws serving_twin warmup checkpoints loggers workdir takeover',
    'experiment summary',
    'train sweep report',
]
LEAVES = ['errors', 'interruption', 'startup']
SOURCES = {
    '.'.join(path.relative_to(PACKAGE).with_suffix('').parts).removesuffix('.__init__'): path
    for path in sorted(PACKAGE.rglob('*.py'))
}
MODULES = sorted(set(SOURCES) - {'__init__'})  # the index of public names may import all
ROLLOUT = 4
COMMANDS = [ROOT / 'train.py', *sorted((ROOT / 'export').glob('*.py')), *sorted((ROOT / 'benchmarks').glob('*.py'))]


@functools.cache
def tree(module):
    return ast.parse(SOURCES[module].read_text('utf-8'))


def imported_names(root):
    """Dotted names of all imports in a syntax tree, those inside functions too; for `from a import b` it is a.b."""
    for node in ast.walk(root):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, 'relative import'
            yield from (f'{node.module}.{alias.name}' for alias in node.names)


def imports(module):
    """Modules of the package that a module imports."""
    names = [name.removeprefix('seqgan_tf.') for name in imported_names(tree(module)) if name.startswith('seqgan_tf.')]
    return {name if name in SOURCES else name.rpartition('.')[0] for name in names}


def all_imports(module):
    """Modules of the package that come with a module."""
    found, waiting = set(), {module}
    while waiting:
        waiting = set().union(*map(imports, waiting)) - found
        found |= waiting
    return found


def layer(module):
    """The layer that names a module, or else the nearest package that it is in."""
    for name in (module, module.rpartition('.')[0]):
        found = [i for i, names in enumerate(LAYERS) if name in names.split()]
        if found:
            return found[0]
    raise AssertionError(f'{module} is in no layer')


def calls(module):
    """(dotted name, call) of every call in a module."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


@pytest.mark.parametrize('module', MODULES)
def test_imports_go_down(module):
    assert imports(module) <= set(SOURCES)
    assert not [name for name in imports(module) if layer(name) > layer(module)]


def test_there_are_no_cycles():
    assert not [module for module in MODULES if module in all_imports(module)]


@pytest.mark.parametrize('module', LEAVES)
def test_a_leaf_imports_nothing_of_the_package(module):
    assert imports(module) == set()


def test_serving_brings_no_training_code():
    top = next(i for i, names in enumerate(LAYERS) if 'sampling' in names.split())
    own = {'serving', 'serving_check', 'warmup', 'versions', 'errors'}
    assert not [name for name in all_imports('serving') - own if layer(name) > top]


@pytest.mark.parametrize('module', [m for m in MODULES if 0 < layer(m) <= ROLLOUT])
def test_the_maths_sees_no_flags_and_no_settings(module):
    names = set(imported_names(tree(module)))
    assert not [name for name in names if name.split('.')[0] == 'absl' or name.startswith('seqgan_tf.config')]
    assert not [node.id for node in ast.walk(tree(module)) if isinstance(node, ast.Name) and node.id == 'Config']


def writes(name, call):
    """Whether a call opens a file for writing, or writes one."""
    if name == 'open' or name.endswith('.open'):
        mode = [*call.args[1:2], *(k.value for k in call.keywords if k.arg == 'mode')]
        return bool(mode) and ast.literal_eval(mode[0]) not in ('r', 'rb', 'rt')
    return name.split('.')[-1] in (
        'write_text',
        'write_bytes',
        'write_file',
        'mkdir',
        'makedirs',
        'create_file_writer',
        'savez',
        'unlink',
    )


@pytest.mark.parametrize('module', [m for m in MODULES if 0 < layer(m) <= ROLLOUT])
def test_the_maths_writes_no_file(module):
    written = [name for name, call in calls(module) if writes(name, call)]
    assert written == (['pathlib.Path(path).write_bytes'] if module == 'vocabulary' else [])  # Vocabulary.save


@pytest.mark.parametrize('module', [*MODULES, '__init__'])
def test_what_the_package_never_does(module):
    text = SOURCES[module].read_text('utf-8')
    nodes = list(ast.walk(tree(module)))
    names = {ast.unparse(node) for node in nodes if isinstance(node, ast.Attribute)}
    assert not [node for node in nodes if isinstance(node, ast.Assert)], 'errors are raised, not asserted'
    assert not [name for name in names if name.startswith('tf.keras')] and 'from tensorflow import keras' not in text, (
        'Keras 3 is `keras`'
    )
    unseeded = ('uniform', 'normal', 'truncated_normal', 'categorical', 'gamma', 'shuffle', 'set_seed')
    assert not [name for name in names if name in {f'tf.random.{draw}' for draw in unseeded}], (
        'every draw has a seed of its own'
    )
    assert not names & {'np.random.seed', 'np.random.random', 'time.time'}, (
        'nothing is drawn from a hidden state or the clock'
    )


@pytest.mark.parametrize('path', COMMANDS, ids=lambda path: path.name)
def test_commands_are_imported_by_nobody(path):
    assert not [module for module in MODULES if path.stem in set(imported_names(tree(module)))]


def test_settings_are_read_without_tensorflow():
    """So that a wrong flag is answered at once, and `--help` too."""
    code = 'import sys, seqgan_tf.config, seqgan_tf.startup, seqgan_tf.errors; sys.exit(bool({"tensorflow", "keras"} & set(sys.modules)))'
    assert subprocess.run([sys.executable, '-c', code], cwd=ROOT).returncode == 0
