"""Bytes of chance on both ports: the server stays up, and good requests in between are right."""

import contextlib
import random
import socket
import struct

import grpc
import numpy as np
import pytest

from tests.shared import served

X = np.array([[1, 2, 3.5], [0.1, 0, -1]], np.float32)
PREFACE = b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
EVIL = b'\x1b[2J' * 99
HTTP = [
  b'POST /v1/models/toy:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 30\r\n\r\n'
  b'{"instances": [[1, 2, 3.5]]}  ',
  b'GET /v1/models/toy/metadata HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
  b'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n\r\n',
]
PIECES = [
  *(b'', b'\r\n', b'\n', b'\r', b'\0', b' ', b':', b'\xff' * 9, b'A' * 5000, b'%00', b'[' * 999),
  *(b'HTTP/1.1', b'Content-Length: 9999999999\r\n', b'Host: x\r\n', b'\r\n\r\n', b'Expect: a\r\n'),
]


@pytest.fixture(scope='module')
def exports(tmp_path_factory):
  return served.folder(tmp_path_factory.mktemp('wire') / 'exports')


def mangled(rng, body):
  """Bytes changed, put in, taken out, doubled; or all of it cut."""
  body = bytearray(body)
  for _ in range(rng.choice([1, 1, 2, 5, 30])):
    at, size = rng.randrange(len(body) + 1), rng.choice([0, 1, 1, 2, 8])
    some = [rng.randbytes(size), rng.randbytes(1), body[at : at + size] * 2, rng.choice(PIECES)]
    body[at : at + size] = rng.choice(some)
  return bytes(body[: rng.randrange(len(body) + 1)] if rng.random() < 0.2 else body)


def frame(kind, content, size=None, rest=bytes(5)):
  """A frame of HTTP/2, whose size may be a lie; `rest` are its flags and stream."""
  size = len(content) if size is None else size
  return struct.pack('>I', size)[1:] + bytes([kind]) + rest + content


GREETING = PREFACE + frame(4, b'')
GOODBYE = GREETING + frame(7, bytes(4) + b'\0\0\0\2' + EVIL)  # with words for the log


def frames(rng):
  """HTTP/2 of chance: frames with any type, flags, stream and length that may be a lie."""
  made = rng.choice([b'', GREETING, GREETING, GREETING, GOODBYE])
  for _ in range(rng.randint(1, 12)):
    content = rng.randbytes(rng.choice([0, 4, 8, 40, 3000]))
    size = len(content) if rng.random() < 0.8 else rng.randrange(1 << 24)
    made += frame(rng.randrange(12), content, size, rng.randbytes(5))
  return made


def send(port, data):
  """On a connection of its own; whatever is answered is read, for a while."""
  with (
    contextlib.suppress(OSError),
    socket.create_connection(('127.0.0.1', port), timeout=5) as connection,
  ):
    connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(1 << 16):
      pass


def messages(client, rng):
  good = [
    served.request({'x': X}),
    served.request({'n': np.int64([2**40])}, 'count', version=1),
    served.request({'said': np.array([b'\xff', b''], object)}, 'say', outputs=['text']),
    served.request({'pixels': np.zeros((1, 2, 2), np.uint8), 'action': np.int32([1])}, 'paint'),
  ]
  call = client._channel.unary_unary('/tensorflow.serving.PredictionService/Predict')
  known = {'INVALID_ARGUMENT', 'NOT_FOUND', 'FAILED_PRECONDITION', 'INTERNAL'}
  try:
    call(mangled(rng, rng.choice(good).SerializeToString()), timeout=20)
  except grpc.RpcError as error:
    no_message = error.details() == 'the message cannot be decoded.'
    assert error.code().name in known and (error.code().name != 'INTERNAL' or no_message), error


ATTACKS = {
  'mangled messages': messages,
  'frames of chance': lambda client, rng: send(client._port, frames(rng)),
  'noise to gRPC': lambda client, rng: send(client._port, rng.randbytes(rng.randrange(4000))),
  'mangled HTTP': lambda client, rng: send(client._rest_port, mangled(rng, rng.choice(HTTP) * 2)),
  'noise to REST': lambda client, rng: send(client._rest_port, rng.randbytes(rng.randrange(4000))),
}


def attacked(exports, attack, count, capfd):
  rng, said = random.Random(attack), []
  with served.running(exports, say=said.append) as (_, client):
    said.clear()
    for number in range(count):
      ATTACKS[attack](client, rng)
      if not number % 20:
        np.testing.assert_allclose(client.predict({'x': X})['y'], X @ served.W + 1, rtol=1e-6)
        answer = client.ask({'inputs': X.tolist()})
        np.testing.assert_allclose(answer.json['outputs'], X @ served.W + 1, rtol=1e-6)
  assert len(said) < 10 and all(len(line) < 500 for line in said), said[:10]
  told = capfd.readouterr()
  assert len(told.out + told.err) < 5000, told.err[:2000]
  assert 'Traceback' not in told.err and '\x1b' not in told.out + told.err


@pytest.mark.parametrize('attack', ATTACKS)
def test_two_hundred_of_each(attack, exports, capfd):
  attacked(exports, attack, 200, capfd)


@pytest.mark.slow
@pytest.mark.parametrize('attack', ATTACKS)
def test_ten_thousand_of_each(attack, exports, capfd):
  attacked(exports, attack, 10_000, capfd)
