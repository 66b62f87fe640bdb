"""TrainState: counters, seeds, roll-out policy, early stopping, and a checkpoint that holds it all."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from seqgan_tf.config import Config
from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.training.state import PHASES, TrainState

T = 4
SIZES = dict(sequence_length=T, embedding_dim=3, hidden_dim=4, discriminator_embedding_dim=3)
IDS = [str(i) for i in range(12)]


def make_state(seed=0, mle_patience=0, symbols=IDS):
    return TrainState(Config(seed=seed, mle_patience=mle_patience, **SIZES), Vocabulary(symbols, tokens='id'))


def optimizers(state):
    return (
        state.mle_optimizer,
        state.policy_optimizer,
        state.discriminator_optimizer,
        state.value_optimizer,
        state.causal_optimizer,
    )


def everything(state):
    """All numbers of a state, the random stream last."""
    prefix_networks = state.value_network, state.causal_discriminator
    networks = state.generator, state.rollout_policy, state.discriminator, *prefix_networks
    variables = [v for holder in (*networks, *optimizers(state)) for v in holder.variables]
    best = [state.best_nll, state.best_epoch, *state.best_weights, state.causal_best.loss, *state.causal_best.weights]
    counters = [*state.done.values(), state.ended_early, *best]
    return [v.numpy() for v in (*variables, *counters, state.random.state)]


def assert_equal(first, second):
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


def train_a_little(state):
    """Every part of the state leaves its initial value."""
    networks = (
        state.generator,
        state.generator,
        state.discriminator,
        state.value_network,
        state.causal_discriminator,
    )
    for network, optimizer in zip(networks, optimizers(state)):
        optimizer.apply([tf.ones(v.shape) for v in network.trainable_variables], network.trainable_variables)
    state.next_seed()
    state.update_rollout_policy(0.5)
    for i, phase in enumerate(PHASES):
        assert len(list(itertools.islice(state.rounds(phase, 10), i + 1))) == i + 1
    if state.best_weights:
        state.keep_best(3.0, patience=1)
    state.causal_best.keep(0.5)


@pytest.mark.parametrize('phase', PHASES)
def test_rounds_count_what_is_handed_out_and_resume(phase):
    state = make_state()
    assert list(itertools.islice(state.rounds(phase, 5), 2)) == [1, 2]
    assert state.done[phase] == 2
    assert list(state.rounds(phase, 5)) == [3, 4, 5]
    assert list(state.rounds(phase, 5)) == []
    assert list(state.rounds(phase, 3)) == []
    assert list(state.rounds(phase, 6)) == [6]
    assert [int(state.done[other]) for other in PHASES] == [6 if other == phase else 0 for other in PHASES]


def test_round_is_done_before_its_report():
    state = make_state()
    for i in state.rounds('adversarial', 3):
        assert state.done['adversarial'] == i


def test_no_rounds():
    assert list(make_state().rounds('mle', 0)) == []


def test_early_end_holds_for_mle_alone():
    state = make_state()
    state.ended_early.assign(True)
    assert list(state.rounds('mle', 3)) == []
    assert list(state.rounds('adversarial', 2)) == [1, 2]


def test_seeds_do_not_repeat():
    state, other = make_state(), make_state(seed=1)
    seeds = [tuple(state.next_seed().numpy()) for _ in range(200)]
    assert len(set(seeds)) == 200 and len(seeds[0]) == 2
    assert not set(seeds) & {tuple(other.next_seed().numpy()) for _ in range(200)}
    again = make_state()
    assert seeds[:3] == [tuple(again.next_seed().numpy()) for _ in range(3)]


def test_seed_decides_the_weights():
    first, again, other = (everything(make_state(seed=seed)) for seed in (0, 0, 1))
    assert_equal(first, again)
    assert np.any(first[0] != other[0])


def test_rollout_policy_starts_as_the_generator_and_is_never_trained():
    state = make_state()
    assert_equal(state.generator.get_weights(), state.rollout_policy.get_weights())
    assert not state.rollout_policy.trainable_variables and len(state.generator.trainable_variables) == 6


@pytest.mark.parametrize('symbols, end_id', [(IDS, None), (['<end>', *IDS], 0)])
def test_vocabulary_gives_sizes_and_end(symbols, end_id):
    state = make_state(symbols=symbols)
    for policy in (state.generator, state.rollout_policy):
        assert policy.vocab_size == len(symbols) and policy.end_id == end_id
    assert state.discriminator.vocab_size == len(symbols) and state.discriminator.sequence_length == T


def test_settings_reach_the_optimizers():
    state = TrainState(
        Config(generator_learning_rate=0.5, discriminator_learning_rate=0.25, **SIZES), Vocabulary(IDS, tokens='id')
    )
    assert [float(o.learning_rate) for o in optimizers(state)] == [0.5, 0.5, 0.25, 0.25, 0.25]
    assert all(o.epsilon == 1e-8 for o in optimizers(state))


@pytest.mark.parametrize('decay', [0.0, 0.8, 1.0])
def test_rollout_policy_follows_the_generator(decay):
    """The decay is the share of the old weights."""
    state, rng = make_state(), np.random.default_rng(0)
    for policy in (state.generator, state.rollout_policy):
        policy.set_weights([rng.normal(size=w.shape) for w in policy.get_weights()])
    theta, beta = state.generator.get_weights(), state.rollout_policy.get_weights()
    state.update_rollout_policy(decay)
    assert_equal(theta, state.generator.get_weights())
    for new, old, target in zip(state.rollout_policy.get_weights(), beta, theta, strict=True):
        np.testing.assert_allclose(new, decay * old + (1 - decay) * target, rtol=1e-6, atol=1e-7)
        if decay in (0, 1):
            np.testing.assert_array_equal(new, old if decay else target)


@pytest.mark.parametrize('mle_patience', [0, 2])
@pytest.mark.parametrize('trained', [False, True])
def test_checkpoint_round_trip(tmp_path, trained, mle_patience):
    """Into a state that has run and into one that has not; with nothing left over on either side."""
    state = make_state(mle_patience=mle_patience)
    if trained:
        before = everything(state)
        train_a_little(state)
        changed = [np.any(a != b) for a, b in zip(before, everything(state), strict=True)]
        assert np.mean(changed) > 0.9
    path = tf.train.Checkpoint(state=state).save(str(tmp_path / 'state'))
    saved, next_seeds = everything(state), [state.next_seed().numpy() for _ in range(3)]

    for used in (False, True):
        other = make_state(seed=5, mle_patience=mle_patience)
        if used:
            train_a_little(other)
        status = tf.train.Checkpoint(state=other).restore(path)
        status.assert_consumed()
        status.assert_existing_objects_matched()
        assert_equal(saved, everything(other))
        assert_equal(next_seeds, [other.next_seed().numpy() for _ in range(3)])


def test_restored_state_goes_on_as_the_saved_one(tmp_path):
    state, other = make_state(), make_state(seed=5)
    train_a_little(state)
    tf.train.Checkpoint(state=state).save(str(tmp_path / 'state'))
    tf.train.Checkpoint(state=other).restore(str(tmp_path / 'state-1')).assert_consumed()
    train_a_little(state)
    train_a_little(other)
    assert_equal(everything(state), everything(other))


def test_checkpoint_of_other_sizes_is_not_consumed(tmp_path):
    path = tf.train.Checkpoint(state=make_state()).save(str(tmp_path / 'state'))
    with pytest.raises(ValueError):
        tf.train.Checkpoint(state=make_state(symbols=IDS[:5])).restore(path)


def run_epochs(state, nlls, patience):
    """MLE with made-up validation values; epoch i sets every weight to i. Returns the number of epochs."""
    for epoch in state.rounds('mle', len(nlls)):
        state.generator.set_weights([np.full(w.shape, epoch) for w in state.generator.get_weights()])
        state.keep_best(nlls[epoch - 1], patience)
    state.restore_best()
    return int(state.done['mle'])


@pytest.mark.parametrize(
    'nlls, patience, epochs, best',
    [
        ([5.0], 1, 1, 1),
        ([5.0, 4.0, 3.0], 1, 3, 3),
        ([5.0, 6.0, 4.0], 1, 2, 1),
        ([5.0, 6.0, 4.0, 7.0, 7.0, 1.0], 2, 5, 3),
        ([5.0, 5.0, 5.0, 1.0], 2, 3, 1),
        ([3.0, 4.0, 4.0, 2.0, 9.0, 9.0], 3, 6, 4),
        ([3.0, float('nan'), float('nan'), 1.0], 2, 3, 1),
    ],
)
def test_early_stopping_keeps_the_best_epoch(nlls, patience, epochs, best):
    """Ends after `patience` epochs without a better one, a tie being none."""
    state = make_state(mle_patience=patience)
    assert run_epochs(state, nlls, patience) == epochs
    assert all(np.all(w == best) for w in state.generator.get_weights())
    assert state.best_epoch == best and state.best_nll == np.float32(nlls[best - 1])
    assert bool(state.ended_early) == (epochs - best >= patience)


def test_early_stopping_survives_a_restart(tmp_path):
    nlls, state = [5.0, 6.0, 4.0, 7.0, 7.0, 1.0], make_state(mle_patience=2)
    run_epochs(state, nlls[:4], 2)
    path = tf.train.Checkpoint(state=state).save(str(tmp_path / 'state'))
    other = make_state(mle_patience=2)
    tf.train.Checkpoint(state=other).restore(path).assert_consumed()
    assert run_epochs(other, nlls, 2) == 5
    assert all(np.all(w == 3) for w in other.generator.get_weights())
