"""The layers of the package, read from its sources: imports go down only, and the maths knows nothing of files and settings."""

import ast
import functools
import graphlib
import pathlib
import subprocess
import sys

import pytest

import seqgan_tf

ROOT = pathlib.Path(__file__).resolve().parents[1]
PACKAGE = ROOT / 'seqgan_tf'

# From the bottom up. A module imports from its own layer and from those before it; a wing stands for its modules.
LAYERS = [
    'errors randomness settings version running.interruption running.startup training.replicas',
    'models policies music',
    'data metrics training',
    'rewards search evaluation serving',
    'algorithms',
    'loggers',
    'config',  # its choices are the names of the registries below
    'running',
    'train sweep report playground commands __main__ data.__main__',
]
LEAVES = ['errors', 'running.interruption', 'running.startup', 'training.replicas']
SOURCES = {
    '.'.join(path.relative_to(PACKAGE).with_suffix('').parts).removesuffix('.__init__'): path
    for path in sorted(PACKAGE.rglob('*.py'))
}
MODULES = sorted(set(SOURCES) - {'__init__'})  # the index of public names may import all
MATHS = ('models', 'policies', 'music', 'data', 'metrics', 'training', 'rewards', 'search', 'evaluation')
TOP_LEVEL = 8  # modules beside the wings, the index of public names included
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


def wing(module):
    """The wing of a module; a module at the top level is its own."""
    return module.partition('.')[0]


def layer(module):
    """The layer that names a module, or else its wing."""
    for name in (module, wing(module)):
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


def test_there_are_no_cycles_of_wings():
    """Leaves that live in a wing are left out: every wing may use them."""
    modules = [module for module in MODULES if module not in [*LEAVES, 'data.__main__']]  # nobody imports that
    order = graphlib.TopologicalSorter(
        {
            room: {wing(name) for m in modules if wing(m) == room for name in imports(m) - set(LEAVES)} - {room, ''}
            for room in map(wing, modules)
        }
    )
    order.prepare()  # raises CycleError


def test_few_modules_stand_beside_the_wings():
    assert len([module for module in SOURCES if '.' not in module and SOURCES[module].parent == PACKAGE]) <= TOP_LEVEL


@pytest.mark.parametrize('module', [m for m in MODULES if SOURCES[m].name == '__init__.py'])
def test_a_wing_is_opened_without_importing_anything(module):
    """So that TensorFlow and TensorFlow Probability are loaded only where they are used."""
    assert [type(node) for node in tree(module).body] == [ast.Expr]


@pytest.mark.parametrize('name', seqgan_tf.__all__)
def test_no_module_hides_a_public_name(name):
    assert name not in SOURCES


@pytest.mark.parametrize('module', MODULES)
def test_files_stay_short(module):
    # A list of settings is read by looking up, and a file that is copied is one file.
    most = 400 if module in ('config', 'commands.client') else 250
    assert len(SOURCES[module].read_text('utf-8').splitlines()) <= most


@pytest.mark.parametrize('module', LEAVES)
def test_a_leaf_imports_nothing_of_the_package(module):
    assert imports(module) == set()


def test_serving_brings_no_training_code():
    allowed = {'serving', 'search', 'policies', 'models', 'randomness', 'errors', 'version'}
    modules = set().union(*(all_imports(module) for module in MODULES if wing(module) == 'serving'))
    assert {wing(module) for module in modules} <= allowed | {'data'}
    assert {module for module in modules if wing(module) == 'data'} <= {
        'data',
        'data.vocabulary',
        'data.token_kinds',
    }


@pytest.mark.parametrize('module', [m for m in MODULES if wing(m) in MATHS])
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


@pytest.mark.parametrize('module', [m for m in MODULES if wing(m) in MATHS and m != 'data.download'])
def test_the_maths_writes_no_file(module):
    written = [name for name, call in calls(module) if writes(name, call)]
    assert written == (['pathlib.Path(path).write_bytes'] if module == 'data.vocabulary' else [])  # Vocabulary.save


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


@pytest.mark.parametrize(
    'code',
    [
        'import seqgan_tf.config, seqgan_tf.running.startup, seqgan_tf.errors',
        'import seqgan_tf.sweep.grid, seqgan_tf.report.study, seqgan_tf.report.figures',
        'import seqgan_tf.data.command',
        'from seqgan_tf.config import Config; Config(); Config(dataset="verse"); Config(dataset="text", corpus="x")',
    ],
)
def test_settings_are_read_without_tensorflow(code):
    """So that a wrong flag is answered at once, and `--help` too; so are finished runs."""
    code += '; import sys; sys.exit(bool({"tensorflow", "keras"} & set(sys.modules)))'
    assert subprocess.run([sys.executable, '-c', code], cwd=ROOT).returncode == 0
