"""A vocabulary in the graph: texts <-> ids."""

import tensorflow as tf

from seqgan_tf.data.vocabulary import END, Vocabulary
from seqgan_tf.policies.sampling import before_end


class TextCodec(tf.Module):
    """Maps texts to ids and ids to texts, for serving and for summaries.

    Args:
        vocabulary: the vocabulary.
        sequence_length: T.
    """

    def __init__(self, vocabulary: Vocabulary, sequence_length: int):
        super().__init__()
        self.vocabulary, self.sequence_length = vocabulary, sequence_length
        known = [symbol for symbol in vocabulary.symbols if symbol != END]
        missing = -1 if vocabulary.unknown_id is None else vocabulary.unknown_id
        self.table = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(
                known, [vocabulary.ids[symbol] for symbol in known], tf.string, tf.int32
            ),
            missing,
        )

    def decode(self, tokens: tf.Tensor) -> tf.Tensor:
        """Texts string [B] of tokens int32 [B, T], each cut at its first end id."""
        length = self.sequence_length
        gap = 1 if self.vocabulary.tokens != 'char' else self.vocabulary.verse_length or length
        separators = [' ' if i and i % gap == 0 else '' for i in range(length)]
        symbols = tf.gather(tf.constant(self.vocabulary.symbols), tokens)
        pieces = tf.strings.join([tf.broadcast_to(separators, tf.shape(tokens)), symbols])
        if self.vocabulary.end_id is not None:  # otherwise the mask would be a useless op
            pieces = tf.where(before_end(tokens, self.vocabulary.end_id), pieces, '')
        return tf.strings.reduce_join(pieces, axis=1)

    def encode(self, texts: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The ids of texts string [B], and their numbers of symbols.

        Returns:
            ids int32 [B, T] and lengths int32 [B]. The id is -1 for a symbol that has none, and
            after the end of a text. A text that is too long has a length above T, and the row has
            its first T symbols.
        """
        if self.vocabulary.tokens == 'char':
            if self.vocabulary.verse_length:
                # Bytes are decoded before the spaces are removed. Otherwise the bytes around a
                # space could become one character.
                texts = tf.strings.regex_replace(
                    tf.strings.unicode_transcode(texts, 'UTF-8', 'UTF-8', errors='replace'), ' ', ''
                )
            symbols = tf.strings.unicode_split(texts, 'UTF-8', errors='replace')
        else:
            symbols = tf.strings.split(texts)
        ids = tf.ragged.map_flat_values(self.table.lookup, symbols)
        return ids.to_tensor(-1, shape=[None, self.sequence_length]), tf.cast(symbols.row_lengths(), tf.int32)
