"""The gRPC port of the stand-in: prediction_service.proto and model_service.proto."""

import concurrent.futures

import tensorflow as tf
from stand_in_model import Refusal, code_of


def grpc_server(model, port=0):
    """A gRPC server, not started yet, and its port (any free one for 0); None where tensorflow-serving-api is missing."""
    try:
        import grpc
        from google.protobuf import any_pb2
        from tensorflow_serving.apis import (
            get_model_metadata_pb2,
            get_model_status_pb2,
            model_pb2,
            model_service_pb2_grpc,
            predict_pb2,
            prediction_service_pb2_grpc,
        )
    except ImportError:
        return None, None

    def answered(method):
        def call(self, request, context):
            spec = request.model_spec
            number = spec.version.value if spec.HasField('version') else None
            try:
                return method(self, request, spec.name, number, spec.version_label)
            except (Refusal, tf.errors.OpError) as error:
                model.metrics.count(spec.name, code_of(error))
                context.abort(grpc.StatusCode[code_of(error)], str(error))

        return call

    class Predictions(prediction_service_pb2_grpc.PredictionServiceServicer):
        @answered
        def Predict(self, request, name, number, label):
            with model.version(name, number, label) as found:
                signature = request.model_spec.signature_name or 'serving_default'
                outputs = found.predict(
                    signature, {key: tf.make_ndarray(value) for key, value in request.inputs.items()}
                )
            model.metrics.time(name, 'Predict', 'GRPC')
            model.metrics.count(name, 'OK')
            spec = model_pb2.ModelSpec(name=name, version={'value': found.number}, signature_name=signature)
            wanted = request.output_filter or outputs
            return predict_pb2.PredictResponse(
                model_spec=spec, outputs={key: tf.make_tensor_proto(outputs[key]) for key in wanted}
            )

        @answered
        def GetModelMetadata(self, request, name, number, label):
            if list(request.metadata_field) != ['signature_def']:
                raise Refusal('INVALID_ARGUMENT', f'Metadata field {"".join(request.metadata_field)} is not supported')
            with model.version(name, number, label) as found:
                signatures = get_model_metadata_pb2.SignatureDefMap(signature_def=found.session.signatures)
            packed = any_pb2.Any()
            packed.Pack(signatures)
            return get_model_metadata_pb2.GetModelMetadataResponse(
                model_spec=model_pb2.ModelSpec(name=name, version={'value': found.number}),
                metadata={'signature_def': packed},
            )

    class Models(model_service_pb2_grpc.ModelServiceServicer):
        @answered
        def GetModelStatus(self, request, name, number, _):
            return get_model_status_pb2.GetModelStatusResponse(
                model_version_status=[
                    {'version': n, 'state': state, 'status': {}} for n, state in model.status(name, number)
                ]
            )

    server = grpc.server(concurrent.futures.ThreadPoolExecutor(64))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Predictions(), server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(Models(), server)
    return server, server.add_insecure_port(f'localhost:{port}')
