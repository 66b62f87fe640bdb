"""The oracle of the paper's synthetic experiments: a generator that defines the true distribution.

Its weights are fixed draws from N(0, 1).
"""

import os
import zipfile
import zlib

import numpy as np

from seqgan_tf.models.generator import Generator

GATES = 'ifco'  # Keras's order of the LSTM's gates; the published file has an array for each gate


def make_oracle(seed: int, vocab_size: int = 5000, embedding_dim: int = 32, hidden_dim: int = 32) -> Generator:
    """A frozen policy of V, E and H with every array, biases included, drawn from N(0, 1).

    Source: the released target_lstm.py.

    Raises:
        ValueError: a size is out of range.
    """
    oracle = Generator(vocab_size, embedding_dim, hidden_dim, initializer_stddev=1.0, seed=seed, name='oracle')
    oracle.trainable = False
    return oracle


def load_oracle(path: str | os.PathLike[str]) -> Generator:
    """The published oracle, from an `.npz` of its fifteen arrays.

    Names: `embedding` [V, E]; `W_g` [E, H], `U_g` [H, H], `b_g` [H] for the gates g = i, f, o, c;
    `W_out` [H, V], `b_out` [V]. They mean what they mean in the released target_lstm.py. Pickled
    content is refused.

    Raises:
        ValueError: the file cannot be read, lacks an array, has numbers that are not finite, or has
            shapes that do not fit together.
    """
    arrays = _read_arrays(path)
    sizes = (*arrays['embedding'].shape, 0)[:2] if 'embedding' in arrays else (0, 0)
    shapes = _shapes(*sizes, np.size(arrays.get('b_i', 0)))
    missing = sorted(set(shapes) - set(arrays))
    if missing:
        raise ValueError(
            f'an oracle file must hold the arrays {", ".join(shapes)}. Missing in {path}: {", ".join(missing)}'
        )
    for name, shape in shapes.items():
        if not (np.issubdtype(arrays[name].dtype, np.floating) and np.isfinite(arrays[name]).all()):
            raise ValueError(
                f'the arrays of an oracle file must be finite floating-point numbers. Received: {path}, whose {name} is not'
            )
        if arrays[name].shape != shape:
            raise ValueError(
                f'the arrays of an oracle file must fit together. Received: {path}, whose {name} has the shape '
                f'{arrays[name].shape} where {shape} fits embedding and b_i'
            )

    vocab_size, embedding_dim = sizes
    oracle = make_oracle(0, vocab_size, embedding_dim, len(arrays['b_i']))
    stacked = [
        arrays['embedding'],
        *(np.concatenate([arrays[f'{kind}_{gate}'] for gate in GATES], axis=-1) for kind in 'WUb'),
        arrays['W_out'],
        arrays['b_out'],
    ]
    for variable, value in zip(oracle.variables, stacked):
        variable.assign(value)
    return oracle


def _read_arrays(path):
    """{name: array} of an `.npz`."""
    try:
        with open(path, 'rb') as file:
            if not zipfile.is_zipfile(file):
                raise zipfile.BadZipFile('not a zip archive')
            file.seek(0)
            with np.load(file, allow_pickle=False) as arrays:
                return dict(arrays)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
        raise ValueError(
            f'an oracle file must be a readable .npz archive of arrays. Received: {path} ({error})'
        ) from None


def _shapes(vocab_size, embedding_dim, hidden_dim):
    """{name: shape} of the arrays of an oracle file."""
    gates = {'W': (embedding_dim, hidden_dim), 'U': (hidden_dim, hidden_dim), 'b': (hidden_dim,)}
    return {
        'embedding': (vocab_size, embedding_dim),
        **{f'{kind}_{gate}': gates[kind] for gate in GATES for kind in 'WUb'},
        'W_out': (hidden_dim, vocab_size),
        'b_out': (vocab_size,),
    }
