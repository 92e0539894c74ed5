"""Versions come and go while requests are answered; a bad one changes nothing."""

import shutil
import threading
import time

import grpc
import numpy as np
import pytest
import tensorflow as tf

from tests.shared import served
from tf_creative.core import spec
from tf_creative.serving.exports import parameters

X = np.zeros((1, 3), np.float32)
ALL = 'model_version_policy { all {} }'


def answered(client, **which):
  """The number of the version that answers."""
  return int(client.predict({'x': X}, **which)['y'][0, 0])


def states(client):
  return {number: state for number, (state, _) in client.status().items()}


def test_a_new_version_takes_over_and_the_old_one_goes(tmp_path):
  exports = served.folder(tmp_path / 'exports')
  with served.running(exports) as (server, client):
    assert answered(client) == 1
    served.add(exports, 2)
    assert answered(client) == 1
    server.models.poll()
    assert answered(client) == 2
    assert states(client) == {1: 'END', 2: 'AVAILABLE'}
    assert client.refusal({'x': X}, version=1) == 'NOT_FOUND'


def test_a_new_version_is_found_by_itself(tmp_path):
  exports = served.folder(tmp_path / 'exports')
  with served.running(exports, poll_seconds=0.05) as (_, client):
    served.add(exports, 2)
    deadline = time.monotonic() + 20
    while answered(client) != 2:
      assert time.monotonic() < deadline
      time.sleep(0.02)


def test_an_old_version_comes_back_when_the_new_one_is_taken_away(tmp_path):
  exports = served.folder(tmp_path / 'exports', numbers=(1, 2))
  with served.running(exports) as (server, client):
    assert answered(client) == 2
    shutil.rmtree(exports / 'toy' / '2')
    server.models.poll()
    assert answered(client) == 1
    assert states(client) == {1: 'AVAILABLE', 2: 'END'}
    shutil.rmtree(exports / 'toy' / '1')  # with none left, the last one stays
    server.models.poll()
    assert answered(client) == 1


@pytest.mark.parametrize(
  ('policy', 'wanted'),
  [
    ('', {3}),
    ('model_version_policy { latest { num_versions: 2 } }', {2, 3}),
    (ALL, {1, 2, 3}),
    ('model_version_policy { specific { versions: 1 versions: 3 versions: 9 } }', {1, 3}),
  ],
)
def test_policies(tmp_path, policy, wanted):
  exports = served.folder(tmp_path / 'exports', policy)
  for name in ('2', '3', '.tmp-4', '5x', '-6', '0', 'seven', str(2**63)):
    (exports / 'toy' / name).mkdir()
  (exports / 'toy' / '8').write_text('no folder')
  (model,) = parameters.models(parameters.read(exports))
  found = {int(n) for n in ('1', '2', '3')}
  assert model.wanted(found) == wanted
  assert model.path == (exports / 'toy').resolve()


def test_only_folders_that_are_numbers_are_versions(tmp_path):
  exports = served.folder(tmp_path / 'exports', ALL)
  for name in ('.tmp-4', '5x', '-6', '0', 'seven', str(2**63), '٣'):
    shutil.copytree(exports / 'toy' / '1', exports / 'toy' / name)
  (exports / 'toy' / '8').write_text('no folder')
  with served.running(exports) as (_, client):
    assert states(client) == {1: 'AVAILABLE'}


class Writer(served.Toy):
  """Writes a file when it is asked, and its warm-up asks."""

  def __init__(self, path):
    super().__init__(2)
    self.path = str(path)

  @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name='x')])
  def scale(self, x):
    tf.io.write_file(self.path, 'something')
    return {'y': x}


@pytest.mark.parametrize('how', ['no model', 'no answer to the warm-up', 'no warm-up', 'a writer'])
def test_a_bad_version_does_not_replace_the_good_one(tmp_path, how):
  exports = served.folder(tmp_path / 'exports')
  said = []
  with served.running(exports, say=said.append) as (server, client):
    warm_up = [served.request({'x': X + 1000})] if how == 'no answer to the warm-up' else ()
    if how == 'no warm-up':
      warm_up = [served.request({'x': X})]
      whole = exports / 'toy' / '.whole'
      served.add(exports, 2, warm_up=warm_up)
      (exports / 'toy' / '2').rename(whole)
      (whole / served.warmup.FILE).write_bytes(b'no record' * 20)
      whole.rename(exports / 'toy' / '2')
    elif how == 'a writer':
      warm_up = [served.request({'x': X})]
      served.add(exports, 2, warm_up=warm_up, of=Writer(tmp_path / 'written'))
    else:
      served.add(exports, 2, warm_up=warm_up, break_it=how == 'no model')
    server.models.poll()
    server.models.poll()
    assert answered(client) == 1
    state, error = client.status()[2]
    assert state == 'END' and error
    assert not (tmp_path / 'written').exists()
    assert sum('cannot be loaded' in line for line in said) == 1, 'tried once, not at every look'
    listed = client.rest('GET', '/v1/models/toy/versions/2').json['model_version_status'][0]
    assert listed['status']['error_code'] != 'OK'
    assert client.rest('GET', '/healthz').status == 200
    shutil.rmtree(exports / 'toy' / '2')
    served.add(exports, 2)
    server.models.poll()
    assert answered(client) == 2, 'mended, it is loaded'


def test_warm_up_is_replayed_before_the_swap(tmp_path):
  exports = served.folder(tmp_path / 'exports')
  said = []
  with served.running(exports, say=said.append) as (server, _):
    served.add(
      exports, 2, warm_up=[served.request({'x': X}), served.request({'n': np.int64([1])}, 'count')]
    )
    server.models.poll()
    assert any(line.startswith('toy 2: loaded') and 'by 2 requests' in line for line in said)


def test_a_version_in_use_is_let_go_after_its_last_request(tmp_path):
  exports = served.folder(tmp_path / 'exports')
  with served.running(exports) as (server, client):
    with server.models.lease('toy') as old:
      served.add(exports, 2)
      server.models.poll()
      assert answered(client) == 2
      assert states(client)[1] == 'UNLOADING'
      signature = old.servable.signature('')
      assert old.predict(signature, {'x': X})['y'][0, 0] == 1
    assert states(client)[1] == 'END'
    assert old.servable is None


@pytest.mark.parametrize('batching_', ['', served.BATCHING], ids=['alone', 'batched'])
def test_swapping_drops_no_request(tmp_path, batching_):
  """Four threads ask by both protocols without a pause while versions 2 and 3 take over."""
  exports = served.folder(tmp_path / 'exports', batching=batching_)
  with served.running(exports) as (server, client):
    stop, seen, errors = threading.Event(), set(), []

    def by_grpc():
      while not stop.is_set():
        try:
          seen.add(answered(client))
        except grpc.RpcError as error:
          errors.append(error)

    def by_rest():
      other = served.Client(server.port, server.rest_port)
      while not stop.is_set():
        answer = other.ask({'instances': X.tolist()})
        if answer.status == 200:
          seen.add(int(answer.json['predictions'][0][0]))
        else:
          errors.append(answer)
      other.close()

    threads = [threading.Thread(target=ask, daemon=True) for ask in (by_grpc, by_rest) * 2]
    for thread in threads:
      thread.start()
    for number in (2, 3):
      served.add(exports, number)
      server.models.poll()
      time.sleep(0.1)
    stop.set()
    for thread in threads:
      thread.join(20)
    assert not errors
    assert seen == {1, 2, 3}
    assert states(client) == {1: 'END', 2: 'END', 3: 'AVAILABLE'}


def test_models_side_by_side(tmp_path):
  exports = served.folder(tmp_path / 'exports', names=('creator', 'critic'))
  served.add(exports, 2, 'critic')
  about = exports / 'creator' / '1' / 'assets.extra'
  about.mkdir()
  (about / 'about.json').write_text('{"run": "glyphs"}')
  with served.running(exports) as (_, client):
    assert answered(client, model='creator') == 1
    assert answered(client, model='critic') == 2
    assert client.rest('GET', '/about.json').json == {'run': 'glyphs'}
    assert client.rest('GET', '/healthz').json == {
      'status': 'ok',
      'models': {'creator': [1], 'critic': [2]},
    }


def test_batching_config(tmp_path):
  assert parameters.limits(tmp_path) is None
  (tmp_path / 'batching.config').write_text(served.BATCHING)
  assert parameters.limits(tmp_path) == parameters.Limits(8, 0, 4, 1)


@pytest.mark.parametrize(
  'text',
  ['max_batch_size { value: 8', 'max_batch_size: 8', '}', 'max_batch_size { value: many }', '%'],
)
def test_batching_config_that_cannot_be_read(tmp_path, text):
  (tmp_path / 'batching.config').write_text(text)
  with pytest.raises(spec.UserError, match=r'batching\.config'):
    parameters.limits(tmp_path)


def test_monitoring_config(tmp_path):
  assert parameters.metrics_path(tmp_path) is None
  for text, path in (
    (served.MONITORING, '/monitoring/prometheus/metrics'),
    ("prometheus_config: { enable: true path: '/numbers' }", '/numbers'),
    ('prometheus_config { enable: true }', '/monitoring/prometheus/metrics'),
    ('prometheus_config { enable: false }', None),
    ('', None),
  ):
    (tmp_path / 'monitoring.config').write_text(text)
    assert parameters.metrics_path(tmp_path) == path


@pytest.mark.parametrize('text', ['', 'nonsense', 'model_config_list { config { name: "a" } }'])
def test_models_config_that_cannot_be_read(tmp_path, text):
  (tmp_path / 'models.config').write_text(text)
  with pytest.raises(spec.UserError, match=r'models\.config'):
    parameters.read(tmp_path)
