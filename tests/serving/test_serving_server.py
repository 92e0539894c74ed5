"""The server as a whole: its end, its numbers, its page, and its limits."""

import threading
import time

import numpy as np
import pytest

from tests.shared import served
from tf_creative.core import spec
from tf_creative.serving.server import monitoring
from tf_creative.serving.server import server as server_lib

X = np.zeros((1, 3), np.float32)
METRICS = '/monitoring/prometheus/metrics'


@pytest.fixture
def exports(tmp_path):
  return served.folder(tmp_path / 'exports')


def test_a_stop_answers_what_is_in_flight(exports, monkeypatch):
  with served.running(exports) as (server, client):
    idle = client.connection()
    idle.request('GET', '/healthz')
    idle.getresponse().read()
    slow = served.Slow(server, monkeypatch)
    by_grpc = client.predictions.Predict.future(served.request({'n': np.int64([1])}, 'count'))
    by_rest = []
    thread = threading.Thread(target=lambda: by_rest.append(client.ask({'instances': X.tolist()})))
    thread.start()
    assert slow.entered.acquire(timeout=20) and slow.entered.acquire(timeout=20)
    stopping = threading.Thread(target=server.stop, daemon=True)
    stopping.start()
    time.sleep(0.3)
    assert stopping.is_alive()
    assert client.refusal({'x': X}) == 'UNAVAILABLE'
    with pytest.raises(OSError, match='refused'):
      client.connection().connect()
    slow.go_on.set()
    assert len(by_grpc.result(20).outputs) == 1
    thread.join(20)
    assert by_rest[0].status == 200
    stopping.join(20)
    assert not stopping.is_alive()
    assert idle.sock.recv(1) == b'', 'closed'


def test_a_stop_does_not_wait_for_ever(exports, monkeypatch):
  with served.running(exports) as (server, client):
    slow = served.Slow(server, monkeypatch)
    failed = []

    def ask():
      try:
        client.ask({'instances': X.tolist()})
      except OSError as error:
        failed.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    assert slow.entered.acquire(timeout=20)
    begun = time.monotonic()
    server.stop(0.2)
    assert time.monotonic() - begun < 10
    thread.join(20)
    slow.go_on.set()
    assert failed


def test_requests_are_counted_by_model_method_and_status(exports):
  with served.running(exports) as (_, client):
    for _ in range(3):
      client.predict({'x': X})
    client.ask({'instances': X.tolist()})
    client.ask({'instances': [[1, 2, 300]]})
    client.refusal({'x': X[0]})
    client.status()
    client.rest('GET', '/v1/models/toy/metadata')
    for name in ('nope', 'never', '"'):
      client.refusal({'x': X}, model=name)
    text = client.rest('GET', METRICS).body.decode()
  count = ':tensorflow:serving:request_count'
  for labels, number in (
    ('model_name="toy",method="Predict",status="OK"', 4),
    ('model_name="toy",method="Predict",status="INVALID_ARGUMENT"', 2),
    ('model_name="toy",method="GetModelStatus",status="OK"', 1),
    ('model_name="toy",method="GetModelMetadata",status="OK"', 1),
    ('model_name="",method="Predict",status="NOT_FOUND"', 3),
  ):
    assert f'{count}{{{labels}}} {number}\n' in text
  latency = ':tensorflow:serving:request_latency'
  labels = 'model_name="toy",API="Predict",entrypoint="gRPC"'
  assert f'{latency}_count{{{labels}}} 4\n' in text
  assert f'{latency}_bucket{{{labels},le="+Inf"}} 4\n' in text
  assert 'load_attempt_count{model_path="toy",status="success"} 1\n' in text
  assert 'available_version{model_name="toy",version="1"} 1\n' in text


def test_histograms_count_upwards():
  metrics = monitoring.Metrics()
  for rows in (1, 2, 3, 64, 10**6):
    metrics.batch('a "name"\\', rows)
  name = ':tensorflow:serving:batching_session:processed_batch_size'
  label = r'model_name="a \"name\"\\"'
  lines = metrics.text([]).split('\n')
  for bound, count in (
    ('1', 1),
    ('2', 2),
    ('4', 3),
    ('32', 3),
    ('64', 4),
    ('4096', 4),
    ('+Inf', 5),
  ):
    assert f'{name}_bucket{{{label},le="{bound}"}} {count}' in lines
  assert f'{name}_sum{{{label}}} 1000070' in lines


def test_metrics_only_where_the_config_wants_them(exports):
  (exports / 'monitoring.config').unlink()
  with served.running(exports) as (_, client):
    assert client.rest('GET', METRICS).status == 404


def test_the_page_and_its_head(exports):
  with served.running(exports) as (_, client):
    page = client.rest('GET', '/')
    assert page.status == 200 and b'<html' in page.body
    assert client.rest('GET', '/index.html?x=1').body == page.body
    assert client.rest('HEAD', '/') == (200, b'')
    assert client.rest('GET', '/about.json').status == 404


def test_health_says_when_a_model_cannot_be_asked(tmp_path):
  exports = served.folder(tmp_path / 'exports', names=('one', 'two'), numbers=())
  served.add(exports, 1, 'one')
  with served.running(exports) as (server, client):
    answer = client.rest('GET', '/healthz')
    assert (answer.status, answer.json['models']) == (503, {'one': [1], 'two': []})
    served.add(exports, 1, 'two')
    server.models.poll()
    assert client.rest('GET', '/healthz').status == 200


def test_a_taken_port_is_said_so(exports):
  with served.running(exports) as (server, _):
    for ports in ({'port': server.port}, {'rest_port': server.rest_port}):
      with pytest.raises(spec.UserError, match='cannot listen'):
        server_lib.Server(exports, **ports)
