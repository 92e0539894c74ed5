"""How fast works are served, and that nothing is dropped: minutes, on a machine otherwise idle.

python -m pytest -m slow tests/serving/test_serving_speed.py -s
"""

import shutil
import threading
import time

import numpy as np
import pytest

from tests.shared import served
from tf_creative.learner import config as config_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.serving.exports import versions
from tf_creative.serving.server import servable
from tf_creative.studio import publishing

SECONDS = 5  # of each measurement

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def exports(tmp_path_factory):
  """The default learner, untrained: a hand that never ends before its last stroke."""
  folder, config = tmp_path_factory.mktemp('exports'), config_lib.Config()
  publishing.publish(learner_lib.Learner(config), config, folder, 2, {})
  return folder


def drawn(rows):
  return {'seed': np.arange(rows, dtype=np.int64), 'label': np.full(rows, -1, np.int32)}


def by_grpc(client, rows):
  client.predict(drawn(rows), model='creator')


def by_rest(client, rows):
  inputs = {name: part.tolist() for name, part in drawn(rows).items()}
  answer = client.ask({'inputs': inputs}, model='creator')
  assert answer.status == 200, answer.body


def load(connect, ask, rows, clients, seconds, done=None):
  """Seconds of each request of many clients that ask without a pause, faults, and requests/s."""
  took, failed = [], []
  start = time.monotonic()
  end = start + seconds

  def work():
    client = connect()
    try:
      while time.monotonic() < end:
        began = time.perf_counter()
        ask(client, rows)
        took.append(time.perf_counter() - began)
    except Exception as error:  # whatever it is, it counts
      failed.append(error)
    finally:
      client.close()

  threads = [threading.Thread(target=work) for _ in range(clients)]
  for thread in threads:
    thread.start()
  if done:
    done()
  for thread in threads:
    thread.join()
  return np.array(took), failed, len(took) / (time.monotonic() - start)


def in_process(exports, rows, seconds=SECONDS):
  """The time of a call without any server, by the same loader."""
  model = servable.Servable(exports / 'creator' / '1')
  signature = model.signature('')
  inputs = drawn(rows)
  arrays = [inputs[name] for name in signature.inputs]
  took, end = [], time.monotonic() + seconds
  while time.monotonic() < end:
    began = time.perf_counter()
    model.run(signature, arrays, signature.chosen(()))
    took.append(time.perf_counter() - began)
  model.close()
  return np.array(took)


def test_a_server_costs_little_more_than_the_call_itself(exports):
  for rows in (1, 64):
    print(f'\n{rows} in process: {1e3 * np.median(in_process(exports, rows)):.1f} ms')
  print('| protocol | batch | clients | median ms | p99 ms | works/s |')
  print('|---|---|---|---|---|---|')
  with served.command(exports) as (_, client, said):
    assert "tf_creative's own model server" in said
    connect = client.another
    for name, ask in (('gRPC', by_grpc), ('REST', by_rest)):
      for rows in (1, 64):
        for clients in (1, 8, 64):
          took, failed, rate = load(connect, ask, rows, clients, SECONDS)
          assert not failed
          median, late = 1e3 * np.quantile(took, [0.5, 0.99])
          print(f'| {name} | {rows} | {clients} | {median:.1f} | {late:.1f} | {rows * rate:.0f} |')
    ratios = {'gRPC': [], 'REST': []}
    for _ in range(3):  # one after the other, so that both meet the same machine
      alone = np.median(in_process(exports, 64, 3))
      for name, ask in (('gRPC', by_grpc), ('REST', by_rest)):
        took, _, _ = load(connect, ask, 64, 1, 3)
        ratios[name].append(np.median(took) / alone)
  for name, found in ratios.items():
    print(
      f'{name}: {np.median(found):.2f} times the call itself ({min(found):.2f}-{max(found):.2f})'
    )
    assert np.median(found) <= 1.5


def test_nothing_is_dropped_when_a_version_comes_under_load(exports):
  def publish():
    time.sleep(20)
    with versions.staging(exports, ['creator']) as stage:
      shutil.copytree(exports / 'creator' / '1', stage.paths['creator'], dirs_exist_ok=True)
      stage.publish()
    versions.prune(exports, ['creator'], keep=1)

  with served.command(exports, '--poll_seconds=0.5') as (_, client, _):
    took, failed, _ = load(client.another, by_grpc, 16, 8, 60, publish)
    assert client.status('creator')[2][0] == 'AVAILABLE'
  assert not failed
  median, late = 1e3 * np.quantile(took, [0.5, 0.99])
  print(f'\n60 s, a new version after 20: {len(took)} requests, {median:.0f} ms, p99 {late:.0f} ms')
