"""Laws of the data by name: what comes is what was pinned, or one message says where to put it by hand."""

import contextlib
import hashlib
import io
import itertools
import json
import os
import pathlib
import pickle
import re
import socket
import struct
import sys

import numpy as np
import pytest
from data_server import HTML, caller, names, serving

from seqgan_tf.data import converters, source, speeches, tang
from seqgan_tf.data.corpus import PARTS
from seqgan_tf.data.digests import digest
from seqgan_tf.data.download import fetch
from seqgan_tf.data.source import Source, SourceFile
from seqgan_tf.data.sources import SOURCES
from seqgan_tf.data.text_file import load_text
from seqgan_tf.errors import RunError
from seqgan_tf.models.oracle import load_oracle

POEMS = {
    'qtrain5': '偶 寻 半 开 梅\t闲 倚 一 竿 竹\t儿 童 不 知 春\t问 草 何 故 绿\n一 二 三\t四 五 六\n\n' * 2,
    'qvalid5': '少 闻 鸡 声 眠\t老 听 鸡 声 起\t千 古 万 代 人\t消 磨 数 声 里\n',
    'qtest5': '白 日 不 到 处\t青 春 恰 自 来\t苔 花 如 米 小\t亦 学 牡 丹 开\r\n',
}
FILES = {name: text.encode() for name, text in POEMS.items()}


def source_of(files, convert):
    """A source of small files."""
    made = convert(files)
    return Source(
        summary='some data',
        repository='who/what',
        commit='0' * 40,
        files=tuple(SourceFile(f'data/{n}', len(data), hashlib.sha256(data).hexdigest()) for n, data in files.items()),
        convert=convert,
        results={path: digest(path, data) for path, data in made.items()},
        licence='a licence',
        citation='a citation',
        command='python train.py --corpus=DIR/poems',
    )


@pytest.fixture
def server(monkeypatch):
    """A server of the small poems in place of GitHub."""
    monkeypatch.setitem(SOURCES, 'poems', source_of(FILES, converters.poems))
    with serving(FILES, monkeypatch) as served:
        yield served


@pytest.fixture
def call(monkeypatch, capsys):
    return caller(monkeypatch, capsys)


# What comes


def test_without_a_name_the_names_are_listed(call):
    code, printed = call()
    assert code == 0 and [line.split()[0] for line in printed.splitlines()] == list(SOURCES)


def test_poems_come_in_three_parts(call, server, tmp_path):
    code, printed = call('poems', f'--out={tmp_path}')
    assert code == 0 and len(server.asked) == 3
    made = ['poems/test.txt', 'poems/train.txt', 'poems/validation.txt']
    assert names(tmp_path) == [*made, 'source/qtest5', 'source/qtrain5', 'source/qvalid5']
    for said in ('a licence', 'a citation', 'who/what at ' + '0' * 40, f'--corpus={tmp_path}/poems'):
        assert said in printed
    assert all(f'{tmp_path / path}  sha256 {SOURCES["poems"].results[path]}\n' in printed for path in made)
    corpus = load_text(tmp_path / 'poems', verse_length=5)
    assert [corpus.vocabulary.decode(getattr(corpus, part))[0][:5] for part in PARTS] == [
        '偶寻半开梅', '\ufffd\ufffd\ufffd\ufffd\ufffd', '\ufffd\ufffd不\ufffd\ufffd',
    ]  # fmt: skip
    assert len(corpus.train) == 2


def test_what_is_there_is_not_fetched_again(call, server, tmp_path):
    call('poems', f'--out={tmp_path}')
    (tmp_path / 'poems' / 'test.txt').unlink()
    server.fault = 'missing'
    assert [call('poems', f'--out={tmp_path}')[0] for _ in range(2)] == [0, 0]
    assert len(server.asked) == 3 and 'poems/test.txt' in names(tmp_path)


def test_files_put_there_by_hand_are_read(call, server, tmp_path):
    (tmp_path / 'source').mkdir()
    for name, data in FILES.items():
        (tmp_path / 'source' / name).write_bytes(data)
    assert call('poems', f'--out={tmp_path}')[0] == 0 and server.asked == []


def test_a_cut_download_goes_on_where_it_ended(call, server, tmp_path):
    server.fault = 'cut'
    size = len(FILES['qtrain5'])
    code, _ = call('poems', f'--out={tmp_path}')
    assert f'Received: {size // 2} bytes, then the end; the same command continues there' in code
    assert names(tmp_path) == ['source/qtrain5.part']
    server.fault = ''
    assert call('poems', f'--out={tmp_path}')[0] == 0
    assert [asked for _, asked in server.asked] == [None, f'bytes={size // 2}-', None, None]
    assert (tmp_path / 'source' / 'qtrain5').read_bytes() == FILES['qtrain5']


def test_a_folder_may_have_any_name(server, tmp_path):
    file = SourceFile('全唐诗/100% a?#b/qvalid5', len(FILES['qvalid5']), hashlib.sha256(FILES['qvalid5']).hexdigest())
    url = file.url('who/what', '0' * 40)
    assert url.endswith('/who/what/' + '0' * 40 + '/%E5%85%A8%E5%94%90%E8%AF%97/100%25%20a%3F%23b/qvalid5')
    assert fetch(url, file, tmp_path / file.name) == {'qvalid5': FILES['qvalid5']}


@pytest.mark.parametrize(
    'fault, part', [('no ranges', b'abc'), ('', FILES['qtrain5']), ('', b'x' * (len(FILES['qtrain5']) + 1))]
)
def test_a_part_is_replaced_or_complete(fault, part, call, server, tmp_path):
    (tmp_path / 'source').mkdir()
    (tmp_path / 'source' / 'qtrain5.part').write_bytes(part)
    server.fault = fault
    assert call('poems', f'--out={tmp_path}')[0] == 0


# What goes wrong


@pytest.mark.parametrize(
    'fault, part, received, left',
    [
        ('missing', b'', 'the answer 404 Not Found', None),
        ('html', b'', 'a page of HTML', None),
        ('html as text', b'', f'{len(HTML)} bytes', None),
        ('short', b'', f'{len(FILES["qtrain5"]) - 1} bytes', None),
        ('endless', b'', f'more than {len(FILES["qtrain5"])} bytes', None),
        ('changed', b'', 'and the SHA-256 ', None),
        ('', b'abc', 'and the SHA-256 ', None),  # the beginning of another file
        ('other range', b'abc', 'another part of it than was asked for', b'abc'),
        ('short', FILES['qtrain5'][:-1], 'the answer 416', None),
    ],
)
def test_what_is_not_the_file_is_refused(fault, part, received, left, call, server, tmp_path):
    (tmp_path / 'source').mkdir()
    path = tmp_path / 'source' / 'qtrain5.part'
    if part:
        path.write_bytes(part)
    server.fault = fault
    code, _ = call('poems', f'--out={tmp_path}')
    assert received in code
    _names_the_file(code, tmp_path)
    assert (path.read_bytes() if path.exists() else None) == left


def _names_the_file(message, folder):
    """An error says what is missing, where it belongs and how to know it, on one line."""
    file = SOURCES['poems'].files[0]
    assert message.startswith('error: qtrain5 must come whole from http') and '\n' not in message
    assert f'or be put there by hand as {folder / "source" / "qtrain5"}.' in message
    assert f'It has {file.size} bytes and the SHA-256 {file.sha256}. Received: ' in message
    assert not [name for name in names(folder) if not name.startswith('source/')]


def test_no_network_is_answered(call, server, tmp_path, monkeypatch):
    with socket.socket() as bound:  # to a port where nobody listens
        bound.bind(('127.0.0.1', 0))
        monkeypatch.setattr(source, 'RAW', f'http://127.0.0.1:{bound.getsockname()[1]}')
        code, _ = call('poems', f'--out={tmp_path}')
    assert 'Connection refused' in code
    _names_the_file(code, tmp_path)


def test_a_full_disk_is_answered(call, server, tmp_path):
    (tmp_path / 'source').mkdir()
    (tmp_path / 'source' / 'qtrain5.part').symlink_to('/dev/full')
    code, _ = call('poems', f'--out={tmp_path}')
    assert code.endswith('Received: No space left on device')
    _names_the_file(code, tmp_path)


def test_results_are_written_all_or_none(call, server, tmp_path):
    (tmp_path / 'poems').mkdir()
    (tmp_path / 'poems' / 'test.txt.new').symlink_to('/dev/full')
    code, _ = call('poems', f'--out={tmp_path}')
    assert 'out must be a directory that can be written. Received: ' in code and 'No space left on device' in code
    assert not list((tmp_path / 'poems').iterdir())
    assert call('poems', f'--out={tmp_path}')[0] == 0


@pytest.mark.parametrize('name', ['source', 'poems'])
def test_a_file_in_the_place_of_a_folder_is_named(name, call, server, tmp_path):
    (tmp_path / name).write_text('mine')
    code, _ = call('poems', f'--out={tmp_path}')
    assert str(tmp_path / name) in code and (tmp_path / name).read_text() == 'mine'


def test_a_wrong_file_put_there_by_hand_is_kept_and_named(call, server, tmp_path):
    (tmp_path / 'source').mkdir()
    (tmp_path / 'source' / 'qtrain5').write_text('mine')
    code, _ = call('poems', f'--out={tmp_path}')
    assert f'Received: {tmp_path / "source" / "qtrain5"} with 4 bytes and the SHA-256 ' in code
    assert (tmp_path / 'source' / 'qtrain5').read_text() == 'mine' and server.asked == []


def test_a_file_of_the_user_is_not_replaced(call, server, tmp_path):
    (tmp_path / 'poems').mkdir()
    (tmp_path / 'poems' / 'train.txt').write_text('mine')
    code, _ = call('poems', f'--out={tmp_path}')
    assert code == f'error: out must have nothing else in the place of a result. Received: {tmp_path}/poems/train.txt'
    assert (tmp_path / 'poems' / 'train.txt').read_text() == 'mine' and server.asked == []


def test_other_results_than_the_pinned_ones_are_refused(call, server, tmp_path, monkeypatch):
    monkeypatch.setitem(SOURCES['poems'].results, 'poems/test.txt', '0' * 64)
    code, _ = call('poems', f'--out={tmp_path}')
    assert code.startswith('error: poems/test.txt must have the SHA-256 ' + '0' * 64)
    assert names(tmp_path) == ['source/qtest5', 'source/qtrain5', 'source/qvalid5']


def test_an_unknown_name_is_answered_with_the_names(call):
    assert call('poem') == (f'error: data must be one of {", ".join(SOURCES)}. Received: poem', '')


# Converters


def test_poems_of_openings():
    data = '秦 川 雄 帝 宅 ， 函 谷 壮 皇 居 。 绮 殿 千 寻 起 ， 离 宫 百 雉 余 。 \n'.encode()
    assert converters.shi({'shi.txt': data}) == {
        'texygen_shi.txt': '秦川雄帝宅 函谷壮皇居 绮殿千寻起 离宫百雉余\n'.encode()
    }


def test_captions():
    files = {'image_coco.txt': b' a  cat\tsits.\na dog.', 'test_coco.txt': b'A bird .\n\n'}
    assert converters.coco(files) == {'image_coco.txt': b'a cat sits.\na dog.\n', 'test_coco.txt': b'A bird .\n'}


def quatrains(*files):
    """The lines of five and of seven characters that files of poems give, a poem as its paragraphs."""
    data = [json.dumps([{'paragraphs': poem} for poem in poems], ensure_ascii=False).encode() for poems in files]
    made = tang.quatrains({f'{i}.json': content for i, content in enumerate(data)})
    assert [*made] == ['tang_quatrains_5.txt', 'tang_quatrains_7.txt']
    return tuple(content.decode().splitlines() for content in made.values())


def test_quatrains_are_known_by_their_shape():
    five = ['春眠不覺曉，處處聞啼鳥。', '夜來風雨聲？花落知多少']
    seven = ['朝辭白帝彩雲間：千里江陵', '一日還！兩岸猿聲啼不住；；輕舟已過萬重山。']
    others = [
        [],
        [''],
        five[:1],
        five * 2,
        [five[0], seven[1]],
        [five[0], '夜來風雨，花落知多少。'],
        ['一二三四，' * 4],
    ]
    assert quatrains([five], [*others, seven]) == (
        ['春眠不覺曉 處處聞啼鳥 夜來風雨聲 花落知多少'],
        ['朝辭白帝彩雲間 千里江陵一日還 兩岸猿聲啼不住 輕舟已過萬重山'],
    )


def test_notes_of_an_editor_are_taken_out():
    noted = ['（一作（春，眠）。（又）曉）春眠不（一', '作□）覺曉，處處聞啼鳥。', '夜來風雨聲，花落知多少。（）']
    assert quatrains([noted]) == (['春眠不覺曉 處處聞啼鳥 夜來風雨聲 花落知多少'], [])
    assert quatrains([[noted[2].replace('（', '') * 2], ['（' + noted[2] * 2]]) == ([], [])


@pytest.mark.parametrize('character', ['\u3400', '\u9fff', '\U00020000', '\U000323af'])
def test_rare_ideographs_are_kept(character):
    assert len(quatrains([[f'春眠不覺{character}，', '一二三四五。' * 3]])[0]) == 1


@pytest.mark.parametrize('character', ['□', '●', '\ue000', '\U000f0000', '[', ' ', 'ē', ',', '〇', '\ud800'])
def test_poems_with_a_lost_character_are_left_out(character):
    data = json.dumps([{'paragraphs': [f'春眠不覺{character}，', '一二三四五。' * 3]}]).encode()
    assert [*tang.quatrains({'a.json': data}).values()] == [b'', b'']


def test_near_copies_are_left_out():
    """A poem stays if no earlier one that stays has three of its verses in the same places."""
    draws = np.random.default_rng(0).integers(0, 4, [2, 150, 4])
    files = [[[f'{"甲乙丙丁"[i]}' * 5 + '，' for i in poem] for poem in poems] for poems in draws]
    kept = []
    for poem in itertools.chain(*draws.tolist()):
        if all(sum(a == b for a, b in zip(poem, other)) < 3 for other in kept):
            kept.append(poem)
    assert 10 < len(kept) < 100
    assert quatrains(*files) == ([' '.join('甲乙丙丁'[i] * 5 for i in poem) for poem in kept], [])


@pytest.mark.parametrize(
    'data, received',
    [
        (b'', 'Expecting value: line 1 column 1 (char 0)'),
        (b'[{"paragraphs": ["', 'Unterminated string'),
        ('[{"paragraphs": ["詩'.encode()[:-1], "'utf-8' codec can't decode"),
        (b'[' * 100_000, 'recursion'),
        (b'{"paragraphs": []}', 'JSON of the type dict'),
        (b'[{"paragraphs": []}, ["paragraphs"]]', 'entry 2: ["paragraphs"]'),
        (b'[{"title": "a"}]', 'entry 1: {"title": "a"}'),
        (b'[{"paragraphs": "abc"}]', 'entry 1: {"paragraphs": "abc"}'),
        (b'[{"paragraphs": ["a", 1]}]', 'entry 1: '),
    ],
)
def test_other_files_than_poems_are_refused(data, received):
    with pytest.raises(RunError, match=f'a.json must be a JSON list of poems, .* Received: .*{re.escape(received)}'):
        tang.quatrains({'a.json': data})


SPEECH = """<title="A Speech">
<date="January 1, 2010">
Thank you. <Applause.> Mr. Smith of the U. S. Senate said, "We can do it." I know --
<Q Thank you, sir. <Laughter.> May I say no?>
<THE PRESIDENT:> -- I know that --- <laughter> -- very well&hellip;and so does he.
Yes. We came to the U. S. In time we won, Ren&eacute;. We came <sic> in peace. George W. Bush was there 3 times.
and he was there too. It was a very "long road. It was a very long road. This one has no end
"""


def test_sentences_of_speeches():
    made = speeches.speeches({'a.txt': SPEECH.encode(), 'b.txt': SPEECH.encode()})
    assert made['obama_sentences.txt'].decode().splitlines() == [
        'Mr. Smith of the U.S. Senate said, "We can do it."',
        'I know -- I know that -- very well... and so does he.',
        'We came to the U.S.',
        'In time we won, René.',
        'George W. Bush was there 3 times.',
        'It was a very long road.',
    ]


def test_parts_have_whole_speeches():
    """Of every ten speeches the fifth is for validation and the tenth for test. A part has a sentence once."""
    numbers = range(1, 26)
    files = {f'{i}.txt': f'This is speech {i}. We said this {i % 5} times. It has two ends.'.encode() for i in numbers}
    made = {path: data.decode().splitlines() for path, data in speeches.speeches(files).items()}
    held_out = {'validation': [5, 15, 25], 'test': [10, 20]}
    held_out['train'] = [i for i in numbers if i not in (*held_out['validation'], *held_out['test'])]
    for part, expected in held_out.items():
        lines = made[f'speeches/{part}.txt']
        assert [line for line in lines if line.startswith('This')] == [f'This is speech {i}.' for i in expected]
        assert len(lines) == len({*lines}) and lines.count('It has two ends.') == 1
    assert {*made['obama_sentences.txt']} == {line for part in PARTS for line in made[f'speeches/{part}.txt']}
    assert len(made['obama_sentences.txt']) == 25 + 5 + 1


def cells(*tunes):
    """A cell array of MATLAB."""
    array = np.empty([1, len(tunes)], object)
    for i, tune in enumerate(tunes):
        array[0, i] = tune
    return array


def matlab(compressed=True, **arrays):
    """The bytes of a file of MATLAB."""
    buffer = io.BytesIO()
    pytest.importorskip('scipy.io').savemat(buffer, arrays, do_compression=compressed)
    return buffer.getvalue()


ROLL = np.zeros([4, 88], np.uint8)
ROLL[0, [3, 40]], ROLL[1, 87], ROLL[3, 0] = 1, 1, 1


def test_tunes():
    data = matlab(**{name: cells(ROLL, ROLL[:2]) for name in ('traindata', 'validdata', 'testdata')})
    made = converters.nottingham({'Nottingham.mat': data})
    assert made == {f'nottingham/{part}.txt': b'41 88 0 1\n41 88\n' for part in PARTS}


def too_many_cells():
    """The declared shape is on the disk, the cells are not."""
    data = bytearray(matlab(False, traindata=cells(ROLL), validdata=cells(ROLL), testdata=cells(ROLL)))
    first = data.index(struct.pack('<4i', 5, 8, 1, 1))
    data[first : first + 16] = struct.pack('<4i', 5, 8, 2**15, 2**15)
    return bytes(data)


OTHER_TUNES = {
    'no file of MATLAB': lambda: b'no file of MATLAB' * 99,
    'empty': lambda: b'',
    'MATLAB 7.3': lambda: b'MATLAB 7.3 MAT-file'.ljust(124) + b'\0\2IM' + b'\x89HDF\r\n\x1a\n' + bytes(512),
    'cut': lambda: matlab(traindata=cells(ROLL), validdata=cells(ROLL), testdata=cells(ROLL))[:-60],
    'without a part': lambda: matlab(traindata=cells(ROLL), validdata=cells(ROLL)),
    'no cells': lambda: matlab(traindata=ROLL, validdata=ROLL, testdata=ROLL),
    'other keys': lambda: matlab(traindata=cells(ROLL[:, :87]), validdata=cells(ROLL), testdata=cells(ROLL)),
    'no steps': lambda: matlab(traindata=cells(ROLL[:0]), validdata=cells(ROLL), testdata=cells(ROLL)),
    'cells in cells': lambda: matlab(traindata=cells(cells(ROLL)), validdata=cells(ROLL), testdata=cells(ROLL)),
    'text': lambda: matlab(traindata=cells('x' * 88), validdata=cells(ROLL), testdata=cells(ROLL)),
    'records': lambda: matlab(traindata=cells({'a': ROLL}), validdata=cells(ROLL), testdata=cells(ROLL)),
    'a thousand million cells': too_many_cells,
}


@pytest.mark.parametrize('data', OTHER_TUNES.values(), ids=OTHER_TUNES)
def test_other_tunes_are_refused(data):
    with pytest.raises(RunError, match=r'the cell arrays traindata, validdata, testdata, .*\[steps, 88\]. Received: '):
        converters.nottingham({'Nottingham.mat': data()})


def test_without_scipy_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, 'scipy', None)
    with pytest.raises(RunError, match=r"pip install 'seqgan_tf\[music\]'"):
        converters.nottingham({'Nottingham.mat': b''})


def small_oracle():
    """Fifteen arrays as the released code pickles them: V 6, E 3, H 2."""
    shapes = [[6, 3], *([[3, 2], [2, 2], [2]] * 4), [2, 6], [6]]
    return [np.random.default_rng(i).normal(size=shape).astype(np.float32) for i, shape in enumerate(shapes)]


@pytest.mark.parametrize('module', [b'numpy.core.multiarray', b'numpy._core.multiarray'])
def test_an_oracle_is_read_as_the_released_code_has_it(module, tmp_path):
    arrays = small_oracle()
    data = pickle.dumps(arrays, 3).replace(b'numpy._core.', b'numpy.core.').replace(b'numpy.core.multiarray', module)
    for one, other in zip(converters.read_arrays(data), arrays):
        np.testing.assert_array_equal(one, other)
    made = converters.oracle({'target_params_py3.pkl': data})
    (tmp_path / 'a.npz').write_bytes(made['seqgan_oracle_params.npz'])
    policy = load_oracle(tmp_path / 'a.npz')
    np.testing.assert_array_equal(policy.variables[0], arrays[0])
    assert policy.vocab_size == 6


class Runs:
    """What an honest file never holds: a call when it is read."""

    def __reduce__(self):
        return os.mkdir, ('called',)


@pytest.mark.parametrize(
    'data',
    [
        pickle.dumps([Runs()]),
        pickle.dumps([contextlib.suppress]),
        pickle.dumps(small_oracle()[0]),
        pickle.dumps([1.0] * 15),
        pickle.dumps([np.array([None])]),
        pickle.dumps(small_oracle(), 3)[:-9],
        b'',
        b'c__builtin__\neval\n(S"1"\ntR.',
    ],
    ids=['call', 'class', 'no list', 'no arrays', 'objects', 'cut', 'empty', 'eval'],
)
def test_a_pickle_of_anything_else_is_refused(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RunError, match='a pickle must hold .* Received: '):
        converters.read_arrays(data)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('arrays', [small_oracle()[:-1], [a.astype(np.float64) for a in small_oracle()]])
def test_another_oracle_is_refused(arrays):
    with pytest.raises(RunError, match='15 arrays of float32'):
        converters.oracle({'target_params_py3.pkl': pickle.dumps(arrays)})


def test_a_damaged_archive_has_another_digest(tmp_path):
    arrays = {'a': np.arange(9.0)}
    np.savez_compressed(tmp_path / 'a.npz', **arrays)
    np.savez(tmp_path / 'b.npz', **arrays)
    one, other = ((tmp_path / name).read_bytes() for name in ('a.npz', 'b.npz'))
    assert digest('x.npz', one) == digest('x.npz', other) != digest('x.txt', one)
    for damaged in (b'', one[:-30], one[:60] + b'xxxx' + one[64:]):
        assert digest('x.npz', damaged) != digest('x.npz', one)


# The public files


@pytest.mark.parametrize('name', SOURCES)
def test_the_public_files_give_the_pinned_results(name):
    """Set SEQGAN_SOURCES to a folder with the files of the sources, as in DIR/source."""
    folder, source = pathlib.Path(os.environ.get('SEQGAN_SOURCES', '')), SOURCES[name]
    if not all((folder / file.name).is_file() for file in source.files):
        pytest.skip(f'SEQGAN_SOURCES names no folder with {source.files[0].name}')
    read = [file.read((folder / file.name).read_bytes()) for file in source.files]
    assert [sum(map(len, files.values())) for files in read] == [file.size for file in source.files]
    made = source.convert({name: data for files in read for name, data in files.items()})
    assert {path: digest(path, content) for path, content in made.items()} == source.results


PUBLIC = {'poems': 'zhang_lapata_5_{}.txt', 'nottingham': 'nottingham_montreal_{}.txt'}
MADE_HERE = ('speeches', 'nottingham_midi')  # folders of results that no other corpus has


@pytest.mark.parametrize('name', SOURCES)
def test_the_pinned_results_are_those_of_the_public_corpora(name, data_dir):
    for path, expected in SOURCES[name].results.items():
        folder, _, part = path.removesuffix('.txt').rpartition('/')
        if folder in MADE_HERE:
            continue
        public = data_dir / (PUBLIC[folder].format(part) if folder else path)
        if not public.exists():
            pytest.skip(f'{public.name} is not among the public corpora here')
        assert digest(path, public.read_bytes()) == expected
