"""The documented signatures of an exported model."""

from collections.abc import Mapping

import tensorflow as tf

from seqgan_tf.serving.loaders import SessionModel
from seqgan_tf.serving.outcomes import require

STRING, INT64, INT32, FLOAT = tf.string, tf.int64, tf.int32, tf.float32
Signature = tuple[Mapping[str, tf.DType], Mapping[str, tf.DType]]  # inputs and outputs by name

DRAW = {'seed': INT64, 'temperature': FLOAT}
COMPLETION = DRAW | {'prompt': STRING}
DRAWN = {'text': STRING, 'tokens': INT32, 'log_prob': FLOAT, 'seed': INT64, 'error': STRING}
SCORED = {'log_prob': FLOAT, 'length': INT32, 'error': STRING}
PROB_REAL = {'prob_real': FLOAT}
SEARCH = COMPLETION | {'num_candidates': INT32, 'guidance': FLOAT}
CHOSEN = {'text': STRING, 'log_prob': FLOAT, 'chosen': INT32, 'seed': INT64, 'error': STRING}
INSPECTED = {
    'tokens': INT32,
    'symbol': STRING,
    'log_prob': FLOAT,
    'alternative': STRING,
    'alternative_log_prob': FLOAT,
    'error': STRING,
}
SIGNATURES: Mapping[str, Signature] = {  # of a model with a trained discriminator
    'serving_default': (DRAW, DRAWN),
    'sample': (DRAW, DRAWN),
    'complete': (COMPLETION | {'top_k': INT32, 'top_p': FLOAT}, DRAWN),
    'score': ({'text': STRING}, SCORED | PROB_REAL),
    'inspect': ({'text': STRING}, INSPECTED),
    'search': (SEARCH, DRAWN | PROB_REAL),
    'candidates': (SEARCH, CHOSEN | PROB_REAL),
}
GUIDED = 'search', 'candidates'  # only where a discriminator was trained
RECENT = 'inspect', *GUIDED  # exports of earlier versions lack them


def signatures_of(session: SessionModel) -> dict[str, Signature]:
    """The documented signatures that a model must have.

    Without a trained discriminator `score` has no output `prob_real`, and there is neither `search`
    nor `candidates`.
    """
    score = session.signatures.get('score')
    if score is None or 'prob_real' in score.outputs:
        return dict(SIGNATURES)
    others = {name: signature for name, signature in SIGNATURES.items() if name not in GUIDED}
    return others | {'score': ({'text': STRING}, SCORED)}


def check_signatures(session: SessionModel) -> None:
    """Raises ValueError unless the signatures have the documented names, types and batch."""
    for name, documented in signatures_of(session).items():
        advice = '. Export the run again: exports of earlier versions lack it' if name in RECENT else ''
        require(
            name in session.signatures,
            f'signature {name} must be there. Received: {", ".join(sorted(session.signatures))}{advice}',
        )
        for kind, expected, received in zip(
            ('inputs', 'outputs'), documented, (session.signatures[name].inputs, session.signatures[name].outputs)
        ):
            found = {key: tf.as_dtype(value.dtype) for key, value in received.items()}
            require(found == expected, f'{kind} of {name} must be {expected}. Received: {found}')
            fixed = [
                key
                for key, value in received.items()
                if not value.tensor_shape.dim or value.tensor_shape.dim[0].size != -1
            ]
            require(
                not fixed,
                f'the first dimension of {kind} of {name} must be the batch. Received: another one for {", ".join(fixed)}',
            )
