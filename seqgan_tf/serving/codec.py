"""A vocabulary in the graph: texts <-> ids."""

from collections.abc import Iterable

import tensorflow as tf

from seqgan_tf.data.token_kinds import NUL, TOKEN_KINDS, Edit
from seqgan_tf.data.vocabulary import END, Vocabulary
from seqgan_tf.policies.sampling import before_end


class TextCodec(tf.Module):
    """Maps texts to ids and ids to texts, for serving and for summaries.

    It splits and joins by the rules that `Vocabulary` uses, `TOKEN_KINDS`.

    Args:
        vocabulary: the vocabulary.
        sequence_length: T.
    """

    def __init__(self, vocabulary: Vocabulary, sequence_length: int):
        super().__init__()
        self.vocabulary, self.sequence_length = vocabulary, sequence_length
        self.kind = TOKEN_KINDS[vocabulary.tokens]
        ids = {text: i for text, i in vocabulary.known.items() if text != END}
        missing = -1 if vocabulary.unknown_id is None else vocabulary.unknown_id
        self.table = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer([*ids], [*ids.values()], tf.string, tf.int32), missing
        )

    def decode(self, tokens: tf.Tensor) -> tf.Tensor:
        """Texts string [B] of tokens int32 [B, T], each cut at its first end id."""
        length = self.sequence_length
        gap = 1 if self.kind.joint else self.vocabulary.verse_length or length
        separators = [' ' if i and i % gap == 0 else '' for i in range(length)]
        symbols = tf.gather(tf.constant(self.vocabulary.symbols), tokens)
        pieces = tf.strings.join([tf.broadcast_to(separators, tf.shape(tokens)), symbols])
        if self.vocabulary.end_id is not None:  # otherwise the mask would be a useless op
            pieces = tf.where(before_end(tokens, self.vocabulary.end_id), pieces, '')
        return _edit(tf.strings.reduce_join(pieces, axis=1), self.kind.joins)

    def symbols(self, tokens: tf.Tensor) -> tf.Tensor:
        """The symbol of each of the tokens int32 [...], as its text shows it; '' for the end token."""
        shown = self.vocabulary.decode([[token] for token in range(len(self.vocabulary))])
        return tf.gather(tf.constant(shown), tokens)

    def encode(self, texts: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The ids of texts string [B], and their numbers of symbols.

        Returns:
            ids int32 [B, T] and lengths int32 [B]. The id is -1 for a symbol that has none, and
            after the end of a text. A text that is too long has a length above T, and the row has
            its first T symbols.
        """
        symbols = self._split(texts)
        ids = tf.ragged.map_flat_values(self.table.lookup, symbols)
        return ids.to_tensor(-1, shape=[None, self.sequence_length]), tf.cast(symbols.row_lengths(), tf.int32)

    def _split(self, texts: tf.Tensor) -> tf.RaggedTensor:
        """The symbols of texts string [B]. Python's `token_kinds.split` splits by the same rule."""
        vocabulary, kind = self.vocabulary, self.kind
        # Bytes are decoded before a text is edited. Otherwise the bytes around a space that is removed
        # could become one character.
        texts = tf.strings.unicode_transcode(texts, 'UTF-8', 'UTF-8', errors='replace')
        if vocabulary.lower:
            texts = tf.strings.lower(_edit(texts, [NUL]), encoding='utf-8')
        texts = _edit(texts, [*kind.edits, (' ', '')] if vocabulary.verse_length else kind.edits)
        if not kind.separator:
            return tf.strings.unicode_split(texts, 'UTF-8')
        if kind.separator == ' ':
            return tf.strings.split(texts)
        pieces = tf.strings.split(texts, kind.separator)
        return tf.ragged.boolean_mask(pieces, tf.ragged.map_flat_values(tf.not_equal, pieces, ''))


def _edit(texts: tf.Tensor, edits: Iterable[Edit]) -> tf.Tensor:
    for pattern, rewrite in edits:
        texts = tf.strings.regex_replace(texts, pattern, rewrite)
    return texts
