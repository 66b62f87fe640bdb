"""The data sets by name, and what is known of each before it is loaded.

Settings, sweeps and reports read this without TensorFlow.
"""

import dataclasses
import pkgutil
from collections.abc import Mapping
from typing import Any


@dataclasses.dataclass(frozen=True)
class Score:
    """The metric that samples are judged by, and its direction."""

    metric: str
    higher_is_better: bool = False

    @property
    def sign(self) -> int:
        """1 if lower is better, -1 if higher is better: sign * value falls as samples improve."""
        return -1 if self.higher_is_better else 1


@dataclasses.dataclass(frozen=True)
class DataSet:
    """One entry: how a data set is loaded and checked, and how a report describes it.

    Functions are named as 'package.module:function', and imported when they are called.

    Attributes:
        summary: a few words for `--help`.
        load: a function of the settings that returns a `Task`.
        scored_by: the metric that samples are judged by.
        settings: names of the settings that shape the data, without the seed. A table compares only
            runs that agree in them.
        check: a function that raises ValueError where settings do not fit the data set. It must not
            load TensorFlow. '': there is no check.
        shown: those of `settings` that a report names; None: all of them.
        files: those of `settings` that name a file or a directory. Reports compare its name, not
            where it stands.
        fallbacks: {setting: file setting}. The setting is read only if the file setting is empty.
        rules: {metric: what the samples keep} of the shares that the rules of the `Task` give.
        planes: pairs of metrics (x, y) for the figure of quality and diversity. A report draws the
            first pair that was measured. (): nll_test and the metric of `scored_by`.
        reading: how that figure is read. '': in terms of likelihood and quality.
    """

    summary: str
    load: str
    scored_by: Score
    settings: tuple[str, ...]
    check: str = ''
    shown: tuple[str, ...] | None = None
    files: tuple[str, ...] = ()
    fallbacks: Mapping[str, str] = dataclasses.field(default_factory=dict)
    rules: Mapping[str, str] = dataclasses.field(default_factory=dict)
    planes: tuple[tuple[str, str], ...] = ()
    reading: str = ''


DATASETS: dict[str, DataSet] = {
    'synthetic': DataSet(
        summary='an oracle LSTM',
        load='seqgan_tf.data.synthetic:load',
        scored_by=Score('nll_oracle'),
        settings=('sequence_length', 'num_sequences', 'held_out', 'oracle_seed', 'oracle_path', 'vocab_size'),
        files=('oracle_path',),
        fallbacks={'oracle_seed': 'oracle_path', 'vocab_size': 'oracle_path'},
    ),
    'given': DataSet(
        summary='a Corpus given to seqgan_tf.run(config, corpus=...)',
        load='seqgan_tf.data.tasks:refuse_given',
        scored_by=Score('bleu_2', higher_is_better=True),
        settings=('sequence_length',),
        planes=(('self_bleu_4', 'bleu_4'), ('self_bleu_2', 'bleu_2')),
        reading='Samples are more diverse to the left, and closer to the test rows at the top.',
    ),
    'verse': DataSet(
        summary='embedded poems',
        load='seqgan_tf.data.verse:load',
        check='seqgan_tf.data.verse:check',
        scored_by=Score('valid_all', higher_is_better=True),
        settings=('num_sequences', 'held_out'),
        rules={
            'valid_tones': 'the tone pattern',
            'valid_rhyme': 'the rhyme',
            'valid_grammar': 'the grammar',
            'valid_all': 'all the rules of the verse',
        },
    ),
    'text': DataSet(
        summary='a file, or a directory with the three parts',
        load='seqgan_tf.data.text_file:load',
        check='seqgan_tf.data.text_file:check',
        scored_by=Score('bleu_2', higher_is_better=True),
        settings=(
            'corpus',
            'encoding',
            'tokens',
            'verse_length',
            'sequence_length',
            'on_long',
            'min_count',
            'max_vocab',
            'lower',
            'on_repeated',
            'validation_share',
            'test_share',
            'prosody',
        ),
        shown=('corpus', 'tokens', 'sequence_length', 'on_long', 'min_count', 'lower', 'on_repeated'),
        files=('corpus', 'prosody'),
        rules={
            'prosody_tones': 'the tones of a regulated quatrain, by the table of --prosody',
            'prosody_rhyme': 'its rhyme, by the table of --prosody',
            'prosody_all': 'both',
        },
        planes=(('self_bleu_4', 'bleu_4'), ('self_bleu_2', 'bleu_2')),
        reading='Samples are more diverse to the left, and closer to the test rows at the top.',
    ),
    'music': DataSet(
        summary='melodies: a directory of MIDI files, or one with the three parts',
        load='seqgan_tf.data.music:load',
        check='seqgan_tf.data.music:check',
        scored_by=Score('bleu_4', higher_is_better=True),
        settings=(
            'corpus',
            'melody',
            'step',
            'sequence_length',
            'on_repeated',
            'validation_share',
            'test_share',
        ),
        shown=('corpus', 'melody', 'step', 'sequence_length', 'on_repeated'),
        files=('corpus',),
        planes=(('self_bleu_4', 'bleu_4'), ('self_bleu_2', 'bleu_2')),
        reading='Samples are more diverse to the left, and closer to the test rows at the top.',
    ),
}


def check_settings(config: Any) -> None:
    """Raises ValueError where the settings, a `Config`, do not fit their data set."""
    entry = DATASETS[config.dataset]
    for file in ('corpus', 'prosody'):
        if getattr(config, file) and file not in entry.settings:
            readers = ' or '.join(name for name, other in DATASETS.items() if file in other.settings)
            raise ValueError(
                f'{file} may be given only with dataset={readers}. '
                f'Received: dataset={config.dataset}, {file}={getattr(config, file)}'
            )
    if entry.check:
        pkgutil.resolve_name(entry.check)(config)
