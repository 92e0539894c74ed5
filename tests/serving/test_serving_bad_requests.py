"""Requests that are wrong get the code that TensorFlow Serving gives by gRPC."""

import os
import pathlib
import random

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import (
  classification_pb2,
  inference_pb2,
  model_management_pb2,
  regression_pb2,
)

from tests.shared import served

X = np.ones((2, 3), np.float32)
MOST_BYTES = 1 << 20


@pytest.fixture(scope='module')
def client(tmp_path_factory):
  exports = served.folder(tmp_path_factory.mktemp('bad') / 'exports')
  with served.running(exports, most_bytes=MOST_BYTES) as (_, client):
    yield client


@pytest.fixture(autouse=True)
def still_up(client):
  """After whatever a test has sent, a good request is answered, on the old connection too."""
  yield
  assert client.predict({'x': X})['y'].shape == (2, 2)
  assert client.ask({'instances': X.tolist()}).status == 200


def proto(dtype, shape, **fields):
  made = tensor_pb2.TensorProto(dtype=dtype, **fields)
  for size in shape:
    made.tensor_shape.dim.add().size = size
  return made


FLOAT = tf.float32.as_datatype_enum
RPC = {
  'wrong dtype': ({'x': X.astype(np.float64)}, {}, 'INVALID_ARGUMENT'),
  'strings': ({'x': np.array([[b'a'] * 3])}, {}, 'INVALID_ARGUMENT'),
  'wrong width': ({'x': X[:, :2]}, {}, 'INVALID_ARGUMENT'),
  'wrong rank': ({'x': X[0]}, {}, 'INVALID_ARGUMENT'),
  'scalar': ({'x': np.float32(1)}, {}, 'INVALID_ARGUMENT'),
  'wrong name': ({'z': X}, {}, 'INVALID_ARGUMENT'),
  'one too many': ({'x': X, 'z': X}, {}, 'INVALID_ARGUMENT'),
  'none': ({}, {}, 'INVALID_ARGUMENT'),
  'the graph refuses': ({'x': X * 1000}, {}, 'INVALID_ARGUMENT'),
  'more than a batch': ({'x': np.ones((9, 3), np.float32)}, {}, 'INVALID_ARGUMENT'),
  'batches that differ': (
    {'pixels': np.zeros((2, 2, 2), np.uint8), 'action': np.int32([1])},
    {'signature': 'paint'},
    'INVALID_ARGUMENT',
  ),
  'no such output': ({'x': X}, {'outputs': ['z']}, 'INVALID_ARGUMENT'),
  'an output twice': ({'x': X}, {'outputs': ['y', 'y']}, 'INVALID_ARGUMENT'),
  'no such signature': ({'x': X}, {'signature': 'nope'}, 'FAILED_PRECONDITION'),
  'the signature of the loader': (
    {'x': X},
    {'signature': '__saved_model_init_op'},
    'FAILED_PRECONDITION',
  ),
  'no such model': ({'x': X}, {'model': 'nope'}, 'NOT_FOUND'),
  'no model': ({'x': X}, {'model': ''}, 'INVALID_ARGUMENT'),
  'no such version': ({'x': X}, {'version': 7}, 'NOT_FOUND'),
  'a version below none': ({'x': X}, {'version': -1}, 'NOT_FOUND'),
  'no such label': ({'x': X}, {'label': 'canary'}, 'INVALID_ARGUMENT'),
  'too few bytes': (
    {'x': proto(FLOAT, (2, 3), tensor_content=b'1234')},
    {},
    'INVALID_ARGUMENT',
  ),
  'negative shape': ({'x': proto(FLOAT, (-1, 3), float_val=[1])}, {}, 'INVALID_ARGUMENT'),
  'a shape that is no number': (
    {'x': proto(FLOAT, (2**62, 2**62), float_val=[1])},
    {},
    'INVALID_ARGUMENT',
  ),
  'one value for gigabytes': (
    {'x': proto(FLOAT, (2**30, 3), float_val=[1])},
    {},
    'INVALID_ARGUMENT',
  ),
  'too many values': ({'x': proto(FLOAT, (1, 3), float_val=[1] * 9)}, {}, 'INVALID_ARGUMENT'),
  'no dtype': ({'x': proto(0, (1, 3), float_val=[1])}, {}, 'INVALID_ARGUMENT'),
  'an unknown dtype': ({'x': proto(999, (1, 3), float_val=[1])}, {}, 'INVALID_ARGUMENT'),
  'a resource': ({'x': proto(20, (1, 3), tensor_content=b'abc')}, {}, 'INVALID_ARGUMENT'),
  'too large a message': (
    {'x': np.ones((MOST_BYTES // 8, 3), np.float32)},
    {},
    'RESOURCE_EXHAUSTED',
  ),
}


@pytest.mark.parametrize(('inputs', 'which', 'code'), RPC.values(), ids=RPC)
def test_by_grpc(client, inputs, which, code):
  assert client.refusal(inputs, **which) == code


def test_no_rows_are_a_batch_like_any_other(client):
  assert client.predict({'x': X[:0]})['y'].shape == (0, 2)


@pytest.mark.parametrize(
  'request_',
  [
    classification_pb2.ClassificationRequest(),
    regression_pb2.RegressionRequest(),
    inference_pb2.MultiInferenceRequest(),
  ],
  ids=['Classify', 'Regress', 'MultiInference'],
)
def test_what_is_not_served_is_said_so(client, request_):
  name = type(request_).__name__
  method = {
    'ClassificationRequest': client.predictions.Classify,
    'RegressionRequest': client.predictions.Regress,
    'MultiInferenceRequest': client.predictions.MultiInference,
  }[name]
  with pytest.raises(grpc.RpcError) as refused:
    method(request_)
  assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED
  assert 'Predict' in refused.value.details()


def test_the_configuration_is_not_changed_from_afar(client):
  with pytest.raises(grpc.RpcError) as refused:
    client.models.HandleReloadConfigRequest(model_management_pb2.ReloadConfigRequest())
  assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_bytes_that_are_no_message(client):
  call = client._channel.unary_unary('/tensorflow.serving.PredictionService/Predict')
  with pytest.raises(grpc.RpcError) as refused:
    call(b'\xff\xff\xff')
  assert refused.value.code() == grpc.StatusCode.INTERNAL


def test_what_is_no_message_leaves_nothing_in_memory(client):
  call = client._channel.unary_unary('/tensorflow.serving.PredictionService/Predict')

  def refuse(times):
    for _ in range(times):
      with pytest.raises(grpc.RpcError):
        call(b'\xff\xff\xff')
    return int(pathlib.Path('/proc/self/statm').read_text().split()[1]) * os.sysconf('SC_PAGESIZE')

  before = refuse(50)
  assert refuse(400) - before < 4e6  # it was 8 MB, and never came back


def test_a_thousand_mangled_messages(client):
  rng, codes = random.Random(0), set()
  call = client._channel.unary_unary('/tensorflow.serving.PredictionService/Predict')
  inputs = {'pixels': np.zeros((1, 2, 2), np.uint8), 'action': np.int32([1])}
  good = [served.request({'x': X}), served.request(inputs, 'paint', outputs=['mean'])]
  for _ in range(1000):
    body = bytearray(rng.choice(good).SerializeToString())
    for _ in range(rng.randint(1, 3)):
      body[rng.randrange(len(body))] = rng.randrange(256)
    try:
      call(bytes(body), timeout=20)
    except grpc.RpcError as error:
      if error.details() != 'the message cannot be decoded.':
        codes.add(error.code().name)
  assert codes <= {'INVALID_ARGUMENT', 'NOT_FOUND', 'FAILED_PRECONDITION'}
  assert 'INVALID_ARGUMENT' in codes


def test_what_is_no_message_is_a_line_in_the_log_now_and_then(tmp_path, caplog):
  """No traceback, and not a line for each: anyone can send thousands in a second."""
  said = []
  with served.running(served.folder(tmp_path / 'exports'), say=said.append) as (_, client):
    said.clear()
    call = client._channel.unary_unary('/tensorflow.serving.PredictionService/Predict')
    for _ in range(200):
      with pytest.raises(grpc.RpcError):
        call(b'\xff\xff\xff')
    assert client.predict({'x': X})['y'].shape == (2, 2)
    assert said == ['gRPC: messages that cannot be decoded were refused: 1']
  assert not [record for record in caplog.records if record.name.startswith('grpc')]
