"""What the published claims need of evaluation: the rows, network and samples of each metric."""

import math

import numpy as np
import pytest
import tensorflow as tf
from reference import MarkovChain

from seqgan_tf.config import Config
from seqgan_tf.data.corpus import Corpus
from seqgan_tf.data.tasks import Task, load_task
from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.evaluation import judges
from seqgan_tf.evaluation.closing import closing_metrics
from seqgan_tf.evaluation.evaluator import Evaluator
from seqgan_tf.evaluation.references import references
from seqgan_tf.metrics.ngram import Unigram
from seqgan_tf.running.checkpoints import Checkpoints

T, V = 5, 6
SEED = tf.constant([3, 4], tf.int64)
TRAIN, VALIDATION, TEST, WRITTEN = 0, 1, 2, 5  # the only token of a part, and of what is written


def constant_rows(token, count=20):
    return np.full([count, T], token, np.int32)


def corpus(train=TRAIN, validation=VALIDATION, test=TEST, count=20):
    parts = (constant_rows(token, count) for token in (train, validation, test))
    return Corpus(*parts, Vocabulary([str(i) for i in range(V)], tokens='id'))


def memoryless(probabilities):
    return MarkovChain(np.broadcast_to(np.log(probabilities), [V] * 3))


def write_only(token):
    return MarkovChain(np.broadcast_to(50.0 * np.eye(V)[token], [V] * 3))


def evaluator(policy, corpus, num_samples=50, oracle=None):
    task = Task(corpus, oracle=oracle, has_text=oracle is None)
    return Evaluator(policy, task, num_samples, jit='off')


P, Q = np.array([0.05, 0.1, 0.15, 0.2, 0.3, 0.2]), np.array([0.3, 0.25, 0.2, 0.1, 0.05, 0.1])


@pytest.fixture(scope='module')
def judged():
    """Metrics of an evaluation, those of the closing one, and the samples of both."""
    here = evaluator(memoryless(P), corpus(), oracle=memoryless(Q))
    return dict(here(SEED)), dict(closing_metrics(here, 50, SEED)), here.sample(SEED)


@pytest.mark.parametrize('closing', [False, True])
def test_each_likelihood_is_of_its_rows_under_its_network(closing, judged):
    metrics, samples = judged[closing], judged[2]
    expected = {
        'nll_validation': -np.log(P[VALIDATION]),
        'nll_test': -np.log(P[TEST]),
        'entropy': -np.log(P[samples]).mean(),
        'nll_oracle': -np.log(Q[samples]).mean(),
    }
    if closing:
        expected['kl_generator_oracle'] = np.log(P[samples] / Q[samples]).mean()
        expected['kl_oracle_generator'] = np.log(Q[TEST] / P[TEST])
    for name, value in expected.items():
        assert metrics[name] == pytest.approx(value, rel=1e-5), name


def test_the_closing_evaluation_draws_as_many_samples_as_it_says():
    """unique and copied are of all samples, distinct_n of the first 2,000."""
    policy = write_only(WRITTEN)
    oracle = MarkovChain(policy.logits.copy())
    oracle.logits[:, TEST] = 0.0  # uniform after the token of the test rows, else the same
    metrics = dict(closing_metrics(evaluator(policy, corpus(train=WRITTEN), oracle=oracle), 2500, SEED))
    assert metrics['samples'] == 2500 and metrics['unique'] == 1 / 2500 and metrics['copied'] == 1
    assert metrics['distinct_1'] == 1 / (2000 * T) and metrics['distinct_2'] == 1 / (2000 * (T - 1))
    assert metrics['coverage'] == 1 / V and metrics['self_bleu_5'] == 1
    middle = (1 + 1 / V) / 2
    jsd = (math.log(1 / middle) + math.log(1 / V / middle) / V + (V - 1) / V * math.log(2)) / 2
    # Half of the prefixes are those of test rows, and their first token follows no other.
    assert metrics['jsd_per_step'] == pytest.approx((T - 1) / T * jsd / 2, rel=1e-4)


def test_references_are_of_training_rows_judged_by_test_rows():
    here = evaluator(memoryless(P), corpus(), 30, memoryless(Q))
    found = dict(references(here, SEED))
    assert found['nll_oracle_of_data'] == found['nll_test_of_data'] == pytest.approx(-np.log(Q[TEST]), rel=1e-5)
    assert found['nll_oracle_of_copies'] == pytest.approx(-np.log(Q[TRAIN]), rel=1e-5)
    assert found['nll_test_of_unigram'] == pytest.approx(Unigram(constant_rows(TRAIN), V).nll(constant_rows(TEST)))
    assert found['nll_oracle_of_uniform'] == pytest.approx(-np.log(Q).mean(), abs=0.3)


def test_texts_are_compared_with_test_rows():
    """Samples are the test rows, so BLEU is 1 and a model fitted to them is better than chance.

    It gets worse on validation rows with every epoch, so its first epoch counts.
    """
    here = evaluator(write_only(WRITTEN), corpus(test=WRITTEN))
    assert [value for name, value in here(SEED) if name.startswith('bleu')] == pytest.approx([1] * 3)
    assert dict(references(here, SEED))['self_bleu_2_of_data'] == 1
    closing = dict(closing_metrics(here, 192, SEED))
    assert closing['bleu_5'] == pytest.approx(1) and closing['copied'] == 0
    assert 0.7 < closing['reverse_nll'] < math.log(V) - 0.1


def test_self_bleu_of_the_data_is_of_test_rows():
    varied = np.random.default_rng(0).integers(V, size=[20, T]).astype(np.int32)
    for train, test, alike in ((constant_rows(1), varied, False), (varied, constant_rows(1), True)):
        data = Corpus(train, train, test, Vocabulary([str(i) for i in range(V)], tokens='id'))
        assert (dict(references(evaluator(write_only(WRITTEN), data), SEED))['self_bleu_5_of_data'] == 1) == alike


def test_bleu_of_the_data_is_of_validation_rows_against_test_rows():
    for validation, test, expected in ((3, 3, 1), (3, 4, 0)):
        found = dict(references(evaluator(write_only(WRITTEN), corpus(validation=validation, test=test)), SEED))
        names = [f'bleu_{n}_of_data' for n in (2, 3, 4)] + [f'corpus_bleu_{n}_of_data' for n in (1, 2, 3, 4)]
        assert [found[name] for name in names] == pytest.approx([expected] * 7), (validation, test)


@pytest.fixture
def fresh(monkeypatch):
    """The rows that a fresh discriminator was trained on, and those that it was scored on.

    On the rows that are scored first its loss is least after the second epoch, on the others
    after the third.
    """
    trained, scored = [], []

    class Epoch:
        def __init__(self, *_, **__):
            pass

        def __call__(self, positives, negatives, seed):
            trained.append((positives.numpy(), negatives.numpy()))

        def score(self, positives, negatives):
            first = not scored or np.array_equal(positives, scored[0][0])
            scored.append((positives.numpy(), negatives.numpy()))
            loss = (3, 1, 2)[len(trained) - 1] if first else (0.3, 0.2, 0.1)[len(trained) - 1]
            return {'d_held_out_loss': loss, 'd_held_out_accuracy': loss}

    monkeypatch.setattr(judges, 'DiscriminatorEpoch', Epoch)
    return trained, scored


def test_a_fresh_discriminator_is_judged_on_rows_that_neither_trained_nor_chose_it(fresh):
    rows, samples = (np.repeat(np.arange(a, a + 100)[:, None], T, axis=1).astype(np.int32) for a in (0, 100))
    metrics = dict(judges.fresh_discriminator(samples, rows, 200, SEED))
    trained, scored = fresh
    assert metrics == {'fresh_discriminator_loss': 0.2, 'fresh_discriminator_accuracy': 0.2}
    for i, names in enumerate((range(100), range(100, 200))):  # rows as real, samples as generated
        parts = [{int(row[0]) for row in part[i]} for part in (trained[0], *scored[:2])]
        assert sorted(map(len, parts)) == [20, 20, 60] and set.union(*parts) == set(names)
        assert all(np.array_equal(part[i], trained[0][i]) for part in trained)


def test_a_fresh_discriminator_is_given_test_rows(fresh):
    here = evaluator(write_only(WRITTEN), corpus(count=100), 100, memoryless(Q))
    dict(closing_metrics(here, 100, SEED))
    seen = [pair for pairs in fresh for pair in pairs]
    assert {int(token) for real, _ in seen for token in real.ravel()} == {TEST}
    assert {int(token) for _, generated in seen for token in generated.ravel()} == {WRITTEN}


def test_no_poem_is_in_two_parts():
    poems = load_task(Config(dataset='verse', num_sequences=60, held_out=20)).corpus
    parts = [set(poems.vocabulary.decode(part)) for part in (poems.train, poems.validation, poems.test)]
    assert [len(part) for part in parts] == [60, 20, 20] and len(set.union(*parts)) == 100


def test_the_newest_checkpoint_is_restored_after_the_ninth_too(tmp_path):
    for number in range(1, 12):
        value = tf.Variable(number)
        checkpoints = Checkpoints(tmp_path, value=value)
        checkpoints.restore()
        value.assign(number)
        checkpoints.save()
    found = tf.Variable(0)
    Checkpoints(tmp_path, value=found).restore()
    assert found == 11
