"""Text files whose length is saved in the checkpoint: metrics.jsonl and samples.txt."""

import os
import pathlib

import tensorflow as tf

from seqgan_tf.errors import RunError


class AppendOnlyFile(tf.Module):
    """A text file whose length is part of the checkpoint.

    After a restore, `cut` removes what the run appended after that checkpoint.
    """

    def __init__(self, path: str | pathlib.Path):
        super().__init__()
        self.path = pathlib.Path(path)
        self.size = tf.Variable(0, dtype=tf.int64)

    def append(self, text: str) -> None:
        """Appends a text and flushes it to the disk.

        Raises:
            RunError: the file cannot be written.
        """
        try:
            with open(self.path, 'ab') as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
                self.size.assign(file.tell())
        except OSError as error:
            raise self._unwritable(error) from None

    def cut(self) -> None:
        """Shortens the file to `size`. A file that somebody has shortened stays as it is.

        Raises:
            RunError: the file cannot be written.
        """
        try:
            with open(self.path, 'ab') as file:
                size = min(file.tell(), int(self.size))
                file.truncate(size)
                self.size.assign(size)
        except OSError as error:
            raise self._unwritable(error) from None

    def last_line(self) -> str:
        """The last line, or an empty text."""
        lines = self.path.read_text('utf-8').splitlines() if self.path.exists() else []
        return lines[-1] if lines else ''

    def drop_last_line(self) -> None:
        """Removes the last line.

        Raises:
            RunError: the file cannot be written.
        """
        self.size.assign(max(0, self.path.stat().st_size - len(self.last_line().encode()) - 1))
        self.cut()

    def _unwritable(self, error: OSError) -> RunError:
        return RunError(
            f'{self.path} could not be written ({error.strerror}). The last checkpoint is kept; '
            'the same command continues from it.'
        )
