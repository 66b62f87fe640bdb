"""BLEU in the graph against NLTK and against the package's own; the controls give what they name."""

import warnings

import numpy as np
import pytest
import tensorflow as tf
from nltk.translate.bleu_score import sentence_bleu as nltk_bleu
from reference import MarkovChain, Reward

from seqgan_tf import randomness
from seqgan_tf.metrics import bleu
from seqgan_tf.rewards import rollout
from seqgan_tf.rewards.bleu import BleuReward
from seqgan_tf.rewards.controls import constant_values, random_values, shuffled

SEED = tf.constant([3, 4], tf.int64)


def rows(count, length, vocab_size, seed):
    return np.random.default_rng(seed).integers(vocab_size, size=(count, length)).astype(np.int32)


def until_end(row, end_id):
    return [str(token) for token in (row if end_id not in row else row[: list(row).index(end_id)])]


class TestBleuReward:
    @pytest.mark.parametrize('order', [1, 2, 3, 4])
    @pytest.mark.parametrize('end_id', [None, 1])
    def test_is_that_of_nltk(self, order, end_id):
        """Repeated n-grams, unknown symbols, rows without a match, and for variable length rows of every length, none included."""
        references, hypotheses = rows(30, 8, 6, 0), rows(60, 8, 8, 1)
        hypotheses[2:20, 2:] = references[2:20, 2:]
        hypotheses[0] = 7
        hypotheses[1] = end_id or 0
        got = BleuReward(references, order, end_id)(tf.constant(hypotheses)).numpy()
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # NLTK warns of rows without a match
            expected = [
                nltk_bleu([until_end(r, end_id) for r in references], until_end(h, end_id), weights=[1 / order] * order)
                for h in hypotheses
            ]
        np.testing.assert_allclose(got, expected, atol=1e-6)
        assert got.dtype == np.float32 and np.ptp(got) > 0.1

    @pytest.mark.parametrize(
        'count, length, vocab_size, end_id', [(1, 1, 2, None), (3, 4, 2, 0), (500, 20, 40, None), (200, 20, 30, 0)]
    )
    def test_is_the_packages_own(self, count, length, vocab_size, end_id):
        references, hypotheses = rows(count, length, vocab_size, 0), rows(100, length, vocab_size, 1)
        for order in (2, 3):
            got = BleuReward(references, order, end_id)(tf.constant(hypotheses))
            np.testing.assert_allclose(got, bleu.sentence_bleu(hypotheses, references, order, end_id=end_id), atol=1e-6)

    def test_a_training_row_has_the_score_one(self):
        references = rows(50, 10, 12, 0)
        np.testing.assert_allclose(BleuReward(references, 4)(tf.constant(references)), 1.0, rtol=1e-5)

    def test_graph_and_xla_agree(self):
        reward, tokens = BleuReward(rows(50, 8, 5, 0), 3, 1), tf.constant(rows(40, 8, 5, 1))
        for jit in (False, True):
            np.testing.assert_allclose(
                tf.function(reward, autograph=False, jit_compile=jit)(tokens), reward(tokens), rtol=1e-6
            )


class TestControls:
    tokens = tf.constant(rows(6, 5, 4, 0))

    def test_constant(self):
        np.testing.assert_array_equal(constant_values(self.tokens, SEED), np.ones([6, 5]))

    def test_random_is_uniform_and_knows_nothing_of_the_tokens(self):
        values = random_values(tf.zeros([400, 50], tf.int32), SEED).numpy()
        np.testing.assert_array_equal(values, random_values(tf.ones([400, 50], tf.int32), SEED))
        assert np.any(values != random_values(tf.zeros([400, 50], tf.int32), SEED + 1))
        counts = np.histogram(values, bins=10, range=(0, 1))[0]
        assert np.sum((counts - 2000) ** 2 / 2000) < 30  # chi-square of 9 degrees: p = 4e-4

    def test_shuffled_deals_out_the_rows_of_the_true_values(self):
        policy, reward = MarkovChain.random(4), Reward(5, 4)

        def search(tokens, seed):
            return rollout.action_values(policy, reward, tokens, 3, seed)

        true = search(self.tokens, SEED).numpy()
        dealt = shuffled(search)(self.tokens, SEED).numpy()
        assert np.any(dealt != true)
        np.testing.assert_array_equal(sorted(map(tuple, dealt)), sorted(map(tuple, true)))

    def test_shuffled_gives_every_row_every_place(self):
        deal = shuffled(lambda tokens, seed: tf.cast(tokens, tf.float32))
        tokens = tf.constant([[0], [1], [2]], tf.int32)
        orders = [tuple(deal(tokens, randomness.fold_in(SEED, i)).numpy()[:, 0]) for i in range(120)]
        assert len(set(orders)) == 6 and max(orders.count(order) for order in set(orders)) < 45
