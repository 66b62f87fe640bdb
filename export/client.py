"""Asks a TensorFlow Serving for texts; the same as the command seqgan-client.

    python export/client.py --url=http://localhost:8501 --model=poetry --n=3

It runs `seqgan_tf/commands/client.py` by its path, so nothing needs to be installed.
"""

import pathlib
import runpy

if __name__ == '__main__':
    runpy.run_path(
        str(pathlib.Path(__file__).resolve().parents[1] / 'seqgan_tf' / 'commands' / 'client.py'), run_name='__main__'
    )
