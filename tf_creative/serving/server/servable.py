"""One version of a model, loaded as TensorFlow Serving does: with a graph and a session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import os
import pathlib
from typing import NamedTuple

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from tf_creative.serving.exports import ops, warmup
from tf_creative.serving.server import errors, tensors

DEFAULT_SIGNATURE = 'serving_default'
_MOST_RECORDS = 1000  # warm-up requests; Serving refuses more


class Field(NamedTuple):
  """An input or output of a signature."""

  tensor: str
  dtype: tf.DType
  shape: tf.TensorShape


class Signature(NamedTuple):
  """A function of a model: its name, inputs and outputs."""

  name: str
  inputs: dict[str, Field]
  outputs: dict[str, Field]

  def dtypes(self) -> dict[str, tf.DType]:
    return {name: field.dtype for name, field in self.inputs.items()}

  def most_values(self, rows: int) -> int:
    """Return how many values, lists and objects so many rows have as JSON; 0: any number."""
    total = 4 + rows  # the body, its members, an object for each row
    for field in self.inputs.values():
      if field.shape.rank is None or None in field.shape.as_list()[1:]:
        return 0
      total += 1 + rows  # the outer list; a string may be an object
      level = 1
      for size in (rows, *field.shape.as_list()[1:]):
        level *= size or 0
        total += level
    return total

  def check_names(self, given: Sequence[str]) -> None:
    """Raise an error unless the given names are exactly the inputs."""
    if set(given) != set(self.inputs):
      raise errors.bad(
        f"signature '{self.name}' takes the inputs {', '.join(sorted(self.inputs))}, not "
        f'{", ".join(sorted(given)) or "none"}.'
      )

  def check(self, arrays: Mapping[str, np.ndarray]) -> None:
    """Raise an error for arrays of wrong shapes or of different batch sizes."""
    for name, array in arrays.items():
      shape = self.inputs[name].shape
      if not shape.is_compatible_with(array.shape):
        raise errors.bad(f"input '{name}' has shape {list(array.shape)} and wants {_text(shape)}.")
    sizes = {array.shape[:1] for array in arrays.values()}
    if () in sizes or len(sizes) > 1:
      raise errors.bad('the inputs must be of one batch: their first dimensions differ.')

  def chosen(self, names: Sequence[str]) -> tuple[str, ...]:
    """Return the output names to compute: the given ones, or all if none is given."""
    for name in names:
      if name not in self.outputs:
        raise errors.bad(
          f"signature '{self.name}' has no output '{name}', but {', '.join(sorted(self.outputs))}."
        )
    if len(set(names)) < len(names):
      raise errors.bad('an output is asked for twice.')
    return tuple(sorted(names or self.outputs))


class Servable:
  """A SavedModel in a session of its own; calls may come from any thread."""

  def __init__(self, path: str | os.PathLike):
    # Checked before TensorFlow loads the model, because loading already runs ops.
    if found := ops.faults(pathlib.Path(path)):
      raise errors.bad('; '.join(found) + '.')
    self._path = pathlib.Path(path)
    graph = tf.Graph()
    self._session = tf.compat.v1.Session(graph=graph)
    try:
      with graph.as_default():
        meta = tf.compat.v1.saved_model.loader.load(
          self._session, [tf.saved_model.SERVING], os.fspath(path)
        )
      self.definitions = dict(meta.signature_def)
      self._signatures = {
        name: Signature(name, _fields(definition.inputs), _fields(definition.outputs))
        for name, definition in self.definitions.items()
        if definition.method_name  # signatures without one are internal to the loader
      }
    except BaseException:
      self._session.close()
      raise

  def signature(self, name: str) -> Signature:
    """Return the signature of this name; an empty name means the default one."""
    name = name or DEFAULT_SIGNATURE
    if name not in self._signatures:
      raise errors.ServingError(
        grpc.StatusCode.FAILED_PRECONDITION,
        f"there is no signature '{name}', but {', '.join(sorted(self._signatures)) or 'none'}.",
      )
    return self._signatures[name]

  def most_values(self, rows: int) -> int:
    """Return how many values so many rows have as JSON, in any signature; 0: any number."""
    counts = [one.most_values(rows) for one in self._signatures.values()]
    return max(counts) if all(counts) else 0

  def warm_up(self) -> int:
    """Replay the warm-up requests, because the first calls of a model are slow; return how many."""
    path, count = self._path / warmup.FILE, 0
    if path.is_file():
      for record in tf.data.TFRecordDataset(os.fspath(path)).as_numpy_iterator():
        if count == _MOST_RECORDS:
          raise errors.bad(f'{warmup.FILE} has more than {_MOST_RECORDS} records.')
        log = prediction_log_pb2.PredictionLog.FromString(record)  # pyright: ignore[reportAttributeAccessIssue]
        if not log.HasField('predict_log'):
          raise errors.bad(f'record {count} of {warmup.FILE} is no request to predict.')
        self._replay(log.predict_log.request)
        count += 1
    return count

  def run(
    self, signature: Signature, arrays: Sequence[np.ndarray], outputs: Sequence[str]
  ) -> list[np.ndarray]:
    """Compute the named outputs; `arrays` are in the order of the signature's inputs."""
    feeds = zip((field.tensor for field in signature.inputs.values()), arrays, strict=True)
    fetches = [signature.outputs[name].tensor for name in outputs]
    return [np.asarray(value) for value in self._session.run(fetches, dict(feeds))]

  def close(self) -> None:
    """Let go of the model; calls that still run are cancelled."""
    self._session.close()

  def _replay(self, request) -> None:
    signature = self.signature(request.model_spec.signature_name)
    arrays = read(signature, request.inputs)
    self.run(signature, list(arrays.values()), signature.chosen(request.output_filter))


def read(signature: Signature, protos: Mapping) -> dict[str, np.ndarray]:
  """Read and check the inputs of a gRPC request; returns them in the signature's order."""
  signature.check_names(protos)
  arrays = {
    name: tensors.to_array(protos[name], f"input '{name}'", field.dtype)
    for name, field in signature.inputs.items()
  }
  signature.check(arrays)
  return arrays


def _fields(infos: Mapping) -> dict[str, Field]:
  return {
    name: Field(info.name, tf.dtypes.as_dtype(info.dtype), tf.TensorShape(info.tensor_shape))
    for name, info in infos.items()
  }


def _text(shape: tf.TensorShape) -> str:
  """Format a shape for messages, e.g. '[any, 8, 8]'."""
  if shape.rank is None:
    return 'any'
  return f'[{", ".join("any" if size is None else str(size) for size in shape)}]'
