"""TensorFlow without what it prints in vain."""

import contextlib
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Iterator


def load_tensorflow(make_devices: Callable[[], Exception | None] = lambda: None) -> Exception | None:
    """Imports TensorFlow and lists its devices, with standard error redirected to a file.

    Before the devices are listed, and so fixed, `make_devices` is called. If it returns an error, none
    is listed and the error is returned.

    What it prints then comes from native code, before any log level has an effect. If that fails,
    the content of the file is shown. A command calls this before any other import of TensorFlow. On
    a GPU, TensorFlow takes memory as it needs it and not all at once, unless the
    environment says otherwise.
    """
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
    os.environ.setdefault('TF_FORCE_GPU_ALLOW_GROWTH', 'true')
    sys.stderr.flush()
    with tempfile.TemporaryFile() as aside:
        stderr = os.dup(2)
        os.dup2(aside.fileno(), 2)
        try:
            import tensorflow

            error = make_devices()
            if error is None:
                tensorflow.config.list_logical_devices()
            return error
        except Exception:
            aside.seek(0)
            os.write(stderr, aside.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


@contextlib.contextmanager
def no_retracing_warnings() -> Iterator[None]:
    """A context without TensorFlow's warning that a function is traced often.

    Each run builds its compiled steps, and each of them is traced once. TensorFlow counts the traces
    of all runs of a process together.
    """
    is_other = lambda record: 'triggered tf.function retracing' not in record.getMessage()
    logger = logging.getLogger('tensorflow')
    logger.addFilter(is_other)
    try:
        yield
    finally:
        logger.removeFilter(is_other)
