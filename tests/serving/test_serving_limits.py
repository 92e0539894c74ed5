"""One client cannot shut out the others: slow connections, many of them, and large bodies."""

import contextlib
import json
import resource
import socket
import threading
import time

import pytest

from tests.shared import served
from tf_creative.serving.server import rpc
from tf_creative.serving.server.http import web

PREDICT = '/v1/models/toy:predict'
GOOD = {'instances': [[1, 2, 3]]}
HEAD = f'POST {PREDICT} HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n'


@pytest.fixture
def exports(tmp_path):
  return served.folder(tmp_path / 'exports')


@contextlib.contextmanager
def connected(server):
  address = ('127.0.0.1', server.rest_port)
  with socket.create_connection(address, timeout=20) as connection:
    yield connection


def received(connection):
  """All that comes until the server closes; what is cut off counts as closed."""
  got = b''
  with contextlib.suppress(ConnectionError):
    while chunk := connection.recv(1 << 16):
      got += chunk
  return got


def drip(connection, data, seconds=0.05):
  """Sends byte by byte for as long as the server takes it, in a thread."""

  def send():
    with contextlib.suppress(OSError):
      for byte in data:
        connection.sendall(bytes([byte]))
        time.sleep(seconds)

  thread = threading.Thread(target=send, daemon=True)
  thread.start()
  return thread


@pytest.mark.parametrize('part', ['first line', 'headers', 'body'])
def test_a_request_that_drips_is_given_up(exports, monkeypatch, part):
  """The deadline is of the whole, not of each byte."""
  monkeypatch.setattr(web, '_SECONDS', 0.5)
  with served.running(exports) as (server, _), connected(server) as connection:
    if part != 'first line':
      connection.sendall((HEAD % 9999).encode() if part == 'body' else b'GET / HTTP/1.1\r\n')
    begun = time.monotonic()
    drip(connection, b'A' * 400)
    assert b' 408 ' in received(connection).split(b'\r\n')[0]
    assert time.monotonic() - begun < 10


def test_an_idle_connection_is_closed(exports, monkeypatch):
  monkeypatch.setattr(web, '_SECONDS', 0.2)
  with served.running(exports) as (server, _), connected(server) as connection:
    assert received(connection) == b''


@pytest.mark.parametrize('slow', ['idle', 'dripping'])
def test_the_longest_idle_makes_room(exports, monkeypatch, slow):
  monkeypatch.setattr(web, '_MOST_CONNECTIONS', 3)
  with served.running(exports) as (server, client), contextlib.ExitStack() as stack:
    held = [stack.enter_context(connected(server)) for _ in range(3)]
    if slow == 'dripping':
      for connection in held:
        drip(connection, (HEAD % 5).encode())
    time.sleep(0.3)
    for _ in range(2):
      assert client.ask(GOOD).status == 200
    held[0].settimeout(5)
    assert received(held[0]) == b'', 'dropped'
    held[2].sendall(b'\r\n')
    assert client.ask(GOOD).status == 200, 'on the same connection'


def test_where_all_are_busy_it_is_said_so_and_health_is_told(exports, monkeypatch):
  monkeypatch.setattr(web, '_MOST_CONNECTIONS', 1)
  with served.running(exports) as (server, client):
    slow, answers = served.Slow(server, monkeypatch), []
    thread = threading.Thread(target=lambda: answers.append(client.ask(GOOD)), daemon=True)
    thread.start()
    assert slow.entered.acquire(timeout=20)
    for path, status in (('/healthz', 200), ('/v1/models/toy', 503)):
      extra = client.connection()
      extra.request('GET', path)
      assert extra.getresponse().status == status
    with connected(server) as connection:  # what it sends is read, or it would see no answer
      connection.sendall((HEAD % (1 << 20)).encode() + bytes(1 << 20))
      assert b' 503 ' in received(connection).split(b'\r\n')[0]
    slow.go_on.set()
    thread.join(20)
    assert answers[0].status == 200


def test_large_bodies_share_a_budget_and_small_ones_pass(exports, monkeypatch):
  monkeypatch.setattr(web, '_BODIES', 1, raising=False)
  with (
    served.running(exports, most_bytes=1 << 20) as (server, client),
    connected(server) as first,
    connected(server) as second,
  ):
    for connection in (first, second):
      connection.sendall((HEAD % (1 << 20)).encode() + b' ' * 900_000)
      time.sleep(1)  # it is read before the next comes, else both may be refused
    got = received(second)
    assert b' 503 ' in got.split(b'\r\n')[0]
    assert client.ask(GOOD).status == 200
    rest = json.dumps(GOOD).encode().rjust((1 << 20) - 900_000)
    first.sendall(rest)
    assert b' 200 ' in first.recv(1 << 16).split(b'\r\n')[0], 'the other is answered'
    assert client.ask(b' ' * 900_000 + json.dumps(GOOD).encode()).status == 200, 'given back'


BOMBS = {
  'empty lists': b'[],',
  'empty objects': b'{},',
  'numbers': b'0,',
  'strings': b'"",',
  'names': b'{"a":0},',
  'quotes in a string': b'"\\"",',
}


@pytest.mark.parametrize('part', BOMBS.values(), ids=BOMBS)
def test_a_body_of_nothing_is_refused_at_once(exports, part):
  size = 30 << 20
  body = b'{"instances": [' + part * (size // len(part)) + b'0]}'
  with served.running(exports, most_bytes=32 << 20) as (_, client):
    before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    answer = client.ask(body)
    took = time.monotonic() - begun
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
  assert answer.status == 400 and 'more than' in answer.json['error']
  assert took < 5 and grown < 250 << 10, (took, grown)  # kB


def test_what_a_batch_may_be_is_taken(exports):
  """Rows in full, with text that is full of commas and brackets."""
  texts = ['[{,"' * 10_000] * 8
  with served.running(exports) as (_, client):
    answer = client.ask({'signature_name': 'say', 'inputs': texts})
    assert answer.json['outputs']['text'] == texts


def test_without_limits_of_a_batch_many_rows_are_taken(tmp_path):
  exports = served.folder(tmp_path / 'exports', batching='')
  with served.running(exports) as (_, client):
    assert len(client.ask({'instances': [[1, 2, 3]] * 50_000}).json['predictions']) == 50_000


def test_no_more_than_a_few_megabytes_are_taken_by_default(exports):
  with served.running(exports) as (_, client):
    assert client.ask(bytes(9 << 20)).status == 413


def test_calls_are_bounded(exports, monkeypatch):
  monkeypatch.setattr(rpc, '_MOST_CALLS', 2, raising=False)
  with served.running(exports) as (server, client):
    slow = served.Slow(server, monkeypatch)
    one = served.request({'n': [1]}, 'count')
    one.inputs['n'].dtype = 9  # int64
    one.inputs['n'].ClearField('int_val')
    one.inputs['n'].int64_val.append(1)
    calls = [client.predictions.Predict.future(one) for _ in range(2)]
    assert slow.entered.acquire(timeout=20)
    time.sleep(0.2)
    assert client.refusal({'x': [[1.0, 2.0, 3.0]]}) == 'RESOURCE_EXHAUSTED'
    slow.go_on.set()
    assert [len(call.result(20).outputs) for call in calls] == [1, 1]


@pytest.mark.parametrize('count', [10, 300])
def test_calls_that_send_nothing_are_dropped_and_sooner_if_they_are_many(
  exports, monkeypatch, count
):
  monkeypatch.setattr(rpc, '_SECONDS' if count == 10 else '_HASTE', 0.4, raising=False)
  end = threading.Event()

  def silent():
    end.wait(60)
    yield from ()

  with served.running(exports) as (_, client):
    call = client._channel.stream_unary('/tensorflow.serving.PredictionService/Predict')
    calls = [call.future(silent()) for _ in range(count)]
    deadline = time.monotonic() + 15
    while client.refusal({'x': [[1.0, 2.0, 3.0]]}) != 'OK':
      assert time.monotonic() < deadline
      time.sleep(0.2)
    assert calls[0].exception(20).code().name == 'CANCELLED'
    end.set()
