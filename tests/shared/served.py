"""Tiny models to serve, the servers that serve them, and a client of the protocols."""

import contextlib
import functools
import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from typing import NamedTuple

import grpc
import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import (
  get_model_metadata_pb2,
  get_model_status_pb2,
  model_service_pb2_grpc,
  predict_pb2,
  prediction_log_pb2,
  prediction_service_pb2_grpc,
)

from tf_creative.serving.exports import warmup
from tf_creative.serving.server import server as server_lib

W = np.array([[1, 2], [0, 1], [0.5, 0.2]], np.float32)
BATCHING = """
max_batch_size { value: 8 }
batch_timeout_micros { value: 0 }
max_enqueued_batches { value: 4 }
num_batch_threads { value: 1 }
allowed_batch_sizes: 8  # as Serving wants it
"""
MONITORING = 'prometheus_config { enable: true, path: "/monitoring/prometheus/metrics" }'
SECONDS = 120  # that an answer may take
BINARY = shutil.which('tensorflow_model_server')
ROOT = pathlib.Path(__file__).parents[2]


class Toy(tf.Module):
  """y = x W + number, echoes, and bytes; a version differs from another by its number."""

  def __init__(self, number):
    super().__init__()
    self.w, self.number = tf.Variable(W), tf.Variable(float(number))

  @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name='x')])
  def scale(self, x):
    with tf.control_dependencies([tf.debugging.assert_less(x, 100.0, 'x must be less than 100')]):
      return {'y': tf.matmul(x, self.w) + self.number}

  @tf.function(input_signature=[tf.TensorSpec([None], tf.int64, name='n')])
  def count(self, n):
    return {'n': n + 1}

  @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name='said')])
  def say(self, said):
    return {'text': said, 'text_bytes': tf.strings.join([said, '\xff'.encode('latin-1')])}

  @tf.function(
    input_signature=[
      tf.TensorSpec([None, 2, 2], tf.uint8, name='pixels'),
      tf.TensorSpec([None], tf.int32, name='action'),
    ]
  )
  def paint(self, pixels, action):
    return {'action': -action, 'pixels': 255 - pixels, 'mean': tf.reduce_mean(pixels, [1, 2])}


plain = functools.cache(Toy)


@functools.cache
def _folder():
  return tempfile.TemporaryDirectory()  # cleaned up at exit


@functools.cache
def saved(toy):
  """A SavedModel of a toy, to be copied."""
  path = pathlib.Path(tempfile.mkdtemp(dir=_folder().name))
  signatures = {'serving_default': toy.scale, 'count': toy.count, 'say': toy.say}
  tf.saved_model.save(toy, str(path), signatures | {'paint': toy.paint})
  return path


def add(exports, number, name='toy', warm_up=(), break_it=False, of=None):
  """Puts a version into a folder of exports, whole and at once."""
  staged = exports / name / f'.tmp-{number}'
  shutil.copytree(saved(of or plain(number)), staged)
  if warm_up:
    path = staged / warmup.FILE
    path.parent.mkdir()
    with tf.io.TFRecordWriter(str(path)) as writer:
      for request in warm_up:
        log = prediction_log_pb2.PredictLog(request=request)
        writer.write(prediction_log_pb2.PredictionLog(predict_log=log).SerializeToString())
  if break_it:
    (staged / 'saved_model.pb').write_bytes(b'no model')
  os.rename(staged, exports / name / str(number))


def folder(exports, policy='', batching=BATCHING, names=('toy',), numbers=(1,)):
  """A folder of exports with its configuration; `policy` is of models.config."""
  for name in names:
    (exports / name).mkdir(parents=True)
    for number in numbers:
      add(exports, number, name)
  (exports / 'models.config').write_text(
    'model_config_list {'
    + ''.join(
      f'config {{ name: "{name}" base_path: "/models/{name}" model_platform: "tensorflow" '
      f'{policy} }}'
      for name in names
    )
    + '}'
  )
  if batching:
    (exports / 'batching.config').write_text(batching)
  (exports / 'monitoring.config').write_text(MONITORING)
  return exports


def request(inputs, signature='', model='toy', version=None, label='', outputs=()):
  """A PredictRequest; arrays go as raw memory."""
  made = predict_pb2.PredictRequest(output_filter=outputs)
  made.model_spec.name, made.model_spec.signature_name = model, signature
  if version is not None:
    made.model_spec.version.value = version
  if label:
    made.model_spec.version_label = label
  for name, value in inputs.items():
    is_proto = isinstance(value, tensor_pb2.TensorProto)
    made.inputs[name].CopyFrom(value if is_proto else tf.make_tensor_proto(value))
  return made


class Answer(NamedTuple):
  """What REST has answered."""

  status: int
  body: bytes

  @property
  def json(self):
    return json.loads(self.body)


class Client:
  """Speaks to a server by both protocols."""

  def __init__(self, port, rest_port):
    self._channel = grpc.insecure_channel(
      f'127.0.0.1:{port}', [('grpc.max_receive_message_length', -1)]
    )
    self.predictions = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)
    self.models = model_service_pb2_grpc.ModelServiceStub(self._channel)
    self._port, self._rest_port = port, rest_port
    self._http = self.connection()

  def connection(self):
    return http.client.HTTPConnection('127.0.0.1', self._rest_port, timeout=SECONDS)

  def another(self):
    """A client of the same server."""
    return Client(self._port, self._rest_port)

  def close(self):
    self._channel.close()
    self._http.close()

  def predict(self, inputs, signature='', **which):
    """The outputs of a call by gRPC, as arrays by name."""
    made = request(inputs, signature, **which)
    response = self.predictions.Predict(made, timeout=SECONDS)
    return {name: tf.make_ndarray(proto) for name, proto in response.outputs.items()}

  def refusal(self, inputs, signature='', **which):
    """The code by which gRPC refuses a call."""
    try:
      self.predict(inputs, signature, **which)
    except grpc.RpcError as error:
      return error.code().name
    return 'OK'

  def metadata(self, model='toy', fields=('signature_def',)):
    asked = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=fields)
    asked.model_spec.name = model
    return self.predictions.GetModelMetadata(asked, timeout=SECONDS)

  def status(self, model='toy', version=None):
    """The states of a model's versions by gRPC, by number."""
    asked = get_model_status_pb2.GetModelStatusRequest()
    asked.model_spec.name = model
    if version is not None:
      asked.model_spec.version.value = version
    state = get_model_status_pb2.ModelVersionStatus.State
    found = self.models.GetModelStatus(asked, timeout=SECONDS).model_version_status
    return {held.version: (state.Name(held.state), held.status.error_message) for held in found}

  def rest(self, method, path, body=None, headers=()):
    """What REST answers, by a connection that stays open."""
    if not isinstance(body, bytes | None):
      body = json.dumps(body).encode()
    self._http.request(method, path, body, dict(headers))
    response = self._http.getresponse()
    return Answer(response.status, response.read())

  def ask(self, body, model='toy', which=''):
    return self.rest('POST', f'/v1/models/{model}{which}:predict', body)


@contextlib.contextmanager
def running(exports, **settings):
  """Our own server in this process, and a client of it."""
  server = server_lib.Server(exports, **{'poll_seconds': 0, **settings})
  server.start()
  client = Client(server.port, server.rest_port)
  try:
    yield server, client
  finally:
    client.close()
    server.stop()


@contextlib.contextmanager
def command(exports, *flags):
  """The command as a process, and a client of what it serves."""
  arguments = [sys.executable, '-m', 'tf_creative.serve', f'--export_dir={exports}']
  flags = ('--port=0', '--rest_port=0', *flags)
  with subprocess.Popen(
    [*arguments, *flags], stdout=subprocess.PIPE, text=True, cwd=ROOT
  ) as process:
    said = []
    try:
      for line in process.stdout:
        said.append(line)
        if 'Ctrl-C' in line:
          break
      text = ''.join(said)
      ports = [int(re.search(rf'{name}: .*:(\d+)', text)[1]) for name in ('gRPC', 'REST')]
      client = Client(*ports)
      yield process, client, text
      client.close()
    finally:
      process.kill()


class Slow:
  """Holds back the answers of a server's model until it is let go."""

  def __init__(self, server, monkeypatch):
    self.entered, self.go_on = threading.Semaphore(0), threading.Event()
    with server.models.lease('toy') as version:
      run = version.servable.run

      def slow(*arguments, **named):
        self.entered.release()
        assert self.go_on.wait(20)
        return run(*arguments, **named)

      monkeypatch.setattr(version.servable, 'run', slow)
