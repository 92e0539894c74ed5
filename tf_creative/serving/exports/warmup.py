"""Example requests and answers in a version, in TensorFlow Serving's file for warm-up requests.

A server replays the requests before it takes others; `verify` also compares the answers.
"""

from __future__ import annotations

from collections.abc import Iterable
import pathlib
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

FILE = pathlib.PurePath('assets.extra', 'tf_serving_warmup_requests')

Arrays = dict[str, np.ndarray]


class Example(NamedTuple):
  signature: str
  inputs: Arrays
  outputs: Arrays


def write(version: pathlib.Path, name: str, examples: Iterable[Example]) -> None:
  """Write the examples of the model `name` into a version's folder."""
  path = version / FILE
  path.parent.mkdir(exist_ok=True)
  with tf.io.TFRecordWriter(str(path)) as file:
    for example in examples:
      log = prediction_log_pb2.PredictionLog()  # pyright: ignore[reportAttributeAccessIssue]
      request, response = log.predict_log.request, log.predict_log.response
      request.model_spec.name = response.model_spec.name = name
      request.model_spec.signature_name = response.model_spec.signature_name = example.signature
      for key, value in example.inputs.items():
        request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
      for key, value in example.outputs.items():
        response.outputs[key].CopyFrom(tf.make_tensor_proto(value))
      file.write(log.SerializeToString())


def read(version: pathlib.Path) -> list[Example]:
  """Read the examples of a version."""
  examples = []
  for record in tf.compat.v1.io.tf_record_iterator(str(version / FILE)):
    log = prediction_log_pb2.PredictionLog.FromString(record).predict_log  # pyright: ignore[reportAttributeAccessIssue]
    inputs, outputs = (
      {key: tf.make_ndarray(value) for key, value in tensors.items()}
      for tensors in (log.request.inputs, log.response.outputs)
    )
    examples.append(Example(log.request.model_spec.signature_name, inputs, outputs))
  return examples
