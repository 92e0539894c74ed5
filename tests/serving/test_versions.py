"""Versions in a folder: visible at once and whole, whatever happens to who publishes them."""

import pathlib
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest
import tensorflow as tf

from tf_creative.core import spec
from tf_creative.serving.exports import versions

ROOT = pathlib.Path(__file__).parents[2]
FILES = {'saved_model.pb': 'graph', 'variables/variables.index': 'index', 'assets.extra/x': ''}
PUBLISHER = f"""
import pathlib, sys
from tf_creative.serving.exports import versions
print('begun', flush=True)
while True:
  with versions.staging(pathlib.Path(sys.argv[1]), ['a', 'b']) as stage:
    for path in stage.paths.values():
      for name, text in {FILES}.items():
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_text(text * 1000)
    stage.publish()
"""


def publish(exports, *names):
  with versions.staging(exports, list(names)) as stage:
    for path in stage.paths.values():
      for name, text in FILES.items():
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_text(text * 1000)
    return stage.publish()


def whole(version):
  return all((version / name).read_text() == text * 1000 for name, text in FILES.items())


def hidden(exports):
  return [*exports.glob('.staged*'), *exports.glob('*/.staged*')]


def test_numbers_are_common_to_all_models_and_only_grow(tmp_path):
  for name in ('a/7', 'a/x7', 'a/.staged-9', 'b/3'):
    (tmp_path / name).mkdir(parents=True)
  assert versions.numbers(tmp_path / 'a') == [7]
  assert versions.numbers(tmp_path / 'none') == []
  assert publish(tmp_path, 'a', 'b') == {'a': tmp_path / 'a/8', 'b': tmp_path / 'b/8'}
  versions.prune(tmp_path, ['a', 'b'], keep=1)
  assert [versions.numbers(tmp_path / name) for name in 'ab'] == [[8], [8]]
  publish(tmp_path, 'a', 'b')
  assert [versions.numbers(tmp_path / name) for name in 'ab'] == [[8, 9], [8, 9]]
  assert whole(tmp_path / 'b/9') and not hidden(tmp_path)


def test_nothing_is_seen_of_what_is_not_published(tmp_path):
  with pytest.raises(ZeroDivisionError), versions.staging(tmp_path, ['a']) as stage:
    (stage.paths['a'] / 'file').write_text('x')
    assert versions.numbers(tmp_path / 'a') == []
    raise ZeroDivisionError
  assert versions.numbers(tmp_path / 'a') == [] and not hidden(tmp_path)


def test_what_is_there_is_never_replaced(tmp_path):
  with versions.staging(tmp_path, ['a']) as stage:
    (stage.paths['a'] / 'file').write_text('new')
    (tmp_path / 'a/1').mkdir()
    (tmp_path / 'a/1/file').write_text('old')
    with pytest.raises(OSError):
      stage.publish()
  assert (tmp_path / 'a/1/file').read_text() == 'old'


def test_one_publishes_at_a_time(tmp_path):
  other = pytest.raises(spec.UserError, match='written to by another export')
  with versions.staging(tmp_path, ['a']), other:
    publish(tmp_path, 'a')
  publish(tmp_path, 'a')


def test_where_nothing_can_be_written_another_place_is_asked_for(tmp_path):
  (tmp_path / 'file').write_text('')
  with pytest.raises(spec.UserError, match='--export_dir'):
    publish(tmp_path / 'file' / 'exports', 'a')


@pytest.mark.parametrize('kills', [3, pytest.param(20, marks=pytest.mark.slow)])
def test_who_is_killed_leaves_whole_versions_only(kills, tmp_path):
  chance, most = random.Random(0), 0
  for _ in range(kills):
    command = [sys.executable, '-c', PUBLISHER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as publisher:
      assert publisher.stdout.readline() == b'begun\n'
      time.sleep(chance.uniform(0.02, 0.3))
      publisher.send_signal(signal.SIGKILL)
    seen = [tmp_path / name / str(n) for name in 'ab' for n in versions.numbers(tmp_path / name)]
    assert all(map(whole, seen))
    assert len(seen) > most or not seen
    most = len(seen)
  assert most > 0
  publish(tmp_path, 'a', 'b')  # the lock died with its owner, and the litter is gone
  assert not hidden(tmp_path)


@pytest.mark.parametrize('count', [60, pytest.param(1000, marks=pytest.mark.slow)])
def test_a_reader_never_meets_half_a_version(tmp_path, count):
  """A real SavedModel is published again and again while somebody loads the newest."""
  module = tf.Module()
  module.value = tf.Variable(1.0)
  tf.saved_model.save(module, str(tmp_path / 'model'))
  exports, done, loaded, failed = tmp_path / 'exports', threading.Event(), [], []

  def read():
    while not done.is_set():
      if numbers := versions.numbers(exports / 'a'):
        try:
          assert float(tf.saved_model.load(str(exports / 'a' / str(numbers[-1]))).value) == 1
          loaded.append(numbers[-1])
        except Exception as error:  # whatever it is, it must not be
          failed.append(error)

  reader = threading.Thread(target=read)
  reader.start()
  try:
    for _ in range(count):
      with versions.staging(exports, ['a']) as stage:
        shutil.copytree(tmp_path / 'model', stage.paths['a'], dirs_exist_ok=True)
        stage.publish()
  finally:
    done.set()
    reader.join()
  assert not failed
  assert versions.numbers(exports / 'a') == list(range(1, count + 1))
  assert len(set(loaded)) > 3
