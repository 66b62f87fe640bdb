"""What searches make of one generator: quality, diversity and cost at equal numbers of network calls.

    python benchmarks/search.py --workdir=DIR [--rows=1000] [--candidates=4,16,64] [--seed=0] [--out=PATH.json]

DIR is a run on the data set verse with MLE and a pretrained discriminator, such as one of
`verse.flags` with `--adversarial_rounds=0`. It is only read. With n network calls for each token,
`resample` and `best_of` draw n sequences a poem, `particles` has n particles, `tree_search` makes n
simulations a move, and `beam` has n distinct sequences of a stochastic beam.

`score` says what a finished poem is chosen by: the logit of the run's discriminator (cnn), the last
logit of a causal discriminator (causal), or the last number of a value network (network). `value`
says by what prefixes are steered. Both networks start from the generator's weights and are trained
here, on as many negative sets as the run's discriminator was, unless `--rounds` says otherwise. The value network learns the
discriminator's logit.

The CPU seconds of a row are those of its search alone, after a first call that compiles, for all
threads. They do not count the training of the networks.
"""

import functools
import json
import os
import platform
import time

from absl import app, flags

from seqgan_tf.running.startup import load_tensorflow

load_tensorflow()

import numpy as np
import tensorflow as tf

import seqgan_tf
from seqgan_tf import randomness
from seqgan_tf.data.tasks import load_task
from seqgan_tf.metrics.bleu import self_bleu
from seqgan_tf.metrics.diversity import copied_share, unique_share
from seqgan_tf.models.prefix_network import PrefixNetwork
from seqgan_tf.policies.chunked import RowScorer, Sampler, Scorer
from seqgan_tf.policies.sampling import sample
from seqgan_tf.search.beam import resample_beams
from seqgan_tf.search.particles import particles
from seqgan_tf.search.resample import resample
from seqgan_tf.search.tree_search import tree_search
from seqgan_tf.training import losses
from seqgan_tf.training.best_weights import BestWeights
from seqgan_tf.training.optimizers import adam
from seqgan_tf.training.prefix_values import PrefixEpoch, causal_figures, value_figures

SEQUENCES = 4096  # that are held at once, as candidates, particles or beams
TREES = 256  # rows that search at once
BEST = 1e6  # the guidance of best of n
SELF_BLEU_ORDER = 4
SETTINGS = ('seed', 'rows', 'rounds', 'learning_rate', 'guidance', 'width', 'exploration', 'backup')
COLUMNS = ('valid_all', 'valid_rhyme', 'unique', 'copied', 'self_bleu_4', 'log_p', 'cpu_seconds', 'seconds')

flags.DEFINE_string('workdir', None, 'the run', required=True)
flags.DEFINE_integer('seed', 0, 'of networks, training and searches', lower_bound=0)
flags.DEFINE_integer('rows', 1000, 'poems of each search, from an empty prompt', lower_bound=2)
flags.DEFINE_list('candidates', ['4', '16', '64'], 'the numbers n of network calls for each token')
flags.DEFINE_integer('rounds', None, 'negative sets of the prefix networks; as many as the run had', lower_bound=1)
flags.DEFINE_float('learning_rate', None, "of the prefix networks; the discriminator's of the run", lower_bound=0.0)
flags.DEFINE_float('guidance', 1.0, 'beta of resample, particles and beam', lower_bound=0.0)
flags.DEFINE_integer('width', 16, 'children of a node of tree_search', lower_bound=1)
flags.DEFINE_float('exploration', 1.25, 'c of tree_search', lower_bound=0.0)
flags.DEFINE_enum('backup', 'mean', ['mean', 'max'], 'of tree_search')
flags.DEFINE_string('out', '', 'write the results here, as JSON')
FLAGS = flags.FLAGS


def trained_values(trained, corpus, score_fn):
    """{'causal': causal discriminator, 'network': value network}, and {name: held-out figures}."""
    config, generator = trained.config, trained.generator
    end_id, batch = generator.end_id, config.batch_size
    sampler = Sampler(generator, corpus.sequence_length)
    networks, epochs = {}, {}
    for name, loss in (('causal', losses.causal_loss), ('network', losses.value_loss)):
        network = PrefixNetwork(
            len(corpus.vocabulary), config.embedding_dim, config.hidden_dim, generator.start_id, FLAGS.seed
        )
        optimizer = adam(FLAGS.learning_rate or config.discriminator_learning_rate, network)
        networks[name], epochs[name] = network, PrefixEpoch(network, optimizer, loss, batch, end_id)
    best = {name: BestWeights(network) for name, network in networks.items()}
    seeds = (tf.constant([FLAGS.seed, i], tf.int64) for i in range(2**31))  # one for each use
    scorer = RowScorer(score_fn, jit_compile=False)
    score = lambda tokens: tf.constant(scorer(tokens))
    count = min(config.negatives or len(corpus.train), len(corpus.train))
    real = tf.constant(corpus.validation)
    held_out = sampler(len(real), next(seeds))
    held_out_scores, train = score(held_out), tf.constant(corpus.train)
    kept = {}
    for _ in range(FLAGS.rounds or config.discriminator_rounds):
        negatives = sampler(count, next(seeds))
        positives = tf.gather(train, randomness.permutation(len(train), next(seeds))[:count])
        labels = tf.constant(np.repeat(np.float32([1, 0]), count))
        epochs['causal'](tf.concat([positives, negatives], axis=0), labels, next(seeds))
        epochs['network'](negatives, score(negatives), next(seeds))
        figures = {
            'causal': causal_figures(networks['causal'], real, held_out, end_id),
            'network': value_figures(networks['network'], held_out, held_out_scores, end_id),
        }
        for name, loss in (('causal', 'causal_held_out_loss'), ('network', 'value_held_out_loss')):
            if figures[name][loss] < best[name].loss:
                kept[name] = {key: float(value) for key, value in figures[name].items()}
            best[name].keep(figures[name][loss])
    for weights in best.values():
        weights.put_back()
    return networks, kept


def searches(generator, length, scores, values):
    """(labels, a function (rows, seed) -> tokens, rows at once) of every line of the table."""
    plain = lambda rows, seed: sample(generator, rows, length, seed)
    yield {'search': 'sample', 'n': 1}, plain, min(FLAGS.rows, SEQUENCES)
    for n in map(int, FLAGS.candidates):
        at_once = max(1, min(FLAGS.rows, SEQUENCES // n))
        for name, score_fn in scores.items():
            for search, beta in (('resample', FLAGS.guidance), ('best_of', BEST)):
                labels = {'search': search, 'n': n, 'score': name}
                yield labels, _tokens(resample, (generator, score_fn), length, n, guidance=beta), at_once
        cnn = scores['cnn']
        labels = {'search': 'beam', 'n': n, 'score': 'cnn'}
        yield labels, _tokens(resample_beams, (generator, cnn), length, n, guidance=FLAGS.guidance), at_once
        for name, value in values.items():
            labels = {'n': n, 'score': 'cnn', 'value': name}
            functions = (generator, cnn, value)
            steered = _tokens(particles, functions, length, n, guidance=FLAGS.guidance)
            yield labels | {'search': 'particles'}, steered, at_once
            settings = {'width': FLAGS.width, 'exploration': FLAGS.exploration, 'backup': FLAGS.backup}
            grown = _tokens(tree_search, functions, length, n, **settings)
            yield labels | {'search': 'tree_search'}, grown, min(FLAGS.rows, TREES)


def _tokens(search, functions, length, n, **settings):
    return lambda rows, seed: search(*functions, rows, length, n, seed, **settings).tokens


def drawn(search, at_once):
    """The poems of a search, [rows, T], with its CPU seconds and its wall seconds."""
    chunk = tf.function(functools.partial(search, at_once), autograph=False)
    seed = tf.constant([FLAGS.seed, 1], tf.int64)
    chunk(randomness.fold_in(seed, -1))
    cpu, wall = time.process_time(), time.perf_counter()
    chunks = [chunk(randomness.fold_in(seed, i)).numpy() for i in range(-(-FLAGS.rows // at_once))]
    share = FLAGS.rows / (len(chunks) * at_once)  # of the poems that are kept
    cpu, wall = (time.process_time() - cpu) * share, (time.perf_counter() - wall) * share
    return np.concatenate(chunks)[: FLAGS.rows], cpu, wall


def figures_of(tokens, corpus, rules, scorer):
    """{name: figure} of poems [rows, T]; log_p is the mean over poems, nats a poem."""
    shares = rules(corpus.vocabulary.decode(tokens))
    return {
        'valid_all': shares['valid_all'],
        'valid_rhyme': shares['valid_rhyme'],
        'unique': unique_share(tokens),
        'copied': copied_share(tokens, corpus.train),
        'self_bleu_4': self_bleu(tokens, SELF_BLEU_ORDER),
        'log_p': float(scorer(tokens).mean()),
    }


def main(_):
    """Trains the prefix networks, runs every search, and prints the table."""
    trained = seqgan_tf.load(FLAGS.workdir)
    if trained.config is None or trained.config.dataset != 'verse' or trained.discriminator is None:
        raise app.UsageError(f'workdir must be a run on verse with a discriminator. Received: {FLAGS.workdir}')
    task = load_task(trained.config)
    corpus, scorer = task.corpus, Scorer(trained.generator)
    start = time.process_time()
    networks, held_out = trained_values(trained, corpus, trained.discriminator)
    training = time.process_time() - start
    last = lambda network: lambda tokens: network(tokens)[:, -1]
    scores = {'cnn': trained.discriminator} | {name: last(network) for name, network in networks.items()}

    print(json.dumps(held_out, indent=2))
    print(f'{"search":12}{"score":8}{"value":8}{"n":>4}' + ''.join(f'{name:>13}' for name in COLUMNS), flush=True)
    lines = []
    for labels, search, at_once in searches(trained.generator, corpus.sequence_length, scores, networks):
        tokens, cpu, wall = drawn(search, at_once)
        line = labels | figures_of(tokens, corpus, task.rules, scorer) | {'cpu_seconds': cpu, 'seconds': wall}
        text = f'{line["search"]:12}{line.get("score", ""):8}{line.get("value", ""):8}{line["n"]:>4}'
        print(text + ''.join(f'{line[name]:>13.4f}' for name in COLUMNS), flush=True)
        lines.append(line)
    if FLAGS.out:
        settings = {name: FLAGS[name].value for name in SETTINGS}
        settings |= {'machine': platform.processor() or platform.machine(), 'cores': os.cpu_count()}
        with open(FLAGS.out, 'w', encoding='utf-8') as file:
            json.dump(
                settings | {'training_cpu_seconds': training, 'held_out': held_out, 'lines': lines}, file, indent=2
            )


if __name__ == '__main__':
    app.run(main)
