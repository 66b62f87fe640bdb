"""Laws of the settings: one field is default, flag, help, check and JSON; and the defaults are the released recipe."""

import dataclasses
import json
import pathlib

import pytest
from absl import flags

from seqgan_tf.config import Config
from seqgan_tf.running.flag_files import read_flags
from seqgan_tf.settings import define_flags

ROOT = pathlib.Path(__file__).resolve().parents[1]
FLAGFILES = sorted((ROOT / 'seqgan_tf' / 'flags').rglob('*.flags'))
FIELDS = {field.name: field for field in dataclasses.fields(Config)}

# Settings that other people's commands name.
PUBLIC = """algorithm dataset corpus tokens sequence_length on_long min_count max_vocab oracle_seed oracle_path workdir export_dir seed
    batch_size embedding_dim hidden_dim generator_learning_rate discriminator_learning_rate mle_epochs discriminator_rounds
    adversarial_rounds g_steps d_steps discriminator_epochs negatives num_rollouts rollout_decay eval_every eval_samples
    checkpoint_every""".split()

# The released code (LantaoYu/SeqGAN at e2b52fb), by file.
RELEASED = dict(
    batch_size=64,
    embedding_dim=32,
    hidden_dim=32,
    sequence_length=20,
    mle_epochs=120,  # sequence_gan.py, BATCH_SIZE to PRE_EPOCH_NUM
    vocab_size=5000,  # sequence_gan.py, main
    discriminator_embedding_dim=64,
    l2=0.2,  # sequence_gan.py, dis_embedding_dim, dis_l2_reg_lambda
    dropout=1 - 0.75,  # sequence_gan.py, dis_dropout_keep_prob
    discriminator_rounds=50,
    discriminator_epochs=3,  # sequence_gan.py, "train 3 epoch on the generated data and do this for 50 times"
    adversarial_rounds=200,
    g_steps=1,
    d_steps=5,
    num_rollouts=16,  # sequence_gan.py, TOTAL_BATCH, the adversarial loop, get_reward
    eval_every=5,  # sequence_gan.py, "if epoch % 5 == 0"
    generator_learning_rate=0.01,
    clip_norm=5.0,  # generator.py, learning_rate, grad_clip
    discriminator_learning_rate=1e-4,  # discriminator.py, AdamOptimizer
    negatives=0,  # sequence_gan.py, generated_num: as many as positives
    mle_patience=0,  # no early stopping
    rollout_decay=0.0,  # Algorithm 1; in the code the rate never acts
)


def another(field):
    """A valid value that is not the default."""
    if field.metadata['choices']:
        return next(choice for choice in reversed(field.metadata['choices']) if choice != field.default)
    return {
        bool: lambda: not field.default,
        int: lambda: field.default + 1,
        float: lambda: (field.default or 0.5) / 2,
        str: lambda: f'{field.name} "ünï"',
    }[field.type]()


# Settings all unlike their defaults that go together, so without verse_length, which goes with tokens=char, and those that go with algorithm=seqgan.
OTHER = {
    name: another(field)
    for name, field in FIELDS.items()
    if name not in ('verse_length', 'reward', 'discriminator', 'value')
} | dict(dataset='text', corpus='x.txt', encoding='utf-16', tokens='word', negatives=100)
MAY_CHANGE = {
    'corpus',
    'corpus_source',
    'corpus_licence',
    'encoding',
    'prosody',
    'oracle_path',
    'mle_epochs',
    'discriminator_rounds',
    'adversarial_rounds',
    'eval_every',
    'eval_samples',
    'final_samples',
    'final_curves',
    'strategy',
    'num_devices',
    'workers',
    'worker_index',
    'checkpoint_every',
    'loggers',
    'workdir',
    'export_dir',
}


def parse(*arguments):
    """The settings in command-line arguments, as commands read them."""
    return Config.from_flags(read_flags(arguments))


def defined_flags():
    """Flags of their own, not the process'."""
    values = flags.FlagValues()
    define_flags(Config, values)
    return values


def changed(name, value):
    """A valid Config that has a value in a setting, and what goes with it."""
    text = dict(dataset='text', corpus='x.txt')
    needs = dict(corpus=dict(dataset='text'), dataset=dict(corpus='x.txt'), verse_length=text, prosody=text)
    return Config(**needs.get(name, {}) | {name: value})


# One source


def test_without_flags_a_config_has_its_defaults():
    assert parse() == Config()


def test_every_setting_has_a_flag():
    assert parse(*(f'--{name}={value}' for name, value in OTHER.items())) == Config(**OTHER)
    assert parse('--dataset=text', '--corpus=x', '--verse_length=5').verse_length == 5
    assert parse('--reward=shuffled').reward == 'shuffled'
    assert parse('--value=causal').value == 'causal'
    assert all(getattr(Config(), name) != value for name, value in OTHER.items())


def test_the_flags_that_others_call_are_there():
    assert set(PUBLIC) <= set(FIELDS)


@pytest.mark.parametrize('name', FIELDS)
def test_every_flag_has_the_help_of_its_setting(name):
    flag = defined_flags()[name]
    assert flag.help.endswith(FIELDS[name].metadata['help']) and len(FIELDS[name].metadata['help']) > 3
    assert flag.default == FIELDS[name].default


@pytest.mark.parametrize('name', RELEASED)
def test_the_defaults_are_the_released_recipe(name):
    assert getattr(Config(), name) == RELEASED[name]


# JSON


@pytest.mark.parametrize('config', [Config(), Config(**OTHER), Config(l2=1 / 3, workdir='a\u2028\\b\udcff')])
def test_json_gives_the_settings_back(config, tmp_path):
    path = tmp_path / 'config.json'
    path.write_text(config.to_json(), 'utf-8')
    assert Config.from_json(path) == config and Config.from_json(path).differences(config) == {}


def test_json_is_one_flat_object_of_all_settings():
    assert json.loads(Config().to_json()) == dataclasses.asdict(Config())


@pytest.mark.parametrize(
    'content, message',
    [
        (b'{"batch_sice": 64}', 'batch_sice'),
        (b'{"batch_size": "64"}', "batch_size='64'"),
        (b'{"batch_size": 0}', 'batch_size=0'),
        (b'{"batch_size": 64', 'delimiter'),
        (b'', 'Expecting value'),
        (b'[]', 'mapping'),
        (b'\xff', 'utf-8'),
        (None, 'No such file'),
    ],
)
def test_a_file_that_holds_no_settings_is_named(content, message, tmp_path):
    path = tmp_path / 'config.json'
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=f'config.json must hold the settings of a run. Received: {path} .*{message}'):
        Config.from_json(path)


# Checks


@pytest.mark.parametrize(
    'name, value',
    [
        ('algorithm', 'gan'),
        ('seed', -1),
        ('seed', 2**31),
        ('dataset', 'poems'),
        ('tokens', 'byte'),
        ('sequence_length', 1),
        ('sequence_length', 1025),
        ('on_long', 'cut'),
        ('min_count', 0),
        ('max_vocab', -1),
        ('verse_length', -1),
        ('validation_share', -0.1),
        ('test_share', 0.6),
        ('num_sequences', -1),
        ('held_out', 0),
        ('vocab_size', 1),
        ('batch_size', 0),
        ('embedding_dim', 0),
        ('hidden_dim', 0),
        ('generator_learning_rate', 0.0),
        ('generator_learning_rate', -1.0),
        ('generator_learning_rate', float('nan')),
        ('generator_learning_rate', float('inf')),
        ('discriminator_learning_rate', 0.0),
        ('discriminator_embedding_dim', 0),
        ('dropout', 1.0),
        ('dropout', -0.1),
        ('l2', -1.0),
        ('discriminator_weight_decay', -0.1),
        ('l2', float('inf')),
        ('clip_norm', 0.0),
        ('clip_norm', float('inf')),
        ('mle_epochs', -1),
        ('mle_patience', -1),
        ('discriminator_rounds', -1),
        ('adversarial_rounds', -1),
        ('g_steps', -1),
        ('d_steps', -1),
        ('discriminator_epochs', 0),
        ('negatives', -1),
        ('num_rollouts', -1),
        ('policy_batch_size', -1),
        ('kl_coef', -0.1),
        ('search_candidates', 0),
        ('guidance', -1.0),
        ('guidance', float('inf')),
        ('real_share', 1.1),
        ('rollout_decay', 1.1),
        ('rollout_decay', float('nan')),
        ('eval_every', 0),
        ('eval_samples', 0),
        ('checkpoint_every', 0),
        ('jit', 'yes'),
        ('loggers', 'paper'),
        ('loggers', 'terminal,terminal'),
        ('workdir', ''),
    ],
)
def test_an_impossible_value_is_named(name, value):
    with pytest.raises(ValueError, match=rf'{name} must .*Received: {name}={value}'):
        Config(**{name: value})


@pytest.mark.parametrize(
    'name, value',
    [
        ('seed', 0),
        ('seed', 2**31 - 1),
        ('sequence_length', 2),
        ('sequence_length', 1024),
        ('batch_size', 1),
        ('dropout', 0.0),
        ('d_steps', 0),
        ('mle_epochs', 0),
        ('rollout_decay', 1.0),
        ('l2', 0),
        ('vocab_size', 2),
        ('validation_share', 0.5),
        ('verse_length', 1),
        ('loggers', ''),
    ],
)
def test_the_ends_of_a_range_are_in_it(name, value):
    assert getattr(changed(name, value), name) == value


@pytest.mark.parametrize(
    'name, value',
    [
        ('batch_size', 64.0),
        ('batch_size', '64'),
        ('batch_size', True),
        ('batch_size', None),
        ('l2', '0.2'),
        ('l2', False),
        ('l2', None),
        ('corpus', 5),
        ('corpus', None),
        ('workdir', 5),
        ('tokens', 1),
    ],
)
def test_a_value_of_another_type_is_named(name, value):
    with pytest.raises(ValueError, match=f'{name} must be of type {FIELDS[name].type.__name__}. Received: {name}='):
        Config(**{name: value})


@pytest.mark.parametrize(
    'values, message',
    [
        (dict(dataset='text'), 'needs a file'),
        (dict(corpus='x.txt'), 'dataset=synthetic, corpus=x.txt'),
        (dict(dataset='verse', corpus='x.txt'), 'dataset=verse, corpus=x.txt'),
        (dict(dataset='text', corpus='x', tokens='word', verse_length=5), 'verse_length=5, tokens=word'),
        (dict(dataset='text', corpus='x', tokens='id', min_count=2), 'min_count=2'),
        (dict(dataset='text', corpus='x', encoding='utf-9'), 'encoding=utf-9'),
        (dict(dataset='text', corpus='x', encoding='hex'), 'encoding=hex'),
        (dict(dataset='verse', sequence_length=21), 'sequence_length=21'),
        (dict(negatives=31, batch_size=64), 'negatives=31, batch_size=64'),
        (dict(negatives=32, batch_size=65), 'negatives=32, batch_size=65'),
        (
            dict(algorithm='mle', reward='constant'),
            'reward is a setting of algorithm=seqgan. Received: algorithm=mle, reward=constant',
        ),
        (
            dict(algorithm='mle', start_from='x'),
            'start_from goes with algorithm=pg_bleu or seqgan or selfgan. Received: algorithm=mle, start_from=x',
        ),
        (
            dict(algorithm='pg_bleu', discriminator='given'),
            'discriminator is a setting of algorithm=seqgan or selfgan. Received: algorithm=pg_bleu',
        ),
        (
            dict(algorithm='mle', discriminator_weight_decay=0.1),
            'discriminator_weight_decay is a setting of algorithm=seqgan or selfgan. Received: algorithm=mle, discr',
        ),
        (dict(algorithm='pg_bleu', discriminator_best=True), 'discriminator_best is a setting of algorithm=seqgan or '),
        (dict(algorithm='random', discriminator_stop=True), 'algorithm=random, discriminator_stop=True'),
        (
            dict(algorithm='pg_bleu', discriminator_calibration=True),
            'algorithm=pg_bleu, discriminator_calibration=True',
        ),
        (
            dict(algorithm='selfgan', g_steps=0, adversarial_mle_steps=2),
            'an adversarial round must update the generator. Received: g_steps=0, adversarial_mle_steps=2',
        ),
        (
            dict(algorithm='mle', value='network'),
            'value is a setting of algorithm=pg_bleu or seqgan. Received: algorithm=mle, value=network',
        ),
        (
            dict(algorithm='selfgan', value='causal'),
            'value is a setting of .*Received: algorithm=selfgan, value=causal',
        ),
        (
            dict(algorithm='pg_bleu', value='causal'),
            'value=causal goes with reward=discriminator or .*Received: algorithm=pg_bleu, reward=bleu',
        ),
        (dict(reward='given', value='causal'), 'value=causal goes with .*Received: algorithm=seqgan, reward=given'),
        (dict(reward='constant', value='network'), 'value=network goes with .*algorithm=seqgan, reward=constant'),
        (
            dict(value='causal', discriminator_rounds=0),
            'value=causal must be trained before its first use. Received: discriminator_rounds=0',
        ),
        (
            dict(value='network', negatives=40, batch_size=64),
            'with value=network the negatives must fill a batch. Received: negatives=40, batch_size=64',
        ),
        (
            dict(g_steps=0),
            'an adversarial round must update the generator. Received: g_steps=0, adversarial_mle_steps=0',
        ),
    ],
)
def test_settings_that_do_not_go_together_are_named(values, message):
    with pytest.raises(ValueError, match=message):
        Config(**values)


def test_a_config_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().seed = 1


# What a resumed run may change


@pytest.mark.parametrize('name', OTHER)
def test_only_the_length_the_reports_and_the_paths_of_a_run_may_change(name):
    here = changed(name, OTHER[name])
    there = changed(name, FIELDS[name].default) if name not in ('dataset', 'corpus') else Config()
    names = here.differences(there)
    assert (name in names) is (name not in MAY_CHANGE)
    assert all(names[n] == (getattr(here, n), getattr(there, n)) for n in names)


def test_differences_are_all_named():
    differences = Config(**OTHER).differences(Config())
    assert set(differences) == set(OTHER) - MAY_CHANGE
    assert differences['seed'] == (1, 0)


# Flag files


@pytest.mark.parametrize('path', FLAGFILES, ids=lambda path: path.name)
def test_a_flag_file_gives_settings(path):
    overrides = [] if '--dataset=text' not in path.read_text('utf-8') else ['--corpus=x.txt']
    assert parse(f'--flagfile={path}', *overrides) != Config()


@pytest.mark.parametrize('path', FLAGFILES, ids=lambda path: path.name)
def test_every_line_of_a_flag_file_sets_a_setting_once(path):
    lines = [line.strip() for line in path.read_text('utf-8').splitlines() if line.strip() and not line.startswith('#')]
    names = [line.removeprefix('--').partition('=')[0] for line in lines]
    assert all(line.startswith('--') and '=' in line for line in lines)
    assert len(set(names)) == len(names) and set(names) <= {*FIELDS, 'flagfile'}


def test_a_flag_after_the_file_wins():
    assert parse(f'--flagfile={FLAGFILES[0]}', '--mle_epochs=3', '--seed=9').mle_epochs == 3


def test_a_path_is_taken_as_its_text():
    assert Config(workdir=pathlib.Path('a/b'), export_dir=pathlib.Path('c')) == Config(workdir='a/b', export_dir='c')
