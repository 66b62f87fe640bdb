"""Starting TensorFlow without the notes that it prints meanwhile. They come from native code, before any log level takes effect."""

import os
import sys
import tempfile


def load_tensorflow():
    """Imports TensorFlow and finds the devices with standard error set aside; if that fails, what was set aside is shown.

    For commands, before anything else imports TensorFlow.
    """
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
    sys.stderr.flush()
    with tempfile.TemporaryFile() as aside:
        stderr = os.dup(2)
        os.dup2(aside.fileno(), 2)
        try:
            import tensorflow

            tensorflow.config.list_logical_devices()
        except BaseException:
            aside.seek(0)
            os.write(stderr, aside.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
