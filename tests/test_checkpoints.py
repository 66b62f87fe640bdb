"""Checkpoints: three are kept, their numbers go on after a restart, and nothing is printed."""

import logging

import pytest
import tensorflow as tf

from seqgan_tf.errors import RunError
from seqgan_tf.running.checkpoints import Checkpoints


def save(directory, value):
    """One process of a run: it restores, and saves a value."""
    variable = tf.Variable(0)
    checkpoints = Checkpoints(directory, variable=variable)
    path, messages = checkpoints.restore()
    variable.assign(value)
    checkpoints.save()
    return path and path.name, len(messages)


def names(directory):
    return sorted(path.name for path in directory.glob('ckpt-*.index'))


def restored(directory):
    variable = tf.Variable(0)
    path, _ = Checkpoints(directory, variable=variable).restore()
    return path, int(variable)


def test_a_restart_logs_and_prints_nothing(tmp_path, capfd):
    """TensorFlow logs calls that are deprecated, once in a process, so this is the first test."""
    records = []
    handler = logging.Handler()
    handler.emit = records.append
    loggers = [logging.getLogger(name) for name in ('tensorflow', 'absl')]
    for logger in loggers:
        logger.addHandler(handler)
    try:
        for value in range(3):
            save(tmp_path, value)
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
    assert [record.getMessage() for record in records] == [] and capfd.readouterr() == ('', '')


def test_three_are_kept_and_their_numbers_go_on(tmp_path):
    found = [save(tmp_path, value) for value in (10, 20, 30, 40, 50)]
    assert found == [(None, 0)] + [(f'ckpt-{n}', 0) for n in (1, 2, 3, 4)]
    assert names(tmp_path) == ['ckpt-3.index', 'ckpt-4.index', 'ckpt-5.index']
    assert len(list(tmp_path.glob('ckpt-*'))) == 6
    assert restored(tmp_path) == (tmp_path / 'ckpt-5', 50)


def test_tensorflow_finds_the_newest_one_wherever_the_directory_is(tmp_path):
    save(tmp_path / 'a', 1)
    save(tmp_path / 'a', 2)
    moved = (tmp_path / 'a').rename(tmp_path / 'b')
    assert tf.train.latest_checkpoint(moved) == str(moved / 'ckpt-2')


def test_a_manager_of_tensorflow_and_this_one_continue_each_other(tmp_path):
    """Earlier versions saved with it."""
    variable = tf.Variable(7)
    manager = tf.train.CheckpointManager(
        tf.train.Checkpoint(variable=variable), str(tmp_path), max_to_keep=3, checkpoint_name='ckpt'
    )
    for _ in range(4):
        manager.save()
    assert save(tmp_path, 8) == ('ckpt-4', 0)
    assert names(tmp_path) == ['ckpt-3.index', 'ckpt-4.index', 'ckpt-5.index']
    tf.train.Checkpoint(variable=variable).restore(tf.train.latest_checkpoint(tmp_path))
    assert variable.numpy() == 8


def test_damaged_ones_make_room(tmp_path):
    for value in (10, 20, 30, 40):
        save(tmp_path, value)
    for path in (*tmp_path.glob('ckpt-4.data*'), *tmp_path.glob('ckpt-3.data*')):
        path.write_bytes(b'')
    (tmp_path / 'ckpt-4.data-00000-of-00001.tempstate123').write_bytes(b'of a full disk')
    assert save(tmp_path, 31) == ('ckpt-2', 2)
    assert names(tmp_path) == ['ckpt-2.index', 'ckpt-3.index'] and len(list(tmp_path.glob('ckpt-*'))) == 4
    assert restored(tmp_path) == (tmp_path / 'ckpt-3', 31)


def test_a_failed_save_deletes_no_good_one(tmp_path, monkeypatch):
    for value in (10, 20, 30):
        save(tmp_path, value)

    def fail(*_, **__):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(tf.train.Checkpoint, 'save', fail)
    with pytest.raises(RunError, match='No space left'):
        save(tmp_path, 40)
    assert len(names(tmp_path)) == 3 and restored(tmp_path)[1] == 30
