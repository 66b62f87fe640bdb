"""Metrics in a report: their tables, their reference rows, and the paper's own numbers."""

import re

from seqgan_tf.data.registry import DATASETS
from seqgan_tf.evaluation.registry import Definition, glossary

OTHER = 'Other figures'
REFERENCES = {
    'data': 'ground truth',
    'uniform': 'uniform tokens',
    'unigram': 'unigram',
    'bigram': 'interpolated bigram',
    'copies': 'copies of training rows',
}
REFERENCE = re.compile(f'(.+)_of_({"|".join(REFERENCES)})')

# nll_oracle in Table 1 of the paper.
PAPER_TABLE = {'Random': 10.310, 'MLE': 9.038, 'Scheduled sampling': 8.985, 'PG-BLEU': 8.946, 'SeqGAN': 8.736}
# nll_oracle by epoch in the released code's save/experiment-log.txt (LantaoYu/SeqGAN at e2b52fb),
# one seed. Epochs after 120 are adversarial.
PUBLISHED_LOG = {115: 9.07058, 120 + 20: 8.96, 120 + 35: 8.88, 120 + 145: 8.68066, 120 + 150: 8.6832}


def grouped(names):
    """{group: [name]} of the metrics that there are, in the registry's order.

    Names that it does not list come last, sorted.
    """
    groups = {title: [name for name in definitions if name in names] for title, definitions in glossary().items()}
    groups[OTHER] = sorted(set(names) - {name for found in groups.values() for name in found})
    return {title: found for title, found in groups.items() if found}


def described(name) -> Definition:
    """The definition of a name, without unit and meaning where the registry does not list it."""
    return next((found[name] for found in glossary().values() if name in found), Definition(''))


def has_paper_scale(settings):
    """Whether the paper's nll_oracle can stand beside a study's.

    It can for sequences of 20 from an oracle that was read from a file, as the paper's was
    published. The numbers of another oracle are on another scale.
    """
    scored_by = DATASETS[settings['dataset']].scored_by
    return scored_by.metric == 'nll_oracle' and settings['sequence_length'] == 20 and bool(settings['oracle_path'])
