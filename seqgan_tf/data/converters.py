"""Converters: the files of a source, as bytes, become the files that the project reads.

Each is a function {name of a source file: bytes} -> {path of a result: bytes}. A result that is a
directory has a path with a slash at its end, and {name: bytes}. Texts are utf-8 with one sequence a
line. Nothing is shuffled.
"""

import io
import json
import math
import pickle
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from seqgan_tf.errors import RunError

GATES = 'ifoc'  # the order of the LSTM's gates in the released file
ARRAYS = ('embedding', *(f'{kind}_{gate}' for gate in GATES for kind in 'WUb'), 'W_out', 'b_out')

ROLLS = {'train': 'traindata', 'validation': 'validdata', 'test': 'testdata'}  # arrays of Nottingham.mat
KEYS = 88  # of a piano
MOST_TUNES = 10_000  # of a part; the largest has 694

# All that a pickle of NumPy arrays may name, under the module names of NumPy 1 and 2.
_ADMITTED: dict[tuple[str, str], Any] = {
    ('numpy', 'ndarray'): np.ndarray,
    ('numpy', 'dtype'): np.dtype,
    ('numpy.core.multiarray', '_reconstruct'): np.empty(0).__reduce__()[0],
    ('numpy._core.multiarray', '_reconstruct'): np.empty(0).__reduce__()[0],
}


def poems(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The split of Zhang and Lapata: four verses of five characters a line, others are left out.

    A source line has tabs between verses and blanks between characters.
    """
    names = {'train': 'qtrain5', 'validation': 'qvalid5', 'test': 'qtest5'}
    return {f'poems/{part}.txt': _lines(_quatrains(files[name])) for part, name in names.items()}


def _quatrains(data: bytes) -> list[str]:
    found = [[verse.replace(' ', '') for verse in line.split('\t')] for line in _split(data)]
    return [' '.join(verses) for verses in found if [len(verse) for verse in verses] == [5] * 4]


def shi(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The poems of Texygen without blanks between characters, a blank in place of each mark."""
    verses = (re.split('[，。]', line.replace(' ', '')) for line in _split(files['shi.txt']))
    return {'texygen_shi.txt': _lines([' '.join(filter(None, line)) for line in verses])}


def pingshui(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """A line for each rhyme group, in the form that `prosody.read_table` reads.

    The source has {part: {group: [character]}}. The first two of its five parts are of level tone.
    """
    parts = json.loads(files['Pingshui_Rhyme.json'])
    return {
        'pingshui.txt': _lines(
            [
                f'{"平" if "平声" in part else "仄"} {part.removesuffix("部")}{group.removeprefix("入声")} '
                + ''.join(characters)
                for part, groups in parts.items()
                for group, characters in groups.items()
            ]
        )
    }


def coco(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The captions of Texygen, with one blank between words and none around a line."""
    return {
        name: _lines([' '.join(line.split()) for line in _split(files[name])])
        for name in ('image_coco.txt', 'test_coco.txt')
    }


def oracle(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The arrays of the published oracle as an `.npz`, by the names that `load_oracle` reads.

    Raises:
        RunError: the pickle is no list of fifteen float32 arrays.
    """
    arrays = read_arrays(files['target_params_py3.pkl'])
    if len(arrays) != len(ARRAYS) or any(array.dtype != np.float32 for array in arrays):
        raise RunError(
            f'the oracle must be {len(ARRAYS)} arrays of float32. Received: {[array.dtype.name for array in arrays]}'
        )
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **dict(zip(ARRAYS, arrays)))
    return {'seqgan_oracle_params.npz': buffer.getvalue()}


def nottingham(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The highest note at each step of a tune: the number of a piano key in 1..88, or 0 for none.

    The source has a piano roll [steps, 88] of a tune in each cell of its three arrays.

    Raises:
        RunError: SciPy is not installed, or the file is no such file.
    """
    try:
        import scipy.io
    except ImportError:
        raise RunError(
            "nottingham is a file of MATLAB, which SciPy reads: pip install 'seqgan_tf[music]'. "
            'Received: no module scipy'
        ) from None
    data = files['Nottingham.mat']
    try:
        # Room for all declared cells is made before any is read.
        cells = {name: math.prod(shape) for name, shape, kind in scipy.io.whosmat(io.BytesIO(data)) if kind == 'cell'}
        if not {*ROLLS.values()} <= {*cells} or max(cells.values()) > MOST_TUNES:
            raise ValueError(f'cell arrays of these sizes: {cells}')
        arrays = scipy.io.loadmat(io.BytesIO(data), variable_names=list(ROLLS.values()))
        rolls = {part: [_check_roll(roll, name) for roll in arrays[name].ravel()] for part, name in ROLLS.items()}
    except Exception as error:  # damaged bytes make SciPy raise errors of many types
        raise RunError(
            f'Nottingham.mat must be a MATLAB file of the cell arrays {", ".join(ROLLS.values())}, each of at most '
            f'{MOST_TUNES} piano rolls, which are arrays of numbers [steps, {KEYS}]. '
            f'Received: {type(error).__name__}: {error}'
        ) from None
    return {f'nottingham/{part}.txt': _lines([_melody(roll) for roll in tunes]) for part, tunes in rolls.items()}


def _check_roll(roll: np.ndarray, name: str) -> np.ndarray:
    """The roll of a tune. Raises ValueError where it is none."""
    if roll.ndim != 2 or not len(roll) or roll.shape[1] != KEYS or roll.dtype.kind not in 'uif':
        raise ValueError(f'a cell of {name} with {roll.dtype} {list(roll.shape)}')
    return roll


def _melody(roll: np.ndarray) -> str:
    """The keys of a roll [steps, 88] as text."""
    highest = (np.arange(1, KEYS + 1) * (roll > 0)).max(axis=1)
    return ' '.join(map(str, highest.tolist()))


def nottingham_midi(files: Mapping[str, bytes]) -> dict[str, Mapping[str, bytes]]:
    """A directory of the MIDI files as they are, with the licence beside them."""
    return {'nottingham_midi/': files}


class _ArraysOnly(pickle.Unpickler):
    """An unpickler that makes NumPy arrays and Python's own containers, and calls nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ADMITTED:
            raise pickle.UnpicklingError(f'{module}.{name} is no part of an array')
        return _ADMITTED[module, name]


def read_arrays(data: bytes) -> list[np.ndarray]:
    """The arrays of a pickled list, read without calling anything that the pickle names.

    Raises:
        RunError: it is no pickle, or holds something else.
    """
    try:
        arrays = _ArraysOnly(io.BytesIO(data)).load()
    except Exception as error:  # damaged bytes make the unpickler raise errors of many types
        raise RunError(f'a pickle must hold NumPy arrays alone. Received: {type(error).__name__}: {error}') from None
    if not isinstance(arrays, list) or not all(type(a) is np.ndarray and not a.dtype.hasobject for a in arrays):
        raise RunError(f'a pickle must hold a list of arrays of numbers. Received: {type(arrays).__name__}')
    return arrays


def _split(data: bytes) -> list[str]:
    """The lines of a text that are not blank, without the white space around them."""
    return [line for line in map(str.strip, data.decode().split('\n')) if line]


def _lines(texts: list[str]) -> bytes:
    return ''.join(text + '\n' for text in texts).encode()
