"""TensorFlow Serving's gRPC services: predictions, metadata and status."""

# Protobuf makes its classes as it is imported.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent import futures
import functools
import threading
import time
from typing import Any

import grpc
from tensorflow_serving.apis import (
  get_model_metadata_pb2,
  get_model_status_pb2,
  model_pb2,
  model_service_pb2_grpc,
  predict_pb2,
  prediction_service_pb2_grpc,
)

from tf_creative.serving.server import errors, monitoring, servable, tensors, watch
from tf_creative.serving.server import models as models_lib

SIGNATURES = 'signature_def'  # the only field of metadata that Serving knows
_THREADS = 64
_MOST_CALLS = 256  # at once; more are refused, and those beyond the threads wait
_SECONDS = 30.0  # in which the message of a call must come
_HASTE = 2.0  # the same, where more than half of the threads wait for messages
_SELDOM = 60.0  # seconds between two lines about messages that cannot be decoded
_UNREADABLE = object()  # in place of a message
_METHODS = (
  'Predict, GetModelMetadata and GetModelStatus are served here; TensorFlow Serving itself has more'
)


def _counted(answer: Callable) -> Callable:
  """Wrap a method of a service: turn errors into gRPC statuses, and count the request."""

  @functools.wraps(answer)
  def method(self, request, context):
    begun, refusal = time.monotonic(), None
    try:
      response = answer(self, request, context)
    except Exception as error:
      refusal = errors.of(error)
    status = refusal.code.name if refusal else 'OK'
    name = self._models.counted(request.model_spec.name) if hasattr(request, 'model_spec') else ''
    self._metrics.request(name, answer.__name__, 'gRPC', status, time.monotonic() - begun)
    # abort raises, so it must come after the request is counted.
    if refusal:
      context.abort(refusal.code, refusal.message)
    return response

  return method


def _refused(name: str) -> Callable:
  """Make a method for a call that Serving has but this server does not."""

  def answer(self, request, context):
    raise errors.ServingError(
      grpc.StatusCode.UNIMPLEMENTED, f'there is no {name} here: {_METHODS}.'
    )

  answer.__name__ = name
  return _counted(answer)


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
  def __init__(self, models: models_lib.Models, metrics: monitoring.Metrics):
    self._models, self._metrics = models, metrics

  @_counted
  def Predict(
    self, request: predict_pb2.PredictRequest, context: grpc.ServicerContext
  ) -> predict_pb2.PredictResponse:
    with self._models.lease(**wanted(request)) as version:
      signature = version.servable.signature(request.model_spec.signature_name)
      arrays = servable.read(signature, request.inputs)
      outputs = version.predict(signature, arrays, request.output_filter, context.is_active)
    response = predict_pb2.PredictResponse()
    response.model_spec.name = version.model
    response.model_spec.version.value = version.number
    response.model_spec.signature_name = signature.name
    for name, array in outputs.items():
      tensors.fill(response.outputs[name], array)
    return response

  @_counted
  def GetModelMetadata(
    self, request: get_model_metadata_pb2.GetModelMetadataRequest, context: grpc.ServicerContext
  ) -> get_model_metadata_pb2.GetModelMetadataResponse:
    if list(request.metadata_field) != [SIGNATURES]:
      raise errors.bad(f"metadata_field must be '{SIGNATURES}': there is no other.")
    return metadata(self._models, **wanted(request))

  Classify = _refused('Classify')
  Regress = _refused('Regress')
  MultiInference = _refused('MultiInference')


class ModelService(model_service_pb2_grpc.ModelServiceServicer):
  def __init__(self, models: models_lib.Models, metrics: monitoring.Metrics):
    self._models, self._metrics = models, metrics

  @_counted
  def GetModelStatus(
    self, request: get_model_status_pb2.GetModelStatusRequest, context: grpc.ServicerContext
  ) -> get_model_status_pb2.GetModelStatusResponse:
    states = self._models.status(**wanted(request))
    return get_model_status_pb2.GetModelStatusResponse(model_version_status=states)

  HandleReloadConfigRequest = _refused('HandleReloadConfigRequest')


class Receiver(grpc.ServerInterceptor):
  """Receives and decodes the messages of calls, and drops calls that send none.

  What is no message is said in a line now and then, not as a traceback for each.
  """

  def __init__(self, say: Callable[[str], None]):
    self._say, self._lock = say, threading.Lock()
    self._count, self._next = 0, 0.0
    self._silent: dict[grpc.ServicerContext, float] = {}  # calls without a message, since when
    self._watch = watch.Watch(self._drop, say)

  def start(self) -> None:
    self._watch.start(_HASTE / 4)

  def stop(self) -> None:
    self._watch.stop()

  def intercept_service(self, continuation, handler_call_details):
    """Return the method that is called, with a decoder that does not raise."""
    method = continuation(handler_call_details)
    if method is None or method.unary_unary is None:
      return method
    respond = method.unary_unary
    decode = functools.partial(self._decode, method.request_deserializer)

    def answer(messages: Iterator, context: grpc.ServicerContext):
      return respond(self._received(messages, context), context)

    # On the wire, a single message and a stream of one are the same.
    return grpc.stream_unary_rpc_method_handler(answer, decode, method.response_serializer)

  def _received(self, messages: Iterator, context: grpc.ServicerContext) -> Any:
    """Return the message of a call, as soon as it has come."""
    with self._lock:
      self._silent[context] = time.monotonic()
    try:
      message = next(messages, None)
    finally:
      with self._lock:
        del self._silent[context]
    if message is None:
      context.abort(grpc.StatusCode.INVALID_ARGUMENT, 'the call has no message.')
    if message is _UNREADABLE:
      context.abort(grpc.StatusCode.INTERNAL, 'the message cannot be decoded.')
    return message

  def _drop(self) -> None:
    """Cancel calls that have been silent for too long: each holds a thread."""
    with self._lock:
      latest = time.monotonic() - (_HASTE if len(self._silent) > _THREADS // 2 else _SECONDS)
      late = [context for context, since in self._silent.items() if since < latest]
    for context in late:
      context.cancel()

  def _decode(self, decode: Callable, data: bytes):
    try:
      return decode(data)
    except Exception:
      self._note()
      return _UNREADABLE  # with None, gRPC would refuse the call, and keep 20 kB for each

  def _note(self) -> None:
    with self._lock:
      self._count += 1
      if time.monotonic() < self._next:
        return
      count, self._count, self._next = self._count, 0, time.monotonic() + _SELDOM
    self._say(f'gRPC: messages that cannot be decoded were refused: {count}')


def wanted(request) -> dict:
  """Return the version that a request asks for, as arguments of `Models.lease`."""
  if not request.HasField('model_spec'):
    raise errors.bad('the request has no model_spec.')
  wants: model_pb2.ModelSpec = request.model_spec
  number = wants.version.value if wants.HasField('version') else None
  return {'name': wants.name, 'number': number, 'label': wants.version_label or None}


def metadata(models: models_lib.Models, **which) -> get_model_metadata_pb2.GetModelMetadataResponse:
  """Return the signatures of a version."""
  response = get_model_metadata_pb2.GetModelMetadataResponse()
  with models.lease(**which) as version:
    response.model_spec.name = version.model
    response.model_spec.version.value = version.number
    definitions = get_model_metadata_pb2.SignatureDefMap(signature_def=version.servable.definitions)
  response.metadata[SIGNATURES].Pack(definitions)
  return response


def server(
  models: models_lib.Models,
  metrics: monitoring.Metrics,
  address: str,
  most_bytes: int,
  receiver: Receiver,
) -> tuple[grpc.Server, int]:
  """Build a gRPC server without starting it; return it and its port."""
  made = grpc.server(
    futures.ThreadPoolExecutor(_THREADS, thread_name_prefix='grpc'),
    interceptors=[receiver],
    maximum_concurrent_rpcs=_MOST_CALLS,
    options=[
      ('grpc.max_receive_message_length', most_bytes),
      ('grpc.max_send_message_length', -1),
      # By default, a second server on this port would silently take half of the requests.
      ('grpc.so_reuseport', 0),
    ],
  )
  prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
    PredictionService(models, metrics), made
  )
  model_service_pb2_grpc.add_ModelServiceServicer_to_server(ModelService(models, metrics), made)
  return made, made.add_insecure_port(address)
