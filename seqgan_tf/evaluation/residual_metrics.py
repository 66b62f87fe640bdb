"""The metrics of what a discriminator adds by name, a part of the registry. Read without TensorFlow."""

from seqgan_tf.evaluation.metric import DISCRIMINATOR, LIKELIHOOD, NATS, Definition, Metric

RESIDUAL_METRICS: dict[str, Metric] = {
    'residual': Metric(
        'seqgan_tf.evaluation.residual:residual',
        {
            'residual_nll_test': Definition(
                '-log p of the test rows under the residual model m e^(beta s) / Z of the generator m and the '
                "discriminator's logit s, at residual_beta; too low, as the estimate of log Z is too low in the mean",
                NATS,
            ),
            'residual_nll_test_half': Definition(
                'residual_nll_test with half of the samples for Z; the difference shows how far the estimate still '
                'moves',
                NATS,
            ),
            'residual_nll_validation': Definition('residual_nll_test of the validation rows', NATS),
            'residual_beta': Definition('beta of the lowest residual_nll_validation; 0: without the discriminator'),
            'log_z': Definition('log Z of the residual model, estimated from the samples', 'nats/sequence'),
            'log_z_ess': Definition('effective sample size of the estimate of Z', 'samples'),
        },
        LIKELIHOOD,
        column=5,
        requires=DISCRIMINATOR,
    ),
}

# What lines of the phases 'search' and 'likeliest' have beside metrics of their text.
SEARCH_NAMES = {
    'guided_nll_test': Definition(
        "as residual_nll_test, at the search's own beta: of the law that it draws from with many candidates; in the "
        'phase likeliest: of the law of the likeliest of n samples, too low as ranks among samples stand for '
        'probabilities',
        NATS,
    ),
    'tail_rows': Definition('test rows that are less likely than all samples of the phase likeliest', 'share'),
}
