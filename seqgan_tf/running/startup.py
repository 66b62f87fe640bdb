"""Loading TensorFlow without the notes that it prints at its start.

They come from native code, before any log level has an effect.
"""

import os
import sys
import tempfile


def load_tensorflow() -> None:
    """Imports TensorFlow and lists its devices, with standard error redirected to a file.

    If that fails, the content of the file is shown. A command calls this before any other import of
    TensorFlow. On a GPU, TensorFlow takes memory as it needs it and not all at once, unless the
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

            tensorflow.config.list_logical_devices()
        except Exception:
            aside.seek(0)
            os.write(stderr, aside.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
