"""Warm-up records: requests that TensorFlow Serving runs through a model when it loads it, before the model is AVAILABLE.

The file holds one serialized tensorflow.serving.PredictionLog a record (TFRecord). Its classes come with tensorflow-serving-api; the few
fields needed are declared here, with the names and numbers of prediction_log.proto, predict.proto and model.proto of that package.
"""

import pathlib

import tensorflow as tf
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from tensorflow.core.framework import tensor_pb2

PATH = pathlib.Path('assets.extra', 'tf_serving_warmup_requests')  # where TensorFlow Serving looks, below a version
FIELD = descriptor_pb2.FieldDescriptorProto


def write(path, model, requests):
    """Writes warm-up records for a SavedModel.

    Args:
        path: of the SavedModel.
        model: the name that it will be served under.
        requests: (signature name, {input name: array}) pairs, a record each.
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


def read(path):
    """The (signature name, {input name: array}) pairs of a SavedModel's warm-up records; none where it has no such file."""
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
    """A message type; a field is (name, number, type name), where the type name '' stands for a string."""
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
    # Bytes in place of a TensorProto: the same on the wire, and no other file has to be declared.
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
    pool = descriptor_pool.DescriptorPool()  # of its own: the default one may hold the real declarations
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName('tensorflow.serving.PredictionLog'))


_PredictionLog = _prediction_log()
