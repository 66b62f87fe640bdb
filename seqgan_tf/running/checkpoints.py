"""Checkpoints: a `tf.train.CheckpointManager` that also survives damaged files."""

import os
import pathlib
import re

import tensorflow as tf

from seqgan_tf.errors import RunError

KEPT = 3


class Checkpoints:
    """Saves and restores what a run needs to go on.

    Args:
        directory: where the files are.
        **objects: what is saved: tf.Modules or variables.
    """

    def __init__(self, directory, **objects):
        self.directory = pathlib.Path(directory)
        self.checkpoint = tf.train.Checkpoint(**objects)
        self.restored = None  # the number of the checkpoint that was restored
        self.manager = None  # made at the first save: until then nothing in the directory is touched

    def save(self):
        """Writes a checkpoint.

        Raises:
            RunError: it cannot be written (a full disk, say); the ones before are kept.
        """
        try:
            if self.manager is None:
                self._continue()
            return self.manager.save()
        except (OSError, tf.errors.OpError) as error:
            raise RunError(
                f'a checkpoint could not be written to {self.directory} ({_first_line(error)}). The last good one is kept; '
                'the same command continues from it.'
            ) from None

    def restore(self):
        """Restores the newest checkpoint that can be read and holds all of the objects; it may hold more.

        Returns:
            Its path, or None where there is none; and a list of messages on damaged ones that were passed over.

        Raises:
            RunError: there are checkpoints, and none can be read.
        """
        # The files themselves are asked, not the index file named `checkpoint`: it may be what is damaged.
        numbers = [
            int(m[1]) for f in self.directory.glob('ckpt-*.index') if (m := re.fullmatch(r'ckpt-(\d+)\.index', f.name))
        ]
        damaged = []
        for number in sorted(numbers, reverse=True):
            path = self.directory / f'ckpt-{number}'
            try:
                self.checkpoint.restore(str(path)).expect_partial().assert_existing_objects_matched()
            except Exception as error:  # what is damaged can fail in any way
                damaged.append(f'checkpoint {path} cannot be read ({_first_line(error)}); trying the one before')
                continue
            self.restored = number
            return path, damaged
        if damaged:
            raise RunError(
                f'none of the checkpoints in {self.directory} can be read: {"; ".join(damaged)}. Move the directory away to start anew.'
            )
        return None, []

    def _continue(self):
        """Removes the damaged checkpoints behind the restored one, and lists those that are left anew."""
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
            times = [
                os.path.getmtime(f'{path}.index') for path in paths
            ]  # without times the manager would never delete these
            tf.compat.v1.train.update_checkpoint_state(
                str(self.directory),
                paths[-1],
                paths,
                all_model_checkpoint_timestamps=times,
                last_preserved_timestamp=0.0,
            )
        self.manager = tf.train.CheckpointManager(
            self.checkpoint, str(self.directory), max_to_keep=KEPT, checkpoint_name='ckpt'
        )


def _first_line(error):
    text = str(getattr(error, 'message', None) or error).strip().splitlines() or [type(error).__name__]
    return re.sub(r'^\{\{.*?\}\} ', '', text[0])[-200:]
