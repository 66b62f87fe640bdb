"""Counting models of the training rows, in NumPy.

They are trivial samplers. Every table of NLL_oracle has them for comparison.
"""

import numpy as np


class Unigram:
    """Independent tokens with the shares that they have among the training tokens.

    A token that the training rows lack counts once, so that other rows have a finite NLL. There is
    no other smoothing.

    Args:
        rows: int32 [N, T], every token in [0, V).
        vocab_size: V.

    Raises:
        ValueError: the rows are not such an array, or are empty.
    """

    def __init__(self, rows: np.ndarray, vocab_size: int):
        self.vocab_size = vocab_size
        tokens = _check_rows(rows, vocab_size).ravel()
        self.pool = np.concatenate([tokens, np.setdiff1d(np.arange(vocab_size, dtype=np.int32), tokens)])
        self.probabilities = np.bincount(self.pool) / self.pool.size

    def sample(self, count: int, length: int, rng: np.random.Generator) -> np.ndarray:
        """Tokens int32 [count, length], drawn with a generator of random numbers."""
        return self.pool[rng.integers(self.pool.size, size=(count, length))]

    def nll(self, rows: np.ndarray) -> float:
        """Mean -log p over the tokens of rows [M, T], nats per token."""
        return float(-np.log(self.probabilities[_check_rows(rows, self.vocab_size)]).mean())


class Bigram:
    """Interpolated bigrams: p(b | a) = weight * share(b after a) + (1 - weight) * p(b).

    p(b) is that of `Unigram`. share(b after a) is the share of b among the tokens that follow a in
    the training rows. A start mark comes before the first token of every row. After a token that
    nothing follows in the training rows, the next token is drawn from the unigram. There is no
    V x V matrix: a bigram is drawn as one of the places where its first token stands.

    Args:
        rows: int32 [N, T], every token in [0, V).
        vocab_size: V.
        weight: the weight of the bigram, in [0, 1].

    Raises:
        ValueError: the rows are not such an array or are empty, or the weight is out of range.
    """

    def __init__(self, rows: np.ndarray, vocab_size: int, weight: float = 0.8):
        if not 0 <= weight <= 1:
            raise ValueError(f'weight must be in [0, 1]. Received: weight={weight}')
        self.unigram, self.weight, self.start = Unigram(rows, vocab_size), weight, vocab_size
        before, tokens = (part.ravel() for part in self._pairs(rows))
        # Successors of token 0, then of token 1, ..., then of the start mark; how many each has.
        self.successors = tokens[np.argsort(before, kind='stable')]
        self.counts = np.bincount(before, minlength=vocab_size + 1)
        self.begins = np.cumsum(self.counts) - self.counts
        self.pairs, self.pair_counts = np.unique(self._keys(before, tokens), return_counts=True)

    def sample(self, count: int, length: int, rng: np.random.Generator) -> np.ndarray:
        """Tokens int32 [count, length], drawn with a generator of random numbers."""
        tokens = self.unigram.sample(count, length, rng)
        as_pairs, places = rng.random((count, length)) < self.weight, rng.random((count, length))
        before = np.full(count, self.start)
        for t in range(length):
            rows = np.flatnonzero(as_pairs[:, t] & (self.counts[before] > 0))
            chosen = (places[rows, t] * self.counts[before[rows]]).astype(np.int64)
            tokens[rows, t] = self.successors[self.begins[before[rows]] + chosen]
            before = tokens[:, t]
        return tokens

    def nll(self, rows: np.ndarray) -> float:
        """Mean -log p over the tokens of rows [M, T], nats per token.

        It can be infinite only where the weight is 1.
        """
        before, tokens = self._pairs(rows)
        keys = self._keys(before, tokens)
        places = np.minimum(np.searchsorted(self.pairs, keys), self.pairs.size - 1)
        pair_counts = np.where(self.pairs[places] == keys, self.pair_counts[places], 0)
        weights = np.where(self.counts[before] > 0, self.weight, 0.0)
        probabilities = (
            weights * pair_counts / np.maximum(self.counts[before], 1)
            + (1 - weights) * self.unigram.probabilities[tokens]
        )
        with np.errstate(divide='ignore'):
            return float(-np.log(probabilities).mean())

    def _pairs(self, rows):
        """What stands before each token, and the token: [M, T] each."""
        tokens = _check_rows(rows, self.unigram.vocab_size)
        return np.insert(tokens[:, :-1], 0, self.start, axis=1), tokens

    def _keys(self, before, tokens):
        """One number for each pair."""
        return before.astype(np.int64) * self.unigram.vocab_size + tokens


def _check_rows(rows, vocab_size):
    """Checks rows [M, T]; returns them as int32."""
    rows = np.asarray(rows)
    if rows.ndim != 2 or not rows.size or not np.issubdtype(rows.dtype, np.integer):
        raise ValueError(f'rows must be integers [N, T], at least one. Received: {rows.dtype} of shape {rows.shape}')
    if rows.min() < 0 or rows.max() >= vocab_size:
        raise ValueError(f'tokens must be in [0, {vocab_size}). Received: tokens from {rows.min()} to {rows.max()}')
    return rows.astype(np.int32)
