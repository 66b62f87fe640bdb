"""`save_pretrained` and `load` of its directory and of the Hub: the same networks, and nothing that is not asked for."""

import json
import os
import pathlib
import subprocess
import sys
import zipfile

import hub_server
import keras
import numpy as np
import pytest

import seqgan_tf
from seqgan_tf.data.vocabulary import END, Vocabulary
from seqgan_tf.errors import RunError
from seqgan_tf.models.discriminator import Discriminator
from seqgan_tf.models.generator import Generator
from seqgan_tf.models.given import GivenDiscriminator
from seqgan_tf.running.pretrained import CARD, MODEL
from seqgan_tf.running.trained import Trained

ROOT = pathlib.Path(__file__).resolve().parents[1]
T = 6
CONFIG = seqgan_tf.Config(algorithm='mle', sequence_length=T, embedding_dim=4, hidden_dim=8, seed=3)
RUN = {'algorithm': {'name': 'mle', 'summary': 'maximum likelihood'}, 'command': 'x', 'data': {}, 'metrics': {}}
NAME = 'someone/little-model'


def make(symbols='abc', **changes):
    """Untrained networks, as a run leaves them."""
    vocabulary = Vocabulary([END, *symbols])
    size = len(vocabulary)
    parts = dict(
        generator=Generator(size, 4, 8, initializer_stddev=1.0, end_id=vocabulary.end_id, seed=1),
        discriminator=Discriminator(size, T, embedding_dim=4, windows=((1, 3), (2, 3)), seed=2),
        vocabulary=vocabulary,
        sequence_length=T,
        config=CONFIG,
    )
    return Trained(**parts | changes)


def assert_same(here, there):
    """The networks of two models have the same weights, bit for bit."""
    for name in ('generator', 'discriminator'):
        for one, other in zip(getattr(here, name).variables, getattr(there, name).variables, strict=True):
            np.testing.assert_array_equal(one.numpy(), other.numpy())


@pytest.fixture(scope='module')
def saved(tmp_path_factory):
    """A directory of `save_pretrained`: for reading only."""
    return make().save_pretrained(tmp_path_factory.mktemp('saved') / 'model')


@pytest.fixture
def copy(saved, tmp_path):
    """A copy of that directory, to be damaged."""
    folder = tmp_path / 'copy'
    folder.mkdir()
    for path in saved.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def test_the_networks_come_back_bit_for_bit_and_draw_the_same_texts(saved):
    before, after = make(), seqgan_tf.load(saved)
    assert {path.name for path in saved.iterdir()} == {'generator.keras', 'discriminator.keras', MODEL, CARD}
    assert_same(after, before)
    assert after.config == CONFIG and after.state is None and after.vocabulary.symbols == before.vocabulary.symbols
    for asked in (dict(seed=5), dict(seed=5, num_candidates=8, guidance=9.0)):
        assert after.draw(4, **asked) == before.draw(4, **asked)
    assert after.score(['ab', 'cab']) == before.score(['ab', 'cab'])
    assert after.card == before.card == (saved / CARD).read_text('utf-8')


def test_a_saved_model_replaces_an_earlier_one_and_leaves_other_files(copy):
    (copy / '.gitattributes').write_text('*.keras filter=lfs')
    make(discriminator=None).save_pretrained(str(copy))
    assert {path.name for path in copy.iterdir()} == {'generator.keras', MODEL, CARD, '.gitattributes'}
    assert seqgan_tf.load(copy).discriminator is None


def test_a_discriminator_of_the_users_own_is_left_out(tmp_path):
    own = keras.Sequential([keras.layers.Embedding(4, 2), keras.layers.Flatten(), keras.layers.Dense(1)])
    trained = make(discriminator=GivenDiscriminator(own, 4, T))
    found = seqgan_tf.load(trained.save_pretrained(tmp_path / 'model'))
    assert found.discriminator is None and trained.discriminator is not None


def test_a_generator_that_keras_trained_further_is_saved_without_its_optimizer(tmp_path):
    trained = make()
    trained.generator.compile(keras.optimizers.Adam(0.1), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    rows = np.ones([8, T], np.int32)
    trained.generator.fit(rows, rows, verbose=0)
    found = seqgan_tf.load(trained.save_pretrained(tmp_path / 'model'))
    assert not found.generator.compiled
    assert_same(found, trained)


def test_what_was_loaded_can_be_saved_again(saved, tmp_path):
    trained = seqgan_tf.load(saved)
    again = seqgan_tf.load(trained.save_pretrained(tmp_path / 'again'))
    assert_same(again, trained)
    assert again.card == trained.card


def test_where_nothing_can_be_written_nothing_is(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(RunError, match='directory must be a directory that can be written. Received: '):
        make().save_pretrained(tmp_path / 'file')
    assert [path.name for path in tmp_path.iterdir()] == ['file']


# What comes from others.


def edit(change, name=MODEL):
    def damage(folder):
        values = json.loads((folder / name).read_text('utf-8'))
        change(values)
        (folder / name).write_text(json.dumps(values), 'utf-8')

    return damage


def edit_network(change, name='generator.keras'):
    """Rewrites the configuration in a Keras file."""

    def damage(folder):
        with zipfile.ZipFile(folder / name) as archive:
            content = {part: archive.read(part) for part in archive.namelist()}
        config = json.loads(content['config.json'])
        change(config)
        with zipfile.ZipFile(folder / name, 'w') as archive:
            for part, data in (content | {'config.json': json.dumps(config)}).items():
                archive.writestr(part, data)

    return damage


def other_model(folder):
    """Another model, with a function that would leave a trace."""
    trace = str(folder / 'trace')
    model = keras.Sequential([keras.Input([T]), keras.layers.Lambda(lambda x, p=trace: open(p, 'w') and x)])
    model.save(folder / 'generator.keras')
    pathlib.Path(trace).unlink(missing_ok=True)


def truncate(folder):
    data = (folder / 'generator.keras').read_bytes()
    (folder / 'generator.keras').write_bytes(data[: len(data) // 2])


def change_weights(folder):
    """Zeros in the place of the weights."""
    path = folder / 'generator.keras'
    with zipfile.ZipFile(path) as archive:
        content = {part: archive.read(part) for part in archive.namelist()}
    with zipfile.ZipFile(path, 'w') as archive:
        for part, data in content.items():
            archive.writestr(part, bytes(len(data)) if part.endswith('.h5') else data)


LAMBDA = {'module': 'keras.layers', 'class_name': 'Lambda', 'config': {}, 'registered_name': None}


@pytest.mark.parametrize(
    'damage, message',
    [
        (lambda folder: (folder / MODEL).write_text('{"settings": '), 'must have model.json'),
        (lambda folder: (folder / MODEL).write_text('[' * 100_000), 'must have model.json'),
        (lambda folder: (folder / MODEL).write_bytes(b'\xff'), 'must have model.json'),
        (edit(lambda values: values.pop('vocabulary')), 'must have model.json.*vocabulary'),
        (edit(lambda values: values['vocabulary'].update(symbols=['a', 'a'])), 'must have model.json'),
        (edit(lambda values: values['vocabulary'].update(symbols=[1, 2, 3, 4])), 'must have model.json'),
        (edit(lambda values: values.update(run=[1])), 'must have model.json'),
        (edit(lambda values: values.update(run={'data': 'x'})), 'must have model.json'),
        (edit(lambda values: values['vocabulary']['symbols'].append('z')), 'must go together.*vocab_size'),
        (edit(lambda values: values.update(generator=None)), 'must have model.json'),
        (edit(lambda values: values.update(sequence_length=9)), 'must go together.*sequence_length'),
        (edit(lambda values: values['generator'].update(hidden_dim=9)), 'other arguments than model.json has'),
        (edit(lambda values: values['settings'].update(seed='x')), 'seed must be of type int'),
        (lambda folder: (folder / 'generator.keras').unlink(), 'generator.keras must be a Generator.*No such file'),
        (lambda folder: (folder / 'discriminator.keras').unlink(), 'discriminator.keras must be a Discriminator'),
        (lambda folder: (folder / 'discriminator.keras').write_text('x'), 'discriminator.keras.*not a zip file'),
        (lambda folder: os.replace(folder / 'discriminator.keras', folder / 'generator.keras'), 'the classes .*Discr'),
        (truncate, 'generator.keras must be a Generator that save_pretrained wrote'),
        (change_weights, 'generator.keras must be a Generator that save_pretrained wrote'),
        (other_model, 'the classes .*Lambda'),
        (edit_network(lambda config: config['config'].update(seed=LAMBDA)), 'the classes Lambda, seqgan_tf>Generator'),
        (edit_network(lambda config: config['config'].update(hidden_dim=9)), 'generator.keras must be a Generator'),
        (edit_network(lambda config: config.update(registered_name='Unknown')), 'the classes Unknown'),
    ],
)
def test_what_is_damaged_or_foreign_is_refused_in_a_line(copy, damage, message):
    damage(copy)
    with pytest.raises(RunError, match=message) as raised:
        seqgan_tf.load(copy)
    assert '\n' not in str(raised.value) and ('Received: ' in str(raised.value))
    assert not (copy / 'trace').exists(), 'no code of the file has run'


# The Hub.


@pytest.fixture
def hub(saved, tmp_path, monkeypatch):
    """The saved model on a server in place of the Hub, with an empty cache."""
    constants = pytest.importorskip('huggingface_hub.constants', reason='needs the extra hub')
    with hub_server.serving(NAME, saved) as served:
        files = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, served.url)
        for name, value in (
            ('ENDPOINT', served.url),
            ('HUGGINGFACE_CO_URL_TEMPLATE', files),
            ('HF_HUB_CACHE', str(tmp_path / 'cache')),
        ):
            monkeypatch.setattr(constants, name, value)
        yield served


@pytest.mark.parametrize('revision', ['', '@v1', f'@{hub_server.COMMIT}'])
def test_a_model_of_the_hub_is_the_saved_one(hub, saved, revision):
    (found, wanted) = (seqgan_tf.load(f'hf://{NAME}{revision}'), seqgan_tf.load(saved))
    assert_same(found, wanted)
    assert found.card == wanted.card


def test_only_the_files_of_a_model_are_downloaded(hub):
    hub.files['pytorch_model.bin'] = b'a pickle'
    seqgan_tf.load(f'hf://{NAME}')
    assert not [path for path in hub.asked if 'pickle' in path or path.endswith('.bin')]


def test_a_model_in_the_cache_needs_no_hub(hub):
    seqgan_tf.load(f'hf://{NAME}')
    hub.fault = 'broken'
    assert seqgan_tf.load(f'hf://{NAME}').sequence_length == T


@pytest.mark.parametrize(
    'fault, address, reason',
    [
        ('missing', f'hf://{NAME}', 'no such model, or a private one'),
        ('no login', f'hf://{NAME}', 'no such model, or a private one: check the name, or hf auth login'),
        ('gated', f'hf://{NAME}', 'a gated model: ask for access'),
        ('', f'hf://{NAME}@nowhere', f'no such revision of {NAME}'),
        ('', 'hf://-x/y..z', 'HFValidationError'),
    ],
)
def test_what_the_hub_refuses_is_answered_in_a_line(hub, fault, address, reason):
    hub.fault = fault
    with pytest.raises(RunError, match=f'must be on the Hugging Face Hub. Received: {address}.*{reason}') as raised:
        seqgan_tf.load(address)
    assert '\n' not in str(raised.value)


def test_without_a_network_an_empty_cache_is_said(hub, monkeypatch):
    monkeypatch.setattr('huggingface_hub.constants.HF_HUB_OFFLINE', True)
    with pytest.raises(RunError, match='no answer of http://127.* and nothing in the cache'):
        seqgan_tf.load(f'hf://{NAME}')


@pytest.mark.parametrize('address', ['hf://', 'hf://model', 'hf://a/b/c', 'hf://a/b@', 'hf://a b/c', 'hf://a/b@c d'])
def test_an_address_has_a_user_and_a_name(address):
    with pytest.raises(RunError, match='must be hf://USER/NAME or hf://USER/NAME@REVISION. Received: '):
        seqgan_tf.load(address)


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, 'huggingface_hub', None)
    with pytest.raises(RunError, match=r"pip install 'seqgan_tf\[hub\]'"):
        seqgan_tf.load(f'hf://{NAME}')


def test_the_command_asks_the_hub_that_the_environment_names(saved, tmp_path):
    pytest.importorskip('huggingface_hub', reason='needs the extra hub')

    def call(address):
        return subprocess.run(
            [sys.executable, '-m', 'seqgan_tf', 'sample', f'--pretrained={address}', '--n=3', '--seed=7'],
            capture_output=True,
            text=True,
            timeout=120,
            env=os.environ | {'PYTHONPATH': str(ROOT), 'HF_ENDPOINT': served.url, 'HF_HOME': str(tmp_path)},
        )

    with hub_server.serving(NAME, saved) as served:
        done = call(f'hf://{NAME}')
        assert (done.returncode, done.stdout.splitlines()) == (0, seqgan_tf.load(saved).generate(3, seed=7)), (
            done.stderr
        )
        served.fault = 'gated'
        done = call('hf://someone/else')
        assert done.returncode == 1 and not done.stdout
        assert done.stderr.splitlines()[-1].startswith('error: a model must be on the Hugging Face Hub. Received: ')
        assert 'Traceback' not in done.stderr
