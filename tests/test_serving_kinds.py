"""Kinds of tokens whose symbols depend on what is beside them, in an exported model: a session reads and writes as Python does."""

import numpy as np
import pytest
from hard_texts import hard_texts
from serving_models import DEPENDENT, networks, opened

from seqgan_tf.data.corpus import Corpus
from seqgan_tf.data.vocabulary import END, Vocabulary
from seqgan_tf.serving import laws
from seqgan_tf.serving.check import check
from seqgan_tf.serving.laws import check_prompts
from seqgan_tf.serving.trial_requests import prompts_of
from seqgan_tf.serving.twin import Twin

CAPTIONS = [
    f'A {a}, {verb} ({how}).' for a in ('man', 'cat', 'dog') for verb in ('riding', 'sat') for how in ('fast', 'a bit')
]


def complete(model, prompts):
    rows = len(prompts)
    return model.session(
        'complete',
        seed=np.arange(rows),
        temperature=np.ones(rows, np.float32),
        prompt=np.array([*prompts, None], object)[:-1],
        top_k=np.zeros(rows, np.int32),
        top_p=np.ones(rows, np.float32),
    )


@pytest.fixture(scope='module', params=[*DEPENDENT, 'captions'])
def model(request, tmp_path_factory):
    if request.param == 'captions':
        corpus = Corpus.from_texts(CAPTIONS, tokens='wordpunct', lower=True)
        vocabulary, length = corpus.vocabulary, corpus.sequence_length
    else:
        vocabulary, length = DEPENDENT[request.param]
    with opened(*networks(vocabulary, length), vocabulary, length, tmp_path_factory.mktemp('exports')) as found:
        yield found


def test_every_check_passes(model, monkeypatch):
    outcomes = list(check(model.path, model.servable))
    assert len(outcomes) == 9 and [outcome for outcome in outcomes if outcome[1]] == []
    monkeypatch.setattr(laws, 'ROWS', 300)
    check_prompts(model.session, Twin.of_export(model.path, model.vocabulary.end_id))


def test_some_prompts_are_long(model):
    """The check of prompts has something to check."""
    drawn = model.session('sample', seed=np.arange(100), temperature=np.ones(100, np.float32))
    prompts, counts = prompts_of(model.session, drawn['text'], drawn['tokens'])
    assert (counts > 1).sum() > 20 and all(
        len(model.vocabulary.split(p.decode())) == n for p, n in zip(prompts, counts)
    )


def test_the_session_reads_and_writes_as_python(model):
    vocabulary, prompts = model.vocabulary, hard_texts(300)
    answer = complete(model, prompts)
    for prompt, tokens, text, error in zip(prompts, answer['tokens'], answer['text'], answer['error']):
        symbols = vocabulary.split(prompt.decode(errors='replace'))
        ids = [vocabulary.known.get(s, vocabulary.unknown_id) if s != END else vocabulary.unknown_id for s in symbols]
        if len(ids) > model.length or None in ids:
            assert b'Received: ' in error
        else:
            assert tokens[: len(ids)].tolist() == ids and text.decode() == vocabulary.decode([tokens])[0]


def test_a_prompt_of_another_spelling_is_the_same_prompt(tmp_path):
    vocabulary = Vocabulary([END, 'é', 'ệ', '한', 'Å', 'x'], 'grapheme')
    spelled = ['é', 'e\u0301', 'ệ', 'e\u0302\u0323', 'ê\u0323', '한', '\u1112\u1161\u11ab', 'Å', '\u212b']
    with opened(*networks(vocabulary, 4), vocabulary, 4, tmp_path) as model:
        tokens = complete(model, [text.encode() for text in spelled])['tokens']
        assert tokens[:, 0].tolist() == [1, 1, 2, 2, 2, 3, 3, 4, 4] == vocabulary.encode(spelled, 4)[:, 0].tolist()


def test_captions_are_scored_as_they_are_written(tmp_path):
    corpus = Corpus.from_texts(CAPTIONS, tokens='wordpunct', lower=True)
    vocabulary, length = corpus.vocabulary, corpus.sequence_length
    with opened(*networks(vocabulary, length), vocabulary, length, tmp_path) as model:
        scored = model.session('score', text=np.array([text.encode() for text in CAPTIONS], object))
        assert not any(scored['error'])
        assert scored['length'].tolist() == [len(vocabulary.split(text)) for text in CAPTIONS]
        assert vocabulary.decode(vocabulary.encode(CAPTIONS, length)) == [text.lower() for text in CAPTIONS]
