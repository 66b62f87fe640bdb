"""Signals: the first one is remembered, whatever the process was doing."""

import io
import os
import signal

import pytest

from seqgan_tf.running.interruption import Interruption


class Signalling(io.RawIOBase):
    """A file whose first write is interrupted by SIGTERM."""

    interrupted = False

    def writable(self):
        return True

    def write(self, data):
        if not self.interrupted:
            self.interrupted = True
            os.kill(os.getpid(), signal.SIGTERM)
        return len(data)


def test_a_signal_in_the_middle_of_a_line_of_output_is_remembered(monkeypatch):
    monkeypatch.setattr('sys.stdout', io.TextIOWrapper(io.BufferedWriter(Signalling()), write_through=True))
    with Interruption() as interruption:
        print('a line', flush=True)
        assert interruption.signal == signal.SIGTERM


def test_a_second_signal_ends_at_once(capsys):
    with Interruption() as interruption, pytest.raises(KeyboardInterrupt):
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
    assert interruption.signal == signal.SIGINT
    assert capsys.readouterr().out == '\nSIGINT: saving at the end of this round; once more to stop at once\n'
