"""What public data by name are: files or an archive of a commit on GitHub, and what is made of them."""

import dataclasses
import hashlib
import urllib.parse
from collections.abc import Callable, Mapping

from seqgan_tf.data.archive import unpack
from seqgan_tf.data.digests import Content, digest

RAW = 'https://raw.githubusercontent.com'
ARCHIVES = 'https://codeload.github.com'
PAGES = 'https://github.com'


@dataclasses.dataclass(frozen=True)
class SourceFile:
    """One file of a source.

    Attributes:
        path: in its repository.
        size: in bytes.
        sha256: of the file, in hexadecimal.
    """

    path: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """The name without folders."""
        return self.path.rpartition('/')[2]

    @property
    def length(self) -> int:
        """Bytes that are downloaded."""
        return self.size

    @property
    def most(self) -> int:
        """Bytes that may come."""
        return self.size

    @property
    def description(self) -> str:
        """How the file is known, for messages."""
        return f'It has {self.size} bytes and the SHA-256 {self.sha256}'

    def url(self, repository: str, commit: str) -> str:
        """The address of the file."""
        return f'{RAW}/{repository}/{commit}/{urllib.parse.quote(self.path)}'

    def read(self, data: bytes) -> dict[str, bytes]:
        """{name: content} of the file. Raises ValueError where its checksum is another one."""
        found = hashlib.sha256(data).hexdigest()
        if found != self.sha256:
            size = f'more than {self.size}' if len(data) > self.size else len(data)
            raise ValueError(f'{size} bytes and the SHA-256 {found}')
        return {self.name: data}


@dataclasses.dataclass(frozen=True)
class SourceArchive:
    """Some of the files of a commit, in the archive that GitHub makes of it.

    GitHub makes it anew at times, of other bytes, so what is pinned are the files that are taken
    out of it. A download that broke off starts anew for the same reason.

    Attributes:
        name: of the archive in the folder of the sources.
        pattern: a regular expression of the paths in the repository that are taken out.
        count: number of these files.
        size: bytes of these files.
        sha256: of their names and contents, see `digest`.
        most: bytes that the archive may have.
        most_unpacked: bytes that it may have when it is unpacked.
    """

    name: str
    pattern: str
    count: int
    size: int
    sha256: str
    most: int
    most_unpacked: int
    length = None  # the bytes that are downloaded are not known before

    @property
    def description(self) -> str:
        """How the archive is known, for messages."""
        return (
            f'Of it {self.count} files are taken, which have {self.size} bytes and, as names and contents, the '
            f'SHA-256 {self.sha256}'
        )

    def url(self, repository: str, commit: str) -> str:
        """The address of the archive."""
        return f'{ARCHIVES}/{repository}/tar.gz/{commit}'

    def read(self, data: bytes) -> dict[str, bytes]:
        """{name without folders: content} of the files that are taken out.

        Raises:
            ValueError: the archive cannot be read or is too large, or these files are others.
        """
        if len(data) > self.most:
            raise ValueError(f'more than {self.most} bytes')
        files = unpack(data, self.pattern, self.most_unpacked)
        found = digest(self.name, files)
        if found != self.sha256:
            size = sum(map(len, files.values()))
            raise ValueError(f'{len(files)} files, which have {size} bytes and the SHA-256 {found}')
        return files


@dataclasses.dataclass(frozen=True)
class Source:
    """One entry: files of a commit of a repository on GitHub, and what is made of them.

    Attributes:
        summary: a few words.
        repository: owner and name.
        commit: whole, because a branch moves.
        files: what is downloaded.
        convert: {name of a file: bytes} -> {path of a result: content}. A path that ends with a
            slash is a directory of files.
        results: {path of a result: its `digest`}.
        licence: as the source states it.
        citation: the work to cite.
        command: how the result is trained on; DIR stands for the directory of the results.
        language: the code of the texts' language (ISO 639-1); '' where they are no texts.
    """

    summary: str
    repository: str
    commit: str
    files: tuple[SourceFile | SourceArchive, ...]
    convert: Callable[[Mapping[str, bytes]], Mapping[str, Content]]
    results: Mapping[str, str]
    licence: str
    citation: str
    command: str
    language: str = ''

    @property
    def page(self) -> str:
        """The address of the commit."""
        return f'{PAGES}/{self.repository}/tree/{self.commit}'

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    def url(self, file: SourceFile | SourceArchive) -> str:
        """The address of a file."""
        return file.url(self.repository, self.commit)
