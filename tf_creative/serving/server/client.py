"""A client for model servers, ours or TensorFlow Serving, by gRPC or REST; or for a file."""

from __future__ import annotations

import base64
from collections.abc import Callable
import http.client
import json
import pathlib
from typing import Any
import urllib.error
import urllib.parse
import urllib.request

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from tf_creative.core import spec
from tf_creative.serving.server import errors, servable, tensors

_SECONDS = 60.0  # timeout of an answer
_MOST_BYTES = 64 << 20  # of an answer; gRPC's default of 4 MB is too little for files

Arrays = dict[str, np.ndarray]
Ask = Callable[[str, str, Arrays], Arrays]  # (model, signature, inputs) -> outputs


def connect(address: str) -> Ask:
  """Return a function that asks `host:port` by gRPC or `http://host:port` by REST.

  REST answers carry no types: whole numbers become int64, others float64.
  """
  if '://' not in address:
    return _by_grpc(address)
  if urllib.parse.urlsplit(address).scheme not in ('http', 'https'):
    raise spec.UserError(
      f"cannot ask '{address}': write host:8500 for gRPC or http://host:8501 for REST."
    )
  return _by_rest(address.rstrip('/'))


def of_version(path: pathlib.Path) -> Ask:
  """Return a function that asks one exported version of a model, loaded in this process."""
  try:
    held = servable.Servable(path)
  except (errors.ServingError, tf.errors.OpError, OSError, ValueError) as error:
    raise spec.UserError(
      f'{path} cannot be loaded ({errors.of(error).message}): export it anew.'
    ) from error

  def ask(model: str, signature: str, inputs: Arrays) -> Arrays:
    del model
    try:
      found = held.signature(signature)
      found.check_names(list(inputs))
      outputs = found.chosen(())
      kinds = {name: kind.as_numpy_dtype for name, kind in found.dtypes().items()}
      given = [np.asarray(inputs[name], kind) for name, kind in kinds.items()]
      return dict(zip(outputs, held.run(found, given, outputs), strict=True))
    except (errors.ServingError, tf.errors.OpError) as error:
      raise spec.UserError(f'{path} refuses: {errors.of(error).message}') from error

  return ask


def _by_grpc(address: str) -> Ask:
  channel = grpc.insecure_channel(address, [('grpc.max_receive_message_length', _MOST_BYTES)])
  stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)

  def ask(model: str, signature: str, inputs: Arrays) -> Arrays:
    request = predict_pb2.PredictRequest()  # pyright: ignore[reportAttributeAccessIssue]
    request.model_spec.name, request.model_spec.signature_name = model, signature
    for name, value in inputs.items():
      tensors.fill(request.inputs[name], value)
    try:
      answer = stub.Predict(request, timeout=_SECONDS)
    except grpc.RpcError as error:
      if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
        raise _gone(address, error.details()) from error
      raise _refused(address, error.details()) from error
    return {name: tf.make_ndarray(value) for name, value in answer.outputs.items()}

  return ask


def _by_rest(address: str) -> Ask:
  def ask(model: str, signature: str, inputs: Arrays) -> Arrays:
    given = {name: value.tolist() for name, value in inputs.items()}
    request = urllib.request.Request(
      f'{address}/v1/models/{model}:predict',
      json.dumps({'signature_name': signature, 'inputs': given}).encode(),
      {'Content-Type': 'application/json'},
    )
    try:
      with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
        outputs = json.load(answer)['outputs']
    except urllib.error.HTTPError as error:
      raise _refused(address, _told(error)) from error
    except (OSError, ValueError, KeyError, http.client.HTTPException) as error:
      raise _gone(address, getattr(error, 'reason', error)) from error
    if not isinstance(outputs, dict):  # Serving omits the name of a single output
      return {'': _to_array(outputs)}
    return {name: _to_array(value) for name, value in outputs.items()}

  return ask


def _to_array(value: list[Any]) -> np.ndarray:
  if value and isinstance(value[0], dict):
    return np.array([base64.b64decode(one['b64']) for one in value], object)
  return np.asarray(value)


def _told(error: urllib.error.HTTPError) -> str:
  try:
    return json.load(error)['error']
  except (OSError, ValueError, KeyError, TypeError):
    return f'HTTP status {error.code}'


def _refused(address: str, details: str) -> spec.UserError:
  return spec.UserError(f'the server at {address} refuses: {details}')


def _gone(address: str, details: Any) -> spec.UserError:
  return spec.UserError(
    f'no model server answers at {address} ({details}): '
    'start one by `python -m tf_creative.serve --export_dir=EXPORTS`.'
  )
