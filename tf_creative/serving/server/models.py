"""Manages the versions of all models: finds, loads, warms up, swaps and unloads them."""

# Protobuf makes its classes at import.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
import contextlib
import functools
import os
import pathlib
import threading
import time

from tensorflow_serving.apis import get_model_status_pb2

from tf_creative.serving.exports import parameters
from tf_creative.serving.server import errors, monitoring, watch
from tf_creative.serving.server import servable as servable_lib
from tf_creative.serving.server.version import State, Version, identity


class Models:
  """All served models. `poll` looks for new versions; `start` polls in a thread."""

  def __init__(
    self,
    models: Sequence[parameters.Model],
    limits: parameters.Limits | None = None,
    metrics: monitoring.Metrics | None = None,
    say: Callable[[str], None] = lambda text: None,
  ):
    self._models = {model.name: model for model in models}
    self._limits, self._say = limits, say
    self._metrics = metrics or monitoring.Metrics()
    self._versions: dict[str, dict[int, Version]] = {name: {} for name in self._models}
    self._lock = threading.Lock()
    self._watch = watch.Watch(self.poll, say)

  def counted(self, name: str) -> str:
    """Return the name that requests are counted by; unknown models share the empty name."""
    return name if name in self._models else ''

  def start(self, seconds: float) -> None:
    """Poll at an interval in seconds, in a thread; 0: never."""
    self._watch.start(seconds)

  def stop(self) -> None:
    """Stop polling and unload every version."""
    self._watch.stop()
    for versions in self._versions.values():
      for version in list(versions.values()):
        self._retire(version)

  def poll(self) -> None:
    """Load new versions that are wanted, then retire those that are not wanted any more."""
    for model in self._models.values():
      found = _found(model.path)
      wanted, versions = model.wanted(set(found)), self._versions[model.name]
      for number in sorted(wanted):
        held = versions.get(number)
        # A version that failed to load is tried again only after its folder was replaced.
        failed_before = held and held.error and held.identity == identity(found[number])
        if not held or (held.state == State.END and not failed_before):
          self._load(model.name, number, found[number])
      # Old versions serve until a wanted one is loaded.
      if any(versions[number].state == State.AVAILABLE for number in wanted):
        for number in sorted(versions.keys() - wanted):
          self._retire(versions[number])

  @contextlib.contextmanager
  def lease(
    self, name: str, number: int | None = None, label: str | None = None
  ) -> Iterator[Version]:
    """Give a version (the newest, if none is named) that stays loaded within the context."""
    with self._lock:
      version = self._find(name, number, label)
      version.users += 1
    try:
      yield version
    finally:
      with self._lock:
        version.users -= 1
        last = version.state == State.UNLOADING and not version.users
      if last:
        self._close(version)

  def most_values(self, name: str, number: int | None = None, label: str | None = None) -> int:
    """Return how many values a request to a version can have; 0: this is not known."""
    with self._lock, contextlib.suppress(errors.ServingError):
      return self._find(name, number, label).most_values
    return 0

  def status(
    self, name: str, number: int | None = None, label: str | None = None
  ) -> list[get_model_status_pb2.ModelVersionStatus]:
    """Return the states of a model's versions, or of one of them, newest first."""
    with self._lock:
      versions = self._known(name)
      number = self._labelled(name, label) if label else number
      if number is not None:
        if number not in versions:
          raise errors.missing(f"there is no version {number} of the model '{name}'.")
        versions = {number: versions[number]}
      return [version.status() for _, version in sorted(versions.items(), reverse=True)]

  def available(self) -> dict[str, list[int]]:
    """Return the versions of every model that accept requests."""
    with self._lock:
      return {
        name: [number for number, version in sorted(held.items()) if version.serves]
        for name, held in self._versions.items()
      }

  def _known(self, name: str) -> dict[int, Version]:
    if not name:
      raise errors.bad('the request names no model.')
    if name not in self._versions or not self._versions[name]:
      raise errors.missing(f"there are no versions of a model '{name}'.")
    return self._versions[name]

  def _labelled(self, name: str, label: str) -> int:
    labels = self._models[name].labels
    if label not in labels:
      raise errors.bad(f"the model '{name}' has no version labelled '{label}'.")
    return labels[label]

  def _find(self, name: str, number: int | None, label: str | None) -> Version:
    versions = {held.number: held for held in self._known(name).values() if held.serves}
    number = self._labelled(name, label) if label else number
    if number is None and versions:
      return versions[max(versions)]
    if number not in versions:
      which = f'version {number}' if number is not None else 'version at all'
      raise errors.missing(f"no {which} of the model '{name}' is being served.")
    return versions[number]

  def _load(self, name: str, number: int, path: pathlib.Path) -> None:
    begun, title = time.monotonic(), f'{name} {number}'
    observe = functools.partial(self._metrics.batch, name)
    version = Version(name, number, path, self._limits, observe)
    self._move(version, State.LOADING)
    try:
      version.servable = servable_lib.Servable(path)
    except Exception as error:
      version.error = errors.of(error)
      self._say(f'{title}: cannot be loaded: {version.error.message}')
    else:
      seconds, requests = time.monotonic() - begun, version.servable.warmed_up_by
      self._say(f'{title}: loaded in {seconds:.1f} s, warmed up by {requests} requests')
    self._metrics.load(version.model, not version.error)
    self._move(version, State.END if version.error else State.AVAILABLE)

  def _move(self, version: Version, state: int) -> None:
    with self._lock:
      version.state = state
      self._versions[version.model][version.number] = version

  def _retire(self, version: Version) -> None:
    """Refuse new requests; the version is unloaded when the last running one ends."""
    with self._lock:
      if not version.serves:
        return
      version.state = State.UNLOADING
      unused = not version.users
    if unused:
      self._close(version)

  def _close(self, version: Version) -> None:
    version.servable.close()
    version.servable = None
    with self._lock:
      version.state = State.END
    self._say(f'{version.model} {version.number}: let go')


def _found(path: pathlib.Path) -> dict[int, pathlib.Path]:
  """Find the versions in a folder: its subfolders whose names are numbers."""
  try:
    names = os.listdir(path)
  except FileNotFoundError:
    return {}
  found = {int(name): path / name for name in names if name.isascii() and name.isdigit()}
  return {number: place for number, place in found.items() if 0 < number < 2**63 and place.is_dir()}
