"""Tones and rhyme of quatrains: hand-made poems, a slow twin, the settings, and real poems against shuffled ones."""

import dataclasses
import itertools
import json

import numpy as np
import pytest

from seqgan_tf.config import Config
from seqgan_tf.data import converters
from seqgan_tf.data.prosody import keeps_rhyme, keeps_tones, quatrain_rules, read_table
from seqgan_tf.data.tasks import load_task
from seqgan_tf.data.vocabulary import Vocabulary

# L, K: level, of two groups; O: oblique; B: of both tones.
TABLE = '平 first LKB\n平 second M\n仄 third OB\n'


@pytest.fixture
def table(tmp_path):
    path = tmp_path / 'table.txt'
    path.write_text(TABLE, 'utf-8')
    return path


@pytest.fixture
def readings(table):
    return read_table(table)


def poem(tones, ends='LLLK'):
    """Four lines from the tones of their second and fourth characters."""
    return [f'-{a}-{b}{end}' for a, b, end in zip(tones[::2], tones[1::2], ends)]


def twin(tones):
    """The rules of the docstring, one by one, on the tones of one reading."""
    second, fourth = tones[::2], tones[1::2]
    return (
        all(a != b for a, b in zip(second, fourth))
        and second[0] != second[1]
        and second[2] != second[3]
        and second[1] == second[2]
    )


def test_a_character_of_many_readings_stands_in_many_groups(readings):
    assert readings['B'] == {('平', 'first'), ('仄', 'third')} and readings['M'] == {('平', 'second')}


def test_tones_are_those_of_a_slow_twin(readings):
    options = {'L': 'L', 'O': 'O', 'B': 'LO'}
    kept = 0
    for tones in itertools.product('LOB', repeat=8):
        expected = any(map(twin, itertools.product(*(options[tone] for tone in tones))))
        assert keeps_tones(poem(tones), readings) == expected, tones
        kept += expected
    assert kept == 2 * 2**8 - 1  # each place has one of two characters; the poem of B alone fits both patterns


def test_a_character_outside_the_table_keeps_no_rule(readings):
    assert keeps_tones(poem('LOOLOLLO'), readings) and not keeps_tones(poem('LOOLOL?O'), readings)
    assert not keeps_rhyme(poem('LOOLOLLO', 'L?L?'), readings) and not keeps_rhyme(poem('LOOLOLLO', 'L?L!'), readings)


@pytest.mark.parametrize(
    'ends, expected', [('LLLK', True), ('OBOL', True), ('LLLL', False), ('LLLM', False), ('LLLO', False)]
)
def test_rhyme_is_of_lines_two_and_four(ends, expected, readings):
    assert keeps_rhyme(poem('LOOLOLLO', ends), readings) == expected


def test_shares(table):
    good, tones_only, rhyme_only = poem('LOOLOLLO'), poem('LOOLOLLO', 'LLLM'), poem('LLLLLLLL')
    texts = [' '.join(lines) for lines in (good, tones_only, rhyme_only)]
    short = [' '.join(good[:3]), ''.join(good), '', ' '.join([*good, 'LLLLL']), ' '.join([*good[:3], 'LLLLLL'])]
    found = quatrain_rules(table)(texts + short)
    assert found == {'prosody_tones': 2 / 8, 'prosody_rhyme': 2 / 8, 'prosody_all': 1 / 8}


@pytest.mark.parametrize('line', ['平 first', '阳 first L', '平 first L K', ''])
def test_what_is_no_table_is_named(line, tmp_path):
    path = tmp_path / 'table.txt'
    path.write_text(f'平 first L\n{line}\n', 'utf-8')
    with pytest.raises(ValueError, match='prosody must be a table with a tone .*Received: line 2 of .*table.txt'):
        read_table(path)


def test_the_setting_gives_a_task_its_rules_and_no_other_rows(table, tmp_path):
    corpus = tmp_path / 'poems.txt'
    corpus.write_text('\n'.join(' '.join(poem(tones)) for tones in itertools.product('LO', repeat=5)) + '\n', 'utf-8')
    config = Config(dataset='text', corpus=str(corpus), verse_length=5, sequence_length=20)
    plain, ruled = load_task(config), load_task(dataclasses.replace(config, prosody=str(table)))
    assert plain.rules is None and 'rules' in ruled.provides
    for part in ('train', 'validation', 'test'):
        np.testing.assert_array_equal(getattr(plain.corpus, part), getattr(ruled.corpus, part))
    with pytest.raises(ValueError, match='prosody may be given only with dataset=text. Received: dataset=verse'):
        Config(dataset='verse', prosody=str(table))
    with pytest.raises(ValueError, match='missing.txt'):
        load_task(dataclasses.replace(config, prosody=str(tmp_path / 'missing.txt')))


def test_the_converter_makes_a_table(tmp_path):
    source = {'上平声部': {'一东': ['东', '风']}, '入声部': {'入声一屋': ['国']}, '去声部': {'一送': ['风']}}
    made = converters.pingshui({'Pingshui_Rhyme.json': json.dumps(source).encode()})
    (path := tmp_path / 'pingshui.txt').write_bytes(made['pingshui.txt'])
    assert read_table(path) == {
        '东': {('平', '上平声一东')},
        '风': {('平', '上平声一东'), ('仄', '去声一送')},
        '国': {('仄', '入声一屋')},
    }


def test_poets_keep_the_rules_and_shuffled_characters_do_not(data_dir):
    table, poems = data_dir / 'pingshui.txt', data_dir / 'zhang_lapata_5_test.txt'
    if not (table.exists() and poems.exists()):
        pytest.skip('the poems and the table of rhymes are public data, which are not here')
    texts = poems.read_text('utf-8').splitlines()
    vocabulary = Vocabulary.build([text.replace(' ', '') for text in texts], verse_length=5)
    rows = vocabulary.encode(texts, 20)
    shuffled = vocabulary.decode(np.random.default_rng(0).permutation(rows.ravel()).reshape(rows.shape))
    real, floor = map(quatrain_rules(table), (texts, shuffled))
    assert real['prosody_rhyme'] > 0.85 and real['prosody_tones'] > 0.4 and max(floor.values()) < 0.06
