"""The data of a run, by the name of its data set."""

from seqgan_tf.data import synthetic, text_file, verse
from seqgan_tf.models.oracle import load_oracle, make_oracle


def load_data(config):
    """The oracle, or None, and the corpus of a configuration.

    Raises:
        ValueError: the data cannot be read, or do not fit the settings.
    """
    if config.dataset == 'text':
        names = (
            'tokens',
            'verse_length',
            'sequence_length',
            'on_long',
            'min_count',
            'max_vocab',
            'validation_share',
            'test_share',
            'seed',
        )
        return None, text_file.load_text(config.corpus, **{name: getattr(config, name) for name in names})
    if config.dataset == 'verse':
        return None, verse.load_verse(config.num_sequences or 16_384, config.held_out, config.seed)
    oracle = (
        load_oracle(config.oracle_path) if config.oracle_path else make_oracle(config.oracle_seed, config.vocab_size)
    )
    corpus = synthetic.draw_corpus(
        oracle, config.num_sequences or 10_000, config.held_out, config.sequence_length, config.seed
    )
    return oracle, corpus
