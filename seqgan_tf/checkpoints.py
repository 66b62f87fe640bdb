"""Checkpoints: a `tf.train.CheckpointManager` that also survives damaged files."""

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
        self.manager = tf.train.CheckpointManager(self.checkpoint, str(directory), max_to_keep=KEPT, checkpoint_name='ckpt')

    def save(self):
        """Writes a checkpoint.

        Raises:
            RunError: it cannot be written (a full disk, say); the ones before are kept.
        """
        try:
            return self.manager.save()
        except (OSError, tf.errors.OpError) as error:
            raise RunError(f'a checkpoint could not be written to {self.directory} ({_first_line(error)}). The last good one is kept; '
                           'the same command continues from it.') from None

    def restore(self, partial=False):
        """Restores the newest checkpoint that can be read.

        Args:
            partial: the objects are only some of those that were saved, and the files are left as they are.

        Returns:
            Its path, or None where there is none; and a list of messages on damaged ones that were passed over.

        Raises:
            RunError: there are checkpoints, and none can be read.
        """
        # The files themselves are asked, not the index file named `checkpoint`: it may be what is damaged.
        numbers = [int(m[1]) for f in self.directory.glob('ckpt-*.index') if (m := re.fullmatch(r'ckpt-(\d+)\.index', f.name))]
        damaged = []
        for number in sorted(numbers, reverse=True):
            path = self.directory / f'ckpt-{number}'
            try:
                status = self.checkpoint.restore(str(path))
                if partial:
                    status.assert_existing_objects_matched().expect_partial()
                else:
                    status.assert_consumed()
            except (tf.errors.OpError, AssertionError, ValueError) as error:
                damaged.append(f'checkpoint {path} cannot be read ({_first_line(error)}); trying the one before')
                continue
            if damaged and not partial:
                self._forget_after(number)
            return path, damaged
        if damaged:
            raise RunError(f'none of the checkpoints in {self.directory} can be read: {"; ".join(damaged)}. Move the directory away to start anew.')
        return None, []

    def _forget_after(self, number):
        """Removes the damaged checkpoints behind the restored one, and lets the manager go on from it."""
        for file in self.directory.glob('ckpt-*'):
            match = re.match(r'ckpt-(\d+)\.', file.name)
            if match and int(match[1]) > number:
                file.unlink()
        kept = sorted(int(m[1]) for f in self.directory.glob('ckpt-*.index') if (m := re.fullmatch(r'ckpt-(\d+)\.index', f.name)))
        tf.train.update_checkpoint_state(str(self.directory), str(self.directory / f'ckpt-{number}'),
                                         [str(self.directory / f'ckpt-{n}') for n in kept])
        self.manager = tf.train.CheckpointManager(self.checkpoint, str(self.directory), max_to_keep=KEPT, checkpoint_name='ckpt')


def _first_line(error):
    return (str(getattr(error, 'message', None) or error).strip().splitlines() or [type(error).__name__])[0][:200]
