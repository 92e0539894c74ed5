"""Requests that share a call: what is merged, what is not, and who gets which answer."""

import threading
import time

import numpy as np
import pytest

from tests.shared import served
from tf_creative.serving.exports import parameters
from tf_creative.serving.server import batching, errors, rpc


class Model:
  """Adds one; its first call waits until it may go on, so that others gather behind it."""

  def __init__(self, held=True):
    self.calls, self.go_on = [], threading.Event()
    self.entered = threading.Event()
    if not held:
      self.go_on.set()

  def __call__(self, arrays):
    self.calls.append(len(arrays[0]))
    self.entered.set()
    assert self.go_on.wait(20)
    if any((array == 13).any() for array in arrays):
      raise errors.bad('thirteen')
    return [array + 1 for array in arrays]


def ask(queue, *batches):
  """Asks from as many threads; what comes of each."""
  got = [None] * len(batches)

  def one(index, batch):
    try:
      got[index] = [array.tolist() for array in queue([np.asarray(batch)])]
    except errors.ServingError as error:
      got[index] = error.code.name

  threads = [threading.Thread(target=one, args=each, daemon=True) for each in enumerate(batches)]
  for thread in threads:
    thread.start()
  return threads, got


def waited(queue, rows):
  """Until so many rows are waiting."""
  deadline = time.monotonic() + 20
  while queue._rows < rows:
    assert time.monotonic() < deadline
    time.sleep(0.001)


def joined(threads):
  for thread in threads:
    thread.join(20)
    assert not thread.is_alive()


def queue_of(model, **limits):
  observed = []
  defaults = {'max_batch_size': 8, 'num_batch_threads': 1}
  queue = batching.Queue(model, parameters.Limits(**{**defaults, **limits}), observed.append)
  return queue, observed


def test_what_waits_goes_together_and_everyone_gets_their_own():
  model = Model()
  queue, observed = queue_of(model)
  first, got_first = ask(queue, [0])
  model.entered.wait(20)
  rest, got = ask(queue, [1, 2], [3], [4, 5, 6])
  waited(queue, 6)
  model.go_on.set()
  joined(first + rest)
  assert model.calls == [1, 6] == observed
  assert got_first == [[[1]]]
  assert got == [[[2, 3]], [[4]], [[5, 6, 7]]]


def test_no_more_than_fits_into_a_batch():
  model = Model()
  queue, _ = queue_of(model)
  first, _ = ask(queue, [0])
  model.entered.wait(20)
  rest, got = ask(queue, [1] * 5, [2] * 5, [3] * 3)
  waited(queue, 13)
  model.go_on.set()
  joined(first + rest)
  assert sorted(model.calls) == [1, 5, 8]
  assert got == [[[2] * 5], [[3] * 5], [[4] * 3]]


def test_only_equal_shapes_go_together():
  model = Model()
  queue, _ = queue_of(model)
  first, _ = ask(queue, [[0]])
  model.entered.wait(20)
  rest, got = ask(queue, [[1, 2]], [[3]], [[4, 5]])
  waited(queue, 3)
  model.go_on.set()
  joined(first + rest)
  assert sorted(model.calls) == [1, 1, 2]
  assert got == [[[[2, 3]]], [[[4]]], [[[5, 6]]]]


def test_a_bad_request_fails_alone():
  model = Model()
  queue, _ = queue_of(model)
  first, _ = ask(queue, [0])
  model.entered.wait(20)
  rest, got = ask(queue, [1], [13], [2])
  waited(queue, 3)
  model.go_on.set()
  joined(first + rest)
  assert got == [[[2]], 'INVALID_ARGUMENT', [[3]]]


def test_a_full_queue_refuses_and_recovers():
  model = Model()
  queue, _ = queue_of(model, max_batch_size=2, max_enqueued_batches=2)
  first, _ = ask(queue, [0])
  model.entered.wait(20)
  rest, got = ask(queue, [1, 1], [2, 2])
  waited(queue, 4)
  extra, refused = ask(queue, [3])
  joined(extra)
  assert refused == ['UNAVAILABLE']
  model.go_on.set()
  joined(first + rest)
  assert got == [[[2, 2]], [[3, 3]]]
  joined(ask(queue, [3])[0])


def test_a_request_beyond_the_limit_is_refused():
  queue, _ = queue_of(Model(held=False))
  threads, got = ask(queue, [1] * 9)
  joined(threads)
  assert got == ['INVALID_ARGUMENT']


def test_a_batch_waits_for_company_until_it_is_full():
  model = Model(held=False)
  queue, _ = queue_of(model, batch_timeout_micros=20_000_000, max_batch_size=3)
  begun = time.monotonic()
  joined(ask(queue, [1], [2], [3])[0])
  assert model.calls == [3]
  assert time.monotonic() - begun < 10


def test_a_batch_waits_for_company_no_longer_than_it_may():
  model = Model(held=False)
  queue, _ = queue_of(model, batch_timeout_micros=50_000)
  begun = time.monotonic()
  joined(ask(queue, [1])[0])
  assert model.calls == [1]
  assert 0.05 <= time.monotonic() - begun < 10


def test_batches_run_side_by_side_as_threads_allow():
  model = Model()
  queue, _ = queue_of(model, num_batch_threads=2)
  first, _ = ask(queue, [0])
  model.entered.wait(20)
  second, _ = ask(queue, [1])
  deadline = time.monotonic() + 20
  while len(model.calls) < 2:
    assert time.monotonic() < deadline
    time.sleep(0.001)
  model.go_on.set()
  joined(first + second)


def test_many_at_once_all_get_their_own():
  queue, observed = queue_of(Model(held=False), num_batch_threads=2, max_enqueued_batches=1000)
  threads, got = ask(queue, *([number] for number in range(100, 400)))
  joined(threads)
  assert got == [[[number + 1]] for number in range(100, 400)]
  assert sum(observed) == 300


def test_what_nobody_waits_for_is_dropped_before_it_runs():
  model = Model()
  queue, observed = queue_of(model)
  first, _ = ask(queue, [0])
  model.entered.wait(20)
  gone, refused = threading.Event(), []

  def patient():
    try:
      queue([np.array([7, 7])], lambda: not gone.is_set())
    except errors.ServingError as error:
      refused.append(error.code.name)

  thread = threading.Thread(target=patient, daemon=True)
  thread.start()
  waited(queue, 2)
  rest, got = ask(queue, [1], [2])
  waited(queue, 4)
  gone.set()
  joined([thread])  # at once, though the model is held
  assert refused == ['CANCELLED'] and queue._rows == 2
  model.go_on.set()
  joined(first + rest)
  assert got == [[[2]], [[3]]]
  assert model.calls == [1, 2] == observed


def test_a_leader_that_nobody_waits_for_leads_the_others():
  model = Model(held=False)
  queue, _ = queue_of(model, batch_timeout_micros=300_000)
  gone, refused = threading.Event(), []

  def patient():
    try:
      queue([np.array([7, 7])], lambda: not gone.is_set())
    except errors.ServingError as error:
      refused.append(error.code.name)

  thread = threading.Thread(target=patient, daemon=True)
  thread.start()
  waited(queue, 2)
  rest, got = ask(queue, [[1]])  # of another shape
  waited(queue, 3)
  gone.set()
  joined([thread, *rest])
  assert (refused, got, model.calls) == (['CANCELLED'], [[[[2]]]], [1])
  joined(ask(queue, [3])[0])


@pytest.mark.parametrize('batching_', ['', served.BATCHING], ids=['alone', 'batched'])
def test_a_deadline_and_a_cancellation_reach_the_queue(tmp_path, monkeypatch, batching_):
  exports = served.folder(tmp_path / 'exports', batching=batching_)
  monkeypatch.setattr(rpc, '_THREADS', 6 if batching_ else 1)
  with served.running(exports) as (server, client):
    with server.models.lease('toy') as version:
      servable = version.servable
    model, run = Model(), servable.run

    def slow(signature, arrays, outputs):
      model(arrays)
      return run(signature, arrays, outputs)

    monkeypatch.setattr(servable, 'run', slow)
    one = served.request({'x': np.zeros((1, 3), np.float32)})
    first = client.predictions.Predict.future(one)
    model.entered.wait(20)
    late = [client.predictions.Predict.future(one, timeout=0.3) for _ in range(3)]
    cancelled = client.predictions.Predict.future(one)
    assert [call.code().name for call in late] == ['DEADLINE_EXCEEDED'] * 3
    cancelled.cancel()
    last = client.predictions.Predict.future(one)
    time.sleep(0.5)
    model.go_on.set()
    assert len(first.result(20).outputs) == len(last.result(20).outputs) == 1
    assert model.calls == [1, 1]


def test_a_server_merges_by_its_config(tmp_path, monkeypatch):
  """Through the sockets: requests that come while the model is busy become one call."""
  exports = served.folder(tmp_path / 'exports')
  with served.running(exports) as (server, client):
    with server.models.lease('toy') as version:
      servable = version.servable
    model, run = Model(), servable.run

    def slow(signature, arrays, outputs):
      model(arrays)
      return run(signature, arrays, outputs)

    monkeypatch.setattr(servable, 'run', slow)
    one = served.request({'x': np.zeros((1, 3), np.float32)})
    futures = [client.predictions.Predict.future(one)]
    model.entered.wait(20)
    futures += [client.predictions.Predict.future(one) for _ in range(5)]
    with server.models.lease('toy') as version:
      (queue,) = version._queues.values()
      waited(queue, 5)
    model.go_on.set()
    assert [len(future.result(20).outputs) for future in futures] == [1] * 6
    assert model.calls == [1, 5]
    metrics = client.rest('GET', '/monitoring/prometheus/metrics').body.decode()
    name = ':tensorflow:serving:batching_session:processed_batch_size'
    assert f'{name}_sum{{model_name="toy"}} 6' in metrics
    assert f'{name}_count{{model_name="toy"}} 2' in metrics
