"""The data sets by name: what is known of each before it is loaded.

Settings, sweeps and reports read this without TensorFlow.
"""

import dataclasses
import pkgutil
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True)
class Score:
    """The metric that samples are judged by, and its direction."""

    metric: str
    higher_is_better: bool = False

    @property
    def sign(self) -> int:
        """1 where less is better, -1 where more is: sign * value falls as samples get better."""
        return -1 if self.higher_is_better else 1


@dataclasses.dataclass(frozen=True)
class DataSet:
    """One entry: where a data set is loaded and checked, and what a report says of it.

    Functions are named as 'package.module:function', and imported when they are called.

    Attributes:
        summary: a few words for `--help`.
        load: a function of the settings that returns a `Task`.
        scored_by: what samples are judged by.
        settings: the settings that shape the data, the seed apart. Runs that differ in one of them
            do not go into one table.
        check: a function that raises ValueError where settings do not fit the data set. It must
            not load TensorFlow. '': none.
        shown: those of `settings` that a report names; None: all of them.
        files: those of `settings` that name a file. The file's name counts, not where it lies.
        fallbacks: {setting: file setting}: the setting is read only where the file setting is
            empty.
        rules: {metric: what is kept}: the shares that the rules of `Task` give.
        planes: pairs of metrics, across and up, for the picture of quality and diversity. The
            first pair that was measured is drawn. (): nll_test and the metric of `scored_by`.
        reading: how such a picture is read. '': in terms of likelihood and quality.
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
        summary='a file',
        load='seqgan_tf.data.text_file:load',
        check='seqgan_tf.data.text_file:check',
        scored_by=Score('bleu_2', higher_is_better=True),
        settings=(
            'corpus',
            'tokens',
            'verse_length',
            'sequence_length',
            'on_long',
            'min_count',
            'max_vocab',
            'validation_share',
            'test_share',
        ),
        shown=('corpus', 'tokens', 'sequence_length', 'on_long', 'min_count'),
        files=('corpus',),
        planes=(('self_bleu_4', 'bleu_4'), ('self_bleu_2', 'bleu_2')),
        reading='To the left is more diverse, and up is closer to the held-out rows.',
    ),
}


def check_settings(config) -> None:
    """Raises ValueError where the settings, a `Config`, do not fit their data set."""
    entry = DATASETS[config.dataset]
    if config.corpus and 'corpus' not in entry.settings:
        readers = ' or '.join(name for name, other in DATASETS.items() if 'corpus' in other.settings)
        raise ValueError(
            f'a corpus is read only with dataset={readers}. Received: dataset={config.dataset}, corpus={config.corpus}'
        )
    if entry.check:
        pkgutil.resolve_name(entry.check)(config)
