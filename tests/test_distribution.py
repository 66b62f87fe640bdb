"""A policy as a TFP distribution, against the exact law of toy chains by enumeration."""

import numpy as np
import pytest
import reference
import scipy.stats
import tensorflow as tf
import tensorflow_probability as tfp
from reference import MarkovChain

from seqgan_tf.models.generator import Generator
from seqgan_tf.models.oracle import make_oracle
from seqgan_tf.policies import sampling
from seqgan_tf.policies.distribution import SequenceDistribution
from seqgan_tf.training.losses import token_nll

LENGTH, SEED = 4, [11, 22]
END_IDS = [None, 1]


def chain(seed=0, end_id=None, **options):
    return SequenceDistribution(MarkovChain.random(3, seed, end_id), LENGTH, **options)


def law(distribution):
    """{sequence: p} by enumeration, those that cannot be left out."""
    return {s: p for s, p in reference.completions(distribution.policy, (), distribution.length).items() if p > 0}


def assert_mean(estimate, exact):
    """64 estimates from seeds of their own have the exact mean, by a t-test."""
    estimate = tf.function(estimate)
    estimates = np.array([estimate(tf.constant([i, 5])) for i in range(64)], np.float64)
    assert scipy.stats.ttest_1samp(estimates, exact).pvalue > 1e-3
    assert estimates.std() > 0


def test_shapes_are_those_of_a_tfp_distribution():
    distribution = chain()
    assert isinstance(distribution, tfp.distributions.Distribution) and distribution.dtype == tf.int32
    assert distribution.event_shape == [LENGTH] and distribution.batch_shape == []
    assert (
        distribution.event_shape_tensor().numpy().tolist() == [LENGTH]
        and distribution.batch_shape_tensor().numpy().tolist() == []
    )
    for shape in ((), 5, [5], [2, 3]):
        tokens = distribution.sample(shape, seed=SEED)
        assert tokens.dtype == tf.int32 and tokens.shape == [*np.ravel(shape).astype(int), LENGTH]
        assert distribution.log_prob(tokens).shape == tokens.shape[:-1]


def test_a_copy_takes_other_parameters():
    copy = chain(name='chain').copy(length=2)
    assert copy.event_shape == [2] and 'chain' in copy.name


@pytest.mark.parametrize('end_id', END_IDS)
def test_log_prob_is_the_enumerated_one(end_id):
    distribution = chain(end_id=end_id)
    sequences = np.array(list(law(distribution)))
    np.testing.assert_allclose(distribution.prob(sequences), list(law(distribution).values()), rtol=1e-4)
    np.testing.assert_array_equal(
        distribution.log_prob(sequences), sampling.sequence_log_prob(distribution.policy, sequences)
    )
    grid = sequences[:6].reshape(3, 2, LENGTH)
    np.testing.assert_array_equal(distribution.log_prob(grid), np.reshape(distribution.log_prob(sequences[:6]), [3, 2]))


def test_what_follows_the_end_does_not_count():
    np.testing.assert_array_equal(*(chain(end_id=1).log_prob([0, 1, token, 1]) for token in (0, 1)))


@pytest.mark.parametrize('end_id', END_IDS)
def test_samples_are_those_of_sampling(end_id):
    distribution = chain(end_id=end_id)
    np.testing.assert_array_equal(
        distribution.sample(50, seed=SEED), sampling.sample(distribution.policy, 50, LENGTH, tf.constant(SEED))
    )


def test_one_int_is_a_seed_too():
    np.testing.assert_array_equal(chain().sample(50, seed=7), chain().sample(50, seed=[7, 0]))
    assert np.any(chain().sample(50, seed=7).numpy() != chain().sample(50, seed=8).numpy())
    assert chain().entropy(50, 7) == chain().entropy(50, [7, 0]) != chain().entropy(50, 8)


@pytest.mark.parametrize('end_id', END_IDS)
def test_entropy_is_the_enumerated_one(end_id):
    distribution = chain(end_id=end_id)
    probabilities = np.array(list(law(distribution).values()))
    assert_mean(lambda seed: distribution.entropy(200, seed), -(probabilities * np.log(probabilities)).sum())


def test_entropy_varies_less_than_the_mean_of_log_prob():
    distribution = chain()
    seeds = [tf.constant([i, 5]) for i in range(64)]
    by_steps = tf.function(lambda seed: distribution.entropy(100, seed))
    whole = tf.function(lambda seed: -tf.reduce_mean(distribution.log_prob(distribution.sample(100, seed=seed))))
    assert np.std([by_steps(seed) for seed in seeds]) < 0.8 * np.std([whole(seed) for seed in seeds])


@pytest.mark.parametrize('end_id', END_IDS)
def test_kl_divergence_is_the_enumerated_one(end_id):
    p, q = chain(end_id=end_id), chain(seed=1, end_id=end_id)
    p_law, q_law = law(p), law(q)
    assert_mean(lambda seed: p.kl_divergence(q, 200, seed), sum(v * np.log(v / q_law[s]) for s, v in p_law.items()))
    assert_mean(lambda seed: q.kl_divergence(p, 200, seed), sum(v * np.log(v / p_law[s]) for s, v in q_law.items()))


def test_kl_divergence_reads_each_policy_from_its_own_start():
    """Chains that are the same but for the start differ in the first two tokens alone."""
    policies = [MarkovChain(MarkovChain.random(3).logits, start_id=start_id) for start_id in (0, 2)]
    p, q = (SequenceDistribution(policy, 3) for policy in policies)
    q_law = law(q)
    assert_mean(lambda seed: p.kl_divergence(q, 200, seed), sum(v * np.log(v / q_law[s]) for s, v in law(p).items()))


def test_kl_divergence_of_the_oracle_to_itself_is_zero():
    p, q = (SequenceDistribution(make_oracle(3, vocab_size=50), 6) for _ in range(2))
    assert p.kl_divergence(q, 100, SEED) == 0
    assert p.kl_divergence(SequenceDistribution(make_oracle(4, vocab_size=50), 6), 100, SEED) > 1


def test_impossible_tokens():
    logits = np.zeros([2, 2, 2])
    certain = SequenceDistribution(MarkovChain(logits + [0, -np.inf]), LENGTH)
    coin = SequenceDistribution(MarkovChain(logits), LENGTH)
    assert certain.entropy(10, SEED) == 0
    np.testing.assert_allclose(certain.kl_divergence(coin, 10, SEED), LENGTH * np.log(2), rtol=1e-6)
    assert coin.kl_divergence(certain, 10, SEED) == np.inf


@pytest.mark.parametrize(
    'end_id, jit', [(None, False), (1, False), (1, True)], ids=['graph', 'graph with an end', 'XLA with an end']
)
def test_graph_and_eager_execution_agree(end_id, jit):
    distribution = SequenceDistribution(Generator(70, 3, 4, initializer_stddev=1.0, end_id=end_id), LENGTH)
    other = SequenceDistribution(make_oracle(1, vocab_size=70), LENGTH)
    other.policy.end_id = end_id

    def run(seed):
        tokens = distribution.sample([2, 3], seed=seed)
        return (
            tokens,
            distribution.log_prob(tokens),
            distribution.entropy(20, seed),
            distribution.kl_divergence(other, 20, seed),
        )

    (tokens, *figures), (same_tokens, *same_figures) = (
        run(tf.constant(SEED)),
        tf.function(run, jit_compile=jit)(tf.constant(SEED)),
    )
    np.testing.assert_array_equal(tokens, same_tokens)
    for eager, compiled in zip(figures, same_figures):
        np.testing.assert_allclose(eager, compiled, rtol=1e-5)


def test_the_example_of_the_docstring():
    generator = Generator(12, 3, 4, seed=0)
    poems = SequenceDistribution(generator, length=20)
    tokens = poems.sample(64, seed=[1, 2])
    log_p = poems.log_prob(tokens)
    assert tokens.shape == [64, 20] and log_p.shape == [64]

    with tf.GradientTape() as tape:
        loss = -tf.reduce_mean(poems.log_prob(tokens))
    with tf.GradientTape() as own_tape:
        own_loss = 20 * tf.reduce_mean(token_nll(generator(tokens), tokens))
    gradients = (t.gradient(value, generator.trainable_variables) for t, value in ((tape, loss), (own_tape, own_loss)))
    for gradient, own in zip(*gradients, strict=True):
        np.testing.assert_allclose(tf.convert_to_tensor(gradient), tf.convert_to_tensor(own), rtol=1e-3, atol=1e-5)

    oracle = SequenceDistribution(make_oracle(seed=0, vocab_size=12), length=20)
    entropy, missing = poems.entropy(1000, seed=[3, 4]), poems.kl_divergence(oracle, 1000, seed=[5, 6])
    assert 0 < entropy <= 20 * np.log(12) and missing > 0
    # H[p, q] = H[p] + KL[p, q], the left side from whole sequences.
    samples = poems.sample(1000, seed=[5, 6])
    cross = -oracle.log_prob(samples).numpy()
    assert abs(cross.mean() - (entropy + missing)) < 5 * cross.std() / 1000**0.5


def test_what_tfp_makes_of_distributions_takes_it():
    pairs = tfp.distributions.Sample(chain(), 2)
    tokens = pairs.sample(3, seed=SEED)
    assert tokens.shape == [3, 2, LENGTH]
    np.testing.assert_allclose(pairs.log_prob(tokens), tf.reduce_sum(chain().log_prob(tokens), axis=-1), rtol=1e-6)


@pytest.mark.parametrize(
    'call, message',
    [
        (lambda d: SequenceDistribution(d.policy, 0), 'length=0'),
        (lambda d: d.sample(3), 'seed must be given'),
        (lambda d: d.entropy(3, None), 'seed must be given'),
        (lambda d: d.entropy(0, SEED), 'num_samples=0'),
        (lambda d: d.kl_divergence(d, 0, SEED), 'num_samples=0'),
        (lambda d: d.log_prob(np.zeros([2, 3], np.int32)), r'\[..., 4\]. Received: shape \(2, 3\)'),
        (
            lambda d: d.kl_divergence(tfp.distributions.Categorical(logits=[0.0, 0.0]), 3, SEED),
            'must be a Sequence.* Received: .*Categorical',
        ),
        (
            lambda d: d.kl_divergence(d.copy(length=3), 3, SEED),
            'Received: length=4, end_id=None and length=3, end_id=None',
        ),
        (lambda d: d.kl_divergence(chain(end_id=1), 3, SEED), 'Received: length=4, end_id=None and length=4, end_id=1'),
        (
            lambda d: d.kl_divergence(d.copy(policy=MarkovChain.random(4)), 3, SEED),
            'one vocabulary. Received: 3 and 4 tokens',
        ),
    ],
)
def test_errors_name_what_was_received(call, message):
    with pytest.raises(ValueError, match=message):
        call(chain())
