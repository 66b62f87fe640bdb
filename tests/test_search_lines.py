"""What a run with a discriminator logs of it, recomputed from its checkpoint by plain arithmetic."""

import dataclasses
import shutil

import numpy as np
import pytest
import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.config import Config
from seqgan_tf.data.tasks import load_task
from seqgan_tf.evaluation import resampled
from seqgan_tf.evaluation.registry import METRICS, SEARCH_NAMES
from seqgan_tf.evaluation.residual import GUIDANCES
from seqgan_tf.evaluation.streams import evaluation_seed
from seqgan_tf.policies.chunked import Sampler, Scorer
from seqgan_tf.running.experiment import run
from seqgan_tf.running.metrics_log import likeliest_entry, metrics_of, read_metrics
from seqgan_tf.running.trained import load
from seqgan_tf.search.chunked import Resampler

TINY = Config(
    dataset='synthetic',
    vocab_size=12,
    sequence_length=5,
    num_sequences=96,
    held_out=120,
    batch_size=16,
    eval_samples=130,
    mle_epochs=2,
    discriminator_rounds=3,
    discriminator_learning_rate=0.003,
    adversarial_rounds=2,
    eval_every=1,
    d_steps=1,
    discriminator_epochs=1,
    num_rollouts=2,
    jit='off',
)
RESIDUAL = set(METRICS['residual'].names)


@pytest.fixture(scope='module')
def finished(tmp_path_factory):
    """The workdir of a run."""
    workdir = tmp_path_factory.mktemp('finished') / 'run'
    run(dataclasses.replace(TINY, workdir=str(workdir)))
    return workdir


@pytest.fixture(scope='module')
def twin(finished):
    """(task, log p of rows, logits of rows, networks) of the trained run."""
    task, trained = load_task(TINY), load(finished)
    scorer = Scorer(trained.generator, 'off')
    logits = lambda rows: trained.discriminator(tf.constant(rows)).numpy().astype(np.float64)
    return task, lambda rows: scorer(rows).astype(np.float64), logits, trained


def nll(twin, rows, beta, samples):
    """Of rows [N, T] of full length under the residual model, by the formula."""
    _, log_m, logits, _ = twin
    log_p = log_m(rows) + beta * logits(rows) - np.log(np.exp(beta * logits(samples)).mean())
    return -log_p.sum() / rows.size


def test_only_evaluations_with_a_trained_discriminator_have_its_metrics(finished):
    lines = [line for line in read_metrics(finished) if 'nll_test' in line]
    assert {(line['phase'], line['round']): RESIDUAL & set(line) for line in lines} == {
        ('initial', 0): set(),
        ('mle', 1): set(),
        ('mle', 2): set(),
        ('adversarial', 1): RESIDUAL,
        ('adversarial', 2): RESIDUAL,
        ('final', 0): RESIDUAL,
    }


def test_the_residual_metrics_are_those_of_the_checkpoint(finished, twin):
    corpus, final = twin[0].corpus, read_metrics(finished)[-1]
    seed = evaluation_seed(TINY.seed, 'final', 0)
    samples = Sampler(twin[3].generator, corpus.sequence_length, 'off')(TINY.eval_samples, seed).numpy()
    beta = min(GUIDANCES, key=lambda beta: nll(twin, corpus.validation, beta, samples))
    w = np.exp(beta * twin[2](samples))
    expected = {
        'residual_beta': beta,
        'residual_nll_validation': nll(twin, corpus.validation, beta, samples),
        'residual_nll_test': nll(twin, corpus.test, beta, samples),
        'residual_nll_test_half': nll(twin, corpus.test, beta, samples[:65]),
        'log_z': np.log(w.mean()),
        'log_z_ess': w.sum() ** 2 / (w**2).sum(),
    }
    assert beta > 0
    for name, value in expected.items():
        assert final[name] == pytest.approx(value, rel=1e-4, abs=1e-6), name


def check_search_line(line, twin):
    """A line of the phase 'search' against what its guidance finds in the checkpoint."""
    task, _, logits, trained = twin
    seed, beta = evaluation_seed(TINY.seed, 'search', 0), line['guidance']
    resampler = Resampler(trained.generator, trained.discriminator, TINY.sequence_length, 16, 'off')
    found = resampler(TINY.eval_samples, randomness.fold_in(seed, 1), beta).tokens.numpy()
    assert (line['num_candidates'], line['samples']) == (16, TINY.eval_samples)
    assert line['nll_oracle'] == pytest.approx(Scorer(task.oracle, 'off').nll(found), rel=1e-5)
    assert line['unique'] == len(np.unique(found, axis=0)) / len(found)
    assert line['copied'] == np.mean([row.tolist() in task.corpus.train.tolist() for row in found])
    if beta < resampled.BEST_OF_N:
        sampler = Sampler(trained.generator, TINY.sequence_length, 'off')
        samples = sampler(TINY.eval_samples, randomness.fold_in(seed, 0)).numpy()
        assert line['guided_nll_test'] == pytest.approx(nll(twin, task.corpus.test, beta, samples), rel=1e-4)
        w = np.exp(beta * logits(samples))
        assert line['log_z_ess'] == pytest.approx(w.sum() ** 2 / (w**2).sum(), rel=1e-3)
    assert set(metrics_of(line)) - {*SEARCH_NAMES, 'log_z_ess'} == {'nll_oracle', 'unique', 'copied'}
    return logits(found).mean()


def test_the_control_of_the_search_is_the_likeliest_of_as_many_samples(finished, twin):
    """Its texts, and its NLL by the formula for rare ties, are those of the checkpoint."""
    task, log_m, _, trained = twin
    *_, line, search, _ = read_metrics(finished)
    assert (line['phase'], line['round'], line['num_candidates']) == ('likeliest', 1, search['num_candidates'])
    seed, count = evaluation_seed(TINY.seed, 'likeliest', 0), TINY.eval_samples
    samples = Sampler(trained.generator, TINY.sequence_length, 'off')(16 * count, seed).numpy()
    groups, scores = samples.reshape(16, count, -1), log_m(samples).reshape(16, count)
    found = groups[scores.argmax(axis=0), np.arange(count)]
    assert line['samples'] == search['samples'] == count
    assert line['nll_oracle'] == pytest.approx(Scorer(task.oracle, 'off').nll(found), rel=1e-5)
    assert line['unique'] == len(np.unique(found, axis=0)) / count
    below = (scores.ravel() <= log_m(task.corpus.test)[:, None]).sum(axis=1)
    log_p = log_m(task.corpus.test) + np.log(16) + 15 * np.log((below + 1) / (scores.size + 1))
    assert line['guided_nll_test'] == pytest.approx(-log_p.mean() / TINY.sequence_length, rel=0.01)
    assert line['tail_rows'] == np.mean(below == 0)


def test_a_run_ends_with_text_that_was_chosen_by_the_logit_as_it_is(finished, twin):
    *_, line, final = read_metrics(finished)
    assert (line['phase'], line['round'], line['guidance']) == ('search', 1, 1.0) and final['phase'] == 'final'
    check_search_line(line, twin)


def test_final_samples_bring_the_whole_curve_in_place_of_the_line(finished, twin, tmp_path):
    workdir = shutil.copytree(finished, tmp_path / 'run')
    run(dataclasses.replace(TINY, workdir=str(workdir), final_samples=60))
    before, lines = read_metrics(finished), read_metrics(workdir)
    curve = [line for line in lines if line['phase'] == 'search']
    phases = [line['phase'] for line in lines]
    closing = ['temperature'] * 16 + ['top_k'] * 4 + ['top_p'] * 8 + ['likeliest'] * 6
    closing += ['search'] * len(resampled.CURVE) + ['final']
    assert phases[-len(closing) :] == closing and len(curve) == 9
    assert lines[: -len(closing)] == before[:-3]
    texts = lambda line: {name: line[name] for name in ('num_candidates', 'samples', 'nll_oracle', 'unique', 'copied')}
    assert texts(likeliest_entry(lines, 16)) == texts(before[-3])
    assert [line['guidance'] for line in curve] == list(resampled.CURVE)
    logits = [check_search_line(line, twin) for line in curve[::4]]  # beta 0, 1, and the best of n
    assert np.all(np.diff(logits) > 0), 'more guidance finds higher logits'
    assert metrics_of(curve[4]) == metrics_of(before[-2])
    assert curve[0]['guided_nll_test'] == pytest.approx(lines[-1]['nll_test'], rel=1e-6)
    assert lines[-1]['samples'] == 60 and set(lines[-1]) >= RESIDUAL


def test_a_run_that_stops_in_its_last_lines_ends_as_it_would_have(finished, tmp_path, monkeypatch):
    def fail(*_):
        raise RuntimeError('stopped')

    config = dataclasses.replace(TINY, workdir=str(tmp_path))
    with monkeypatch.context() as patch, pytest.raises(RuntimeError, match='stopped'):
        patch.setattr(resampled, 'of_search', fail)
        run(config)
    assert read_metrics(tmp_path)[-1]['phase'] == 'likeliest'
    run(config)
    clock = lambda line: {name: value for name, value in line.items() if not name.endswith('_seconds')}
    assert [clock(line) for line in read_metrics(tmp_path)] == [clock(line) for line in read_metrics(finished)]


@pytest.mark.parametrize(
    'changes', [dict(algorithm='mle'), dict(reward='constant'), dict(algorithm='pg_bleu')], ids=str
)
def test_a_run_without_a_discriminator_has_no_such_line_and_no_such_metric(changes, tmp_path):
    run(dataclasses.replace(TINY, workdir=str(tmp_path), **changes))
    for line in read_metrics(tmp_path):
        assert line['phase'] not in ('likeliest', 'search') and not RESIDUAL & set(line)
