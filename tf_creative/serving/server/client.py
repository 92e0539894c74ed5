"""A client for model servers, ours or TensorFlow Serving, by gRPC or REST; or for a file.

A server is not trusted: what it sends is bounded, and what it says cannot steer a terminal.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
import http.client
import json
import pathlib
import time
from typing import IO, Any
import urllib.error
import urllib.parse
import urllib.request

from google.protobuf import message
import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from tf_creative.core import spec
from tf_creative.serving.server import errors, servable, tensors

_PREDICT = '/tensorflow.serving.PredictionService/Predict'
_SECONDS = 60.0  # timeout of an answer
_MOST_BYTES = 64 << 20  # of an answer; gRPC's default of 4 MB is too little for files
_MOST_WORDS = 300  # letters that are shown of what a server says

Arrays = dict[str, np.ndarray]
Wanted = Mapping[str, tf.DType]  # outputs by name
Ask = Callable[[str, str, Arrays, Wanted], Arrays]  # (model, signature, inputs, wanted) -> outputs


def connect(address: str) -> Ask:
  """Return a function that asks `host:port` by gRPC or `http://host:port` by REST.

  It returns just the outputs that are wanted, each of its dtype, or raises a UserError.
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

  def ask(model: str, signature: str, inputs: Arrays, wanted: Wanted) -> Arrays:
    del model
    try:
      found = held.signature(signature)
      found.check_names(list(inputs))
      outputs = found.chosen(list(wanted))
      kinds = {name: kind.as_numpy_dtype for name, kind in found.dtypes().items()}
      given = [np.asarray(inputs[name], kind) for name, kind in kinds.items()]
      return dict(zip(outputs, held.run(found, given, outputs), strict=True))
    except (errors.ServingError, tf.errors.OpError) as error:
      raise spec.UserError(f'{path} refuses: {errors.of(error).message}') from error

  return ask


def odd(who: str, why: Any) -> spec.UserError:
  """Make an error for an answer that none of our creators gives."""
  return spec.UserError(
    f'{who} has a creator of another kind ({shown(why)}): serve what '
    '`python -m tf_creative.export` has written.'
  )


def shown(said: Any) -> str:
  """Return what a server says as one short line that no terminal obeys."""
  words = ' '.join(str(said).split())
  words = words if len(words) <= _MOST_WORDS else f'{words[:_MOST_WORDS]}...'
  return ''.join(sign if sign.isprintable() else '?' for sign in words)


def _by_grpc(address: str) -> Ask:
  channel = grpc.insecure_channel(address, [('grpc.max_receive_message_length', _MOST_BYTES)])
  # What cannot be decoded must not reach gRPC's own decoding, which logs a traceback.
  predict = channel.unary_unary(_PREDICT, predict_pb2.PredictRequest.SerializeToString)  # pyright: ignore[reportAttributeAccessIssue]

  def ask(model: str, signature: str, inputs: Arrays, wanted: Wanted) -> Arrays:
    request = predict_pb2.PredictRequest(output_filter=list(wanted))  # pyright: ignore[reportAttributeAccessIssue]
    request.model_spec.name, request.model_spec.signature_name = model, signature
    for name, value in inputs.items():
      tensors.fill(request.inputs[name], value)
    try:
      content = predict(request, timeout=_SECONDS)
    except grpc.RpcError as error:
      if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
        raise _gone(address, error.details()) from error
      raise _refused(address, error.details()) from error
    try:
      outputs = predict_pb2.PredictResponse.FromString(content).outputs  # pyright: ignore[reportAttributeAccessIssue]
      if lost := wanted.keys() - outputs.keys():
        raise errors.bad(f"there is no '{min(lost)}'")
      return {
        name: tensors.to_array(outputs[name], f"'{name}'", dtype, _MOST_BYTES)
        for name, dtype in wanted.items()
      }
    except message.DecodeError as error:
      raise odd(f'the server at {address}', error) from error
    except errors.ServingError as error:
      raise odd(f'the server at {address}', error.message) from error

  return ask


def _by_rest(address: str) -> Ask:
  def ask(model: str, signature: str, inputs: Arrays, wanted: Wanted) -> Arrays:
    given = {name: value.tolist() for name, value in inputs.items()}
    request = urllib.request.Request(
      f'{address}/v1/models/{model}:predict',
      json.dumps({'signature_name': signature, 'inputs': given}).encode(),
      {'Content-Type': 'application/json'},
    )
    try:
      with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
        outputs = json.loads(_read(answer))['outputs']
    except urllib.error.HTTPError as error:
      raise _refused(address, _told(error)) from error
    except (
      *(OSError, ValueError, KeyError, TypeError, RecursionError),
      http.client.HTTPException,
    ) as error:
      raise _gone(address, getattr(error, 'reason', error)) from error
    if not isinstance(outputs, dict):  # Serving omits the name of a single output
      outputs = dict.fromkeys(wanted, outputs)
    try:
      return {name: _to_array(outputs[name], dtype) for name, dtype in wanted.items()}
    except (KeyError, ValueError, TypeError, OverflowError) as error:
      raise odd(f'the server at {address}', error) from error

  return ask


def _read(answer: IO[bytes]) -> bytes:
  """Read an answer within the limits of time and size; the timeout is for each of its pieces."""
  content, until = bytearray(), time.monotonic() + _SECONDS
  while piece := answer.read1(1 << 16):  # pyright: ignore[reportAttributeAccessIssue]
    content += piece
    if len(content) > _MOST_BYTES:
      raise ValueError(f'more than {_MOST_BYTES:,} bytes')
    if time.monotonic() > until:
      raise TimeoutError('timed out')
  return bytes(content)


def _to_array(value: Any, dtype: tf.DType) -> np.ndarray:
  """Convert the lists of an answer, in which numbers have no dtypes."""
  if dtype == tf.string:
    return np.array([base64.b64decode(one['b64']) for one in value], object)
  array = np.asarray(value)
  if array.dtype.kind not in ('iuf' if dtype.is_floating else 'iu'):
    raise ValueError(f'no {dtype.name}')
  if (
    not dtype.is_floating
    and array.size
    and not (dtype.min <= array.min() and array.max() <= dtype.max)
  ):
    raise ValueError(f'beyond {dtype.name}')
  return array.astype(dtype.as_numpy_dtype)


def _told(error: urllib.error.HTTPError) -> str:
  try:
    return str(json.loads(_read(error))['error'])
  except (OSError, ValueError, KeyError, TypeError, RecursionError, http.client.HTTPException):
    return f'HTTP status {error.code}'


def _refused(address: str, details: Any) -> spec.UserError:
  return spec.UserError(f'the server at {address} refuses: {shown(details)}')


def _gone(address: str, details: Any) -> spec.UserError:
  return spec.UserError(
    f'no model server answers at {address} ({shown(details)}): '
    'start one by `python -m tf_creative.serve --export_dir=EXPORTS`.'
  )
