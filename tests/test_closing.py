"""The metrics of the closing evaluation, against enumeration on toy policies and plain loops."""

import json

import numpy as np
import pytest
import reference
import tensorflow as tf
from reference import MarkovChain

from seqgan_tf.config import Config
from seqgan_tf.data.corpus import Corpus
from seqgan_tf.data.registry import DATASETS
from seqgan_tf.data.tasks import Task
from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.evaluation import closing, judges
from seqgan_tf.evaluation.evaluator import Evaluator
from seqgan_tf.evaluation.registry import of_closing_evaluation
from seqgan_tf.metrics import diversity
from seqgan_tf.metrics.divergences import jsd_per_step
from seqgan_tf.policies.chunked import Sampler
from seqgan_tf.running import metrics_log
from seqgan_tf.running.experiment import run

SEED = tf.constant([3, 4], tf.int64)
V, T = 4, 3


def draws(policy, count, stream=0):
    return Sampler(policy, T, jit='off')(count, SEED + stream).numpy()


def evaluator(policy, oracle, rows=6000):
    parts = [draws(oracle, rows, stream) for stream in (1, 2, 3)]
    corpus = Corpus(*parts, Vocabulary([str(i) for i in range(V)], tokens='id'))
    return Evaluator(policy, Task(corpus, oracle=oracle, has_text=False), rows, jit='off')


def exact_kl(p, q):
    """Nats a token, by enumeration of all sequences."""
    law, other = (reference.completions(policy, (), T) for policy in (p, q))
    return sum(probability * np.log(probability / other[tokens]) for tokens, probability in law.items()) / T


class TestDivergences:
    def test_kls_are_the_exact_ones(self):
        policy, oracle = MarkovChain.random(V, seed=1), MarkovChain.random(V, seed=2)
        metrics = dict(closing.closing_metrics(evaluator(policy, oracle), 20_000, SEED))
        np.testing.assert_allclose(metrics['kl_generator_oracle'], exact_kl(policy, oracle), atol=0.02)
        np.testing.assert_allclose(metrics['kl_oracle_generator'], exact_kl(oracle, policy), atol=0.03)
        assert metrics['samples'] == 20_000

    def test_of_the_oracle_to_itself_they_are_zero(self):
        oracle = MarkovChain.random(V, seed=2)
        metrics = dict(closing.closing_metrics(evaluator(oracle, oracle), 2000, SEED))
        for name in ('kl_generator_oracle', 'kl_oracle_generator', 'jsd_per_step'):
            np.testing.assert_allclose(metrics[name], 0, atol=1e-5, err_msg=name)
        assert abs(metrics['fresh_discriminator_accuracy'] - 0.5) < 0.08

    def test_jsd_is_the_exact_one(self):
        policy, oracle = MarkovChain.random(V, seed=1), MarkovChain.random(V, seed=2)
        rows = [draws(p, 50) for p in (policy, oracle)]

        def jsd(p, q):
            return sum(np.sum(x * np.log(x / ((p + q) / 2))) for x in (p, q)) / 2

        expected = np.mean(
            [
                jsd(*(reference.next_probabilities(p, row[:t]) for p in (policy, oracle)))
                for part in rows
                for row in part
                for t in range(T)
            ]
        )
        np.testing.assert_allclose(jsd_per_step(policy, oracle, *rows), expected, rtol=1e-5)
        assert 0 < expected < np.log(2)

    def test_samples_of_unequal_numbers_are_refused(self):
        with pytest.raises(ValueError, match='one shape'):
            jsd_per_step(
                MarkovChain.random(V),
                MarkovChain.random(V),
                draws(MarkovChain.random(V), 3),
                draws(MarkovChain.random(V), 4),
            )


class TestDiversity:
    rows = np.array([[1, 2, 1, 2], [1, 2, 1, 2], [3, 0, 0, 0], [0, 0, 0, 0]], np.int32)

    def test_unique_copied_coverage(self):
        assert diversity.unique_share(self.rows) == 3 / 4
        assert (
            diversity.copied_share(self.rows, self.rows[:1]) == 2 / 4
            and diversity.copied_share(self.rows, self.rows[:1] + 1) == 0
        )
        assert diversity.coverage(self.rows, 5) == 4 / 5 and diversity.coverage(self.rows, 5, end_id=0) == 3 / 4

    @pytest.mark.parametrize('end_id', [None, 0])
    @pytest.mark.parametrize('order', [1, 2, 3])
    def test_distinct_n_is_that_of_a_plain_loop(self, order, end_id):
        rows = np.random.default_rng(0).integers(4, size=(20, 6))
        grams = []
        for row in rows.tolist():
            row = row[: row.index(end_id)] if end_id in row else row
            grams += [tuple(row[i : i + order]) for i in range(len(row) - order + 1)]
        assert diversity.distinct(rows, order, end_id) == len(set(grams)) / len(grams)

    def test_distinct_n_of_empty_rows_is_zero(self):
        assert diversity.distinct(np.zeros([3, 4], int), 2, end_id=0) == 0


class TestJudges:
    def test_a_fresh_discriminator_tells_other_rows_apart(self):
        rng = np.random.default_rng(0)
        low, high = (rng.integers(a, a + 10, size=(600, 5)).astype(np.int32) for a in (0, 10))
        assert dict(judges.fresh_discriminator(low, high, 20, SEED))['fresh_discriminator_accuracy'] > 0.95
        same = dict(judges.fresh_discriminator(low, rng.permutation(low), 20, SEED))
        assert same['fresh_discriminator_loss'] > 0.6

    def test_too_few_rows_are_refused(self):
        with pytest.raises(ValueError, match='at least 100 samples and test rows. Received: 5 and 600'):
            list(judges.fresh_discriminator(np.zeros([5, 5], np.int32), np.zeros([600, 5], np.int32), 20, SEED))

    def test_reverse_score_of_the_data_is_near_their_entropy_and_of_noise_far(self):
        oracle = MarkovChain.random(V, seed=2, spread=2.0)
        data, other = draws(oracle, 4000), np.random.default_rng(0).integers(V, size=(4000, T)).astype(np.int32)
        held_out = draws(oracle, 500, 5), draws(oracle, 500, 6)
        law = reference.completions(oracle, (), T)
        entropy = -sum(p * np.log(p) for p in law.values()) / T
        good, bad = (judges.reverse_nll(samples, *held_out, V, None, 0) for samples in (data, other))
        assert abs(good - entropy) < 0.06 and bad > good + 0.2


class TestTemperatureCurve:
    def test_each_point_is_that_of_the_tempered_law(self):
        """entropy falls and nll_test has its least value at temperature 1 where the model is the oracle; at 1 they are the usual figures."""
        oracle = MarkovChain.random(V, seed=2)
        curve = list(closing.temperature_curve(evaluator(oracle, oracle, 4000), SEED))
        assert [1 / point['temperature'] for point in curve] == pytest.approx(closing.INVERSE_TEMPERATURES)
        entropies, nlls = ([point[name] for point in curve] for name in ('entropy', 'nll_test'))
        assert np.all(np.diff(entropies) < 0.02) and curve[int(np.argmin(nlls))]['temperature'] == 1.0
        at_one = curve[closing.INVERSE_TEMPERATURES.index(1.0)]
        assert at_one['nll_oracle'] == pytest.approx(at_one['entropy'], abs=1e-5)
        for point in (curve[0], curve[-1]):
            tempered = MarkovChain(oracle.logits / point['temperature'])
            law = reference.completions(tempered, (), T)
            assert point['entropy'] == pytest.approx(-sum(p * np.log(p) for p in law.values()) / T, abs=0.03)


@pytest.mark.parametrize(
    'settings', [dict(dataset='synthetic', vocab_size=12, sequence_length=5), dict(dataset='verse')], ids=str
)
def test_a_run_ends_with_the_curve_and_the_closing_line(settings, tmp_path):
    config = Config(
        algorithm='mle',
        mle_epochs=1,
        num_sequences=128,
        held_out=120,
        batch_size=16,
        eval_samples=40,
        final_samples=120,
        jit='off',
        workdir=str(tmp_path),
        **settings,
    )
    run(config)
    lines = [json.loads(line) for line in (tmp_path / 'metrics.jsonl').read_text().splitlines()]
    counts = {'top_k': 4 if config.dataset == 'synthetic' else 7, 'top_p': 8, 'likeliest': 6}  # of 12 or 473 symbols
    assert [line['phase'] for line in lines] == [
        *(['initial', 'mle'] + ['temperature'] * 16),
        *(phase for phase, count in counts.items() for _ in range(count)),
        'final',
    ]
    for phase in counts:
        (names,) = {tuple(metrics_log.metrics_of(line)) for line in lines if line['phase'] == phase}
        assert 'nll_test' not in names and {'entropy', 'unique'} <= set(names)
        assert ('guided_nll_test' in names) == (phase == 'likeliest')
        wanted = {'nll_oracle'} if config.dataset == 'synthetic' else {'valid_all', 'bleu_2', 'self_bleu_4'}
        assert wanted <= set(names) and ('self_bleu_4' in names) == (config.dataset == 'verse')
    expected = {
        'samples',
        'nll_test',
        'entropy',
        'unique',
        'copied',
        'coverage',
        'distinct_1',
        'distinct_3',
        'self_bleu_2',
        'self_bleu_5',
        'fresh_discriminator_accuracy',
    }
    expected |= (
        {'nll_oracle', 'kl_generator_oracle', 'kl_oracle_generator', 'jsd_per_step'}
        if config.dataset == 'synthetic'
        else {'bleu_2', 'bleu_5', 'reverse_nll', 'valid_all'}
    )
    assert expected <= set(lines[-1])
    provides = frozenset({'oracle'} if config.dataset == 'synthetic' else {'text', 'rules'})
    listed = {name for metric in of_closing_evaluation(provides) for name in metric.names}
    listed -= {name for entry in DATASETS.values() for name in entry.rules} - DATASETS[config.dataset].rules.keys()
    assert set(metrics_log.metrics_of(lines[-1])) == listed
    before = (tmp_path / 'metrics.jsonl').read_bytes()
    run(config)
    assert (tmp_path / 'metrics.jsonl').read_bytes() == before, 'a finished run is left as it is'
