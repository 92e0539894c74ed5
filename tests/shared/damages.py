"""Ways in which a file of a folder may be damaged, and what watches over those who read it."""

import contextlib
import os
import shutil
import threading

import numpy as np

SECONDS = 40  # for which a pipe may be waited for


def put(make):
  def damage(path, outside):
    path.unlink()
    make(path, outside)

  return damage


DAMAGES = {
  'gone': put(lambda path, outside: None),
  'empty': put(lambda path, outside: path.write_bytes(b'')),
  'cut': lambda path, outside: os.truncate(path, path.stat().st_size // 2),
  'zeroed': lambda path, outside: path.write_bytes(bytes(path.stat().st_size)),
  'noise': lambda path, outside: path.write_bytes(np.random.default_rng(0).bytes(2000)),
  "another's": lambda path, outside: shutil.copyfile('pipelines/gallery.png', path),
  'a link': put(lambda path, outside: path.symlink_to(outside / 'precious')),
  'a link to nothing': put(lambda path, outside: path.symlink_to(outside / 'absent')),
  'a pipe': put(lambda path, outside: os.mkfifo(path)),
  'a folder': put(lambda path, outside: path.mkdir()),
}


@contextlib.contextmanager
def opened_at_last(path):
  """Let go who waits for a pipe, after a while; yields a list that then is not empty."""
  waited = []

  def let_go():
    waited.append(path)
    while not done.wait(1):  # to open it for both ends waits for nobody
      with contextlib.suppress(OSError):
        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))

  done, timer = threading.Event(), threading.Timer(SECONDS, let_go)
  timer.start()
  try:
    yield waited
  finally:
    timer.cancel()
    done.set()


def contents(folder):
  return {path: path.read_bytes() for path in sorted(folder.rglob('*')) if path.is_file()}
