"""Bodies, paths and bytes that are wrong get the status that TensorFlow Serving gives by REST."""

import json
import random
import socket

import grpc
import numpy as np
import pytest
import tensorflow as tf

from tests.shared import served
from tf_creative.serving.server import errors

X = np.ones((2, 3), np.float32)
GOOD = {'instances': X.tolist()}
PREDICT = '/v1/models/toy:predict'
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


BODIES = {
  'empty': (b'', 400),
  'no JSON': (b'hello', 400),
  'truncated': (b'{"instances": [[1, 2, 3]', 400),
  'two documents': (b'{} {}', 400),
  'no UTF-8': (b'{"instances": ["\xff"]}', 400),
  'a list': ([], 400),
  'null': (b'null', 400),
  'neither rows nor columns': ({}, 400),
  'both': ({'instances': [[1, 2, 3]], 'inputs': [[1, 2, 3]]}, 400),
  'no rows': ({'instances': []}, 400),
  'rows that are no list': ({'instances': 1}, 400),
  'a string for a number': ({'instances': [[1, 2, '3']]}, 400),
  'a truth for a number': ({'instances': [[1, 2, True]]}, 400),
  'null for a number': ({'instances': [[1, 2, None]]}, 400),
  'an object for a number': ({'instances': [[1, 2, {'b64': 'YQ=='}]]}, 400),
  'ragged': ({'instances': [[1, 2, 3], [1, 2]]}, 400),
  'uneven depth': ({'instances': [[1, 2, [3]]]}, 400),
  'too narrow': ({'instances': [[1, 2]]}, 400),
  'too deep': ({'instances': [[[1, 2, 3]]]}, 400),
  'far too deep': (b'{"instances":' + b'[' * 100_000 + b']' * 100_000 + b'}', 400),
  'wrong name': ({'instances': [{'z': [1, 2, 3]}]}, 400),
  'a name too many': ({'instances': [{'x': [1, 2, 3], 'z': 1}]}, 400),
  'named and not': ({'instances': [{'x': [1, 2, 3]}, [1, 2, 3]]}, 400),
  'column of a wrong name': ({'inputs': {'z': [[1, 2, 3]]}}, 400),
  'columns that differ': (
    {'signature_name': 'paint', 'inputs': {'pixels': [[[1, 2], [3, 4]]], 'action': [1, 2]}},
    400,
  ),
  'a list for two columns': ({'signature_name': 'paint', 'inputs': [1]}, 400),
  'a list for two names': ({'signature_name': 'paint', 'instances': [1]}, 400),
  'more than a batch': ({'instances': [[1, 2, 3]] * 9}, 400),
  'the graph refuses': ({'instances': [[1, 2, 300]]}, 400),
  'infinity': (b'{"instances": [[1, 2, Infinity]]}', 400),  # the graph refuses it
  'not a number': (b'{"instances": [[1, 2, NaN]]}', 400),  # NaN is not less than 100 either
  'too large for float32': ({'instances': [[1, 2, -1e39]]}, 400),
  'too long for float32': ({'instances': [[1, 2, -(2**24)]]}, 400),
  'an endless number': (b'{"instances": [[1, 2, ' + b'9' * 10_000 + b']]}', 400),
  'a fraction for int64': ({'signature_name': 'count', 'instances': [1.5]}, 400),
  'a whole float for int64': ({'signature_name': 'count', 'instances': [1.0]}, 400),
  'too large for int64': ({'signature_name': 'count', 'instances': [2**63]}, 400),
  'too large for uint8': (
    {'signature_name': 'paint', 'inputs': {'pixels': [[[1, 2], [3, 256]]], 'action': [1]}},
    400,
  ),
  'NaN for int64': (b'{"signature_name": "count", "instances": [NaN]}', 400),
  'a number for a string': ({'signature_name': 'say', 'instances': [1]}, 400),
  'no base64': ({'signature_name': 'say', 'instances': [{'b64': '!'}]}, 400),
  'base64 of a number': ({'signature_name': 'say', 'instances': [{'b64': 1}]}, 400),
  'half a letter': (b'{"signature_name": "say", "instances": ["\\ud800"]}', 400),
  'no such signature': ({'signature_name': 'nope', 'instances': [1]}, 400),
  'a signature that is no name': ({'signature_name': 1, 'instances': [1]}, 400),
}


@pytest.mark.parametrize(('body', 'status'), BODIES.values(), ids=BODIES)
def test_bodies(client, body, status):
  answer = client.ask(body)
  assert answer.status == status
  assert answer.json.keys() == {'error'} and answer.json['error']


def test_what_the_graph_has_said_is_passed_on_and_no_more(client):
  said = client.ask({'instances': [[1, 2, 300]]}).json['error']
  assert said == 'x must be less than 100'


@pytest.mark.parametrize(
  'message',
  [
    'Graph execution error:\n\nsaid\nso\n\t [[{{node a}}]]',
    "Graph execution error:\n\nAt node 'a' defined at\n  x.py\nNode: 'a'\nsaid\nso\n\t [[a]]",
    'said\nso',
  ],
)
def test_where_in_the_graph_it_was_said_is_left_out(message):
  error = errors.of(tf.errors.OutOfRangeError(None, None, message))
  assert (error.message, error.code, error.http) == ('said\nso', grpc.StatusCode.OUT_OF_RANGE, 400)


PATHS = {
  'no such model': ('POST', '/v1/models/nope:predict', GOOD, 404),
  'no such model, and no JSON': ('POST', '/v1/models/nope:predict', b'{', 400),
  'no such version': ('POST', '/v1/models/toy/versions/7:predict', GOOD, 404),
  'no version': ('POST', '/v1/models/toy/versions/x:predict', GOOD, 400),
  'no version can be so large': ('POST', f'/v1/models/toy/versions/{2**63}:predict', GOOD, 400),
  'no version has so many digits': (
    'GET',
    f'/v1/models/toy/versions/{"9" * 5000}',
    None,
    400,
  ),
  'no such label': ('POST', '/v1/models/toy/labels/canary:predict', GOOD, 400),
  'no such method': ('POST', '/v1/models/toy:dream', GOOD, 400),
  'no method': ('POST', '/v1/models/toy', GOOD, 400),
  'classify': ('POST', '/v1/models/toy:classify', GOOD, 501),
  'regress': ('POST', '/v1/models/toy:regress', GOOD, 501),
  'predicting by GET': ('GET', '/v1/models/toy:predict', None, 400),
  'putting': ('PUT', PREDICT, GOOD, 400),
  'deleting': ('DELETE', '/v1/models/toy', None, 400),
  'status of no model': ('GET', '/v1/models', None, 400),
  'status of no such model': ('GET', '/v1/models/nope', None, 404),
  'status of no such version': ('GET', '/v1/models/toy/versions/7', None, 404),
  'metadata of no such version': ('GET', '/v1/models/toy/versions/7/metadata', None, 404),
  'elsewhere': ('GET', '/v2/models', None, 404),
  'up and away': ('GET', '/../serve.py', None, 404),
  'up and away, escaped': ('GET', '/%2e%2e/server.py', None, 404),
  'a dot': ('GET', '/.', None, 404),
}


@pytest.mark.parametrize(('method', 'path', 'body', 'status'), PATHS.values(), ids=PATHS)
def test_paths(client, method, path, body, status):
  answer = client.rest(method, path, body)
  assert answer.status == status
  assert answer.json['error']


def raw(client, *parts, read=True):
  """What the server answers to bytes on a connection of their own."""
  with socket.create_connection(('127.0.0.1', client._rest_port), timeout=20) as connection:
    for part in parts:
      connection.sendall(part)
    connection.shutdown(socket.SHUT_WR)
    got = b''
    while read and (chunk := connection.recv(1 << 16)):
      got += chunk
    return got


def head(*lines):
  return '\r\n'.join([f'POST {PREDICT} HTTP/1.1', 'Host: localhost', *lines, '', '']).encode()


WIRE = {
  'a body cut off': ((head('Content-Length: 100'), b'{"inst'), b' 400 '),
  'a length that is no number': ((head('Content-Length: ten'),), b' 400 '),
  'a length below none': ((head('Content-Length: -1'),), b' 400 '),
  'two lengths': ((head('Content-Length: 1', 'Content-Length: 2'),), b' 400 '),
  'a length of many digits': ((head('Content-Length: ' + '9' * 5000),), b' 413 '),
  'too large a body': ((head(f'Content-Length: {100 << 20}'), bytes(100 << 20)), b' 413 '),
  'in chunks': ((head('Transfer-Encoding: chunked'), b'0\r\n\r\n'), b' 411 '),
  'no HTTP': ((b'hello\r\n\r\n',), b' 400 '),
  'too long a line': ((b'GET /' + b'x' * 70_000 + b' HTTP/1.1\r\n\r\n',), b' 414 '),
  'too many headers': ((head(*(f'A{n}: 1' for n in range(200))),), b' 431 '),
  'an unknown method': ((b'DREAM / HTTP/1.1\r\nHost: localhost\r\n\r\n',), b' 501 '),
  'an unknown version': ((b'GET / HTTP/9.9\r\n\r\n',), b' 505 '),
}


@pytest.mark.parametrize(('parts', 'status'), WIRE.values(), ids=WIRE)
def test_what_is_wrong_with_the_bytes(client, parts, status):
  answer = raw(client, *parts)
  assert status in answer.split(b'\r\n')[0]
  assert json.loads(answer.partition(b'\r\n\r\n')[2])['error']


def test_clients_that_go_away(client):
  raw(client, head('Content-Length: 100'), b'{', read=False)
  raw(client, b'', read=False)


def mangled(rng):
  """A body that once was good."""
  good = rng.choice([
    GOOD,
    {'inputs': {'x': X.tolist()}},
    {'signature_name': 'say', 'instances': [{'b64': 'AP4='}, 'a']},
    {'signature_name': 'paint', 'inputs': {'pixels': [[[1, 2], [3, 4]]], 'action': [1]}},
  ])  # fmt: skip
  body = bytearray(json.dumps(good).encode())
  odd = [
    b'NaN',
    b'-',
    b'1e999',
    b'[' * 50,
    b'{',
    b'"',
    b'\\u0000',
    b'null',
    b'\xff',
    b'9' * 30,
    b'',
  ]
  for _ in range(rng.randint(1, 4)):
    at = rng.randrange(len(body) + 1)
    body[at : at + rng.randint(0, 3)] = rng.choice([*odd, bytes([rng.randrange(256)])])
  return bytes(body[: rng.randint(0, len(body))] if rng.random() < 0.3 else body)


def test_ten_thousand_mangled_bodies(client):
  rng, statuses = random.Random(0), set()
  for _ in range(10_000):
    body = mangled(rng)
    answer = client.ask(body)
    statuses.add(answer.status)
    assert answer.status in (200, 400), (body, answer)
    assert answer.json.keys() <= ({'error'} if answer.status == 400 else {'predictions', 'outputs'})
  assert statuses == {200, 400}
