"""Text files that belong to the checkpoint: metrics.jsonl and samples.txt."""

import os
import pathlib

import tensorflow as tf

from seqgan_tf.errors import RunError


class AppendOnlyFile(tf.Module):
    """A text file whose length is part of the checkpoint.

    After a restore, what a lost stretch of the run had added is cut off.
    """

    def __init__(self, path):
        super().__init__()
        self.path = pathlib.Path(path)
        self.size = tf.Variable(tf.constant(0, tf.int64))

    def append(self, text):
        """Adds text, flushed to the disk.

        Raises:
            RunError: it cannot be written.
        """
        try:
            with open(self.path, 'ab') as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
                self.size.assign(file.tell())
        except OSError as error:
            raise self._unwritable(error) from None

    def cut(self):
        """Drops what was added after the checkpoint that `size` comes from.

        What somebody took away stays away.

        Raises:
            RunError: it cannot be written.
        """
        try:
            with open(self.path, 'ab') as file:
                size = min(file.tell(), int(self.size))
                file.truncate(size)
                self.size.assign(size)
        except OSError as error:
            raise self._unwritable(error) from None

    def last_line(self):
        """Its last line, or an empty text."""
        lines = self.path.read_text('utf-8').splitlines() if self.path.exists() else []
        return lines[-1] if lines else ''

    def drop_last_line(self):
        """Takes it away.

        Raises:
            RunError: the file cannot be written.
        """
        self.size.assign(max(0, self.path.stat().st_size - len(self.last_line().encode()) - 1))
        self.cut()

    def _unwritable(self, error):
        return RunError(
            f'{self.path} could not be written ({error.strerror}). The last checkpoint is kept; the same command continues '
            'from it.'
        )
