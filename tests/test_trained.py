"""What `load` and `run` give: texts, scores and networks, equal to those of the export."""

import json
import math
import os
import shutil
import signal
import sys
import threading

import keras
import numpy as np
import pytest
import tensorflow as tf

import seqgan_tf
from seqgan_tf.commands import sample as sample_command
from seqgan_tf.data.corpus import Corpus
from seqgan_tf.data.vocabulary import END, Vocabulary
from seqgan_tf.errors import RunError, Stopped
from seqgan_tf.serving.description import PATH as DESCRIPTION
from seqgan_tf.serving.loaders import python_model

TEXTS = ['ab', 'abc', 'bca', 'cab', 'acbba', 'b', 'ccb', 'abab'] * 8
SETTINGS = dict(
    batch_size=16,
    eval_samples=32,
    mle_epochs=2,
    discriminator_rounds=1,
    discriminator_epochs=1,
    negatives=32,
    adversarial_rounds=2,
    d_steps=1,
    num_rollouts=2,
    hidden_dim=8,
    embedding_dim=8,
    discriminator_embedding_dim=4,
    jit='off',
    loggers='',
)


def make_corpus():
    vocabulary = Vocabulary([END, 'a', 'b', 'c'])
    rows = vocabulary.encode([list(text) for text in TEXTS], 6)
    return Corpus(rows[:48], rows[48:56], rows[56:], vocabulary)


def config(workdir, **changes):
    return seqgan_tf.Config(**SETTINGS | changes, workdir=workdir)


def weights(network):
    return [variable.numpy() for variable in network.variables]


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    """(trained, workdir, export_dir) of a finished run: for reading only."""
    workdir, export_dir = tmp_path_factory.mktemp('run'), tmp_path_factory.mktemp('exports') / 'toy'
    trained = seqgan_tf.run(config(workdir, export_dir=export_dir), corpus=make_corpus())
    return trained, workdir, export_dir


@pytest.fixture
def version(made, tmp_path):
    """A copy of the exported version."""
    return shutil.copytree(made[2] / '1', tmp_path / 'version')


@pytest.mark.parametrize('source', ['run', 'workdir', 'exports', 'version'])
def test_each_source_generates_and_scores_as_the_exported_signatures(made, source):
    trained, workdir, export_dir = made
    if source != 'run':
        trained = seqgan_tf.load({'workdir': workdir, 'exports': str(export_dir), 'version': export_dir / '1'}[source])
    model = python_model(export_dir / '1')
    rows = lambda value, dtype: np.full(5, value, dtype)
    wanted = model(
        'complete',
        seed=np.arange(7, 12),
        temperature=rows(0.8, np.float32),
        prompt=rows('b', object),
        top_k=rows(3, np.int32),
        top_p=rows(0.9, np.float32),
    )
    texts = trained.generate(5, prompt='b', temperature=0.8, top_k=3, top_p=0.9, seed=7)
    assert texts == [text.decode() for text in wanted['text']] and all(text.startswith('b') for text in texts)
    scores = model('score', text=np.array(texts, object))
    for i, score in enumerate(trained.score(texts)):
        assert score == {name: scores[name][i].item() for name in ('log_prob', 'prob_real', 'length')}
    assert score['length'] == len(texts[-1])


@pytest.mark.parametrize('source', ['run', 'exports'])
def test_several_candidates_are_the_exported_search(made, source):
    trained = made[0] if source == 'run' else seqgan_tf.load(made[2])
    rows = lambda value, dtype: np.full(5, value, dtype)
    wanted = python_model(made[2] / '1')(
        'search',
        seed=np.arange(7, 12),
        temperature=rows(0.8, np.float32),
        prompt=rows('b', object),
        num_candidates=rows(16, np.int32),
        guidance=rows(30.0, np.float32),
    )
    asked = dict(prompt='b', temperature=0.8, seed=7, num_candidates=16, guidance=30.0)
    found = trained.draw(5, **asked)
    assert found == [
        {name: wanted[name][i].item() for name in ('log_prob', 'seed', 'prob_real')}
        | {'text': wanted['text'][i].decode()}
        for i in range(5)
    ]
    assert trained.generate(5, **asked) == [row['text'] for row in found]
    plain = trained.generate(5, prompt='b', temperature=0.8, seed=7)
    assert plain == trained.generate(5, **asked | {'guidance': 0.0}) != trained.generate(5, **asked)


@pytest.mark.parametrize('source', ['run', 'exports'])
def test_candidates_are_those_among_which_generate_chooses(made, source):
    trained = made[0] if source == 'run' else seqgan_tf.load(made[2])
    asked = dict(prompt='b', temperature=0.8, seed=7, num_candidates=9, guidance=30.0)
    found = trained.candidates(**asked)
    assert {name: type(value) for name, value in found.items()} == dict(
        text=list, log_prob=list, prob_real=list, chosen=int, seed=int
    )
    assert len(found['text']) == len(found['log_prob']) == len(found['prob_real']) == 9 and found['seed'] == 7
    (drawn,) = trained.draw(1, **asked)
    assert {name: found[name][found['chosen']] for name in ('text', 'log_prob', 'prob_real')} == {
        name: drawn[name] for name in ('text', 'log_prob', 'prob_real')
    }
    assert found['text'][0] == trained.generate(1, prompt='b', temperature=0.8, seed=7)[0]
    assert trained.candidates(seed=-1)['seed'] != trained.candidates(seed=-1)['seed']
    assert len(trained.candidates(num_candidates=1)['text']) == 1


@pytest.mark.parametrize('source', ['run', 'exports'])
def test_each_symbol_of_a_text_is_inspected(made, source):
    trained = made[0] if source == 'run' else seqgan_tf.load(made[2])
    texts = ['ab', 'acbbab', '']  # T is 6: the second has no end
    found, scores = trained.inspect(texts), trained.score(texts)
    assert [row['symbol'] for row in found] == [['a', 'b', ''], [*'acbbab'], ['']]
    for row, score in zip(found, scores):
        assert sum(row['log_prob']) == pytest.approx(score['log_prob'], abs=1e-5)
        for symbol, log_prob, best, log_probs in zip(*row.values(), strict=True):
            assert sorted(best) == ['', 'a', 'b', 'c'] and log_probs[best.index(symbol)] == log_prob
            assert log_probs == sorted(log_probs, reverse=True)
            assert sum(map(math.exp, log_probs)) == pytest.approx(1, abs=1e-5)
    assert trained.inspect([]) == []


def test_networks_vocabulary_and_settings_are_those_of_the_run(made):
    trained, workdir, export_dir = made
    for found in (seqgan_tf.load(workdir), seqgan_tf.load(export_dir)):
        assert found.config == trained.config and found.config.dataset == 'given'
        assert found.vocabulary.symbols == trained.vocabulary.symbols and found.sequence_length == 6
        for name in ('generator', 'discriminator'):
            for here, there in zip(weights(getattr(found, name)), weights(getattr(trained, name)), strict=True):
                np.testing.assert_array_equal(here, there)
    assert seqgan_tf.load(workdir).state.done['adversarial'] == 2 and seqgan_tf.load(export_dir).state is None


def test_a_text_depends_on_its_seed_and_not_on_their_number(made):
    trained = made[0]
    many = trained.generate(520, seed=3)
    assert many[:2] == trained.generate(2, seed=3) and many[515:] == trained.generate(5, seed=518)
    assert len(set(many)) > 1 and trained.generate(9, seed=-1) != trained.generate(9, seed=-1)


def test_a_loaded_export_can_be_exported_again(made, tmp_path):
    path = seqgan_tf.load(made[2]).export(tmp_path / 'again')
    assert seqgan_tf.load(path).generate(4, seed=2) == made[0].generate(4, seed=2)


def test_a_run_without_a_trained_discriminator_gives_no_prob_real(tmp_path):
    trained = seqgan_tf.run(config(tmp_path, algorithm='mle', mle_epochs=1), corpus=make_corpus())
    assert trained.discriminator is None and set(trained.score(['ab'])[0]) == {'log_prob', 'length'}
    with pytest.raises(ValueError, match='num_candidates must be 1 where no discriminator was trained. Received: num_'):
        trained.generate(1, num_candidates=2)
    with pytest.raises(ValueError, match='discriminator must be a trained one to rate candidates. Received: discrim'):
        trained.candidates()
    assert trained.inspect(['ab'])[0]['symbol'] == ['a', 'b', '']


@pytest.mark.parametrize(
    'arguments, message',
    [
        (dict(n=0), r'n must be in \[1, .*n=0'),
        (dict(temperature=0.0), 'temperature must be positive.*temperature=0'),
        (dict(top_p=1.5), 'top_p must be above 0.*top_p=1.5'),
        (dict(top_k=2**31), 'top_k must be in .*top_k=2147483648'),
        (dict(seed=2**63), 'seed must be in '),
        (dict(num_candidates=0), r'num_candidates must be in \[1, 257\). Received: num_candidates=0'),
        (dict(num_candidates=257), r'num_candidates must be in \[1, 257\). Received: num_candidates=257'),
        (dict(guidance=-1.0), r'guidance must be in \[0, inf\). Received: guidance=-1.0'),
        (dict(num_candidates=2, guidance=float('nan')), r'guidance must be in \[0, inf\). Received: guidance=nan'),
        (dict(num_candidates=2, top_k=3), 'top_k must be 0 and top_p 1 with several candidates. Received: .*top_k=3'),
        (dict(num_candidates=2, top_p=0.9), 'top_k must be 0 and top_p 1 with several candidates. Received: .*p=0.9'),
        (dict(prompt='az'), 'every symbol of prompt must be in the vocabulary.*number 2'),
        (dict(prompt='abcabca'), 'prompt must have at most 6 symbols. Received: 7'),
    ],
)
def test_bad_arguments_of_generate(made, arguments, message):
    with pytest.raises(ValueError, match=message):
        made[0].generate(**{'n': 1} | arguments)


@pytest.mark.parametrize('texts, message', [('ab', 'list of str'), ([1], 'list of str'), (['ab', 'x'], 'every symbol')])
def test_bad_texts_to_score(made, texts, message):
    with pytest.raises(ValueError, match=message):
        made[0].score(texts)
    with pytest.raises(ValueError, match=message):
        made[0].inspect(texts)


@pytest.mark.parametrize(
    'arguments, message',
    [
        (dict(num_candidates=0), r'num_candidates must be in \[1, 257\). Received: num_candidates=0'),
        (dict(num_candidates=257), r'num_candidates must be in \[1, 257\). Received: num_candidates=257'),
        (dict(guidance=float('nan')), r'guidance must be in \[0, inf\). Received: guidance=nan'),
        (dict(seed=2**63), 'seed must be in '),
        (dict(temperature=0.0), 'temperature must be positive.*temperature=0'),
        (dict(prompt='az'), 'every symbol of prompt must be in the vocabulary.*number 2'),
    ],
)
def test_bad_arguments_of_candidates(made, arguments, message):
    with pytest.raises(ValueError, match=message):
        made[0].candidates(**arguments)


def test_no_texts_have_no_scores(made):
    assert made[0].score([]) == []


def test_what_is_neither_a_run_nor_an_export_is_not_loaded(tmp_path):
    with pytest.raises(RunError, match='workdir of a run, with config.json, or from an export. Received: .*nowhere'):
        seqgan_tf.load(tmp_path / 'nowhere')


def edit(change):
    def damage(version):
        values = json.loads((version / DESCRIPTION).read_text('utf-8'))
        change(values)
        (version / DESCRIPTION).write_text(json.dumps(values), 'utf-8')

    return damage


@pytest.mark.parametrize(
    'damage, message',
    [
        (lambda version: (version / DESCRIPTION).unlink(), 'since version 0.2.*Export the run again'),
        (lambda version: (version / DESCRIPTION).write_text('{"settings": '), 'an export must hold'),
        (edit(lambda values: values.pop('vocabulary')), 'an export must hold'),
        (edit(lambda values: values['generator'].update(hidden_dim=9)), 'weights of an export must fit'),
        (edit(lambda values: values['settings'].update(seed='x')), 'seed must be of type int'),
        (edit(lambda values: values['settings'].update(later=1)), 'settings must be those of this version.*later'),
    ],
)
def test_a_damaged_export_is_answered_with_the_rule(version, damage, message):
    damage(version)
    with pytest.raises(RunError, match=message):
        seqgan_tf.load(version)


def test_keras_trains_the_generator_further(made):
    trained = seqgan_tf.load(made[1])
    rows = make_corpus().train
    before = trained.generate(20, seed=1)
    trained.generator.compile(keras.optimizers.Adam(0.05), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    losses = trained.generator.fit(rows, rows, epochs=4, batch_size=16, verbose=0).history['loss']
    assert losses[-1] < losses[0] and trained.generate(20, seed=1) != before


def test_keras_files_of_its_networks_are_known_after_the_import(made, tmp_path):
    made[0].generator.save(tmp_path / 'generator.keras')
    code = f'import keras, seqgan_tf; print(keras.models.load_model({str(tmp_path / "generator.keras")!r}).vocab_size)'
    assert os.popen(f'{sys.executable} -c "{code}" 2>/dev/null').read() == '4\n'


def test_read_metrics_gives_the_lines_of_the_log(made):
    lines = seqgan_tf.read_metrics(made[1])
    assert lines == [json.loads(line) for line in (made[1] / 'metrics.jsonl').read_text('utf-8').splitlines()]
    assert [line['phase'] for line in lines] == (
        'initial mle mle discriminator adversarial adversarial likeliest search final'.split()
    )
    with pytest.raises(RunError, match='readable metrics.jsonl'):
        seqgan_tf.read_metrics(made[2])


def test_reports_reach_the_caller_in_the_order_of_the_log(tmp_path):
    seen = []
    seqgan_tf.run(config(tmp_path, algorithm='mle'), corpus=make_corpus(), on_report=seen.append)
    logged = [{'phase': r.phase, 'round': r.round} | r.metrics for r in seen]
    assert logged == [
        {name: value for name, value in line.items() if not name.endswith('_seconds')}
        for line in seqgan_tf.read_metrics(tmp_path)
    ]


def test_a_run_in_a_thread_is_a_run(made, tmp_path):
    found = []
    thread = threading.Thread(
        target=lambda: found.append(seqgan_tf.run(config(tmp_path / 'run'), corpus=make_corpus()))
    )
    thread.start()
    thread.join()
    assert found[0].generate(5, seed=1) == made[0].generate(5, seed=1)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_a_run_after_its_round_as_an_interrupt_that_python_knows(made, tmp_path, number):
    def stop(report):
        if report.phase == 'discriminator':
            os.kill(os.getpid(), number)

    with pytest.raises(KeyboardInterrupt, match='stopped and saved after discriminator round 1') as stopped:
        seqgan_tf.run(config(tmp_path), corpus=make_corpus(), on_report=stop)
    assert stopped.type is Stopped and stopped.value.signal == number
    trained = seqgan_tf.run(config(tmp_path), corpus=make_corpus())
    for here, there in zip(weights(trained.generator), weights(made[0].generator), strict=True):
        np.testing.assert_array_equal(here, there)


def command(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, 'argv', ['seqgan-sample', *map(str, arguments)])
    sample_command.main()
    return capsys.readouterr().out.splitlines()


def test_the_command_prints_what_generate_gives(made, monkeypatch, capsys):
    trained, workdir, export_dir = made
    options = ('--n=3', '--prompt=a', '--temperature=0.7', '--top_p=0.8', '--seed=5')
    wanted = trained.generate(3, prompt='a', temperature=0.7, top_p=0.8, seed=5)
    assert command(monkeypatch, capsys, f'--workdir={workdir}', *options) == wanted
    lines = command(monkeypatch, capsys, f'--export_dir={export_dir}', '--format=json', *options)
    assert [json.loads(line)['text'] for line in lines] == wanted
    assert [json.loads(line)['seed'] for line in lines] == [5, 6, 7]


def test_the_command_searches(made, monkeypatch, capsys):
    options = (f'--workdir={made[1]}', '--n=3', '--seed=5', '--search=8', '--guidance=30', '--format=json')
    wanted = made[0].draw(3, seed=5, num_candidates=8, guidance=30.0)
    assert list(map(json.loads, command(monkeypatch, capsys, *options))) == wanted
    assert all(0 < row['prob_real'] < 1 for row in wanted)


@pytest.mark.parametrize(
    'arguments',
    [['--workdir=nowhere'], ['--prompt=xyz'], ['--n=0'], ['--temperature=-1'], ['--search=300'], ['--guidance=2']],
)
def test_the_command_answers_mistakes_in_a_line(made, arguments, monkeypatch, capsys):
    source = [] if arguments[0].startswith('--workdir') else [f'--workdir={made[1]}']
    with pytest.raises(SystemExit, match='error: .* Received: '):
        command(monkeypatch, capsys, *source, *arguments)


def trace_often(function):
    """As runs of one process do: each makes its own step of the same Python function."""
    for _ in range(12):
        tf.function(function, autograph=False)(tf.constant(1))


def test_a_run_warns_of_no_retracing_and_other_code_still_does(tmp_path, caplog):
    inside, outside = (lambda x: x + 1), (lambda x: x + 2)
    warned = lambda: [message for message in caplog.messages if 'triggered tf.function retracing' in message]
    caplog.set_level('WARNING', 'tensorflow')
    seqgan_tf.run(
        config(tmp_path, algorithm='random'), corpus=make_corpus(), on_report=lambda report: trace_often(inside)
    )
    assert not warned()
    trace_often(outside)
    assert warned()
