"""What the figures of a closing evaluation are called, and the paper's own; `seqgan_tf.evaluation` defines them."""

import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Metric:
    """Unit and one line of meaning, for column heads and the glossary."""

    unit: str
    meaning: str


NATS = 'nats/token'
GROUPS = {
    'Likelihood': {
        'nll_oracle': Metric(
            NATS, 'of samples under the oracle; below the ground truth: less entropy than the data, not better'
        ),
        'nll_test': Metric(
            NATS,
            "of held-out rows under the generator, at the samples' temperature; cannot be below the data's entropy",
        ),
        'nll_validation': Metric(NATS, 'of the validation rows, which settings and epochs are chosen by'),
        'entropy': Metric(NATS, 'of the generator, over its own samples'),
        'reverse_nll': Metric(NATS, 'of held-out rows under a language model that was fitted to the samples'),
    },
    'Distance to the data': {
        'kl_generator_oracle': Metric(NATS, 'KL(generator to oracle) = nll_oracle - entropy'),
        'kl_oracle_generator': Metric(NATS, 'KL(oracle to generator) = nll_test - entropy of the data'),
        'jsd_per_step': Metric('nats', 'Jensen-Shannon divergence of the next token, mean over steps'),
        'fresh_discriminator_accuracy': Metric(
            'share', 'of held-out rows and samples that a new discriminator tells apart; 0.5: chance'
        ),
        'fresh_discriminator_loss': Metric(
            'nats', 'cross entropy of that discriminator on them; ln 2 = 0.693: it knows nothing'
        ),
    },
    'Quality of texts': {
        **{
            f'bleu_{n}': Metric('', f'mean sentence BLEU-{n} of the samples against the held-out rows')
            for n in (2, 3, 4, 5)
        },
        **{
            f'valid_{rule}': Metric('share', f'of samples that keep {what}')
            for rule, what in (
                ('tones', 'the tone pattern'),
                ('rhyme', 'the rhyme'),
                ('grammar', 'the grammar'),
                ('all', 'all the rules of the verse'),
            )
        },
    },
    'Collapse': {
        'unique': Metric('share', 'of distinct sequences among the samples'),
        **{f'distinct_{n}': Metric('share', f'of distinct {n}-grams among those of the samples') for n in (1, 2, 3)},
        'copied': Metric('share', 'of samples that are training rows'),
        'coverage': Metric('share', 'of the vocabulary that occurs in the samples'),
        **{
            f'self_bleu_{n}': Metric('', f'mean BLEU-{n} of a sample against the others; higher: more alike')
            for n in (2, 3, 4, 5)
        },
    },
}
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
# nll_oracle by epoch in the released code's save/experiment-log.txt (LantaoYu/SeqGAN at e2b52fb), one seed; after 120 adversarial.
PUBLISHED_LOG = {115: 9.07058, 120 + 20: 8.96, 120 + 35: 8.88, 120 + 145: 8.68066, 120 + 150: 8.6832}


def grouped(names):
    """{group: [metric]} of the metrics that there are, in the order of `GROUPS`; those that are in none come last, sorted."""
    groups = {title: [name for name in metrics if name in names] for title, metrics in GROUPS.items()}
    groups[OTHER] = sorted(set(names) - {name for metrics in groups.values() for name in metrics})
    return {title: metrics for title, metrics in groups.items() if metrics}


def described(name):
    """The Metric of a name, without unit and meaning where it is unknown."""
    return next((metrics[name] for metrics in GROUPS.values() if name in metrics), Metric('', ''))


def has_paper_figures(settings):
    """Whether the paper's figures can stand beside a study's: sequences of 20 from an oracle that was read from a file, as the paper's was
    published. The figures of another oracle are on another scale."""
    return settings['dataset'] == 'synthetic' and settings['sequence_length'] == 20 and bool(settings['oracle_path'])
