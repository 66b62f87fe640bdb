"""The metrics of melodies by name, a part of the registry. Read without TensorFlow."""

from seqgan_tf.evaluation.metric import ALWAYS, DISTANCE, MELODY, MUSIC, Definition, Metric

_MODULE = 'seqgan_tf.evaluation.music'
_FEATURES = {
    'pitch_class_histogram': 'histograms of pitch classes',
    'pitch_class_transition': 'transitions of pitch classes',
}

# Each costs less than 0.3 s on one core, so that points of curves have them too.
MUSIC_METRICS: dict[str, Metric] = {
    'melody': Metric(
        f'{_MODULE}:means',
        {
            'pitch_range': Definition('mean distance of the highest and the lowest note of a melody', 'semitones'),
            'pitch_classes': Definition('mean number of pitch classes in a melody'),
            'scale_consistency': Definition('notes of a melody in its best scale, major or minor', 'share'),
            'pitch_class_entropy': Definition("entropy of a melody's pitch classes", 'bits'),
            'groove_consistency': Definition(
                '1 less the share of steps in which neighbouring measures differ', 'share'
            ),
        },
        MUSIC,
        column=0,
        requires=MELODY,
        closing=True,
        on_curve=ALWAYS,
        on_search=ALWAYS,
    ),
    'mse': Metric(
        f'{_MODULE}:mse',
        {'mse': Definition('mean squared difference of keys to the nearest test row; a rest is key 0', 'semitones^2')},
        DISTANCE,
        column=4,
        requires=MELODY,
        closing=True,
        on_curve=ALWAYS,
        on_search=ALWAYS,
    ),
    'melody_distance': Metric(
        f'{_MODULE}:distances',
        {
            f'{prefix}_{name}': definition
            for name, what in _FEATURES.items()
            for prefix, definition in (
                (
                    'oa',
                    Definition(f'overlap of distances among test rows and from samples to them, of {what}', 'share'),
                ),
                ('kl', Definition(f'KL divergence of the same two distributions, of {what}', 'nats')),
            )
        },
        DISTANCE,
        column=5,
        requires=MELODY,
        closing=True,
        on_curve=ALWAYS,
        on_search=ALWAYS,
    ),
}
