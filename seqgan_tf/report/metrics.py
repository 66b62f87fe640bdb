"""The metrics of a closing evaluation in a report.

They have groups, one for each table, and reference values, which include the numbers of the paper.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

from seqgan_tf.data.registry import DATASETS
from seqgan_tf.evaluation.registry import Definition, glossary

OTHER = 'Other metrics'
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
# nll_oracle by epoch in save/experiment-log.txt of the released code (LantaoYu/SeqGAN at e2b52fb).
# It has one seed. After epoch 120 the epochs are adversarial rounds.
PUBLISHED_LOG = {115: 9.07058, 120 + 20: 8.96, 120 + 35: 8.88, 120 + 145: 8.68066, 120 + 150: 8.6832}


def grouped(names: Collection[str]) -> dict[str, list[str]]:
    """{group: [name]} of metrics, in the order of the registry.

    Metrics that the registry does not list are in the last group, sorted.
    """
    groups = {title: [name for name in definitions if name in names] for title, definitions in glossary().items()}
    groups[OTHER] = sorted(set(names) - {name for found in groups.values() for name in found})
    return {title: found for title, found in groups.items() if found}


def described(name: str) -> Definition:
    """The definition of a metric; an empty one if the registry does not list it."""
    return next((found[name] for found in glossary().values() if name in found), Definition(''))


def has_paper_scale(settings: Mapping[str, Any]) -> bool:
    """Whether nll_oracle of a study can be compared with the paper's.

    The sequences must have 20 symbols, and the oracle must come from a file, as the published one
    does. Another oracle has another scale.
    """
    scored_by = DATASETS[settings['dataset']].scored_by
    return scored_by.metric == 'nll_oracle' and settings['sequence_length'] == 20 and bool(settings['oracle_path'])
