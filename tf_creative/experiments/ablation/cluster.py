"""Trains cells of a grid on a cluster of Dask, whose workers share the folder with this machine.

A cell is a task. If its worker dies, its training is told to save and end, and the next worker goes
on from there. If this command dies, training goes on; the next command waits for it.
"""

from __future__ import annotations

from collections.abc import Sequence
import logging
import os
import subprocess
import sys
import time
from typing import Any
import uuid

from tf_creative.core import plugins, spec, storage
from tf_creative.experiments.ablation import watched

LEASHED = ['-m', f'{__name__.rpartition(".")[0]}.leash', watched.TRAIN[-1]]
_PAUSE = 0.2  # seconds between two looks at a process
_PATIENCE = 30  # seconds until a scheduler must answer
_DEATHS = 20  # of workers, while one cell is trained
_trained: dict[str, watched.Watched] = {}  # on a worker: what it trains now, by folder
_asked: dict[str, int] = {}  # on a worker: signals that cells were sent, by folder


class Cluster:
  """Trains cells on the workers of a scheduler, or on so many processes of this machine."""

  def __init__(self, address: str):
    """Take 'local:4', or a scheduler's address."""
    self._distributed = plugins.extra('distributed', 'cluster', '--cluster')
    logging.getLogger('distributed').setLevel(logging.CRITICAL)  # what matters is told by look()
    kind, _, count = address.partition(':')
    try:
      self._local = (
        self._distributed.LocalCluster(
          int(count), threads_per_worker=1, dashboard_address=None, silence_logs=50
        )
        if kind == 'local'
        else None
      )
      self._client = self._distributed.Client(self._local or address, timeout=_PATIENCE)
    except (OSError, ValueError) as error:
      raise spec.UserError(
        f"--cluster: no scheduler answers at '{address}' ({error}): start one by `dask scheduler` "
        'and workers by `dask worker ADDRESS`, or take local:2, two processes of this machine.'
      ) from error

  def __enter__(self) -> Cluster:
    return self

  def __exit__(self, *_) -> None:
    self._client.close()
    if self._local:
      self._local.close()

  def room(self) -> int:
    """Return how many cells may be trained at once: the threads of the workers that are there."""
    return sum(self._client.nthreads().values())

  def start(self, cell: Any, locks: Sequence[int]) -> Remote:
    """Ask for a cell to be trained; elsewhere no lock is inherited, and `_train` waits instead."""
    del locks
    return Remote(cell, self)

  def submit(self, cell: Any) -> Any:
    """Return the future of a cell's exit code."""
    workers = self._client.scheduler_info(n_workers=-1)['workers']
    rooms: dict[str, int] = {}
    for worker in workers.values():
      rooms[worker['host']] = rooms.get(worker['host'], 0) + worker['nthreads']
    share = {address: rooms[worker['host']] for address, worker in workers.items()}
    key = f'{cell.path.name}-{uuid.uuid4().hex}'
    return self._client.submit(_train, cell, LEASHED, os.getcwd(), share, key=key, pure=False)

  def send(self, cell: Any, signal: int) -> None:
    """Send a signal to the process that trains a cell, wherever that is."""
    self._client.run(_stop, str(cell.path), signal, on_error='ignore')

  def died(self, error: BaseException | None) -> bool:
    """Return whether an error says that the workers died, and not that the task is wrong."""
    return isinstance(error, self._distributed.KilledWorker)


class Remote:
  """A cell that is trained somewhere."""

  def __init__(self, cell: Any, cluster: Cluster):
    self.cell, self._cluster, self._deaths = cell, cluster, 0
    self._future = cluster.submit(cell)

  def stop(self, signal: int) -> None:
    """Send a signal to its process."""
    self._cluster.send(self.cell, signal)

  def look(self) -> int | None:
    """Return its exit code, or None while it trains or waits for a worker."""
    if not self._future.done():
      return None
    if self._future.status == 'finished':
      return self._future.result()
    if self._future.status == 'cancelled':
      raise spec.UserError(
        'the scheduler of --cluster is gone: start it anew; the same command goes on.'
      )
    error = self._future.exception()
    if self._cluster.died(error) and self._deaths < _DEATHS:
      self._deaths += 1
      self._future = self._cluster.submit(self.cell)
      return None
    with self.cell.log.open('a') as log:
      print(f'error: a worker could not train this: {error!r}', file=log)
    return 1


def _train(cell: Any, command: Sequence[str], folder: str, share: dict[str, int]) -> int:
  """Train a cell in a process of this worker; return its exit code."""
  name = str(cell.path)
  _asked.pop(name, None)
  while _held(cell):  # by what a worker before, or a command before, has started
    if name in _asked:
      return -_asked[name]
    time.sleep(_PAUSE)
  if cell.finished():
    return 0
  threads = max(1, (os.cpu_count() or 1) // share.get(_address(), 1))
  # The pipe closes with this process: then the run is saved and ends.
  process = watched.start(
    cell, [sys.executable, *command], threads, stdin=subprocess.PIPE, cwd=folder
  )
  training = _trained[name] = watched.Watched(cell, process)
  try:
    while (code := training.look()) is None:
      time.sleep(_PAUSE)
  finally:
    del _trained[name]
    if process.stdin:
      process.stdin.close()
  return code


def _address() -> str:
  return plugins.extra('distributed', 'cluster', '--cluster').get_worker().address


def _stop(name: str, signal: int) -> None:
  """Send a signal to what this worker trains in a folder, if it does."""
  _asked[name] = signal
  if training := _trained.get(name):
    training.stop(signal)


def _held(cell: Any) -> bool:
  """Return whether some process trains in the folder of a cell."""
  path = cell.path / '.lock'
  if not path.exists():
    return False
  try:
    storage.lock(path, 'training', '').close()
  except spec.UserError:
    return True
  return False
