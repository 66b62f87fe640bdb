"""The exported model: three ways to run it agree, each row answers for itself, and it is published whole or not at all."""

import concurrent.futures
import pathlib
import shutil
import types

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from seqgan_tf import randomness, sampling, serving, serving_check, versions, warmup
from seqgan_tf.models.discriminator import Discriminator
from seqgan_tf.models.generator import Generator
from seqgan_tf.vocabulary import END, Vocabulary

CHARS = [chr(0x4e00 + i) for i in range(34)]
VOCABULARIES = {
    'ending characters': (Vocabulary([END, *CHARS]), 7),
    'whole verses': (Vocabulary(CHARS, verse_length=3), 6),
    'words': (Vocabulary([END, '<unk>', *(f'w{i}é' for i in range(40))], 'word'), 8),
}


def networks(vocabulary, length):
    generator = Generator(len(vocabulary), 8, 8, initializer_stddev=1.0, end_id=vocabulary.end_id, seed=1)
    return generator, Discriminator(len(vocabulary), length, 8, windows=((1, 8), (2, 8)), seed=2)


@pytest.fixture(scope='module', params=VOCABULARIES)
def model(request, tmp_path_factory):
    vocabulary, length = VOCABULARIES[request.param]
    generator, discriminator = networks(vocabulary, length)
    path = serving.export_saved_model(generator, discriminator, vocabulary, length, tmp_path_factory.mktemp('exports') / 'poems')
    servable = serving.Servable(generator, discriminator, vocabulary, length)
    with serving_check.SessionModel(path) as session:
        yield types.SimpleNamespace(path=path, vocabulary=vocabulary, length=length, generator=generator, servable=servable,
                                    session=session)


def draws(rows, temperature=1.0, seed=0):
    return {'seed': np.arange(seed, seed + rows), 'temperature': np.full(rows, temperature, np.float32)}


def completions(prompts, top_k=0, top_p=1.0, **kwargs):
    rows = len(prompts)
    return draws(rows, **kwargs) | {'prompt': np.array([p if isinstance(p, bytes) else p.encode() for p in prompts], object),
                                    'top_k': np.full(rows, top_k, np.int32), 'top_p': np.full(rows, top_p, np.float32)}


def texts(*values):
    return {'text': np.array([v if isinstance(v, bytes) else v.encode() for v in values], object)}


def test_every_check_passes(model):
    outcomes = list(serving_check.check(model.path, model.servable))
    assert len(outcomes) == 9
    assert [outcome for outcome in outcomes if outcome[1]] == []


def test_tokens_are_those_of_plain_sampling_with_the_same_uniforms(model):
    inputs = draws(40, temperature=0.8, seed=100)
    numbers = tf.stack([randomness.uniforms([model.length], [seed, 0]) for seed in inputs['seed']])
    np.testing.assert_array_equal(serving.row_uniforms(tf.constant(inputs['seed']), model.length), numbers)
    tokens, _ = sampling.unroll(model.generator, 40, model.length, lambda position, logits: (
        sampling.draw(logits * (1 / np.float32(0.8)), numbers[:, position]), tf.zeros([40])))
    answer = model.session('sample', **inputs)
    np.testing.assert_array_equal(answer['tokens'], tokens)
    np.testing.assert_array_equal(answer['seed'], inputs['seed'])
    assert [text.decode() for text in answer['text']] == model.vocabulary.decode(tokens)
    np.testing.assert_allclose(answer['log_prob'], sampling.sequence_log_prob(model.generator, tokens), rtol=1e-5, atol=1e-5)


def test_log_prob_is_the_score_of_the_text(model):
    answer = model.session('sample', **draws(50))
    scored = model.session('score', text=answer['text'])
    assert not any(scored['error'])
    np.testing.assert_allclose(scored['log_prob'], answer['log_prob'], atol=1e-4)
    lengths = [len(model.vocabulary.split(text.decode())) for text in answer['text']]
    np.testing.assert_array_equal(scored['length'], lengths)
    np.testing.assert_allclose(scored['prob_real'], model.servable.discriminator.prob_real(answer['tokens']), rtol=1e-5)


def test_completing_nothing_is_sampling_whatever_the_other_rows_ask(model):
    plain = model.session('sample', **draws(6))
    inputs = completions([''] * 6)
    np.testing.assert_array_equal(model.session('complete', **inputs)['tokens'], plain['tokens'])
    inputs['top_k'][1], inputs['top_p'][2] = 2, 0.3
    rest = [0, 3, 4, 5]
    np.testing.assert_array_equal(model.session('complete', **inputs)['tokens'][rest], plain['tokens'][rest])


def test_a_prompt_is_kept(model):
    whole = [model.vocabulary.split(text.decode()) for text in model.session('sample', **draws(30))['text']]
    prompts = [symbols[:i % (model.length + 1)] for i, symbols in enumerate(whole)]
    answer = model.session('complete', **completions([model.vocabulary.join(p) for p in prompts], top_k=5, seed=500))
    assert not any(answer['error'])
    for prompt, text in zip(prompts, answer['text']):
        assert model.vocabulary.split(text.decode())[:len(prompt)] == prompt


def test_filters_leave_only_likely_tokens(model):
    answer = model.session('complete', **completions([''] * 60, top_k=6, top_p=0.7, temperature=1.5))
    logits = model.generator(answer['tokens']).numpy() / 1.5
    counted = sampling.valid_mask(tf.constant(answer['tokens']), model.vocabulary.end_id).numpy() > 0
    for row, tokens, counts in zip(logits, answer['tokens'], counted):
        for step, token in zip(row[counts], tokens[counts]):
            assert token in kept_twin(step, 6, 0.7 + 1e-6)


def test_top_k_of_one_is_greedy_for_every_seed(model):
    tokens = model.session('complete', **completions([''] * 5, top_k=1, temperature=3.0))['tokens']
    greedy, _ = sampling.unroll(model.generator, 5, model.length, lambda _, logits: (
        tf.argmax(logits, axis=1, output_type=tf.int32), tf.zeros([5])))
    np.testing.assert_array_equal(tokens, greedy)


@pytest.mark.parametrize('temperature', [1e-45, 1e-38, 1e-9, 1e9, 3e38])
def test_extreme_temperatures_give_numbers(model, temperature):
    answer = model.session('complete', **completions([''] * 3, temperature=temperature, top_k=3, top_p=0.99))
    finite = np.isfinite(answer['log_prob'])
    # A denormal temperature may be flushed to 0 by the hardware: then it is refused like one.
    assert finite.all() and (temperature < 1e-37 or not any(answer['error']))


BAD_ROWS = {
    'temperature': (0.0, -1.0, np.nan, np.inf, -np.inf),
    'top_p': (0.0, -0.5, 1.5, np.nan, np.inf),
    'top_k': (-1,),
    'prompt': (CHARS[0] * 9 + ' w1é' * 9, '\U0001f600', b'\xff\xfe', '\x00'),
}


@pytest.mark.parametrize('name', BAD_ROWS)
def test_a_bad_row_says_so_and_leaves_the_others_alone(model, name):
    prompts = [model.vocabulary.join(model.vocabulary.split(text.decode())[:2]) for text in model.session('sample', **draws(5))['text']]
    good = model.session('complete', **completions(prompts, top_k=4, top_p=0.9))
    for value in BAD_ROWS[name]:
        inputs = completions(prompts, top_k=4, top_p=0.9)
        inputs[name][2] = value.encode() if isinstance(value, str) else value
        answer = model.session('complete', **inputs)
        if name == 'prompt' and model.vocabulary.unknown_id is not None and len(value) < 9:
            assert answer['error'][2] == b'' and answer['tokens'][2, 0] == model.vocabulary.unknown_id
            assert answer['text'][2].decode().startswith(model.vocabulary.unknown)
        else:
            assert answer['error'][2].decode().startswith((f'{name} must', f'every symbol of {name} must'))
            assert 'Received: ' in answer['error'][2].decode()
            assert answer['text'][2] == b'' and (answer['tokens'][2] == -1).all() and answer['log_prob'][2] == 0
        for key in ('text', 'tokens', 'seed', 'error'):
            np.testing.assert_array_equal(np.delete(answer[key], 2, 0), np.delete(good[key], 2, 0))
        np.testing.assert_allclose(np.delete(answer['log_prob'], 2), np.delete(good['log_prob'], 2), rtol=1e-5)


def test_python_answers_bad_rows_as_the_session_does(model):
    bad = [(name, value) for name, values in BAD_ROWS.items() for value in values]
    inputs = completions([model.session('sample', **draws(1))['text'][0]] * len(bad))
    for i, (name, value) in enumerate(bad):
        inputs[name][i] = value.encode() if isinstance(value, str) else value
    one, other = model.session('complete', **inputs), serving_check.python_model(model.path)('complete', **inputs)
    assert sum(error != b'' for error in one['error']) >= len(bad) - 3  # unknown symbols are allowed where there is one for them
    for key in ('text', 'tokens', 'seed', 'error'):
        np.testing.assert_array_equal(one[key], other[key])


def test_bad_texts_are_not_scored(model):
    text = model.session('sample', **draws(1))['text'][0]
    bad = [CHARS[0] * 9 + ' w1é' * 9]
    bad += ['\U0001f600'.encode(), b'\xff'] if model.vocabulary.unknown_id is None else []
    bad += [CHARS[0], ''] if model.vocabulary.end_id is None else []
    good, answer = model.session('score', **texts(text, text)), model.session('score', **texts(text, *bad, text))
    for row in range(1, len(bad) + 1):
        assert answer['error'][row].decode().startswith(('text must', 'every symbol of text must'))
        assert (answer['log_prob'][row], answer['prob_real'][row], answer['length'][row]) == (0, 0, 0)
    for key in ('log_prob', 'prob_real', 'length'):
        np.testing.assert_allclose(answer[key][[0, -1]], good[key], rtol=1e-5)


def test_an_empty_request_gets_an_empty_answer(model):
    assert model.session('complete', **completions([]) | {'prompt': np.zeros(0, object)})['tokens'].shape == (0, model.length)
    assert model.session('score', text=np.zeros(0, object))['log_prob'].shape == (0,)


def test_requests_of_the_wrong_form_fail_in_the_graph(model, tmp_path):
    """A server feeds a graph without regard to the declared shape; Python's session does so only where none is declared."""
    with pytest.raises(tf.errors.InvalidArgumentError, match='inputs must have one length'):
        model.session('sample', seed=np.arange(3), temperature=np.ones(1, np.float32))
    copy = pathlib.Path(shutil.copytree(model.path, tmp_path / '1'), 'saved_model.pb')
    saved = saved_model_pb2.SavedModel.FromString(copy.read_bytes())
    for node in saved.meta_graphs[0].graph_def.node:
        if node.op == 'Placeholder':
            node.attr['shape'].shape.CopyFrom(tf.TensorShape(None).as_proto())
            node.attr.pop('_output_shapes', None)
    copy.write_bytes(saved.SerializeToString())
    with serving_check.SessionModel(copy.parent) as session:
        assert session('sample', **draws(2))['tokens'].shape == (2, model.length)
        for seed in (np.int64(1), np.ones([2, 1], np.int64)):
            with pytest.raises(tf.errors.InvalidArgumentError, match='is not compatible with expected shape'):
                session('sample', seed=seed, temperature=np.ones(2, np.float32))
        with pytest.raises(tf.errors.InvalidArgumentError, match='is not compatible with expected shape'):
            session('score', text='scalar')


def test_temperature_gives_the_exact_law():
    vocabulary = Vocabulary(list('abcde'))
    generator, discriminator = networks(vocabulary, 2)
    servable = serving.Servable(generator, discriminator, vocabulary, 2)
    pairs = np.stack(np.meshgrid(range(5), range(5), indexing='ij'), -1).reshape(-1, 2)
    log_probs = tf.nn.log_softmax(generator(pairs) / 0.7).numpy()
    law = np.exp(log_probs[np.arange(25)[:, None], [0, 1], pairs].sum(axis=1).astype(np.float64))
    tokens = servable.sample(**draws(20_000, temperature=0.7))['tokens'].numpy()
    counts = np.bincount(tokens @ [5, 1], minlength=25)
    assert scipy.stats.chisquare(counts, law / law.sum() * len(tokens)).pvalue > 1e-3


@pytest.mark.parametrize('rows', [1, 7, 16, 33, 600])
def test_a_temperature_acts_alike_at_each_place_of_a_batch(rows):
    temperatures = np.linspace(0.05, 5, rows, dtype=np.float32)
    inverse = tf.function(sampling.inverse_temperature, autograph=False)
    np.testing.assert_array_equal(inverse(temperatures), (1 / temperatures.astype(np.float64)).astype(np.float32))
    np.testing.assert_array_equal(inverse(np.ones(rows, np.float32)), 1)


@pytest.mark.parametrize('temperature', [1.0, 0.7])
def test_served_and_trained_generator_have_one_distribution(model, temperature):
    """Two-sample chi-square of the first two tokens: the session's against those of the trainer's own sampling, other seeds."""
    rows = 20_000
    served = model.session('sample', **draws(rows, temperature=temperature))['tokens'][:, :2]
    trained = sampling.sample(model.generator, rows, 2, tf.constant([5, 6]), temperature=temperature).numpy()
    size = len(model.vocabulary)
    table = np.stack([np.bincount(tokens @ [size, 1], minlength=size**2) for tokens in (served, trained)])
    common = table.sum(axis=0) >= 20
    table = np.column_stack([table[:, common], table[:, ~common].sum(axis=1)])
    pvalue = scipy.stats.chi2_contingency(table[:, table.sum(axis=0) > 0]).pvalue
    print(f'two-sample p-value {pvalue:.3f} over {table.shape[1]} cells')
    assert pvalue > 1e-3


def kept_twin(logits, top_k, top_p):
    """The kept ids of one row, by the letter of the definition."""
    order = sorted(range(len(logits)), key=lambda i: (-logits[i], i))[:top_k or None]
    weights = np.exp(logits[order].astype(np.float64) - logits.max())
    share = np.cumsum(weights) / weights.sum()
    return set(order if top_p == 1 else order[:int(np.sum(share < top_p)) + 1])


@pytest.mark.parametrize('vocab_size', [2, 5, 37, 5000])
def test_keep_likely_equals_its_twin(vocab_size):
    random = np.random.default_rng(0)
    top_k, top_p = (a.ravel() for a in np.meshgrid([0, 1, 2, 5, 36, 50], [1.0, 0.999, 0.9, 0.5, 0.11, 1e-6]))
    for logits in (random.normal(size=[len(top_k), vocab_size]) * 3, random.integers(-2, 3, [len(top_k), vocab_size])):
        logits = logits.astype(np.float32)
        kept = np.isfinite(serving.keep_likely(tf.constant(logits), top_k.astype(np.int32), top_p.astype(np.float32)))
        for row, k, p, mask in zip(logits, top_k, top_p, kept):
            assert set(np.flatnonzero(mask)) == kept_twin(row, k, p)


def test_networks_that_do_not_go_together_are_refused(tmp_path):
    vocabulary, length = VOCABULARIES['whole verses']
    generator, discriminator = networks(vocabulary, length)
    with pytest.raises(ValueError, match='same sequence_length. Expected: 7. Received: 6'):
        serving.export_saved_model(generator, discriminator, vocabulary, 7, tmp_path / 'poems')
    generator.head.bias.assign(np.full(len(vocabulary), np.nan))
    with pytest.raises(ValueError, match='must answer its warm-up request'):
        serving.export_saved_model(generator, discriminator, vocabulary, length, tmp_path / 'poems')
    assert list((tmp_path / 'poems').iterdir()) == []


def test_check_sees_variables_that_a_session_does_not_restore(tmp_path):
    vocabulary, length = VOCABULARIES['whole verses']
    servable = serving.Servable(*networks(vocabulary, length), vocabulary, length)
    servable.variables_ = []
    tf.saved_model.save(servable, str(tmp_path / '1'), {'sample': servable.sample})
    failed = [what for what, problem in serving_check.check(tmp_path / '1') if problem]
    assert 'session and Python agree' in failed and 'warm-up records run' in failed


def test_check_refuses_what_a_server_lacks(tmp_path):
    functions = {
        '_XlaMustCompile': tf.function(lambda x: {'y': x + 1}, jit_compile=True),
        'PyFunc': tf.function(lambda x: {'y': tf.py_function(lambda v: v, [x], tf.float32)}),
        'RandomUniform': tf.function(lambda x: {'y': x + tf.random.uniform([1])}),
    }
    for i, (name, function) in enumerate(functions.items()):
        outer = tf.function(lambda x, function=function: function(x), input_signature=[tf.TensorSpec([None], tf.float32)])
        tf.saved_model.save(tf.Module(), str(tmp_path / str(i)), outer)
        with pytest.raises(ValueError, match=name):
            serving_check.check_portable(tmp_path / str(i))


def test_versions_count_up_and_are_never_overwritten(tmp_path):
    (tmp_path / '7.writing').mkdir()
    (tmp_path / '3').mkdir()
    (tmp_path / 'notes').mkdir()
    for expected in (8, 9):
        with versions.new_version(tmp_path) as (writing, version):
            assert version == tmp_path / str(expected) and not version.exists()
            (writing / 'file').write_text('x')
        assert (version / 'file').read_text() == 'x' and not writing.exists()
    assert versions.published(tmp_path) == [3, 8, 9]


def test_exporters_at_the_same_time_get_different_versions(tmp_path):
    def publish(i):
        with versions.new_version(tmp_path) as (writing, version):
            (writing / str(i)).touch()
        return version

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        published = list(pool.map(publish, range(40)))
    assert sorted(int(version.name) for version in published) == versions.published(tmp_path)
    assert [[entry.name for entry in version.iterdir()] for version in published] == [[str(i)] for i in range(40)]


def test_an_export_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr('os.rename', fail)
    vocabulary, length = VOCABULARIES['whole verses']
    with pytest.raises(OSError, match='No space left'):
        serving.export_saved_model(*networks(vocabulary, length), vocabulary, length, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_warmup_records_are_prediction_logs(model):
    records = warmup.read(pathlib.Path(model.path))
    assert [signature for signature, _ in records] == ['serving_default', 'sample', 'complete', 'score']
    classes = pytest.importorskip('tensorflow_serving.apis.prediction_log_pb2', reason='needs tensorflow-serving-api (extra: serving)')
    for raw, (signature, inputs) in zip(tf.data.TFRecordDataset(str(pathlib.Path(model.path, warmup.PATH))), records):
        request = classes.PredictionLog.FromString(raw.numpy()).predict_log.request
        assert (request.model_spec.name, request.model_spec.signature_name) == ('poems', signature)
        for name, value in inputs.items():
            np.testing.assert_array_equal(tf.make_ndarray(request.inputs[name]), value)
