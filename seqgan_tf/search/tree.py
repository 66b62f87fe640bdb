"""The tree of a batched PUCT search: arrays with a place for each node, and the two ways through it.

Letter key: B rows, M nodes, W children of a node. The arrays are node-major, because all rows
create their nodes at one place.
"""

from typing import NamedTuple

import tensorflow as tf

from seqgan_tf.policies.policy import State

BACKUPS = ('mean', 'max')


class Tree(NamedTuple):
    """The nodes of one search in each row: M nodes, W children each. Node 0 is the first root.

    Attributes:
        tokens: the children's tokens, int32 [M, B, W].
        priors: the children's probabilities, float32 [M, B, W]. A child of prior 0 is never visited.
        children: their nodes, int32 [M, B, W]; 0 for a child that was never visited.
        parent: int32 [M, B].
        visits: int32 [M, B], simulations that ended in the node or below it.
        value: float32 [M, B], of the node under search, in [0, 1].
        finished: bool [M, B], whether the sequence ends with the node.
        states: of policy and prefix value after the node's last token, a nest of tensors [M, B, ...].
    """

    tokens: tf.Tensor
    priors: tf.Tensor
    children: tf.Tensor
    parent: tf.Tensor
    visits: tf.Tensor
    value: tf.Tensor
    finished: tf.Tensor
    states: State


def descend(
    tree: Tree, root: tf.Tensor, tokens: tf.Tensor, depth: tf.Tensor, exploration: float
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """Goes from the root [B] to a child without a node, or to a finished node.

    Returns:
        the last node [B] on the way, the number [B] of its child, and tokens [B, T] and depth [B]
        with what was chosen on the way.
    """

    def down(node, action, tokens, depth, going):
        children = at(tree.children, node)
        best = tf.argmax(puct(tree, node, children, exploration), axis=1, output_type=tf.int32)
        chosen = going[:, None] & (depth[:, None] == tf.range(tokens.shape[1]))
        tokens = tf.where(chosen, at(tree.tokens, node, best)[:, None], tokens)
        child, action = tf.gather(children, best, batch_dims=1), tf.where(going, best, action)
        depth += tf.cast(going, tf.int32)
        going &= child > 0
        return tf.where(going, child, node), action, tokens, depth, going & tf.logical_not(at(tree.finished, child))

    loop = (root, tf.zeros_like(root), tokens, depth, tf.logical_not(at(tree.finished, root)))
    return tf.while_loop(lambda *loop: tf.reduce_any(loop[-1]), down, loop)[:4]


def puct(tree: Tree, node: tf.Tensor, children: tf.Tensor, exploration: float) -> tf.Tensor:
    """Q + c P sqrt(N) / (1 + N_child), [B, W], of the children of nodes [B]."""
    values = tf.where(children > 0, at_all(tree.value, children), at(tree.value, node)[:, None])
    priors, visits = at(tree.priors, node), tf.cast(at(tree.visits, node), tf.float32)[:, None]
    bonus = exploration * priors * tf.sqrt(visits) / (1.0 + tf.cast(visits_of(tree, children), tf.float32))
    return tf.where(priors > 0, values + bonus, float('-inf'))


def back_up(tree: Tree, root: tf.Tensor, leaf: tf.Tensor, backup: str) -> Tree:
    """The tree after one more simulation, which ended in the nodes [B] and counts up to the root."""
    leaf_value = at(tree.value, leaf)

    def up(node, going, visits, value):
        old, count = at(value, node), at(visits, node) + 1
        if backup == 'mean':
            new = old + (leaf_value - old) / tf.cast(count, tf.float32)
        else:
            children = at(tree.children, node)
            new = tf.reduce_max(tf.where(children > 0, at_all(value, children), -1.0), axis=1)
            new = tf.where(new < 0, leaf_value, new)  # a node without visited children is worth its own value
        visits = put(visits, tf.where(going, count, count - 1), node)
        value = put(value, tf.where(going, new, old), node)
        going &= node != root
        return tf.where(going, at(tree.parent, node), node), going, visits, value

    loop = (leaf, tf.ones_like(leaf, tf.bool), tree.visits, tree.value)
    *_, visits, value = tf.while_loop(lambda node, going, *_: tf.reduce_any(going), up, loop)
    return tree._replace(visits=visits, value=value)


def visits_of(tree: Tree, children: tf.Tensor) -> tf.Tensor:
    """The visits int32 [B, W] of children, nodes or 0 where there is none."""
    return tf.where(children > 0, at_all(tree.visits, children), 0)


def with_places(tree: Tree, count: int) -> Tree:
    """A tree of one node, with places for `count` more."""
    grow = lambda part: tf.concat([part[None], tf.zeros([count, *part.shape], part.dtype)], axis=0)
    return tf.nest.map_structure(grow, tree)


def at(array: tf.Tensor, node: tf.Tensor, *action: tf.Tensor) -> tf.Tensor:
    """Row i of an array [M, B, ...] at node[i], and there at action[i]."""
    return tf.gather_nd(array, tf.stack([node, tf.range(array.shape[1]), *action], axis=1))


def at_all(array: tf.Tensor, nodes: tf.Tensor) -> tf.Tensor:
    """Row i of an array [M, B] at all of nodes[i], [B, W]."""
    row = tf.broadcast_to(tf.range(array.shape[1])[:, None], nodes.shape)
    return tf.gather_nd(array, tf.stack([nodes, row], axis=2))


def put(array: tf.Tensor, values: tf.Tensor, node: tf.Tensor, *action: tf.Tensor) -> tf.Tensor:
    """The array with values[i] where `at` reads row i."""
    return tf.tensor_scatter_nd_update(array, tf.stack([node, tf.range(array.shape[1]), *action], axis=1), values)
