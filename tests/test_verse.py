"""Laws of the verse corpus: what every poem keeps, and that each rule can be broken on its own."""

import random
import re

import pytest

from seqgan_tf.data.verse import make_poems
from seqgan_tf.data.verse_lexicon import PHRASES, READINGS
from seqgan_tf.data.verse_rules import verse_marks, verse_validity

LEVEL_TAILS = ('drift', 'flight', 'bloom', 'feeling')
READING = {char: entry[0] for entry in re.findall(r'([a-z]+\d)([^a-z\s]+)', READINGS) for char in entry[1]}


@pytest.fixture(scope='module')
def poems():
    return make_poems(20_000, 0)


def validity(text):
    """(tones, rhyme, grammar) of one text."""
    shares = verse_validity([text])
    return tuple(bool(shares[f'valid_{rule}']) for rule in ('tones', 'rhyme', 'grammar'))


def level(char):
    return char in READING and int(READING[char][-1]) <= 2


def tones(text):
    return [level(char) for char in text]


def keeps_tones(poem):
    """The rules as taught: 二四分明, 对, 粘 (all at the second character), and no 孤平.

    Within a line the characters 2 and 4 differ, and so do 3 and 5. The first is level in a line that is level at 2 and
    5. At character 2 the lines 1 and 2 differ, 2 and 3 agree, 3 and 4 differ. Lines 2 and 4 end level, line 3 oblique.
    """
    if not all(char in READING for char in poem):
        return False
    lines = [tones(poem[i : i + 5]) for i in (0, 5, 10, 15)]
    for first, second, third, fourth, fifth in lines:
        if second == fourth or third == fifth or (second and fifth and not first):
            return False
    a, b, c, d = (line[1] for line in lines)
    return a != b and b == c and c != d and lines[1][4] and not lines[2][4] and lines[3][4]


def rhyme(char):
    """The rhyme of a character, by the end of its syllable."""
    syllable = READING[char][:-1]
    if re.search('([jqxy]u|v)$', syllable):
        return 'i'
    if re.search('([jqxyln][uv]e|ie|^ye)$', syllable):
        return 'ie'
    endings = 'ang ng an n ai ei ui ao ou iu er a o e i u'.split()  # a longer ending before what it ends with
    merged = {'ui': 'ei', 'iu': 'ou', 'er': 'i', 'e': 'o'}
    ending = next(ending for ending in endings if syllable.endswith(ending))
    return merged.get(ending, ending)


def keeps_rhyme(poem):
    finals = [poem[9], poem[19]]
    if poem[4] not in READING or level(poem[4]):
        finals.append(poem[4])
    return all(map(level, finals)) and len(set(finals)) == len(finals) and len({rhyme(char) for char in finals}) == 1


def test_every_poem_keeps_every_rule(poems):
    assert verse_validity(poems) == dict.fromkeys(('valid_tones', 'valid_rhyme', 'valid_grammar', 'valid_all'), 1.0)
    assert all(len(poem) == 20 and not re.search(r'[\sa-z]', poem) for poem in poems)


def test_tones_and_rhyme_agree_with_an_independent_check(poems):
    rng = random.Random(0)
    chars = sorted(READING) + ['x', '。']
    tone_results, rhyme_results = [], []
    for poem in poems[:3000]:
        assert keeps_tones(poem) and keeps_rhyme(poem)
        i = rng.choice([rng.randrange(20), 4, 9, 19])
        changed = poem[:i] + rng.choice(chars) + poem[i + 1 :]
        valid_tones, valid_rhyme, _ = validity(changed)
        assert (valid_tones, valid_rhyme) == (keeps_tones(changed), keeps_rhyme(changed)), changed
        tone_results.append(valid_tones)
        rhyme_results.append(valid_rhyme)
    for results in (tone_results, rhyme_results):  # the changes break each rule often, and often do not
        assert 0.2 < sum(results) / len(results) < 0.9


def test_rhyme_of_every_pair_of_level_characters():
    chars = [char for char in READING if level(char)]
    for x in chars:
        rhyming = [y for y in chars if validity('月' * 9 + x + '月' * 9 + y)[1]]
        assert rhyming == [y for y in chars if rhyme(y) == rhyme(x) and y != x], x


def test_all_four_arrangements_and_both_first_lines_occur(poems):
    assert len({(level(poem[1]), level(poem[4])) for poem in poems}) == 4


def test_tones_can_break_alone(poems):
    for poem in poems[:200]:  # a person of the other tone at the head of line 3
        person = next(word for word in PHRASES['person'].split() if level(word[1]) != level(poem[11]))
        assert validity(poem[:10] + person + poem[12:]) == (False, True, True)


def test_rhyme_can_break_alone(poems):
    for poem in poems[:200]:  # another feeling of the same tones in another rhyme
        feeling = next(
            word
            for word in PHRASES['feeling'].split()
            if tones(word) == tones(poem[17:]) and rhyme(word[-1]) != rhyme(poem[19])
        )
        assert validity(poem[:17] + feeling) == (True, False, True)


def test_rhyming_with_itself_is_no_rhyme(poems):
    for poem in poems[:200]:
        assert not validity(poem[:19] + poem[9])[1]


def test_grammar_can_break_alone_by_one_character(poems):
    persons = set(PHRASES['person'].split())
    for poem in poems[:200]:  # the first character of line 3, tone kept
        char = next(char for char in READING if level(char) == level(poem[10]) and char + poem[11] not in persons)
        assert validity(poem[:10] + char + poem[11:]) == (True, True, False)


def test_no_phrase_twice(poems):
    places = set(PHRASES['place'].split())
    both = [poem for poem in poems if poem[:2] in places and poem[5:7] in places]
    assert both
    for poem in both[:200]:
        assert validity(poem[:2] + poem[2:5] + poem[:2] + poem[7:])[2] is False


def test_grammar_depends_on_the_position(poems):
    for poem in poems[:200]:  # lines 3 and 4 in each other's place
        assert validity(poem[:10] + poem[15:] + poem[10:15])[2] is False


def test_random_characters_are_not_verse():
    rng = random.Random(0)
    chars = sorted(READING)
    shares = verse_validity([''.join(rng.choices(chars, k=20)) for _ in range(2000)])
    assert shares['valid_all'] == shares['valid_grammar'] == 0
    assert shares['valid_tones'] < 0.01  # 28 of the 2 ** 20 strings of tones
    assert shares['valid_rhyme'] < 0.1


def test_any_text_has_a_validity(poems):
    spaced = ' '.join(poems[0][:10]) + '\n\u3000' + poems[0][10:]
    texts = [spaced, '', poems[1][:19], poems[2] + '月', 'x' * 20, '月' * 20, 'a longer text of Latin letters']
    shares = verse_validity(texts)
    assert shares == dict.fromkeys(shares, 1 / 7)


def test_the_seed_decides(poems):
    assert make_poems(500, 0) == poems[:500]
    assert make_poems(1, 0) == poems[:1]
    assert len(set(make_poems(500, 1)) & set(poems)) < 5


def test_poems_are_distinct(poems):
    assert len(set(poems)) == len(poems)


def test_the_vocabulary_is_several_hundred_characters_all_of_them_used(poems):
    assert 400 <= len(READING) <= 700
    assert set(''.join(poems)) <= set(READING) == set(''.join(' '.join(PHRASES.values()).split()))


def test_every_character_has_one_reading():
    chars = ''.join(re.findall(r'[^a-z1-4\s]', READINGS))
    assert len(chars) == len(set(chars)) == len(READING)
    assert all(re.fullmatch(r'[a-z]+[1-4][^a-z0-9]+', entry) for entry in READINGS.split())


def test_every_phrase_has_one_category_and_is_reachable():
    phrases = [phrase for words in PHRASES.values() for phrase in words.split()]
    assert len(phrases) == len(set(phrases))
    poems = make_poems(60_000, 2)
    used = {part for poem in poems for i in (0, 5, 10, 15) for part in (poem[i : i + 2], poem[i + 2 : i + 5])}
    assert used == set(phrases)


def test_tails_of_lines_2_and_4_end_level():
    assert all(level(phrase[-1]) for category in LEVEL_TAILS for phrase in PHRASES[category].split())


@pytest.mark.parametrize('num_poems', [0, -3])
def test_too_few_poems(num_poems):
    message = f'num_poems must be at least 1. Received: num_poems={num_poems}'
    with pytest.raises(ValueError, match=re.escape(message)):
        make_poems(num_poems, 0)


def test_negative_seed():
    with pytest.raises(ValueError, match=re.escape('seed must be at least 0. Received: seed=-1')):
        make_poems(1, -1)


def test_no_texts():
    with pytest.raises(ValueError, match=re.escape('texts must hold at least 1 text. Received: 0 texts')):
        verse_validity([])


def marked(text):
    """(tones, rhyme, grammar): whether every character keeps its part of each rule."""
    marks = verse_marks(text)
    return tuple(all(getattr(mark, f'keeps_{rule}') for mark in marks) for rule in ('tones', 'rhyme', 'grammar'))


def test_characters_keep_a_rule_where_the_text_does(poems):
    """On poems, on poems with one to six characters of others, on lines of different poems, and on unknown characters."""
    rng = random.Random(1)
    seen = set()
    for poem in poems[:1000]:
        assert marked(poem) == (True, True, True)
        chars = list(poem)
        for place in rng.sample(range(20), rng.randint(1, 6)):
            chars[place] = rng.choice(rng.choice(poems)) if rng.random() < 0.9 else '。'
        lines = [poems[rng.randrange(1000)][i : i + 5] for i in (0, 5, 10, 15)]
        twice = poem[:10] + poem[:2] + poem[12:]
        rhyme_again = poem[:19] + poem[9]
        for text in (''.join(chars), ''.join(lines), twice, rhyme_again, poem[:4] + '。' + poem[5:]):
            assert marked(text) == validity(text), text
            seen.add(validity(text))
    assert len(seen) > 4


def test_marks_say_what_is_wrong():
    poem = make_poems(1, 0)[0]
    marks = verse_marks(' '.join(poem))
    assert ''.join(mark.character for mark in marks) == poem
    assert [i for i, mark in enumerate(marks) if mark.rhyme] in ([9, 19], [4, 9, 19])
    broken = verse_marks(poem[:7] + '。' + poem[8:])
    assert [i for i, mark in enumerate(broken) if not mark.keeps_tones] == [7]
    assert [i for i, mark in enumerate(broken) if not mark.keeps_grammar] == [7, 8, 9]
    assert broken[7][:3] == ('。', '', '?')
    with pytest.raises(ValueError, match='a poem must have 20 characters. Received: 19'):
        verse_marks(poem[1:])
