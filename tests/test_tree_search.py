"""`search.tree_search` against a slow twin in Python, and against brute force on toy policies."""

import numpy as np
import pytest
import tensorflow as tf
import toys
from toys import ALL, LENGTH, VOCAB, Chain, TableValue, score

from seqgan_tf import randomness
from seqgan_tf.search.tree_search import draw_children, tree_search

VALUES = toys.random_tables(seed=3, scale=1.0)


def run(rows, simulations, seed=(1, 2), end_id=None, tables=VALUES, **settings):
    return tree_search(Chain(end_id), score, TableValue(tables), rows, LENGTH, simulations, seed, **settings)


def compiled(function):
    return tf.function(function, autograph=False, jit_compile=True)()


class SlowSearch:
    """One row of the search in plain Python: a node is a dict."""

    def __init__(self, row, simulations, seed, width, exploration, backup, end_id, rows):
        self.row, self.simulations, self.seed, self.width, self.rows = row, simulations, seed, width, rows
        self.exploration, self.backup, self.end_id, self.simulation = exploration, backup, end_id, 0

    def node(self, tokens):
        """A node that was never visited, valued by the network or by the score."""
        ended = len(tokens) == LENGTH or (self.end_id is not None and self.end_id in tokens)
        if ended:
            whole = [*tokens, *[self.end_id] * (LENGTH - len(tokens))]
            number = toys.TABLE[np.dot(whole, toys.PLACES)]
        else:
            number = VALUES[len(tokens) - 1][np.dot(tokens, toys.PLACES[LENGTH - len(tokens) :])] if tokens else 0.0
        last = tokens[-1] if tokens else Chain.start_id
        logits = tf.repeat(Chain.logits[last][None], self.rows, axis=0)
        drawn, priors = draw_children(logits, self.width, randomness.fold_in(self.seed, self.simulation))
        return {
            'tokens': tokens,
            'ended': ended,
            'value': np.float32(1 / (1 + np.exp(-np.float32(number)))),
            'visits': 0,
            'drawn': drawn[self.row].numpy(),
            'priors': priors[self.row].numpy(),
            'children': {},
        }

    def best(self, node):
        """The place of the child that the next simulation takes."""
        merits = []
        for place, prior in enumerate(node['priors']):
            child = node['children'].get(place)
            value, visits = (child['value'], child['visits']) if child else (node['value'], 0)
            merits.append(value + self.exploration * prior * node['visits'] ** 0.5 / (1 + visits))
        return int(np.argmax(merits))

    def simulate(self, root):
        self.simulation += 1
        path, node = [root], root
        while not node['ended']:
            place = self.best(node)
            known = place in node['children']
            if not known:
                node['children'][place] = self.node([*node['tokens'], int(node['drawn'][place])])
            node = node['children'][place]
            path.append(node)
            if not known:
                break
        leaf_value = node['value']
        for node in reversed(path):
            node['visits'] += 1
            if self.backup == 'mean':
                node['value'] += (leaf_value - node['value']) / node['visits']
            elif node['children']:
                node['value'] = max(child['value'] for child in node['children'].values())

    def __call__(self):
        root = self.node([])
        root['visits'] = 1
        for _ in range(LENGTH):
            for _ in range(self.simulations):
                self.simulate(root)
            if not root['ended']:
                places = sorted(root['children'], key=lambda place: (-root['children'][place]['visits'], place))
                root = root['children'][places[0]]
        tokens = root['tokens']
        return [*tokens, *[self.end_id] * (LENGTH - len(tokens))]


@pytest.mark.parametrize('backup', ['mean', 'max'])
@pytest.mark.parametrize('simulations, width, end_id', [(1, 3, None), (6, 2, None), (11, 3, 1), (7, 2, 2)])
def test_the_search_is_that_of_its_slow_twin(simulations, width, end_id, backup):
    rows, exploration = 12, 0.8
    settings = dict(width=width, exploration=exploration, backup=backup, end_id=end_id)
    found = run(rows, simulations, **settings)
    slow = [SlowSearch(row, simulations, (1, 2), rows=rows, **settings)() for row in range(rows)]
    np.testing.assert_array_equal(found.tokens, slow)
    np.testing.assert_allclose(found.scores, score(found.tokens))


@pytest.mark.parametrize('end_id', [None, 1])
def test_with_many_simulations_the_maximum_finds_the_best_sequence(end_id):
    possible = np.isfinite(toys.log_probabilities(end_id))
    best = ALL[possible][toys.TABLE[possible].argmax()]
    misled = toys.random_tables(seed=0, scale=3.0)  # values that say nothing, or the wrong thing
    found = compiled(lambda: run(20, 300, end_id=end_id, tables=misled, width=VOCAB, backup='max'))
    np.testing.assert_array_equal(found.tokens, [best] * 20)


def test_with_many_simulations_the_mean_finds_the_best_sequence_of_a_small_game():
    """A game in which the first moves mislead: the priors and the values favour another first token."""
    found = compiled(lambda: run(4, 1000, width=VOCAB, exploration=0.3))
    np.testing.assert_array_equal(found.tokens, [ALL[toys.TABLE.argmax()]] * 4)


def test_without_exploration_by_value_the_priors_decide():
    """With values that are all equal, the visits follow the priors, so the search is greedy."""
    equal = [np.zeros(VOCAB**length) for length in range(1, LENGTH + 1)]
    found = tree_search(
        Chain(), lambda tokens: tf.zeros(tokens.shape[:1]), TableValue(equal), 5, LENGTH, 20, [1, 2], width=VOCAB
    )
    greedy, last = [], 0
    for _ in range(LENGTH):
        last = int(np.argmax(Chain.logits[last]))
        greedy.append(last)
    np.testing.assert_array_equal(found.tokens, [greedy] * 5)


def test_children_are_drawn_without_replacement():
    logits = tf.repeat(Chain.logits[:1], 20_000, axis=0)
    tokens, priors = draw_children(logits, 2, [1, 2])
    p = tf.nn.softmax(Chain.logits[0]).numpy()
    counts = np.bincount(tokens[:, 0], minlength=VOCAB)
    assert ((counts - 20_000 * p) ** 2 / (20_000 * p)).sum() < 18  # 2 degrees of freedom: p = 1e-4
    assert (tokens[:, 0] != tokens[:, 1]).numpy().all()
    pairs = np.take(p, tokens)
    np.testing.assert_allclose(priors, pairs / pairs.sum(axis=1, keepdims=True), rtol=1e-5)
    everything, _ = draw_children(logits, 100, [1, 2])
    np.testing.assert_array_equal(np.sort(everything, axis=1), [range(VOCAB)] * 20_000)


def test_one_child_a_node_is_the_policy():
    """With a width of 1 there is nothing to choose: the tokens are draws."""
    found = compiled(lambda: run(20_000, 1, width=1, end_id=1))
    statistic, freedom = toys.chi_square(found.tokens, np.exp(toys.log_probabilities(1)))
    assert statistic < freedom + 5 * (2 * freedom) ** 0.5


def test_prefixes_are_kept():
    """A prefix that ends the sequence leaves nothing to search."""
    prefix = tf.constant([[0, 2], [2, 0], [1, 0], [0, 1]])
    lengths = tf.constant([1, 2, 1, 2])
    settings = dict(end_id=1, width=VOCAB, backup='max', prefix=prefix, prefix_length=lengths)
    found = compiled(lambda: run(4, 200, **settings))
    possible = np.isfinite(toys.log_probabilities(1))
    for tokens, start, count in zip(found.tokens.numpy(), prefix.numpy(), lengths.numpy()):
        allowed = possible & (ALL[:, :count] == start[:count]).all(axis=1)
        np.testing.assert_array_equal(tokens, ALL[allowed][toys.TABLE[allowed].argmax()])


def test_rows_are_independent_and_eager_graph_and_xla_agree():
    search = lambda rows: run(rows, 8, (7, 8), end_id=1, width=2)
    eager = search(20)
    for function in (tf.function(search), tf.function(search, jit_compile=True)):
        for one, other in zip(eager, function(20)):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(eager.tokens[:7], search(7).tokens)


@pytest.mark.parametrize(
    'settings, message',
    [
        (dict(simulations=0), 'num_simulations must be at least 1. Received: num_simulations=0'),
        (dict(simulations=1, width=0), 'width must be at least 1. Received: width=0'),
        (dict(simulations=1, exploration=-1.0), 'exploration must be at least 0. Received: exploration=-1.0'),
        (dict(simulations=1, backup='sum'), "backup must be one of .* Received: backup='sum'"),
    ],
)
def test_settings_out_of_range(settings, message):
    with pytest.raises(ValueError, match=message):
        run(1, **settings)
