"""The checks of an exported model: each refuses a model that breaks what it is for."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf
from serving_models import VOCABULARIES, networks, opened

from seqgan_tf.policies import sampling
from seqgan_tf.serving.check import check, check_portable
from seqgan_tf.serving.chi_square import MERGED, two_samples
from seqgan_tf.serving.laws import check_distribution, check_law, check_log_prob, check_prompts
from seqgan_tf.serving.servable import Servable
from seqgan_tf.serving.twin import Twin


def test_check_sees_variables_that_a_session_does_not_restore(tmp_path):
    vocabulary, length = VOCABULARIES['whole verses']
    servable = Servable(*networks(vocabulary, length), vocabulary, length)
    servable.session_variables = []
    tf.saved_model.save(servable, str(tmp_path / '1'), {'sample': servable.sample})
    failed = [what for what, problem in check(tmp_path / '1') if problem]
    assert 'session and Python agree' in failed and 'warm-up records run' in failed


def test_the_twin_reads_earlier_exports(tmp_path):
    """Their variables have another name."""
    vocabulary, length = VOCABULARIES['words']
    servable = Servable(*networks(vocabulary, length), vocabulary, length)
    servable.variables_ = servable.session_variables
    del servable.session_variables
    tf.saved_model.save(servable, str(tmp_path), {'sample': servable.sample})
    twin = Twin.of_export(tmp_path, vocabulary.end_id)
    tokens = np.array([[1] * length], np.int32)
    np.testing.assert_allclose(twin.log_prob(tokens), sampling.sequence_log_prob(servable.generator, tokens), atol=1e-4)


def test_check_refuses_what_a_server_lacks(tmp_path):
    functions = {
        '_XlaMustCompile': tf.function(lambda x: {'y': x + 1}, jit_compile=True),
        'PyFunc': tf.function(lambda x: {'y': tf.py_function(lambda v: v, [x], tf.float32)}),
        'RandomUniform': tf.function(lambda x: {'y': x + tf.random.uniform([1])}),
    }
    for i, (name, function) in enumerate(functions.items()):
        outer = tf.function(
            lambda x, function=function: function(x), input_signature=[tf.TensorSpec([None], tf.float32)]
        )
        tf.saved_model.save(tf.Module(), str(tmp_path / str(i)), outer)
        with pytest.raises(ValueError, match=name):
            check_portable(tmp_path / str(i))


@pytest.fixture(scope='module')
def words(tmp_path_factory):
    vocabulary, length = VOCABULARIES['words']
    with opened(*networks(vocabulary, length), vocabulary, length, tmp_path_factory.mktemp('exports')) as model:
        model.twin = Twin.of_export(model.path, vocabulary.end_id)
        yield model


def bent(session, change):
    """A session whose requests are changed on their way."""
    return lambda signature, **inputs: session(signature, **change(dict(inputs)))


def test_the_twin_is_the_generator(words):
    tokens = words.session('sample', seed=np.arange(50), temperature=np.ones(50, np.float32))['tokens']
    expected = words.generator(tokens)
    for position, (logits, _) in enumerate(words.twin.steps(tokens)):
        np.testing.assert_allclose(logits, expected[:, position], atol=1e-4)
    np.testing.assert_allclose(
        words.twin.log_prob(tokens), sampling.sequence_log_prob(words.generator, tokens), atol=1e-4
    )


@pytest.mark.parametrize(
    'change, top_k, top_p',
    [
        (lambda inputs: inputs | {'temperature': inputs['temperature'] * np.float32(1.2)}, 0, 1.0),
        (lambda inputs: inputs | {'temperature': 1 / inputs['temperature']}, 0, 1.0),
        (lambda inputs: inputs | {'seed': inputs['seed'] // 4}, 0, 1.0),
        (lambda inputs: inputs | {'top_k': inputs['top_k'] + 1}, 5, 1.0),
        (lambda inputs: inputs | {'top_k': inputs['top_k'] - 1}, 5, 1.0),
        (lambda inputs: inputs | {'top_p': inputs['top_p'] + np.float32(0.05)}, 0, 0.7),
        (lambda inputs: inputs | {'top_p': inputs['top_p'] - np.float32(0.05)}, 0, 0.7),
        (lambda inputs: inputs | {'top_k': inputs['top_k'] * 0}, 1, 1.0),
    ],
)
def test_draws_of_another_law_are_refused(words, change, top_k, top_p):
    check_law(words.session, words.twin, 0.8, top_k, top_p)
    with pytest.raises(ValueError, match='must not refuse it|beyond the filters'):
        check_law(bent(words.session, change), words.twin, 0.8, top_k, top_p)


def test_an_altered_prompt_is_refused(words):
    def shorten(inputs):
        return inputs | (
            {'prompt': np.array([b' '.join(prompt.split()[:-1]) for prompt in inputs['prompt']], object)}
            if 'prompt' in inputs
            else {}
        )

    with pytest.raises(ValueError, match='a prompt must be kept. Received: '):
        check_prompts(bent(words.session, shorten), words.twin)


def test_another_generator_is_refused(words):
    vocabulary, length = VOCABULARIES['words']
    generator, discriminator = networks(vocabulary, length)
    generator.head.bias.assign_add(np.eye(len(vocabulary), dtype=np.float32)[3] * 0.3)
    with pytest.raises(ValueError, match='must not refuse it'):
        check_distribution(words.session, words.twin, Servable(generator, discriminator, vocabulary, length))
    words.twin.head_bias, kept = words.twin.head_bias + np.eye(len(vocabulary))[3] * 0.1, words.twin.head_bias
    with pytest.raises(ValueError, match="log_prob must be within 1e-3 of the twin's"):
        check_log_prob(words.session, words.twin)
    words.twin.head_bias = kept


@pytest.mark.parametrize('seed, common', [(0, 1), (1, 1), (2, 1.3)])
def test_two_samples_are_compared_as_scipy_does(seed, common):
    random = np.random.default_rng(seed)
    first, second = random.choice(40, 4000), (40 * random.random(4000) ** common).astype(int)
    expected = scipy.stats.chi2_contingency(
        [np.bincount(first, minlength=40), np.bincount(second, minlength=40)]
    ).pvalue
    if common == 1:
        assert two_samples(first, second) == f'p {expected:.3f} of 40 cells'
    else:
        assert expected < 1e-4
        with pytest.raises(ValueError, match='the chi-square test must not refuse it. Received: p '):
            two_samples(first, second)


def test_rare_cells_are_merged():
    assert two_samples(np.arange(5000), np.arange(5000, 10_000)).endswith(f' of {MERGED} cells')
    assert two_samples(np.arange(50), np.arange(50, 100)).endswith(' of 1 cells')
