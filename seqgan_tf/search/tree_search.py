"""Monte-Carlo tree search: PUCT with a policy's priors and a value of prefixes in place of roll-outs.

The rule is that of Silver et al. (2017, AlphaGo Zero), and Chaffin et al. (2022, PPL-MCTS, arXiv
2109.13582) apply it to texts. As in google-deepmind/mctx, all rows search together, in arrays with
a place for each node.

A search keeps its tree from move to move: the root becomes the chosen child. So no network call is
lost, and a move knows what earlier moves found out. The price is a tree of T times the nodes of one
move.
"""

import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.policies.policy import Policy, PrefixValue, RewardFunction
from seqgan_tf.policies.sampling import check_sample, given_tokens, inverse_temperature
from seqgan_tf.policies.stateless import with_state
from seqgan_tf.search.found import Found
from seqgan_tf.search.tree import BACKUPS, Tree, at, back_up, descend, put, visits_of, with_places


def tree_search(
    policy: Policy,
    score_fn: RewardFunction,
    value: PrefixValue,
    batch_size: int,
    length: int,
    num_simulations: int,
    seed: randomness.Seed,
    *,
    width: int = 16,
    exploration: float = 1.25,
    backup: str = 'mean',
    temperature: float | tf.Tensor = 1.0,
    prefix: tf.Tensor | None = None,
    prefix_length: tf.Tensor | None = None,
) -> Found:
    """One sequence a row, token by token, each the most visited child after `num_simulations`.

    A simulation goes down from the root to the child with the largest
    Q + exploration * P * sqrt(N) / (1 + N_child), until it meets a child that was never visited, or
    a finished sequence. It values the new node by sigmoid(psi) and a finished sequence by
    sigmoid(s), and hands that up to the root. Q is the value of a child under search. A child that
    was never visited has the value of its parent, as in mctx.

    The children of a node are `width` tokens drawn from the policy without replacement. So another
    seed gives another text, from an empty prompt too. Their priors are the policy's, normalized
    among them. Equal children are taken in the order in which they were drawn.

    Args:
        policy: gives the children and their priors.
        score_fn: s, tokens int32 [M, T] -> float32 [M].
        value: psi, a number for every prefix on the scale of s.
        batch_size: B.
        length: T.
        num_simulations: simulations for each token, at least 1. Each of them is one step of policy
            and prefix value.
        seed: int [2].
        width: W, at least 1. With W = V every token is a child, and the search is plain PUCT.
        exploration: c, at least 0. mctx has 1.25.
        backup: what a node is worth, 'mean' of the values of all simulations through it, or 'max'
            of its visited children.
        temperature: of the policy; a number, or one for each row [B].
        prefix, prefix_length: as in `sampling.sample`, one for each row.

    Raises:
        ValueError: a number out of range, an unknown backup, or as `sampling.sample`.
    """
    _check_search(num_simulations, width, exploration, backup)
    check_sample(batch_size, length, prefix, prefix_length, temperature)
    policy, state = with_state(policy, batch_size)
    scale = tf.broadcast_to(inverse_temperature(temperature), [batch_size])[:, None]
    given, depth = given_tokens(batch_size, length, prefix, prefix_length)
    logits, number, states, finished, tokens = _read(policy, value, state, given, depth)

    def node_of(logits, parent, node_value, finished, states, place):
        """The entries of the arrays for one new node in each row."""
        children, priors = draw_children(logits * scale, width, randomness.fold_in(seed, place))
        never = tf.zeros([batch_size], tf.int32)
        return Tree(children, priors, tf.zeros_like(children), parent, never, node_value, finished, states)

    def simulate(simulation, tree, root, tokens, depth):
        place = simulation + 1
        node, action, tokens, depth = descend(tree, root, tokens, depth, exploration)
        is_new, token = tf.logical_not(at(tree.finished, node)), at(tree.tokens, node, action)
        # A finished sequence is not read on: its row repeats the step that finished it.
        before = tf.where(is_new, node, at(tree.parent, node))
        policy_state, value_state = tf.nest.map_structure(lambda part: at(part, before), tree.states)
        logits, policy_state = policy.step(token, policy_state)
        number, value_state = value.step(token, value_state)
        finished = depth == length
        if policy.end_id is not None:
            finished |= token == policy.end_id
        scores = tf.cond(tf.reduce_any(finished & is_new), lambda: score_fn(tokens), lambda: tf.zeros([batch_size]))
        node_value = tf.sigmoid(tf.where(finished, scores, number))
        new = node_of(logits, node, node_value, finished, (policy_state, value_state), place)
        # All rows write at one place. In a row without a new node nothing points there.
        tree = tf.nest.map_structure(
            lambda part, one: tf.tensor_scatter_nd_update(part, [[place]], one[None]), tree, new
        )
        child = tf.where(is_new, place, at(tree.children, node, action))
        tree = tree._replace(children=put(tree.children, child, node, action))
        return place, back_up(tree, root, tf.where(is_new, place, node), backup)

    def move(number, tree, root, tokens, depth):
        _, tree = tf.while_loop(
            lambda simulation, _: simulation < (number + 1) * num_simulations,
            lambda simulation, tree: simulate(simulation, tree, root, tokens, depth),
            (number * num_simulations, tree),
        )
        children, playing = at(tree.children, root), tf.logical_not(at(tree.finished, root))
        action = tf.argmax(visits_of(tree, children), axis=1, output_type=tf.int32)
        here = playing[:, None] & (depth[:, None] == tf.range(length))
        tokens = tf.where(here, at(tree.tokens, root, action)[:, None], tokens)
        root = tf.where(playing, tf.gather(children, action, batch_dims=1), root)
        return number + 1, tree, root, tokens, depth + tf.cast(playing, tf.int32)

    start = tf.zeros([batch_size], tf.int32)
    tree = with_places(node_of(logits, start, tf.sigmoid(number), finished, states, 0), length * num_simulations)
    tree = tree._replace(visits=put(tree.visits, tf.ones_like(start), start))  # the root has been valued
    loop = (0, tree, start, tokens, depth)
    unfinished = lambda number, tree, root, *_: (number < length) & ~tf.reduce_all(at(tree.finished, root))
    *_, tokens, _ = tf.while_loop(unfinished, move, loop)
    return Found(tokens, score_fn(tokens))


def draw_children(logits: tf.Tensor, width: int, seed: randomness.Seed) -> tuple[tf.Tensor, tf.Tensor]:
    """Tokens int32 [B, W] drawn without replacement by logits [B, V], and their shares float32 [B, W].

    W is the smaller one of `width` and V. The first token of a row is a draw by its logits.
    """
    _, tokens = tf.math.top_k(logits + randomness.gumbels(logits.shape, seed), min(width, int(logits.shape[-1])))
    return tokens, tf.nn.softmax(tf.gather(logits, tokens, batch_dims=1))


def _check_search(num_simulations, width, exploration, backup):
    for name, number, least in (
        ('num_simulations', num_simulations, 1),
        ('width', width, 1),
        ('exploration', exploration, 0),
    ):
        if number < least:
            raise ValueError(f'{name} must be at least {least}. Received: {name}={number}')
    if backup not in BACKUPS:
        raise ValueError(f'backup must be one of {BACKUPS}. Received: backup={backup!r}')


def _read(policy, value, state, given, depth):
    """Reads the prefixes, tokens [T, B] of which each row has `depth` [B].

    Returns:
        the logits of the next token [B, V], the value of the prefix [B], the states of policy and
        value, whether the sequence is finished [B], and the tokens [B, T], filled with end tokens.
    """
    length, batch_size = given.shape
    end_id = policy.end_id
    logits, state = policy.step(tf.fill([batch_size], policy.start_id), state)

    def advance(position, reading, is_open, tokens):
        *_, (state, value_state) = reading
        token, here = given[position], is_open & (position < depth)
        logits, state = policy.step(token, state)
        number, value_state = value.step(token, value_state)
        reading = tf.nest.map_structure(
            lambda new, old: tf.where(tf.reshape(here, [-1] + [1] * (len(old.shape) - 1)), new, old),
            (logits, number, (state, value_state)),
            reading,
        )
        if end_id is not None:
            is_open &= ~(here & (token == end_id))
        tokens = tf.where(here[:, None] & (position == tf.range(length)), token[:, None], tokens)
        return position + 1, reading, is_open, tokens

    reading = (logits, tf.zeros([batch_size]), (state, value.initial_state(batch_size)))
    loop = (0, reading, tf.fill([batch_size], True), tf.fill([batch_size, length], end_id or 0))
    _, reading, is_open, tokens = tf.while_loop(lambda position, *_: position < tf.reduce_max(depth), advance, loop)
    return *reading, ~is_open | (depth == length), tokens
