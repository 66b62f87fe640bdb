"""The documented signatures of an exported model."""

import tensorflow as tf

from seqgan_tf.serving.loaders import SessionModel
from seqgan_tf.serving.outcomes import require

STRING, INT64, INT32, FLOAT = tf.string, tf.int64, tf.int32, tf.float32
DRAWN = {'text': STRING, 'tokens': INT32, 'log_prob': FLOAT, 'seed': INT64, 'error': STRING}
SIGNATURES = {
    'sample': ({'seed': INT64, 'temperature': FLOAT}, DRAWN),
    'complete': ({'seed': INT64, 'temperature': FLOAT, 'prompt': STRING, 'top_k': INT32, 'top_p': FLOAT}, DRAWN),
    'score': ({'text': STRING}, {'log_prob': FLOAT, 'length': INT32, 'error': STRING}),
}
SIGNATURES['serving_default'] = SIGNATURES['sample']


OPTIONAL = {'prob_real': FLOAT}  # an output of `score` where a discriminator was trained


def check_signatures(session: SessionModel) -> None:
    """Raises ValueError unless the signatures have the documented names, types and batch."""
    for name, documented in SIGNATURES.items():
        require(
            name in session.signatures,
            f'signature {name} must be there. Received: {", ".join(sorted(session.signatures))}',
        )
        for kind, expected, received in zip(
            ('inputs', 'outputs'), documented, (session.signatures[name].inputs, session.signatures[name].outputs)
        ):
            found = {key: tf.as_dtype(value.dtype) for key, value in received.items()}
            optional = OPTIONAL if (name, kind) == ('score', 'outputs') else {}
            require(found in (expected, expected | optional), f'{kind} of {name} must be {expected}. Received: {found}')
            fixed = [
                key
                for key, value in received.items()
                if not value.tensor_shape.dim or value.tensor_shape.dim[0].size != -1
            ]
            require(
                not fixed,
                f'the first dimension of {kind} of {name} must be the batch. Received: another one for {", ".join(fixed)}',
            )
