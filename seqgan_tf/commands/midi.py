"""Writes melodies as MIDI files.

seqgan-midi --workdir=runs/music --n=5 --seed=1 --out=pieces
seqgan-sample --workdir=runs/music --temperature=0.9 | seqgan-midi --texts=- --step=0.25 --out=pieces
"""

import argparse
import json
import pathlib
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from seqgan_tf.config import Config
from seqgan_tf.data.download import store
from seqgan_tf.music.audio import require_pretty_midi, synthesize
from seqgan_tf.music.files import files_of
from seqgan_tf.music.melody import ENCODINGS, Melody
from seqgan_tf.music.midi import LONGEST, require_mido
from seqgan_tf.running.startup import load_tensorflow

MOST = 1000  # melodies of one call


def main() -> None:
    """Writes `1.mid` and so on into a directory, and with --wav `1.wav` and so on.

    Raises:
        SystemExit: with a message, if an argument is wrong, there is nothing to write, or it cannot
            be written. Then no file was written.
    """
    parser = argparse.ArgumentParser(
        prog='seqgan-midi', description='Writes melodies of a run, or of ids, as MIDI files.', allow_abbrev=False
    )
    parser.add_argument(
        '--workdir', help='a run of dataset=music, which is sampled; with --texts it only says what ids mean'
    )
    parser.add_argument(
        '--texts',
        metavar='FILE',
        help='ids, a melody a line, or answers with a text as JSON, of seqgan-sample, seqgan-client or TensorFlow '
        'Serving; -: standard input',
    )
    parser.add_argument('--out', required=True, help='the directory of the files')
    parser.add_argument('--n', type=int, help='number of melodies that are sampled (default: 1)')
    parser.add_argument('--seed', type=int, help='melody i is drawn from seed + i; negative: fresh seeds (default: 0)')
    parser.add_argument('--melody', choices=ENCODINGS, help='what ids mean, without --workdir (default: sampled)')
    parser.add_argument('--step', type=float, help='seconds of a step (default: that of the run, or 0.4)')
    parser.add_argument('--wav', action='store_true', help='write the sounds too')
    args = parser.parse_args()
    try:
        _check(args)
        melody = _melody(args)
        texts = _sample(args) if args.texts is None else _read(args.texts)
        rows = list(_rows(texts, melody))
        sounds = [synthesize(ids, melody) for ids in rows] if args.wav else []
        files = {pathlib.Path(args.out, name): data for name, data in files_of(rows, melody, sounds).items()}
        store(files)
    except (ValueError, OverflowError) as error:
        sys.exit(f'error: {error}')
    for path in files:
        print(path)


def _check(args: argparse.Namespace) -> None:
    """Raises ValueError where arguments conflict, or a package is missing."""
    for fits, rule, received in (
        (args.workdir or args.texts, 'workdir or texts must be given', 'neither'),
        (args.texts is None or args.n is None, 'n is of melodies that are sampled, without --texts', f'n={args.n}'),
        (
            args.texts is None or args.seed is None,
            'seed is of melodies that are sampled, without --texts',
            f'seed={args.seed}',
        ),
        (args.n is None or 1 <= args.n <= MOST, f'n must be at least 1 and at most {MOST}', f'n={args.n}'),
        (
            not (args.workdir and args.melody),
            'melody must come without --workdir, whose config.json has it',
            f'melody={args.melody}',
        ),
    ):
        if not fits:
            raise ValueError(f'{rule}. Received: {received}')
    require_mido()
    if args.wav:
        require_pretty_midi()


def _melody(args: argparse.Namespace) -> Melody:
    """What ids mean, and the length of a step.

    Raises:
        ValueError: the workdir is no run of music, or the step is out of its range.
    """
    settings = {'encoding': args.melody or 'sampled'}
    if args.workdir:
        config = Config.from_json(pathlib.Path(args.workdir, 'config.json'))
        if config.dataset != 'music':
            raise ValueError(
                f'workdir must be a run of dataset=music. Received: {args.workdir} with dataset={config.dataset}'
            )
        settings = {'encoding': config.melody, 'step': config.step}
    return Melody(**settings | ({} if args.step is None else {'step': args.step}))


def _sample(args: argparse.Namespace) -> list[str]:
    """Texts of a run.

    Raises:
        RunError: it cannot be loaded.
    """
    load_tensorflow()
    from seqgan_tf.running.trained import load

    return load(args.workdir).generate(args.n or 1, seed=args.seed or 0)


def _read(path: str) -> list[str]:
    """The texts of a file or of standard input: its lines, or those in its JSON.

    Raises:
        ValueError: it cannot be read, or has JSON without texts.
    """
    try:
        content = (sys.stdin.buffer.read() if path == '-' else pathlib.Path(path).read_bytes()).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f'texts must be a readable file in utf-8. Received: {path} ({error})') from None
    lines = [line for line in content.split('\n') if line.strip()]
    if not content.lstrip().startswith(('{', '[')):
        return lines
    try:
        try:
            answers = [json.loads(content)]
        except json.JSONDecodeError:
            answers = [json.loads(line) for line in lines]
        return [text for answer in answers for text in _texts(answer)]
    except json.JSONDecodeError as error:
        raise ValueError(f'texts must be lines of ids, or JSON. Received: {path} ({error})') from None
    except RecursionError:
        raise ValueError(f'texts must be lines of ids, or JSON. Received: {path}, which is nested too deeply') from None


def _texts(answer: Any) -> Iterator[str]:
    """The texts in an answer: of TensorFlow Serving by row or by column, or an object with a text.

    Raises:
        ValueError: it has none.
    """
    if isinstance(answer, str):
        yield answer
    elif isinstance(answer, list):
        for part in answer:
            yield from _texts(part)
    else:
        known = ('predictions', 'outputs', 'text')
        name = next((name for name in known if isinstance(answer, dict) and name in answer), None)
        if name is None:
            raise ValueError(f'an answer must have one of {", ".join(known)}. Received: {json.dumps(answer)[:60]}')
        yield from _texts(answer[name])


def _rows(texts: Sequence[str], melody: Melody) -> Iterator[np.ndarray]:
    """The ids int32 [T] of each text.

    Raises:
        ValueError: there are no texts or too many, or one is empty, too long or has what is no id.
    """
    if not 1 <= len(texts) <= MOST:
        raise ValueError(f'texts must be at least 1 and at most {MOST}. Received: {len(texts)}')
    for number, text in enumerate(texts, start=1):
        try:
            ids = melody.parse(text)
        except ValueError as error:
            raise ValueError(f'{error} in text {number}') from None
        if not 0 < len(ids) * melody.seconds <= LONGEST:
            raise ValueError(
                f'a melody must last more than 0 and at most {LONGEST} seconds. '
                f'Received: text {number} with {len(ids)} steps of {melody.step} seconds'
            )
        yield ids


if __name__ == '__main__':
    main()
