"""The exported model: three ways to run it agree, each row answers for itself, and it is published whole or not at all."""

import pathlib
import shutil

import numpy as np
import pytest
import tensorflow as tf
from serving_models import CAPTIONS, CHARS, TRAINED, VOCABULARIES, networks, opened, train
from tensorflow.core.protobuf import saved_model_pb2

from seqgan_tf import randomness
from seqgan_tf.policies.draws import draw
from seqgan_tf.policies.sampling import sequence_log_prob, unroll
from seqgan_tf.serving import inspect_laws, laws, search_laws
from seqgan_tf.serving.check import check
from seqgan_tf.serving.drawing import row_uniforms
from seqgan_tf.serving.loaders import SessionModel, python_model
from seqgan_tf.serving.trial_requests import prompts_of


@pytest.fixture(scope='module', params=[*VOCABULARIES, *TRAINED])
def model(request, tmp_path_factory):
    if request.param in VOCABULARIES:
        made = *networks(*VOCABULARIES[request.param]), *VOCABULARIES[request.param]
    else:
        settings = TRAINED[request.param]
        made = train(
            request.getfixturevalue('data_dir') / CAPTIONS if settings['dataset'] == 'text' else '', **settings
        )
    with opened(*made, tmp_path_factory.mktemp('exports')) as found:
        yield found


def draws(rows, temperature=1.0, seed=0):
    return {'seed': np.arange(seed, seed + rows), 'temperature': np.full(rows, temperature, np.float32)}


def completions(prompts, top_k=0, top_p=1.0, **kwargs):
    rows = len(prompts)
    return draws(rows, **kwargs) | {
        'prompt': np.array([p if isinstance(p, bytes) else p.encode() for p in prompts], object),
        'top_k': np.full(rows, top_k, np.int32),
        'top_p': np.full(rows, top_p, np.float32),
    }


def texts(*values):
    return {'text': np.array([v if isinstance(v, bytes) else v.encode() for v in values], object)}


def test_every_check_passes(model):
    outcomes = list(check(model.path, model.servable))
    assert len(outcomes) == 9
    assert [outcome for outcome in outcomes if outcome[1]] == []


def test_no_transpose_of_integers(model):
    """oneDNN takes every Transpose for itself, can do float32 alone without AVX-512, and then logs an error at each start."""
    content = pathlib.Path(model.path, 'saved_model.pb').read_bytes()
    (graph,) = (meta_graph.graph_def for meta_graph in saved_model_pb2.SavedModel.FromString(content).meta_graphs)
    nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
    transposed = {tf.as_dtype(node.attr['T'].type) for node in nodes if node.op == 'Transpose'}
    assert transposed == {tf.float32}, 'the uniforms of a request are transposed, and nothing else'


def test_every_law_holds(model, monkeypatch):
    """Draws against the exact law of an independent twin, and against the trained generator's own."""
    monkeypatch.setattr(laws, 'ROWS', 300)
    monkeypatch.setattr(laws, 'ROWS_OF_SAMPLE', 4000)
    monkeypatch.setattr(search_laws, 'CANDIDATES', 4000)
    monkeypatch.setattr(search_laws, 'ROWS', 100)
    monkeypatch.setattr(inspect_laws, 'ROWS', 100)
    outcomes = [
        *laws.check(model.path, model.servable),
        *inspect_laws.check(model.path),
        *search_laws.check(model.path),
    ]
    print(*(what for what, _ in outcomes), sep='\n')
    assert len(outcomes) == 19
    assert [outcome for outcome in outcomes if outcome[1]] == []


@pytest.mark.parametrize('rows', [2, 17, 130])
def test_a_row_alone_is_the_row_of_any_batch(model, rows):
    drawn = model.session('sample', **draws(rows, seed=40))['text']
    prompts, _ = prompts_of(model.session, drawn)
    inputs = completions(prompts, top_k=9, top_p=0.95, temperature=0.9)
    together, scored = model.session('complete', **inputs), model.session('score', text=drawn)
    for row in {0, rows // 2, rows - 1}:
        alone = model.session('complete', **{name: value[row : row + 1] for name, value in inputs.items()})
        for name in ('text', 'tokens', 'seed', 'error'):
            np.testing.assert_array_equal(together[name][row : row + 1], alone[name])
        np.testing.assert_allclose(together['log_prob'][row], alone['log_prob'][0], rtol=1e-5)
        alone = model.session('score', text=drawn[row : row + 1])
        for name in ('log_prob', 'prob_real', 'length'):
            np.testing.assert_allclose(scored[name][row], alone[name][0], rtol=1e-5)


def test_tokens_are_those_of_plain_sampling_with_the_same_uniforms(model):
    inputs = draws(40, temperature=0.8, seed=100)
    numbers = tf.stack([randomness.uniforms([model.length], [seed, 0]) for seed in inputs['seed']])
    np.testing.assert_array_equal(row_uniforms(tf.constant(inputs['seed']), model.length), numbers)
    tokens, _ = unroll(
        model.generator,
        40,
        model.length,
        lambda position, logits: (draw(logits * (1 / np.float32(0.8)), numbers[:, position]), tf.zeros([40])),
    )
    answer = model.session('sample', **inputs)
    np.testing.assert_array_equal(answer['tokens'], tokens)
    np.testing.assert_array_equal(answer['seed'], inputs['seed'])
    assert [text.decode() for text in answer['text']] == model.vocabulary.decode(tokens)
    np.testing.assert_allclose(answer['log_prob'], sequence_log_prob(model.generator, tokens), rtol=1e-5, atol=1e-5)


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
    prompts = [symbols[: i % (model.length + 1)] for i, symbols in enumerate(whole)]
    answer = model.session('complete', **completions([model.vocabulary.join(p) for p in prompts], top_k=5, seed=500))
    assert not any(answer['error'])
    for prompt, text in zip(prompts, answer['text']):
        assert model.vocabulary.split(text.decode())[: len(prompt)] == prompt


def test_top_k_of_one_is_greedy_for_every_seed(model):
    tokens = model.session('complete', **completions([''] * 5, top_k=1, temperature=3.0))['tokens']
    greedy, _ = unroll(
        model.generator,
        5,
        model.length,
        lambda _, logits: (tf.argmax(logits, axis=1, output_type=tf.int32), tf.zeros([5])),
    )
    np.testing.assert_array_equal(tokens, greedy)


@pytest.mark.parametrize('temperature', [1e-45, 1e-38, 1e-9, 1e9, 3e38])
def test_extreme_temperatures_give_numbers(model, temperature):
    answer = model.session('complete', **completions([''] * 3, temperature=temperature, top_k=3, top_p=0.99))
    finite = np.isfinite(answer['log_prob'])
    # A denormal temperature may be flushed to 0 by the hardware: then it is refused like one.
    assert finite.all() and (temperature < 1e-37 or not any(answer['error']))


TOO_LONG = CHARS[0] * 30 + ' w1é' * 30
BAD_ROWS = {
    'temperature': (0.0, -1.0, np.nan, np.inf, -np.inf),
    'top_p': (0.0, -0.5, 1.5, np.nan, np.inf),
    'top_k': (-1,),
    'prompt': (TOO_LONG, '\U0001f600', b'\xff\xfe', '\x00', '<end>'),
}


@pytest.mark.parametrize('name', BAD_ROWS)
def test_a_bad_row_says_so_and_leaves_the_others_alone(model, name):
    prompts = [
        model.vocabulary.join(model.vocabulary.split(text.decode())[:2])
        for text in model.session('sample', **draws(5))['text']
    ]
    good = model.session('complete', **completions(prompts, top_k=4, top_p=0.9))
    for value in BAD_ROWS[name]:
        inputs = completions(prompts, top_k=4, top_p=0.9)
        inputs[name][2] = value.encode() if isinstance(value, str) else value
        answer = model.session('complete', **inputs)
        if name == 'prompt' and model.vocabulary.unknown_id is not None and value != TOO_LONG:
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
    python = python_model(model.path)
    one, other = model.session('complete', **inputs), python('complete', **inputs)
    assert (
        sum(error != b'' for error in one['error']) >= len(bad) - 4
    )  # unknown symbols are allowed where there is one for them
    for key in ('text', 'tokens', 'seed', 'error'):
        np.testing.assert_array_equal(one[key], other[key])
    for wrong in (np.int64(1), np.ones([2, 1], np.int64), np.arange(3), np.ones(2, np.float32)):
        with pytest.raises(tf.errors.InvalidArgumentError):
            python('sample', seed=wrong, temperature=np.ones(2, np.float32))


def test_bad_texts_are_not_scored(model):
    text = model.session('sample', **draws(1))['text'][0]
    bad = [TOO_LONG]
    bad += ['\U0001f600'.encode(), b'\xff', '<end>'] if model.vocabulary.unknown_id is None else []
    bad += [CHARS[0], ''] if model.vocabulary.end_id is None else []
    good, answer = model.session('score', **texts(text, text)), model.session('score', **texts(text, *bad, text))
    for row in range(1, len(bad) + 1):
        assert answer['error'][row].decode().startswith(('text must', 'every symbol of text must'))
        assert (answer['log_prob'][row], answer['prob_real'][row], answer['length'][row]) == (0, 0, 0)
    for key in ('log_prob', 'prob_real', 'length'):
        np.testing.assert_allclose(answer[key][[0, -1]], good[key], rtol=1e-5)


def test_an_empty_request_gets_an_empty_answer(model):
    assert model.session('complete', **completions([]) | {'prompt': np.zeros(0, object)})['tokens'].shape == (
        0,
        model.length,
    )
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
    with SessionModel(copy.parent) as session:
        assert session('sample', **draws(2))['tokens'].shape == (2, model.length)
        for seed in (np.int64(1), np.ones([2, 1], np.int64)):
            with pytest.raises(tf.errors.InvalidArgumentError, match='is not compatible with expected shape'):
                session('sample', seed=seed, temperature=np.ones(2, np.float32))
        with pytest.raises(tf.errors.InvalidArgumentError, match='is not compatible with expected shape'):
            session('score', text='scalar')
