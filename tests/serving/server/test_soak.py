"""The server as a process, for as long as it is asked to, under all that may happen to it.

TF_CREATIVE_SOAK_MINUTES=10 python -m pytest -m slow tests/serving/server/test_soak.py -s
"""

import contextlib
import http.client
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import threading
import time

import grpc
import numpy as np
import pytest

from tests.shared import served

SECONDS = 60 * float(os.environ.get('TF_CREATIVE_SOAK_MINUTES', '10'))
SETTLED = min(120.0, SECONDS / 2.5)  # from when on memory must be flat
WINDOW = max(5.0, SECONDS / 20)  # seconds whose median is compared
GROWTH = 1.1
SLOW, SWAP = 20, 4.0  # slow clients; seconds between two versions
BAD = b'not a message, nor HTTP'
X = np.array([[1, 2, 3.5], [0.1, 0, -1]], np.float32)


class Soak:
  """Threads that ask a server until they are told to stop, and what became of their requests."""

  def __init__(self, client):
    self.client, self.signalled = client, float('inf')
    self.times = {'gRPC': [], 'REST': []}  # (begun, seconds) of good requests
    self.errors, self.counts = [], dict.fromkeys(('swaps', 'corrupt', 'large', 'slow', 'noise'), 0)
    self._stop, self._threads = threading.Event(), []

  def start(self, act, pause):
    """Call `act` again and again, with a pause in seconds in between."""

    def run():
      while not self._stop.is_set():
        act()
        self._stop.wait(pause)

    self._threads.append(threading.Thread(target=run, daemon=True))
    self._threads[-1].start()

  def stop(self):
    self._stop.set()
    for thread in self._threads:
      thread.join(60)

  def good(self, way, ask):
    """A request whose answer must be right; after the signal, a new one may be refused."""

    def act():
      begun = time.monotonic()
      try:
        number = np.unique(np.round(ask() - X @ served.W, 3))
        assert len(number) == 1 and number == int(number[0]) > 0, number
        self.times[way].append((begun, time.monotonic() - begun))
      except Exception as error:
        if begun < self.signalled - 0.05:  # else it may have come when the port was closed
          self.errors.append(f'{way}: {error!r}'[:300])
        time.sleep(0.1)

    return act

  def slow(self):
    """A request that drips, until the server has enough of it."""
    with contextlib.suppress(OSError), self._connected() as connection:
      self.counts['slow'] += 1
      for byte in b'POST /v1/models/toy:predict HTTP/1.1\r\nHost: localhost\r\n' * 9:
        connection.sendall(bytes([byte]))
        if self._stop.wait(0.5):
          return

  def large(self):
    """A body of more rows than a batch has, one of too many bytes, and one of nothing."""
    for body in (
      b'{"instances": [' + b'[1, 2, 3],' * 700_000 + b'[1, 2, 3]]}',
      bytes(9 << 20),
      b'[' * (7 << 20),
    ):
      with contextlib.suppress(OSError, http.client.HTTPException):
        asked = self.client.another()
        status = asked.ask(body).status
        self.counts['large'] += 1
        if status not in (400, 413, 503):
          self.errors.append(f'a large body: {status}')
        asked.close()

  def noise(self):
    call = self.client._channel.unary_unary('/tensorflow.serving.PredictionService/Predict')
    with contextlib.suppress(grpc.RpcError):
      call(BAD, timeout=20)
    with contextlib.suppress(OSError), self._connected() as connection:
      connection.sendall(BAD)
    self.counts['noise'] += 1

  def _connected(self):
    return socket.create_connection(('127.0.0.1', self.client._rest_port), timeout=60)

  def swap(self, exports):
    """Another version, of which each third is corrupt; old ones go."""

    def act():
      number = 2 + self.counts['swaps'] + self.counts['corrupt']
      corrupt = not number % 3
      served.add(exports, number, of=served.plain(2 + number % 2), break_it=corrupt)
      self.counts['corrupt' if corrupt else 'swaps'] += 1
      shutil.rmtree(exports / 'toy' / str(number - 4), ignore_errors=True)

    return act


def by_rest(client):
  answer = client.ask({'inputs': X.tolist()})
  assert answer.status == 200, answer
  return np.array(answer.json['outputs'])


def resident(pid):
  """The memory of a process in MB."""
  status = pathlib.Path(f'/proc/{pid}/status').read_text()
  return int(re.search(r'VmRSS:\s+(\d+)', status)[1]) / 1024


def measured(process):
  """Until the end: the memory, by the second."""
  begun, found = time.monotonic(), []
  while (now := time.monotonic() - begun) < SECONDS:
    assert process.poll() is None
    found.append((now, resident(process.pid)))
    time.sleep(0.5)
  return found


def told(soak, memory):
  """Prints what was measured; the memory when it has settled, and at the end."""
  for way, times in soak.times.items():
    seconds = sorted(took for _, took in times)
    p50, p99 = (1000 * seconds[int(len(seconds) * share)] for share in (0.5, 0.99))
    print(f'{way}: {len(seconds)} good, p50 {p50:.1f} ms, p99 {p99:.1f} ms')

  def around(start):
    return statistics.median(mb for at, mb in memory if start <= at <= start + WINDOW)

  first, settled, middle = around(0), around(SETTLED), around(SECONDS / 2)
  last = around(SECONDS - WINDOW)
  print(f'MB: {first:.0f} at first, {settled:.0f} settled, {middle:.0f} midway, {last:.0f} at last')
  print(f'{soak.counts}; {len(soak.errors)} errors of good requests')
  return settled, last


@pytest.mark.slow
def test_nothing_is_lost_and_memory_is_flat(tmp_path):
  exports = served.folder(tmp_path / 'exports')
  with served.command(exports, '--binary=', '--poll_seconds=0.5') as (process, client, _):
    said = []
    reader = threading.Thread(target=lambda: said.extend(process.stdout), daemon=True)
    reader.start()
    soak = Soak(client)
    for _ in range(2):
      one, other = client.another(), client.another()
      soak.start(soak.good('gRPC', lambda one=one: one.predict({'x': X})['y']), 0.01)
      soak.start(soak.good('REST', lambda other=other: by_rest(other)), 0.01)
    for _ in range(SLOW):
      soak.start(soak.slow, 0.1)
    soak.start(soak.large, 5)
    soak.start(soak.noise, 0.2)
    soak.start(soak.swap(exports), SWAP)
    memory = measured(process)
    soak.signalled = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 143
    ended = time.monotonic() - soak.signalled
    soak.stop()
    reader.join(10)
  settled, last = told(soak, memory)
  print(f'ended {ended:.1f} s after SIGTERM, and said {len(said)} lines')
  assert not soak.errors, soak.errors[:5]
  assert all(len(times) > 5 * SECONDS for times in soak.times.values())
  assert (
    soak.counts['swaps'] > SECONDS / SWAP / 4 and soak.counts['corrupt'] and soak.counts['large']
  )
  assert last < GROWTH * settled
  assert len(said) < 20 * SECONDS / SWAP + 50 and not any('Traceback' in line for line in said)
