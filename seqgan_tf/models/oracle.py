"""The oracle (Synthetic Data Experiments): a generator with fixed N(0, 1) weights that defines the true distribution."""

import zipfile

import numpy as np

from seqgan_tf.models.generator import Generator

GATES = 'ifco'  # Keras keeps the LSTM's gates in this order; the published arrays are separate


def make_oracle(seed, vocab_size=5000, embedding_dim=32, hidden_dim=32):
    """A frozen policy whose every array, biases included, is drawn from N(0, 1) (target_lstm.py)."""
    oracle = Generator(vocab_size, embedding_dim, hidden_dim, initializer_stddev=1.0, seed=seed, name='oracle')
    oracle.trainable = False
    return oracle


def load_oracle(path):
    """The published oracle, from an `.npz` of its fifteen arrays.

    Names: `embedding` [V, E]; `W_g` [E, H], `U_g` [H, H], `b_g` [H] for the gates g = i, f, o, c; `W_out` [H, V], `b_out` [V].
    (Order and meaning as in the released target_lstm.py.) Pickled content is refused.

    Raises:
        ValueError: not such a file, an array missing, or shapes that do not fit together.
    """
    names = ['embedding', *(f'{kind}_{gate}' for gate in GATES for kind in 'WUb'), 'W_out', 'b_out']
    try:
        with np.load(path, allow_pickle=False) as arrays:
            missing = sorted(set(names) - set(arrays.files))
            if missing:
                raise ValueError(f'an oracle file must hold the arrays {", ".join(names)}. Missing in {path}: {", ".join(missing)}')
            values = {name: np.asarray(arrays[name], np.float32) for name in names}
    except (zipfile.BadZipFile, EOFError, AttributeError, OSError) as error:
        raise ValueError(f'an oracle file must be a readable .npz archive of arrays. Received: {path} ({error})') from None

    (vocab_size, embedding_dim), hidden_dim = values['embedding'].shape, len(values['b_i'])
    oracle = make_oracle(0, vocab_size, embedding_dim, hidden_dim)
    stacked = [values['embedding'], *(np.concatenate([values[f'{kind}_{gate}'] for gate in GATES], axis=-1) for kind in 'WUb'),
               values['W_out'], values['b_out']]
    for variable, value in zip(oracle.variables, stacked):
        if tuple(variable.shape) != value.shape:
            raise ValueError(f'the arrays of an oracle file must fit together. {variable.path}: expected {tuple(variable.shape)}, '
                             f'received {value.shape} in {path}')
        variable.assign(value)
    return oracle
