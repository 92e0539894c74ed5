"""Which versions of which models there are, what state they are in, and who uses them."""

# Protobuf makes its classes at import.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
import contextlib
import threading

from tensorflow_serving.apis import get_model_status_pb2

from tf_creative.serving.exports import parameters
from tf_creative.serving.server import errors
from tf_creative.serving.server.version import State, Version


class Registry:
  """The versions of all models; safe to call from all threads."""

  def __init__(self, models: Sequence[parameters.Model], say: Callable[[str], None]):
    self._models = {model.name: model for model in models}
    self._versions: dict[str, dict[int, Version]] = {name: {} for name in self._models}
    self._lock, self._say = threading.Lock(), say

  def counted(self, name: str) -> str:
    """Return the name that requests are counted by; unknown models share the empty name."""
    return name if name in self._models else ''

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
    version.close()
    with self._lock:
      version.state = State.END
    self._say(f'{version.model} {version.number}: let go')
