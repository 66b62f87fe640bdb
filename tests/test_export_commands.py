"""The commands under export/, each as a process of its own: what they print, and how they fail."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import serving_server

from seqgan_tf.serving.loaders import SessionModel

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINES = [
    'the cat sat',
    'a dog ran',
    'the dog sat down',
    'a cat ran off',
    'the cat ran',
    'a dog sat',
    'the dog ran off',
    'a cat sat down',
]


def execute(script, *flags):
    """A finished command; none may show its user a traceback."""
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get('PYTHONPATH')]))
    done = subprocess.run(
        [sys.executable, str(ROOT / script), *flags],
        capture_output=True,
        text=True,
        timeout=300,
        encoding='utf-8',
        env=os.environ | {'PYTHONPATH': paths, 'PYTHONIOENCODING': 'utf-8'},
    )
    assert 'Traceback' not in done.stderr
    return done


def succeed(script, *flags):
    """What a command prints that must succeed."""
    done = execute(script, *flags)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def fail(script, *flags):
    """The error line of a command that must fail."""
    done = execute(script, *flags)
    assert done.returncode == 1
    return done.stderr.strip().splitlines()[-1]


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    """A run's workdir and where its networks were exported to, by the training command itself."""
    base = tmp_path_factory.mktemp('run')
    (base / 'corpus.txt').write_text('\n'.join(LINES) + '\n')
    succeed(
        'train.py',
        '--dataset=text',
        f'--corpus={base}/corpus.txt',
        '--tokens=word',
        '--sequence_length=6',
        '--mle_epochs=0',
        '--discriminator_rounds=1',
        '--adversarial_rounds=0',
        '--batch_size=4',
        '--eval_samples=16',
        '--validation_share=0.25',
        '--test_share=0.25',
        f'--workdir={base}/work',
        f'--export_dir={base}/exports/cats',
    )
    return base / 'work', base / 'exports' / 'cats'


def test_export_publishes_the_next_version_and_check_passes_it(run):
    workdir, export_dir = run
    assert succeed('export/export_model.py', f'--workdir={workdir}', f'--export_dir={export_dir}').split() == [
        str(export_dir / '2')
    ]
    lines = succeed('export/check_model.py', f'--workdir={workdir}', f'--export_dir={export_dir}').splitlines()
    assert (
        lines[0] == str(export_dir / '2') and len(lines) == 29
    )  # a path, 9 checks of the model, 10 of the laws of its draws, 3 of `inspect`, 6 of searches
    assert all(line.startswith('PASS  ') for line in lines[1:])
    assert sum('(p 0.' in line or '(p 1.' in line for line in lines) == 7
    assert sum('log-likelihoods p ' in line for line in lines) == 3


def test_check_fails_a_damaged_model(run, tmp_path):
    version = tmp_path / '1'
    version.mkdir()
    (version / 'saved_model.pb').write_bytes(b'\x00damaged')
    done = execute('export/check_model.py', f'--export_dir={tmp_path}')
    assert done.returncode == 1
    assert [line[:4] for line in done.stdout.splitlines()[1::2]] == ['FAIL'] * 3


@pytest.mark.parametrize(
    'script, flags, message',
    [
        (
            'export/export_model.py',
            ['--workdir={tmp}', '--export_dir={tmp}/x'],
            'error: a trained generator is loaded from the workdir',
        ),
        ('export/check_model.py', ['--export_dir={tmp}'], 'error: export_dir must hold a version of a model. Received'),
        (
            'export/check_model.py',
            ['--export_dir={tmp}/none', '--version=3'],
            'error: export_dir must hold version 3 of a model. Received',
        ),
    ],
)
def test_user_errors_are_one_line(script, flags, message, tmp_path):
    assert fail(script, *(flag.format(tmp=tmp_path) for flag in flags)).startswith(message)


@pytest.fixture(scope='module')
def served(run):
    with serving_server.serve(run[1]) as server, SessionModel(run[1] / '1') as session:
        yield [f'--url={server.rest}', '--model=cats'], session, server.grpc


def test_client_prints_what_the_model_draws(served):
    flags, session, _ = served
    texts = session('sample', seed=np.arange(5, 105), temperature=np.full(100, 0.8, np.float32))['text']
    printed = succeed('export/client.py', *flags, '--n=100', '--seed=5', '--temperature=0.8')
    assert printed.split('\n')[:-1] == [text.decode() for text in texts]


def test_client_completes_a_prompt(served):
    flags, _, _ = served
    printed = succeed('export/client.py', *flags, '--prompt=the dog', '--top_p=0.9', '--n=4', '--json')
    rows = [json.loads(line) for line in printed.splitlines()]
    assert len(rows) == 4 and len({row['seed'] for row in rows}) == 4
    for row in rows:
        assert row['text'].startswith('the dog') and row['error'] == '' and len(row['tokens']) == 6


def test_client_searches(served):
    flags, session, _ = served
    asked = {
        'seed': np.arange(5, 25),
        'temperature': np.full(20, 0.8, np.float32),
        'prompt': np.full(20, 'the', object),
        'num_candidates': np.full(20, 16, np.int32),
        'guidance': np.full(20, 2.0, np.float32),
    }
    wanted = session('search', **asked)
    search = ['--search=16', '--guidance=2', '--prompt=the', '--n=20', '--seed=5', '--temperature=0.8']
    rows = [json.loads(line) for line in succeed('export/client.py', *flags, *search, '--json').splitlines()]
    assert [row['text'] for row in rows] == [text.decode() for text in wanted['text']]
    np.testing.assert_allclose([row['prob_real'] for row in rows], wanted['prob_real'], rtol=1e-5)
    assert succeed('export/client.py', *flags, *search).splitlines() == [row['text'] for row in rows]


def test_client_scores_texts(served):
    flags, session, _ = served
    rows = [
        line.split('\t')
        for line in succeed('export/client.py', *flags, '--score=the cat sat', '--score=a dog').splitlines()
    ]
    scored = session('score', text=np.array([b'the cat sat', b'a dog'], object))
    assert [row[3] for row in rows] == ['the cat sat', 'a dog'] and [int(row[2]) for row in rows] == [3, 2]
    np.testing.assert_allclose([float(row[0]) for row in rows], scored['log_prob'], rtol=1e-5)
    np.testing.assert_allclose([float(row[1]) for row in rows], scored['prob_real'], rtol=1e-5)
    assert json.loads(succeed('export/client.py', *flags, '--score=a dog', '--json'))['text'] == 'a dog'
    assert fail('export/client.py', *flags, '--score=a zebra').startswith(
        'error: every symbol of text must be in the vocabulary'
    )


def test_client_shows_candidates(served):
    flags, session, port = served
    asked = {
        'seed': np.arange(5, 8),
        'temperature': np.full(3, 0.8, np.float32),
        'prompt': np.full(3, 'the', object),
        'num_candidates': np.full(3, 4, np.int32),
        'guidance': np.full(3, 200.0, np.float32),
    }
    wanted = session('candidates', **asked)
    options = ['--candidates=4', '--guidance=200', '--prompt=the', '--n=3', '--seed=5', '--temperature=0.8']
    for address in ([], [f'--grpc={port}'])[: 2 if port else 1]:
        rows = [
            json.loads(line) for line in succeed('export/client.py', *flags, *address, *options, '--json').splitlines()
        ]
        assert [row['text'] for row in rows] == [[text.decode() for text in texts] for texts in wanted['text']]
        np.testing.assert_allclose([row['prob_real'] for row in rows], wanted['prob_real'], rtol=1e-5)
        assert [row['chosen'] for row in rows] == wanted['chosen'].tolist()
    lines = [line.split('\t') for line in succeed('export/client.py', *flags, *options).splitlines()]
    assert [line[3] for line in lines] == [text for row in rows for text in row['text']]
    assert [i for i, line in enumerate(lines) if line[0] == '*'] == [
        4 * i + row['chosen'] for i, row in enumerate(rows)
    ]


def test_client_inspects_texts(served):
    flags, session, port = served
    texts = ['the cat sat', 'a dog ran off the cat']
    wanted = session('inspect', text=np.array([text.encode() for text in texts], object))
    asked = [f'--inspect={text}' for text in texts]
    for address in ([], [f'--grpc={port}'])[: 2 if port else 1]:
        printed = succeed('export/client.py', *flags, *address, *asked, '--json')
        rows = [json.loads(line) for line in printed.splitlines()]
        assert [row['text'] for row in rows] == texts
        assert [row['symbol'] for row in rows] == ['the cat sat'.split() + [''], texts[1].split()]
        for i, row in enumerate(rows):
            places = len(row['symbol'])
            np.testing.assert_allclose(row['log_prob'], wanted['log_prob'][i, :places], rtol=1e-5)
            best = [[symbol.decode() for symbol in symbols] for symbols in wanted['alternative'][i, :places]]
            assert row['alternative'] == best and len(row['alternative_log_prob']) == places
    lines = succeed('export/client.py', *flags, *asked).splitlines()
    assert [lines[0], lines[5]] == texts and len(lines) == 2 + 4 + 6
    log_prob, *symbols = lines[1].split('\t')
    assert symbols == ['the', *rows[0]['alternative'][0]] and float(log_prob) == pytest.approx(rows[0]['log_prob'][0])
    assert fail('export/client.py', *flags, '--inspect=a zebra').startswith('error: every symbol of text must be in')


@pytest.mark.parametrize('flags', ['--candidates=4 --search=4', '--inspect=a --score=a', '--inspect=a --candidates=2'])
def test_client_does_one_thing_at_a_time(flags):
    done = execute('export/client.py', '--model=cats', *flags.split())
    assert done.returncode == 2 and 'not allowed with argument' in done.stderr


def test_client_tells_the_status(served):
    assert succeed('export/client.py', *served[0], '--status').split('\t')[1:] == ['AVAILABLE\n']
    assert json.loads(succeed('export/client.py', *served[0], '--status', '--json'))['state'] == 'AVAILABLE'
    assert 'Could not find any versions of model dogs' in fail(
        'export/client.py', *served[0], '--status', '--model=dogs'
    )


def test_client_prints_the_same_over_grpc(served):
    flags, _, port = served
    address = [f'--grpc={port}'] if port else pytest.skip('needs tensorflow-serving-api (extra: serving)')
    same = ['--n=3', '--seed=4', '--json', '--top_k=3']
    rest, grpc = (
        list(map(json.loads, succeed('export/client.py', *flags, *extra, *same).splitlines()))
        for extra in ([], address)
    )
    assert [row | {'log_prob': 0} for row in rest] == [row | {'log_prob': 0} for row in grpc]
    np.testing.assert_allclose([row['log_prob'] for row in rest], [row['log_prob'] for row in grpc], rtol=1e-6)


def test_a_keras_file_of_a_run(run, tmp_path):
    assert 'numbers in' in succeed('export/examples/keras_file.py', str(run[0]), str(tmp_path / 'generator.keras'))
    assert (tmp_path / 'generator.keras').is_file()


@pytest.mark.parametrize(
    'extra, message',
    [
        (['--temperature=0'], 'error: temperature must be positive and finite. Received: temperature=0.0'),
        (['--temperature=nan'], 'error: temperature must be positive and finite. Received: temperature=nan'),
        (['--top_p=1.5'], 'error: top_p must be above 0 and at most 1. Received: top_p=1.5'),
        (
            ['--seed=9223372036854775807', '--n=2'],
            'error: seed must be an integer of 64 bits. Received: seed=9223372036854775807',
        ),
        (['--top_k=-1'], 'error: top_k must be at least 0. Received: top_k=-1'),
        (['--search=0'], 'error: search must be at least 1 and at most 256. Received: search=0'),
        (['--search=257'], 'error: search must be at least 1 and at most 256. Received: search=257'),
        (['--search=4', '--guidance=-1'], 'error: guidance must be at least 0 and finite. Received: guidance=-1.0'),
        (['--search=4', '--guidance=nan'], 'error: guidance must be at least 0 and finite. Received: guidance=nan'),
        (['--candidates=257'], 'error: candidates must be at least 1 and at most 256. Received: candidates=257'),
        (['--guidance=1'], 'error: guidance must come with --search or --candidates. Received: guidance=1.0'),
        (
            ['--search=4', '--top_k=3'],
            'error: search must come without --top_k and --top_p: it draws from all symbols. Received: top_k=3',
        ),
        (['--candidates=4', '--top_k=3'], 'error: candidates must come without --top_k and --top_p: it draws from all'),
        (['--search=4', '--top_p=0.5'], 'it draws from all symbols. Received: top_k=None, top_p=0.5'),
        (['--n=0'], 'error: n must be at least 1. Received: n=0'),
        (
            ['--url=localhost:8501'],
            'error: url must be an address of http://, https:// or grpc://. Received: url=localhost:8501',
        ),
        (
            ['--url=http://localhost:1'],
            'models/cats:predict must be a TensorFlow Serving. Received: [Errno 111] Connection refused',
        ),
        (['--prompt=the cat the cat the cat the'], 'error: prompt must have at most 6 symbols. Received: 7 symbols'),
        (
            ['--prompt=the zebra'],
            'error: every symbol of prompt must be in the vocabulary. Received: an unknown one, number 2',
        ),
        (['--n=600', '--batch_size=600'], 'answers 400: Task size 600 is larger than maximum input batch size 512'),
        (['--model=dogs'], 'models/dogs:predict answers 404: Servable not found for request: Latest(dogs)'),
    ],
)
def test_client_errors_are_one_line(served, extra, message):
    assert message in fail('export/client.py', *served[0], *extra)
