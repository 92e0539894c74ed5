"""Versions that are copied slowly, that hang, or that never end, and what goes on meanwhile."""

import os
import shutil
import signal
import threading
import time

import numpy as np
import pytest
import tensorflow as tf

from tests.shared import served
from tf_creative.serving.server import models, servable

X = np.zeros((1, 3), np.float32)


class Endless(served.Toy):
  """Never answers."""

  @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name='x')])
  def scale(self, x):
    return {'y': tf.while_loop(lambda y: tf.reduce_all(y > -1), lambda y: [tf.abs(y)], [x])[0]}


ENDLESS = Endless(2)


def answered(client, **which):
  """The number of the version that answers."""
  return int(client.predict({'x': X}, **which)['y'][0, 0])


def until(true, seconds=20):
  deadline = time.monotonic() + seconds
  while not true():
    assert time.monotonic() < deadline
    time.sleep(0.02)


def in_time(call, *arguments, seconds=10):
  """Calls in a thread; whether that has ended in time."""
  thread = threading.Thread(target=call, args=arguments, daemon=True)
  thread.start()
  thread.join(seconds)
  return not thread.is_alive()


def test_a_version_that_is_copied_slowly_is_served_when_it_is_whole(tmp_path):
  exports = served.folder(tmp_path / 'exports')
  whole, copy, said = served.saved(served.plain(2)), exports / 'toy' / '2', []

  def failed():
    return sum('cannot be loaded' in line for line in said)

  with served.running(exports, poll_seconds=0.05, say=said.append) as (_, client):
    (copy / 'variables').mkdir(parents=True)
    until(failed)
    shutil.copy(whole / 'saved_model.pb', copy)
    time.sleep(0.2)
    for path in sorted((whole / 'variables').iterdir(), reverse=True):  # the index first
      content = path.read_bytes()
      with open(copy / 'variables' / path.name, 'wb') as file:
        file.write(content[:50])
        file.flush()
        time.sleep(0.3)
        file.write(content[50:])
      assert answered(client) == 1
    until(lambda: answered(client) == 2)
    assert 1 < failed() < 10, 'not at every look'


def test_a_bad_version_that_does_not_change_is_not_tried_again_at_once(tmp_path):
  exports = served.folder(tmp_path / 'exports')
  said = []
  with served.running(exports, poll_seconds=0.02, say=said.append):
    served.add(exports, 2, break_it=True)
    time.sleep(0.5)
  assert sum('cannot be loaded' in line for line in said) == 1


def failing(monkeypatch, times):
  """Lets so many loads of new versions fail, though nothing is wrong with them; when each was."""
  real, tried = servable.Servable, []

  def load(path):
    if path.name == '1':
      return real(path)
    tried.append(time.monotonic())
    if len(tried) <= times:
      raise OSError('Stale file handle')
    return real(path)

  monkeypatch.setattr(servable, 'Servable', load)
  monkeypatch.setattr(models, '_SAME', (0.1, 0.4), raising=False)
  return tried


def test_a_version_that_could_not_be_loaded_for_a_while_is_served_later(tmp_path, monkeypatch):
  exports, said, tried = served.folder(tmp_path / 'exports'), [], failing(monkeypatch, 2)
  with served.running(exports, poll_seconds=0.02, say=said.append) as (_, client):
    served.add(exports, 2)
    until(lambda: answered(client) == 2)
  assert len(tried) == 3
  assert [line for line in said if 'Stale file handle' in line] == said[1:3]


def test_it_is_tried_ever_more_seldom_and_never_given_up(tmp_path, monkeypatch):
  exports, tried = served.folder(tmp_path / 'exports'), failing(monkeypatch, 10**6)
  with served.running(exports, poll_seconds=0.02):
    served.add(exports, 2)
    until(lambda: len(tried) == 6)
  gaps = np.diff(tried)
  assert (gaps >= [0.1, 0.2, 0.4, 0.4, 0.4]).all() and (gaps < 2).all()


def test_back_off_ends():
  assert [models._back_off(times, 5, 600) for times in (0, 1, 6, 7, 10**6)] == [
    *(5, 10, 320, 600, 600)
  ]


@pytest.mark.parametrize('where', ['saved_model.pb', 'assets/more', 'variables/a/b'])
def test_a_pipe_is_refused(tmp_path, where):
  exports = served.folder(tmp_path / 'exports')
  with served.running(exports) as (server, client):
    staged = shutil.copytree(served.saved(served.plain(2)), exports / 'toy' / '.tmp-2')
    (staged / where).unlink(missing_ok=True)
    (staged / where).parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(staged / where)
    staged.rename(exports / 'toy' / '2')
    assert in_time(server.models.poll)
    state, error = client.status()[2]
    assert state == 'END' and where in error
    assert answered(client) == 1


@pytest.mark.parametrize('way', ['device', 'circle'])
def test_links_to_what_does_not_end_are_refused(tmp_path, way):
  exports = served.folder(tmp_path / 'exports')
  with served.running(exports) as (server, client):
    served.add(exports, 2)
    if way == 'device':
      (exports / 'toy' / '2' / 'extra').symlink_to('/dev/zero')
    else:
      for name in ('a', 'b', 'c'):
        (exports / 'toy' / '2' / name).symlink_to('.')
    assert in_time(server.models.poll)
    assert answered(client) == 1
    assert {'device': 'extra', 'circle': 'more than'}[way] in client.status()[2][1]


def test_a_load_that_hangs_holds_up_no_other_model_and_is_given_up(tmp_path, monkeypatch):
  monkeypatch.setattr(models, '_LOAD_SECONDS', 4.0, raising=False)
  exports = served.folder(tmp_path / 'exports', names=('one', 'two'))
  with served.running(exports, poll_seconds=0.05) as (_, client):
    served.add(exports, 2, 'one', warm_up=[served.request({'x': X}, model='one')], of=ENDLESS)
    until(lambda: 2 in client.status('one'))
    served.add(exports, 2, 'two')
    until(lambda: answered(client, model='two') == 2, 10)
    assert client.status('one')[2][0] == 'LOADING', 'still'
    until(lambda: client.status('one')[2][0] == 'END')
    assert 'within 4 s' in client.status('one')[2][1]
    assert answered(client, model='one') == 1
    served.add(exports, 3, 'one')
    until(lambda: answered(client, model='one') == 3)


def test_a_stop_waits_for_no_load_and_a_start_may_be_cancelled(tmp_path, monkeypatch):
  hangs, cancelled = threading.Event(), threading.Event()
  monkeypatch.setattr(servable, 'Servable', lambda path: hangs.wait(60))
  exports = served.folder(tmp_path / 'exports')
  server = served.server_lib.Server(exports, poll_seconds=0.05)
  threading.Timer(0.3, cancelled.set).start()
  try:
    assert in_time(server.start, cancelled)
    assert in_time(server.stop)
  finally:
    hangs.set()


def test_a_stop_cancels_what_runs_and_waits_for_its_end(tmp_path):
  def loads():
    return [thread for thread in threading.enumerate() if thread.name == 'load']

  exports = served.folder(tmp_path / 'exports')
  server = served.server_lib.Server(exports, poll_seconds=0.05)
  server.start()
  served.add(exports, 2, warm_up=[served.request({'x': X})], of=ENDLESS)
  until(loads)
  time.sleep(0.5)  # so that it is inside the graph
  server.stop()
  assert not loads()


def test_a_signal_ends_the_command_though_a_load_and_a_request_never_end(tmp_path):
  exports = served.folder(tmp_path / 'exports', names=('one', 'two'))
  served.add(exports, 2, 'one', of=ENDLESS)
  with served.command(exports, '--binary=', '--poll_seconds=0.1') as (process, client, _):
    asked = client.predictions.Predict.future(served.request({'x': X}, model='one'))
    served.add(exports, 2, 'two', warm_up=[served.request({'x': X}, model='two')], of=ENDLESS)
    until(lambda: client.status('two').get(2, ('', ''))[0] == 'LOADING')
    asked.cancel()  # it runs on
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 143
