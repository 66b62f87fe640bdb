"""An exported model is published whole or not at all, under a number of its own, with its warm-up records."""

import concurrent.futures

import numpy as np
import pytest
import tensorflow as tf
from serving_models import VOCABULARIES, networks

from seqgan_tf.serving import versions, warmup
from seqgan_tf.serving.export import export_saved_model


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


def test_networks_that_do_not_go_together_are_refused(tmp_path):
    vocabulary, length = VOCABULARIES['whole verses']
    generator, discriminator = networks(vocabulary, length)
    with pytest.raises(ValueError, match='same sequence_length. Expected: 7. Received: 6'):
        export_saved_model(generator, discriminator, vocabulary, 7, tmp_path / 'poems')
    generator.head.bias.assign(np.full(len(vocabulary), np.nan))
    with pytest.raises(ValueError, match='must answer its warm-up request'):
        export_saved_model(generator, discriminator, vocabulary, length, tmp_path / 'poems')
    assert list((tmp_path / 'poems').iterdir()) == []


def test_an_export_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr('os.rename', fail)
    vocabulary, length = VOCABULARIES['whole verses']
    with pytest.raises(OSError, match='No space left'):
        export_saved_model(*networks(vocabulary, length), vocabulary, length, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_warmup_records_are_prediction_logs(tmp_path):
    vocabulary, length = VOCABULARIES['whole verses']
    path = export_saved_model(*networks(vocabulary, length), vocabulary, length, tmp_path / 'poems')
    records = warmup.read(path)
    assert [signature for signature, _ in records] == [
        'serving_default',
        'sample',
        'complete',
        'score',
        'inspect',
        'search',
        'candidates',
    ]
    classes = pytest.importorskip(
        'tensorflow_serving.apis.prediction_log_pb2', reason='needs tensorflow-serving-api (extra: serving)'
    )
    for raw, (signature, inputs) in zip(tf.data.TFRecordDataset(str(path / warmup.PATH)), records):
        request = classes.PredictionLog.FromString(raw.numpy()).predict_log.request
        assert (request.model_spec.name, request.model_spec.signature_name) == ('poems', signature)
        for name, value in inputs.items():
            np.testing.assert_array_equal(tf.make_ndarray(request.inputs[name]), value)
