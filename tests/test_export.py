"""What an export holds of a run: the generator always, the discriminator only where one was trained."""

import numpy as np
import pytest
import tensorflow as tf

from seqgan_tf.commands import client
from seqgan_tf.config import Config
from seqgan_tf.running.experiment import run
from seqgan_tf.serving.check import check
from seqgan_tf.serving.loaders import SessionModel, python_model

SETTINGS = dict(
    dataset='synthetic',
    vocab_size=12,
    sequence_length=5,
    num_sequences=64,
    held_out=32,
    batch_size=16,
    eval_samples=32,
    mle_epochs=1,
    discriminator_rounds=1,
    adversarial_rounds=1,
    d_steps=1,
    discriminator_epochs=1,
    num_rollouts=2,
    jit='off',
)


@pytest.mark.parametrize(
    'changes, trained',
    [
        (dict(algorithm='seqgan'), True),
        (dict(algorithm='mle'), False),
        (dict(algorithm='pg_bleu'), False),
        (dict(algorithm='seqgan', reward='constant'), False),
        (dict(algorithm='seqgan', discriminator_rounds=0, freeze_discriminator=True), False),
    ],
    ids=['seqgan', 'mle', 'pg_bleu', 'constant', 'never trained'],
)
def test_prob_real_is_answered_only_by_a_trained_discriminator(tmp_path, changes, trained):
    run(Config(**SETTINGS | changes, workdir=str(tmp_path / 'run'), export_dir=str(tmp_path / 'exports')))
    version = tmp_path / 'exports' / '1'
    text = np.array([b'1 2 3 4 5', b'too short'], object)
    with SessionModel(version) as session:
        assert ('search' in session.signatures) == trained
        answers = [session('score', text=text), python_model(version)('score', text=text)]
    variables = tf.train.list_variables(str(version / 'variables' / 'variables'))
    assert any(shape[1:] == [2] for _, shape in variables) == trained  # the discriminator's output layer
    for answer in answers:
        assert answer.keys() == {'log_prob', 'length', 'error'} | ({'prob_real'} if trained else set())
        assert not answer['error'][0] and answer['error'][1]
    assert [problem for _, problem in check(version) if problem] == []


def test_client_leaves_out_what_a_model_does_not_say():
    assert client.plain({'log_prob': -1.5, 'prob_real': 0.25, 'length': 2, 'text': 'a b'}) == '-1.5\t0.25\t2\ta b'
    assert client.plain({'log_prob': -1.5, 'length': 2, 'text': 'a b'}) == '-1.5\t2\ta b'
