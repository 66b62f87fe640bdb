"""Warm-up records: requests that TensorFlow Serving runs when it loads a model.

It runs them before the model is AVAILABLE. Each record of the file (TFRecord) is a serialized
tensorflow.serving.PredictionLog. The package tensorflow-serving-api has its classes. The few needed
fields are declared here instead, with the names and numbers of that package's prediction_log.proto,
predict.proto and model.proto.
"""

import pathlib
from collections.abc import Iterable, Mapping

import numpy as np
import tensorflow as tf
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from tensorflow.core.framework import tensor_pb2

PATH = pathlib.Path('assets.extra', 'tf_serving_warmup_requests')  # below the path of a version
FIELD = descriptor_pb2.FieldDescriptorProto


def write(path: pathlib.Path, model: str, requests: Iterable[tuple[str, Mapping[str, np.ndarray]]]) -> None:
    """Writes warm-up records for a SavedModel.

    Args:
        path: the path of the SavedModel.
        model: the name of the served model.
        requests: pairs (signature name, {input name: array}), one for each record.
    """
    (path / PATH).parent.mkdir()
    with tf.io.TFRecordWriter(str(path / PATH)) as writer:
        for signature, inputs in requests:
            log = _PredictionLog()
            request = log.predict_log.request
            request.model_spec.name, request.model_spec.signature_name = model, signature
            for name, value in inputs.items():
                request.inputs[name] = tf.make_tensor_proto(value).SerializeToString()
            writer.write(log.SerializeToString())


def read(path: pathlib.Path) -> list[tuple[str, dict[str, np.ndarray]]]:
    """The pairs (signature name, {input name: array}) of a SavedModel's warm-up records.

    The list is empty where the model has no such file.
    """
    if not (path / PATH).is_file():
        return []
    logs = [
        _PredictionLog.FromString(record) for record in tf.data.TFRecordDataset(str(path / PATH)).as_numpy_iterator()
    ]
    return [
        (
            log.predict_log.request.model_spec.signature_name,
            {
                name: tf.make_ndarray(tensor_pb2.TensorProto.FromString(value))
                for name, value in log.predict_log.request.inputs.items()
            },
        )
        for log in logs
    ]


def _message(name, *fields):
    """A message type with fields (name, number, type name). The type name '' is a string."""
    message = descriptor_pb2.DescriptorProto(name=name)
    for field, number, kind in fields:
        message.field.add(
            name=field,
            number=number,
            label=FIELD.LABEL_OPTIONAL,
            type=FIELD.TYPE_MESSAGE if kind else FIELD.TYPE_STRING,
            type_name=f'.tensorflow.serving.{kind}' if kind else None,
        )
    return message


def _prediction_log():
    request = _message('PredictRequest', ('model_spec', 1, 'ModelSpec'))
    entry = request.nested_type.add(name='InputsEntry', options=descriptor_pb2.MessageOptions(map_entry=True))
    entry.field.add(name='key', number=1, label=FIELD.LABEL_OPTIONAL, type=FIELD.TYPE_STRING)
    # Bytes stand for a TensorProto. They are the same on the wire, and need no other declaration.
    entry.field.add(name='value', number=2, label=FIELD.LABEL_OPTIONAL, type=FIELD.TYPE_BYTES)
    request.field.add(
        name='inputs',
        number=2,
        label=FIELD.LABEL_REPEATED,
        type=FIELD.TYPE_MESSAGE,
        type_name='.tensorflow.serving.PredictRequest.InputsEntry',
    )
    file = descriptor_pb2.FileDescriptorProto(
        name='warmup.proto',
        package='tensorflow.serving',
        syntax='proto3',
        message_type=[
            _message('ModelSpec', ('name', 1, ''), ('signature_name', 3, '')),
            request,
            _message('PredictLog', ('request', 1, 'PredictRequest')),
            _message('PredictionLog', ('predict_log', 6, 'PredictLog')),
        ],
    )
    pool = descriptor_pool.DescriptorPool()  # the default pool may hold the real declarations
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName('tensorflow.serving.PredictionLog'))


_PredictionLog = _prediction_log()
