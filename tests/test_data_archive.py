"""Laws of data that come in an archive: what is taken out is what was pinned, and nothing else is written."""

import errno
import gzip
import hashlib
import io
import pathlib
import tarfile

import pytest
from data_server import HTML, caller, names, serving

from seqgan_tf.data import converters
from seqgan_tf.data.archive import unpack
from seqgan_tf.data.digests import digest
from seqgan_tf.data.source import Source, SourceArchive
from seqgan_tf.data.sources import SOURCES

COMMIT = '0' * 40
TUNES = {'MIDI/melody/a.mid': b'MThd a', 'MIDI/melody/b.mid': b'MThd b' * 99, 'LICENSE.md': b'GPL\n'}
OTHERS = {'README.md': b'read me', 'MIDI/chords/a.mid': b'MThd c', 'MIDI/melody/deeper/a.mid': b'MThd d'}
TAKEN = {path.rpartition('/')[2]: data for path, data in TUNES.items()}
PATTERN = r'MIDI/melody/[^/]+\.mid|LICENSE\.md'


def plain(path, data):
    """A member of an archive: (its header, its content)."""
    member = tarfile.TarInfo(f'nottingham-dataset-{COMMIT}/{path}')
    member.size = len(data)
    return member, data


def special(path, kind, target=''):
    """A member that is no plain file."""
    member, _ = plain(path, b'')
    member.type, member.linkname = kind, target
    return member, b''


def archive_of(members, level=9, form=tarfile.PAX_FORMAT):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode='w', format=form) as archive:
        for member, data in members:
            archive.addfile(member, io.BytesIO(data))
    return gzip.compress(buffer.getvalue(), level)


MEMBERS = [plain(path, data) for path, data in (TUNES | OTHERS).items()]
ARCHIVE = archive_of(MEMBERS)


@pytest.fixture
def server(monkeypatch):
    """A server of a small archive in place of GitHub."""
    file = SourceArchive(
        'tunes.tar.gz', PATTERN, len(TAKEN), sum(map(len, TAKEN.values())), digest('', TAKEN), 100_000, 200_000
    )
    small = Source(
        summary='some tunes',
        repository='who/what',
        commit=COMMIT,
        files=(file,),
        convert=converters.nottingham_midi,
        results={'nottingham_midi/': digest('', TAKEN)},
        licence='GPL-3.0',
        citation='a citation',
        command='python train.py --corpus=DIR/nottingham_midi',
    )
    monkeypatch.setitem(SOURCES, 'nottingham_midi', small)
    with serving({COMMIT: ARCHIVE}, monkeypatch) as served:
        yield served


@pytest.fixture
def call(monkeypatch, capsys):
    run = caller(monkeypatch, capsys)
    return lambda folder: run('nottingham_midi', f'--out={folder}')


MADE = [f'nottingham_midi/{name}' for name in ('LICENSE.md', 'a.mid', 'b.mid')]


# What comes


def test_the_files_of_an_archive_come_into_a_directory(call, server, tmp_path):
    code, printed = call(tmp_path)
    assert code == 0 and names(tmp_path) == [*MADE, 'source/tunes.tar.gz']
    assert {name: (tmp_path / 'nottingham_midi' / name).read_bytes() for name in TAKEN} == TAKEN
    assert f'{tmp_path}/nottingham_midi  sha256 of its files {digest("", TAKEN)}\n' in printed and 'GPL-3.0' in printed
    assert call(tmp_path)[0] == 0
    assert server.asked == [(f'/who/what/tar.gz/{COMMIT}', None)]


def test_the_digest_of_a_directory_is_that_of_a_list_of_sha256sum():
    listed = ''.join(
        f'{hashlib.sha256(TAKEN[name]).hexdigest()}  {name}\n' for name in ['LICENSE.md', 'a.mid', 'b.mid']
    )
    assert digest('', TAKEN) == hashlib.sha256(listed.encode()).hexdigest()
    assert digest('', {'ab': b'c'}) != digest('', {'a': b'bc'})


@pytest.mark.parametrize(
    'archive', [archive_of(MEMBERS, 1), archive_of(MEMBERS[::-1]), archive_of(MEMBERS, form=tarfile.GNU_FORMAT)]
)
def test_another_archive_of_the_same_files_will_do(archive, call, server, tmp_path):
    assert archive != ARCHIVE
    server.files = {COMMIT: archive}
    assert call(tmp_path)[0] == 0 and names(tmp_path)[:3] == MADE


def test_an_archive_put_there_by_hand_is_read(call, server, tmp_path):
    (tmp_path / 'source').mkdir()
    (tmp_path / 'source' / 'tunes.tar.gz').write_bytes(ARCHIVE)
    assert call(tmp_path)[0] == 0 and names(tmp_path)[:3] == MADE and server.asked == []


def test_a_cut_download_begins_anew(call, server, tmp_path):
    """The server may have made another archive in between."""
    server.fault = 'cut'
    code, _ = call(tmp_path)
    assert f'Received: {len(ARCHIVE) // 2} bytes, then the end; the same command begins anew' in code
    assert names(tmp_path) == ['source/tunes.tar.gz.part']
    server.fault, server.files = '', {COMMIT: archive_of(MEMBERS[::-1])}
    assert call(tmp_path)[0] == 0 and names(tmp_path) == [*MADE, 'source/tunes.tar.gz']
    assert [asked for _, asked in server.asked] == [None, None]


def test_a_directory_of_a_call_that_was_killed_is_replaced(call, server, tmp_path):
    (tmp_path / 'nottingham_midi.new').mkdir()
    (tmp_path / 'nottingham_midi.new' / 'c.mid').write_text('half of it')
    assert call(tmp_path)[0] == 0 and names(tmp_path)[:3] == MADE


# What goes wrong


def without(*paths):
    return [member for member in MEMBERS if not member[0].name.endswith(paths)]


def sparse():
    """An old GNU sparse file of a terabyte, which has 512 bytes of data."""
    member, data = plain('MIDI/melody/b.mid', b'x' * 512)
    header = bytearray(member.tobuf(tarfile.GNU_FORMAT))
    header[156:157] = tarfile.GNUTYPE_SPARSE
    header[386:410] = b'%011o\0%011o\0' % (0, 512)
    header[483:495] = b'\x80' + (1 << 40).to_bytes(11, 'big')
    header[148:156] = b'%06o\0 ' % (sum(header[:148]) + sum(header[156:]) + 8 * 32)
    return gzip.compress(bytes(header) + data + bytes(1024))


BAD = {
    'html': (HTML, 'no whole archive of tar and gzip'),
    'zip': (b'PK\3\4' + bytes(99), 'no whole archive of tar and gzip'),
    'gzip alone': (gzip.compress(b'no tar'), 'no whole archive of tar and gzip'),
    'cut': (ARCHIVE[:-20], 'no whole archive of tar and gzip'),
    'changed': (ARCHIVE[:40] + b'xxxx' + ARCHIVE[44:], 'no whole archive of tar and gzip'),
    'cut tar': (gzip.compress(gzip.decompress(ARCHIVE)[:1400]), '1 files, which have 6 bytes'),
    'empty': (b'', 'the answer 416'),
    'without a file': (archive_of(without('b.mid')), '2 files, which have 10 bytes and the SHA-256 '),
    'one more': (archive_of([*MEMBERS, plain('MIDI/melody/c.mid', b'c')]), '4 files'),
    'another': (archive_of([*without('b.mid'), plain('MIDI/melody/b.mid', b'b')]), '3 files, which have 11 bytes'),
    'link': (
        archive_of([*without('b.mid'), special('MIDI/melody/b.mid', tarfile.SYMTYPE, '/etc/passwd')]),
        'MIDI/melody/b.mid, which is no plain file',
    ),
    'hard link': (
        archive_of([*without('b.mid'), special('MIDI/melody/b.mid', tarfile.LNKTYPE, 'x/LICENSE.md')]),
        'MIDI/melody/b.mid, which is no plain file',
    ),
    'device': (
        archive_of([special('MIDI/melody/b.mid', tarfile.CHRTYPE)]),
        'MIDI/melody/b.mid, which is no plain file',
    ),
    'sparse': (sparse(), 'MIDI/melody/b.mid, which is no plain file'),
    'bomb': (archive_of([*MEMBERS, plain('zeros', bytes(300_000))]), 'more than 200000 bytes when it is unpacked'),
    'long': (ARCHIVE + bytes(100_000), f'{len(ARCHIVE) + 100_000} bytes'),
}


@pytest.mark.parametrize('archive, received', BAD.values(), ids=BAD)
def test_another_archive_is_refused(archive, received, call, server, tmp_path):
    server.files = {COMMIT: archive}
    code, _ = call(tmp_path)
    assert code.startswith('error: tunes.tar.gz must come whole from http') and '\n' not in code
    assert f'or be put there by hand as {tmp_path}/source/tunes.tar.gz. Of it 3 files are taken' in code
    assert received in code.partition(' Received: ')[2]
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    'fault, received', [('missing', 'the answer 404 Not Found'), ('html', 'a page of HTML'), ('endless', 'more than')]
)
def test_a_fault_of_the_server_is_answered(fault, received, call, server, tmp_path):
    server.fault = fault
    if fault == 'endless':  # it does not say how long the archive is
        server.files = {COMMIT: b'x' * 60_000}
    code, _ = call(tmp_path)
    assert received in code.partition(' Received: ')[2] and names(tmp_path) == []


def test_a_wrong_archive_put_there_by_hand_is_kept_and_named(call, server, tmp_path):
    (tmp_path / 'source').mkdir()
    (tmp_path / 'source' / 'tunes.tar.gz').write_text('mine')
    code, _ = call(tmp_path)
    assert f'Received: {tmp_path}/source/tunes.tar.gz with no whole archive' in code and server.asked == []
    assert names(tmp_path) == ['source/tunes.tar.gz']


@pytest.mark.parametrize('path', ['../evil.mid', '/evil.mid', 'MIDI/melody/../../../evil.mid', '..\\evil.mid'])
def test_a_path_that_leads_out_is_not_taken(path):
    for name in (path, f'top/{path}'):
        member, data = plain('x', b'evil')
        member.name = name
        assert set(unpack(archive_of([*MEMBERS, (member, data)]), PATTERN, 10**6)) == set(TAKEN)


def test_a_directory_with_anything_else_is_not_replaced(call, server, tmp_path):
    assert call(tmp_path)[0] == 0
    (tmp_path / 'nottingham_midi' / 'mine.mid').write_text('mine')
    code, _ = call(tmp_path)
    assert code == f'error: out must have nothing else in the place of a result. Received: {tmp_path}/nottingham_midi'
    assert (tmp_path / 'nottingham_midi' / 'mine.mid').read_text() == 'mine'


def test_a_file_in_the_place_of_the_directory_is_named(call, server, tmp_path):
    (tmp_path / 'nottingham_midi').write_text('mine')
    code, _ = call(tmp_path)
    assert code.endswith(f'Received: {tmp_path}/nottingham_midi (Not a directory)') and server.asked == []


def test_a_full_disk_leaves_no_half_of_a_directory(call, server, tmp_path, monkeypatch):
    write = pathlib.Path.write_bytes

    def full(path, data):
        if path.name == 'b.mid':
            raise OSError(errno.ENOSPC, 'No space left on device', str(path))
        return write(path, data)

    monkeypatch.setattr(pathlib.Path, 'write_bytes', full)
    code, _ = call(tmp_path)
    assert 'out must be a directory that can be written. Received: ' in code and 'No space left on device' in code
    assert names(tmp_path) == ['source/tunes.tar.gz'] and not list(tmp_path.glob('nottingham_midi*'))
