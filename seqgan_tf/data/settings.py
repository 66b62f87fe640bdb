"""The settings of the data: what the generator learns, and how it is read."""

import dataclasses

from seqgan_tf.data.lines import ON_LONG, ON_REPEATED
from seqgan_tf.data.registry import DATASETS
from seqgan_tf.data.token_kinds import TOKEN_KINDS
from seqgan_tf.music.melody import ENCODINGS, LONGEST_STEP, SHORTEST_STEP
from seqgan_tf.settings import Settings, explain, setting


@dataclasses.dataclass(frozen=True)
class DataSettings(Settings):
    """The settings of the data of one experiment. `DATASETS` says which of them a data set reads."""

    dataset: str = setting(
        'synthetic',
        'what the generator learns: ' + ', '.join(f'{name} ({entry.summary})' for name, entry in DATASETS.items()),
        choices=DATASETS,
    )
    # Another path may hold the same data: a resumed run compares checksums of its rows.
    corpus: str = setting(
        '',
        'text: path of the corpus, one sequence a line; gzip is read too. Of a directory the files train.txt, '
        'validation.txt and test.txt are the parts. music: a directory of MIDI files, one with their parts in train, '
        'validation and test, or one with train.txt, validation.txt and test.txt, a tune of ids a line',
        may_change=True,
    )
    corpus_source: str = setting(
        '',
        'where the data are from, for the model card: an address or a citation. Public data by name need none',
        may_change=True,
    )
    corpus_licence: str = setting(
        '',
        'the licence of the data, for the model card: words, or an identifier of the Hugging Face Hub, such as cc-by-4.0, '
        'which is then that of the model too. Public data by name need none',
        may_change=True,
    )
    encoding: str = setting('utf-8', 'text: encoding of the corpus, such as utf-16 or gb18030', may_change=True)
    tokens: str = setting('char', 'text: the kind of symbol. ' + explain(TOKEN_KINDS), choices=TOKEN_KINDS)
    lower: bool = setting(False, 'text: put lines and prompts into lower case')
    verse_length: int = setting(
        0,
        'text, tokens=char: characters in a verse. Spaces between verses are then no symbols. 0: a space is a symbol',
        least=0,
    )
    prosody: str = setting(
        '',
        'text: path of a table of rhyme groups (python -m seqgan_tf.data pingshui). With it the shares of samples '
        'that keep the tones and the rhyme of five-character quatrains are measured. Empty: they are not',
        may_change=True,
    )
    sequence_length: int = setting(20, 'T, the most symbols in a sequence (paper: 20; music: 32)', least=2, most=1024)
    on_long: str = setting('error', 'text: what happens to a line of more than T symbols', choices=ON_LONG)
    on_repeated: str = setting(
        'keep',
        'text, music: whether rows equal to an earlier one stay. drop: no test row is a training row',
        choices=ON_REPEATED,
    )
    min_count: int = setting(1, 'text: symbols that occur less often than this become the unknown symbol', least=1)
    max_vocab: int = setting(
        0,
        'text: maximum size of the vocabulary; rarer symbols become the unknown symbol. With tokens=id: the number of '
        'ids. 0: no limit',
        least=0,
    )
    validation_share: float = setting(
        0.1, 'text: share of the lines of a file used for validation; music: of the tunes', least=0, most=0.5
    )
    test_share: float = setting(
        0.1, 'text: share of the lines of a file used for test; music: of the tunes', least=0, most=0.5
    )
    melody: str = setting(
        'sampled',
        'music: how ids stand for a melody. sampled: the piano key that sounds at each step, 1 to 88, or 0 for none '
        '(paper); onsets: a key where its note begins, 89 where the note goes on',
        choices=ENCODINGS,
    )
    step: float = setting(
        0.4,
        'music: seconds between the steps at which a MIDI file is sampled (paper: 0.4), and the length of a step in '
        'playback',
        least=SHORTEST_STEP,
        most=LONGEST_STEP,
    )
    num_sequences: int = setting(
        0, 'synthetic, verse: number of training sequences. 0: 10,000 synthetic (paper) or 16,384 poems', least=0
    )
    held_out: int = setting(2000, 'synthetic, verse: number of validation sequences, and of test sequences', least=1)
    oracle_seed: int = setting(0, "synthetic: seed of the oracle's N(0, 1) weights", least=0, most=2**31 - 1)
    oracle_path: str = setting('', 'synthetic: .npz file of an oracle, used in place of oracle_seed', may_change=True)
    vocab_size: int = setting(5000, 'synthetic: V, the vocabulary size of an oracle made from oracle_seed', least=2)
