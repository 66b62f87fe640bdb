"""Checkpoints of a run. The last few are kept, and damaged files are tolerated."""

import pathlib
import re
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from seqgan_tf.errors import RunError

KEPT = 3  # number of checkpoints in a directory


class Checkpoints:
    """Saves and restores what a run needs to continue.

    Args:
        directory: of the files.
        writes: whether `save` does anything.
        **objects: the tf.Modules and variables to save.
    """

    def __init__(self, directory: str | pathlib.Path, writes: bool = True, **objects: Any):
        self.directory, self.writes = pathlib.Path(directory), writes
        self.checkpoint = tf.train.Checkpoint(**objects)

    def save(self) -> None:
        """Writes a checkpoint.

        Raises:
            RunError: it cannot be written, for example on a full disk. Earlier ones are kept.
        """
        if not self.writes:
            return
        try:
            last = int(self.checkpoint.save_counter)
            self._remove(lambda number: number > last)  # damaged ones that `restore` skipped
            self.checkpoint.save(str(self.directory / 'ckpt'))
            oldest = self._numbers()[-KEPT:][0]
            self._remove(lambda number: number < oldest)
        except (OSError, tf.errors.OpError) as error:
            raise RunError(
                f'a checkpoint could not be written to {self.directory} ({_first_line(error)}). '
                'The last good one is kept; the same command continues from it.'
            ) from None

    def restore(self) -> tuple[pathlib.Path | None, list[str]]:
        """Restores the newest readable checkpoint that has all of the objects; it may have more.

        Returns:
            The path of the checkpoint, or None if there is none; and a list of messages, one for
            each damaged checkpoint that was skipped.

        Raises:
            RunError: there are checkpoints, but none can be read.
        """
        damaged = []
        for number in reversed(self._numbers()):
            path = self.directory / f'ckpt-{number}'
            try:
                self.checkpoint.restore(str(path)).expect_partial().assert_existing_objects_matched()
            except Exception as error:  # a damaged file can fail in any way
                damaged.append(f'checkpoint {path} cannot be read ({_first_line(error)}); trying the one before')
                continue
            return path, damaged
        if damaged:
            raise RunError(
                f'none of the checkpoints in {self.directory} can be read: {"; ".join(damaged)}. '
                'To start again, move the directory away.'
            )
        return None, []

    def _numbers(self) -> list[int]:
        """The numbers of the checkpoints in the directory, rising. A damaged one counts too.

        The files are listed. The index file `checkpoint` is not read, because it may be damaged.
        """
        found = (re.fullmatch(r'ckpt-(\d+)\.index', path.name) for path in self.directory.glob('ckpt-*.index'))
        return sorted(int(match[1]) for match in found if match)

    def _remove(self, is_removed: Callable[[int], bool]) -> None:
        """Deletes all files of the checkpoints whose number `is_removed`."""
        for path in self.directory.glob('ckpt-*'):
            match = re.match(r'ckpt-(\d+)\.', path.name)
            if match and is_removed(int(match[1])):
                path.unlink()


def _first_line(error: Exception) -> str:
    text = str(getattr(error, 'message', None) or error).strip().splitlines() or [type(error).__name__]
    return re.sub(r'^\{\{.*?\}\} ', '', text[0])[-200:]
