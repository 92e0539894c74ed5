"""A server that answers `create --server` with nonsense: a line, an exit code, and no file.

The servers are real ones, of gRPC and of HTTP; only what they say is hostile.
"""

from concurrent import futures
import contextlib
import http.server
import json
import socketserver
import threading
import time

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from tf_creative import create
from tf_creative.cli import command
from tf_creative.learner import learner as learner_lib
from tf_creative.serving.server import client, tensors

WORLD, LABELS = 'pixel_art(size=4, data=/nowhere)', ['one', 'two']
HORIZON = learner_lib.build_foreign_world(WORLD, LABELS).rules.horizon
ABOUT = {
  'world': WORLD,
  'labels': LABELS,
  'known_labels': [0, 1],
  'round': 3,
  'shape': [4, 4],
}
EVIL = '\x1b[2J\x1b]0;owned\x07\r\nerror: \x9b31mall is lost\n' + '\u202e' * 5
COUNT = 3


def good(**change):
  """The arrays of works without a stroke, but for what is changed; None leaves an array out."""
  arrays = {
    'imagined': np.zeros([COUNT, 4, 4], np.uint8),
    'work': np.zeros([COUNT, 4, 4], np.uint8),
    'label': np.ones(COUNT, np.int32),
    'steps': np.zeros(COUNT, np.int32),
    'actions': np.full([COUNT, HORIZON], -1, np.int32),
    'returns': np.zeros(COUNT, np.float32),
    'authenticity': np.zeros(COUNT, np.float32),
    **change,
  }
  return {name: array for name, array in arrays.items() if array is not None}


def response(arrays):
  made = predict_pb2.PredictResponse()
  for name, array in arrays.items():
    tensors.fill(made.outputs[name], array)
  return made


def with_proto(**fields):
  """A good answer with a TensorProto that says what is not so; `shape` may be anything."""
  made = response(good())
  work = made.outputs['work']
  for size, given in zip(work.tensor_shape.dim, fields.pop('shape', ()), strict=False):
    size.size = given
  work.MergeFrom(type(work)(**fields))
  return made


def refusing(code, words):
  return lambda context: context.abort(code, words)


def hanging(context):
  END.wait(30)


def packed(context):
  context.set_compression(grpc.Compression.Gzip)
  return good(work=np.zeros([65 << 20], np.uint8))


END = threading.Event()
NAN, INF = np.float32(np.nan), np.float32(np.inf)
STATUS = grpc.StatusCode
ANSWERS = {
  'nothing': {},
  'no works': good(work=None),
  'no steps': good(steps=None),
  'other works only': {'thing': np.zeros(COUNT, np.float32)},
  'float works': good(work=np.zeros([COUNT, 4, 4], np.float32)),
  'works of text': good(work=np.full([COUNT, 4, 4], b'a', object)),
  'labels of 64 bits': good(label=np.ones(COUNT, np.int64)),
  'steps as truths': good(steps=np.zeros(COUNT, bool)),
  'complex returns': good(returns=np.zeros(COUNT, np.complex64)),
  'a work too few': good(work=np.zeros([COUNT - 1, 4, 4], np.uint8)),
  'a row too many': {name: np.repeat(array, 2, 0) for name, array in good().items()},
  'no rows': {name: array[:0] for name, array in good().items()},
  'wide works': good(work=np.zeros([COUNT, 4, 9], np.uint8)),
  'flat works': good(work=np.zeros([COUNT, 16], np.uint8)),
  'a scalar': good(label=np.int32(1)),
  'a colour that there is not': good(work=np.full([COUNT, 4, 4], 200, np.uint8)),
  'imagined of no colour': good(imagined=np.full([COUNT, 4, 4], 200, np.uint8)),
  'a label that there is not': good(label=np.full(COUNT, 2**31 - 1, np.int32)),
  'a label below none': good(label=np.full(COUNT, -1, np.int32)),
  'another label than asked for': good(label=np.zeros(COUNT, np.int32)),
  'more steps than there may be': good(steps=np.full(COUNT, 10**9, np.int32)),
  'steps below none': good(steps=np.full(COUNT, -5, np.int32)),
  'steps without actions': good(steps=np.full(COUNT, 2, np.int32)),
  'actions without steps': good(actions=np.zeros([COUNT, HORIZON], np.int32)),
  'actions that there are not': good(
    actions=np.full([COUNT, HORIZON], 10**6, np.int32), steps=np.full(COUNT, HORIZON, np.int32)
  ),
  'actions without end': good(actions=np.full([COUNT, 10**6], -1, np.int32)),
  'returns that are no numbers': good(returns=np.full(COUNT, NAN)),
  'endless returns': good(returns=np.full(COUNT, -INF)),
  'logits that are no numbers': good(authenticity=np.full(COUNT, NAN)),
  'one value for a terabyte': with_proto(shape=[2**40, 1, 1], tensor_content=b''),
  'a size below none': with_proto(shape=[-1]),
  'a size that overflows': with_proto(shape=[2**62, 2**62, 2**62]),
  'half the bytes': with_proto(tensor_content=b'\0' * 7),
  'a dtype that there is not': with_proto(dtype=99),
  'a resource': with_proto(dtype=tf.resource.as_datatype_enum),
  'no message': b'\xff\xff\xff',
  'a message that is cut': response(good()).SerializeToString()[:-9],
  'more than fits': good(work=np.zeros([65 << 20], np.uint8)),
  'more than fits, packed': packed,
  'a name of escapes': {EVIL: np.zeros(COUNT, np.float32)},
  'a refusal with escapes': refusing(STATUS.INVALID_ARGUMENT, EVIL),
  'an absence with escapes': refusing(STATUS.UNAVAILABLE, EVIL),
  'a long refusal': refusing(STATUS.INTERNAL, 'so ' * 1500),
  'an endless refusal': refusing(STATUS.INTERNAL, 'so ' * 100_000),
  'a refusal without words': refusing(STATUS.UNKNOWN, ''),
  'a method that there is not': refusing(STATUS.UNIMPLEMENTED, 'Method not found!'),
  'no answer': hanging,
}
ABOUTS = {
  'no text': b'',
  'no JSON': b'hello',
  'a number': b'7',
  'brackets': b'[' * 10**6,
  'an endless round': json.dumps({**ABOUT, 'round': 1e999}).encode(),
  'a round of digits': json.dumps({**ABOUT, 'round': 10**4000}).encode(),
  'a shape with escapes': json.dumps({**ABOUT, 'shape': EVIL}).encode(),
  'a shape of words': json.dumps({**ABOUT, 'shape': [EVIL]}).encode(),
  'a world of a million letters': json.dumps({**ABOUT, 'world': 'x' * 10**6}).encode(),
  'a label of a million letters': json.dumps({**ABOUT, 'labels': ['x' * 10**6, 'b']}).encode(),
}


class Hostile(grpc.GenericRpcHandler):
  """Tells of itself as our creators do, and answers what else is asked with `answer`."""

  def __init__(self):
    self.about, self.answer = json.dumps(ABOUT).encode(), good()

  def service(self, handler_call_details):
    return grpc.unary_unary_rpc_method_handler(self._predict)

  def _predict(self, data, context):
    asked = predict_pb2.PredictRequest.FromString(data)
    if asked.model_spec.signature_name == 'about':
      return response({'about_bytes': np.array([self.about], object)}).SerializeToString()
    answer = self.answer(context) if callable(self.answer) else self.answer
    answer = response(answer) if isinstance(answer, dict) else answer
    return answer if isinstance(answer, bytes | None) else answer.SerializeToString()


@pytest.fixture(scope='module')
def hostile():
  tf.constant(0)  # the first of a process is told on standard error
  with futures.ThreadPoolExecutor(8) as pool:
    server = grpc.server(pool, options=[('grpc.max_send_message_length', -1)])
    handler = Hostile()
    handler.port = server.add_insecure_port('127.0.0.1:0')
    server.add_generic_rpc_handlers([handler])
    server.start()
    yield handler
    END.set()
    server.stop(0)


@pytest.fixture
def ask(hostile, tmp_path, monkeypatch, capfd):
  """Creates works by the server; the exit code, and what is said of it."""

  def ask(address=None, seconds=3.0, **changes):
    monkeypatch.setattr(client, '_SECONDS', seconds)
    for name, value in changes.items():
      monkeypatch.setattr(hostile, name, value)
    address = address or f'127.0.0.1:{hostile.port}'
    flags = [f'--server={address}', f'--count={COUNT}', '--label=two', f'--out={tmp_path / "out"}']
    code = command.main(create.create, '', create.CreateConfig, flags)
    said = capfd.readouterr()
    assert code == 0 or not (tmp_path / 'out').exists()
    return code, said.err

  return ask


def assert_a_line(code, said, most=700):
  line = said.removesuffix('\n')
  assert code == 2, said
  assert line.startswith('error: ') and line.isprintable() and len(line) < most, repr(said)[:2000]


def test_good_works_are_taken(ask):
  assert ask() == (0, '')


@pytest.mark.parametrize('kind', ANSWERS)
def test_a_bad_answer_is_a_line(kind, ask):
  assert_a_line(*ask(answer=ANSWERS[kind], seconds=0.5 if kind == 'no answer' else 20))


@pytest.mark.parametrize('kind', ABOUTS)
def test_what_it_tells_of_itself_is_a_line(kind, ask):
  assert_a_line(*ask(about=ABOUTS[kind]))


RAW = {
  'no gRPC': b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}',
  'escapes': b'\x1b[2J' * 999,
  'a goodbye with escapes': (
    b'\0\0\0\4\0\0\0\0\0' + b'\0\0\x18\7\0\0\0\0\0' + bytes(7) + b'\2' + b'\x1b[2J' * 4
  ),
  'nothing': b'',
}


@pytest.mark.parametrize('kind', RAW)
def test_what_is_no_answer_of_grpc_is_a_line(kind, ask):
  class Raw(socketserver.BaseRequestHandler):
    def handle(self):
      self.request.sendall(RAW[kind])

  with socketserver.ThreadingTCPServer(('127.0.0.1', 0), Raw) as server:
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    assert_a_line(*ask(f'127.0.0.1:{server.server_address[1]}', seconds=2.0))
    server.shutdown()


class Web(http.server.BaseHTTPRequestHandler):
  """The same by REST: `server.answer` is a body, with its status."""

  def do_POST(self):
    asked = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
    status, body = self.server.answer
    if asked['signature_name'] == 'about':
      told = tf.io.encode_base64(json.dumps(ABOUT), pad=True).numpy().decode()
      told = told.replace('-', '+').replace('_', '/')
      status, body = 200, json.dumps({'outputs': [{'b64': told}]}).encode()
    self.send_response_only(status)
    self.end_headers()
    with contextlib.suppress(OSError):
      for part in [body] if isinstance(body, bytes) else body:
        self.wfile.write(part)
        self.wfile.flush()

  def log_message(self, *_):
    pass


def listed(**change):
  arrays = {name: np.asarray(array).tolist() for name, array in good().items()}
  return json.dumps({'outputs': {**arrays, **change}}).encode()


def dripping():
  while not END.is_set():
    yield b' '
    time.sleep(0.05)


BODIES = {
  'no JSON': (200, b'hello'),
  'a list': (200, b'[]'),
  'no outputs': (200, b'{}'),
  'one output': (200, b'{"outputs": [1, 2, 3]}'),
  'no works': (200, b'{"outputs": {"label": [1, 1, 1]}}'),
  'ragged works': (200, listed(work=[[1], [1, 2], 3])),
  'words': (200, listed(work='word')),
  'steps of a half': (200, listed(steps=[0.5] * COUNT)),
  'labels beyond 32 bits': (200, listed(label=[2**31] * COUNT)),
  'colours beyond 8 bits': (200, listed(work=np.full([COUNT, 4, 4], 256).tolist())),
  'labels beyond 64 bits': (200, listed(label=[2**70] * COUNT)),
  'no numbers': (200, listed(returns=[float('nan')] * COUNT)),
  'brackets': (200, b'[' * 10**6),
  'many digits': (200, b'{"outputs": ' + b'9' * 10**4 + b'}'),
  'more than fits': (200, (b' ' * (1 << 20) for _ in range(10**6))),
  'drips': (200, dripping()),
  'a refusal with escapes': (400, json.dumps({'error': EVIL}).encode()),
  'a refusal of brackets': (400, b'[' * 10**6),
  'a long refusal': (500, json.dumps({'error': 'so ' * 10**6}).encode()),
  'a refusal that drips': (500, dripping()),
}


@pytest.fixture
def rest():
  """A server that answers by REST, and its address."""
  with http.server.ThreadingHTTPServer(('127.0.0.1', 0), Web) as server:
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server, f'http://127.0.0.1:{server.server_port}'
    server.shutdown()


def test_good_works_are_taken_by_rest(rest, ask):
  server, address = rest
  server.answer = 200, listed()
  assert ask(address) == (0, '')


@pytest.mark.parametrize('kind', BODIES)
def test_a_bad_answer_by_rest_is_a_line(kind, rest, ask):
  server, address = rest
  server.answer = BODIES[kind]
  assert_a_line(*ask(address, seconds=1.0 if 'drips' in kind else 20))
