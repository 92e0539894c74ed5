"""Manages the versions of all models: finds, loads, warms up, swaps and unloads them.

Each model has a thread of its own that looks for its versions, and each load has another one, so
that a disk that hangs or a model that never ends holds up nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
import functools
import os
import pathlib
import threading
import time

from tf_creative.serving.exports import parameters
from tf_creative.serving.server import errors, files, monitoring, registry, watch
from tf_creative.serving.server.version import State, Version

_LOAD_SECONDS = 120.0  # that it may take to load a version and to warm it up
_END_SECONDS = 1.0  # that calls have to end after they were cancelled
_CHANGED = (1.0, 30.0)  # seconds between attempts at a version that changes: at first, and at most
_SAME = (5.0, 600.0)  # the same for one that does not: what failed may have been the disk or memory


class Models(registry.Registry):
  """All served models. `poll` looks for new versions; `start` polls in a thread."""

  def __init__(
    self,
    models: Sequence[parameters.Model],
    limits: parameters.Limits | None = None,
    metrics: monitoring.Metrics | None = None,
    say: Callable[[str], None] = lambda text: None,
  ):
    super().__init__(models, say)
    self._limits, self._metrics = limits, metrics or monitoring.Metrics()
    self._stopping = False
    self._watches = [
      watch.Watch(functools.partial(self._poll, model), say) for model in self._models.values()
    ]

  def start(self, seconds: float) -> None:
    """Poll at an interval in seconds, in a thread; 0: never."""
    for one in self._watches:
      one.start(seconds)

  def stop(self) -> None:
    """Stop polling, unload every version, and cancel what still runs, which has a second to end.

    Python aborts if it ends while a thread comes back from TensorFlow's code.
    """
    for one in self._watches:
      one.stop()
    with self._lock:
      self._stopping = True
      left = [version for versions in self._versions.values() for version in versions.values()]
    for version in left:
      self._retire(version)
      version.close()
    last = time.monotonic() + _END_SECONDS
    while any(version.runs for version in left) and time.monotonic() < last:
      time.sleep(0.01)

  def poll(self, cancelled: threading.Event | None = None) -> None:
    """Load new versions that are wanted, then retire those that are not wanted any more.

    Waits until that is done or given up, or until `cancelled` is set.
    """
    threads = [threading.Thread(target=one.look, daemon=True) for one in self._watches]
    for thread in threads:
      thread.start()
    for thread in threads:
      while thread.is_alive() and not (cancelled and cancelled.is_set()):
        thread.join(0.1 if cancelled else None)

  def _poll(self, model: parameters.Model) -> None:
    found = _found(model.path)
    wanted, versions = model.wanted(set(found)), self._versions[model.name]
    for number in sorted(wanted):
      held, path = versions.get(number), found[number]
      if not held or (held.state == State.END and _is_due(held, path)):
        self._load(model.name, number, path, held.failures if held else 0)
    # Old versions serve until a wanted one is loaded.
    if any(versions[number].serves for number in wanted):
      for number in sorted(versions.keys() - wanted):
        self._retire(versions[number])

  def _load(self, name: str, number: int, path: pathlib.Path, failures: int) -> None:
    begun, title = time.monotonic(), f'{name} {number}'
    observe = functools.partial(self._metrics.batch, name)
    version = Version(name, number, path, self._limits, observe)
    self._move(version, State.LOADING)
    try:
      version.load(_LOAD_SECONDS)
    except Exception as error:
      if self._stopping:
        return
      version.error, version.failures = errors.of(error), failures + 1
      version.failed = time.monotonic()
      self._say(f'{title}: cannot be loaded: {version.error.message}')
    else:
      seconds, requests = time.monotonic() - begun, version.warmed_up_by
      self._say(f'{title}: loaded in {seconds:.1f} s, warmed up by {requests} requests')
    self._metrics.load(version.model, not version.error)
    self._move(version, State.END if version.error else State.AVAILABLE)


def _is_due(version: Version, path: pathlib.Path) -> bool:
  """Return whether to try again: sooner if its files have changed, and ever more seldom."""
  if not version.error:
    return True
  if version.loading:  # it hangs, and so would another attempt
    return False
  waited, before = time.monotonic() - version.failed, version.failures - 1
  if waited >= _back_off(before, *_SAME):
    return True
  # The first time, a version is tried again as soon as its files have changed.
  early = not before or waited >= _back_off(before - 1, *_CHANGED)
  return early and version.identity != files.identity(path)


def _back_off(times: int, first: float, most: float) -> float:
  """Return the seconds to wait, doubled so many times."""
  return min(first * 2.0 ** min(times, 100), most)


def _found(path: pathlib.Path) -> dict[int, pathlib.Path]:
  """Find the versions in a folder: its subfolders whose names are numbers."""
  try:
    names = os.listdir(path)
  except FileNotFoundError:
    return {}
  found = {int(name): path / name for name in names if name.isascii() and name.isdigit()}
  return {number: place for number, place in found.items() if 0 < number < 2**63 and place.is_dir()}
