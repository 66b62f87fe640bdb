"""Checkpoints: a `tf.train.CheckpointManager` that tolerates damaged files."""

import functools
import os
import pathlib
import re
from typing import Any

import tensorflow as tf

from seqgan_tf.errors import RunError

KEPT = 3  # number of checkpoints in a directory


class Checkpoints:
    """Saves and restores what a run needs to continue.

    Args:
        directory: of the files.
        **objects: the tf.Modules and variables to save.
    """

    def __init__(self, directory: str | pathlib.Path, **objects: Any):
        self.directory = pathlib.Path(directory)
        self.checkpoint = tf.train.Checkpoint(**objects)
        self.restored: int | None = None  # number of the restored checkpoint

    def save(self) -> None:
        """Writes a checkpoint.

        Raises:
            RunError: it cannot be written, for example on a full disk. Earlier ones are kept.
        """
        try:
            self._manager.save()
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
        # The files are listed. The index file `checkpoint` is not read, because it may be damaged.
        numbers = [
            int(m[1]) for f in self.directory.glob('ckpt-*.index') if (m := re.fullmatch(r'ckpt-(\d+)\.index', f.name))
        ]
        damaged = []
        for number in sorted(numbers, reverse=True):
            path = self.directory / f'ckpt-{number}'
            try:
                self.checkpoint.restore(str(path)).expect_partial().assert_existing_objects_matched()
            except Exception as error:  # a damaged file can fail in any way
                damaged.append(f'checkpoint {path} cannot be read ({_first_line(error)}); trying the one before')
                continue
            self.restored = number
            return path, damaged
        if damaged:
            raise RunError(
                f'none of the checkpoints in {self.directory} can be read: {"; ".join(damaged)}. '
                'To start again, move the directory away.'
            )
        return None, []

    @functools.cached_property
    def _manager(self) -> tf.train.CheckpointManager:
        """Made at the first save; until then nothing in the directory changes.

        It removes the damaged checkpoints after the restored one, and lists the others again.
        """
        number, kept = self.restored, []
        for file in self.directory.glob('ckpt-*'):
            match = re.match(r'ckpt-(\d+)\.', file.name)
            if match and number is not None and int(match[1]) > number:
                file.unlink()
            elif match and file.suffix == '.index':
                kept.append(int(match[1]))
        (self.directory / 'checkpoint').unlink(missing_ok=True)
        if number is not None:
            paths = [str(self.directory / f'ckpt-{n}') for n in sorted(kept)]
            # Without times the manager would never delete these.
            times = [os.path.getmtime(f'{path}.index') for path in paths]
            tf.compat.v1.train.update_checkpoint_state(
                str(self.directory),
                paths[-1],
                paths,
                all_model_checkpoint_timestamps=times,
                last_preserved_timestamp=0.0,
            )
        return tf.train.CheckpointManager(
            self.checkpoint, str(self.directory), max_to_keep=KEPT, checkpoint_name='ckpt'
        )


def _first_line(error: Exception) -> str:
    text = str(getattr(error, 'message', None) or error).strip().splitlines() or [type(error).__name__]
    return re.sub(r'^\{\{.*?\}\} ', '', text[0])[-200:]
