"""Flag files: found by path or by name, read as absl reads them, in any directory."""

import pathlib

import pytest
from absl import flags

from seqgan_tf.config import Config
from seqgan_tf.running.flag_files import FOLDER, expand, read_flags
from seqgan_tf.sweep.grid import make_cells

ROOT = pathlib.Path(__file__).resolve().parents[1]
NAMES = [path.relative_to(FOLDER).as_posix() for path in sorted(FOLDER.rglob('*.flags'))]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """The working directory: an empty one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings(*arguments):
    return Config.from_flags(read_flags(arguments))


@pytest.mark.parametrize('name', NAMES)
def test_a_file_of_the_package_is_found_in_any_directory(name):
    by_path = settings(f'--flagfile={FOLDER / name}', '--corpus=x' if '--dataset=text' in text(name) else '--seed=0')
    corpus = [f'--corpus={by_path.corpus}'] if by_path.corpus else []
    for wanted in (name, f'flags/{name}', f'./flags/{name}'):
        assert settings(f'--flagfile={wanted}', *corpus) == settings('--flagfile', wanted, *corpus) == by_path


def text(name):
    return (FOLDER / name).read_text('utf-8')


def test_the_paths_of_a_checkout_lead_to_the_package():
    assert (ROOT / 'poetry.flags').resolve() == FOLDER / 'poetry.flags'
    assert (ROOT / 'flags').resolve() == FOLDER
    assert {'poetry.flags', 'tang.flags', 'oracle.flags', 'paper/mle.flags'} <= set(NAMES)


def test_a_path_goes_before_a_name(elsewhere):
    (elsewhere / 'poetry.flags').write_text('--mle_epochs=7\n')
    assert settings('--flagfile=poetry.flags') == Config(mle_epochs=7)
    assert settings('--flagfile=flags/poetry.flags').mle_epochs == 4


def test_files_name_files(elsewhere):
    (elsewhere / 'mine.flags').write_text('# mine\n--flagfile=poetry.flags\n--seed=3\n')
    (elsewhere / 'other.flags').write_text('--flagfile=mine.flags\n--mle_epochs=2\n')
    config = settings('--seed=1', '--flagfile=other.flags', '--g_steps=9')
    assert (config.seed, config.mle_epochs, config.g_steps, config.dataset) == (3, 2, 9, 'verse')


def test_a_sweep_finds_the_same_files():
    first, second = make_cells('out', [('flagfile', ['tang.flags', 'flags/paper/mle.flags'])], [])
    assert (first.name, second.name) == ('tang/seed_0', 'mle/seed_0')
    assert (first.config.verse_length, second.config.mle_epochs) == (5, 120)


@pytest.mark.parametrize('name', ['nowhere.flags', 'mle.flags', '../flags/tang.flags', 'flags', ''])
def test_a_file_that_is_not_there_is_answered_with_those_that_are(name):
    with pytest.raises(ValueError, match='flagfile must be the path of a file or one of') as answer:
        settings(f'--flagfile={name}')
    assert all(name in str(answer.value) for name in NAMES) and str(answer.value).endswith(f'Received: flagfile={name}')


def test_a_file_must_not_include_itself(elsewhere):
    (elsewhere / 'a.flags').write_text('--flagfile=b.flags\n')
    (elsewhere / 'b.flags').write_text('--flagfile=./a.flags\n')
    with pytest.raises(ValueError, match='must not include itself. Received: .*a.flags -> .*b.flags -> .*a.flags$'):
        settings('--flagfile=a.flags')
    (elsewhere / 'b.flags').write_text('--seed=4\n')
    assert settings('--flagfile=a.flags', '--flagfile=a.flags').seed == 4  # twice, one after the other


def test_a_file_that_is_no_text_is_named(elsewhere):
    (elsewhere / 'a.flags').write_bytes(b'\xff\xfe')
    with pytest.raises(ValueError, match='utf-8 text that can be read. Received: .*a.flags'):
        settings('--flagfile=a.flags')


def test_the_syntax_is_that_of_absl(elsewhere):
    (elsewhere / 'b.flags').write_text('--l2=1\n')
    (elsewhere / 'a.flags').write_text(
        '# a comment\n//another\n\n  \t\n  --seed=1  \n-g_steps=2\r\n--workdir=a b#c\n-flagfile=b.flags\n'
        '--nofreeze_discriminator\n--corpus="x"\n'
    )
    arguments = ['--dropout=0.5', '--flagfile=a.flags', '-flagfile', 'b.flags', '--seed', '7']
    assert expand(arguments) == flags.FlagValues().read_flags_from_files(arguments) and len(expand(arguments)) == 10


def test_reading_flags_leaves_the_flags_of_the_process_alone():
    assert settings('--seed=1') == settings('--seed=1') == Config(seed=1)
    assert 'adversarial_rounds' not in flags.FLAGS
