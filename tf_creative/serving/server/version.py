"""One version of a served model."""

# Protobuf makes its classes at import.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
import functools
import pathlib
import threading
from typing import Any

import grpc
import numpy as np
from tensorflow_serving.apis import get_model_status_pb2

from tf_creative.serving.exports import parameters
from tf_creative.serving.server import batching, errors, files
from tf_creative.serving.server import servable as servable_lib

State = get_model_status_pb2.ModelVersionStatus.State


class Version:
  """One version of a model, in any state: loading, available, unloading or ended."""

  def __init__(
    self,
    model: str,
    number: int,
    path: pathlib.Path,
    limits: parameters.Limits | None,
    observe: Callable[[int], None],
  ):
    """Take `observe`, called with the row count of each batch; without limits none are batched."""
    self.model, self.number, self.path = model, number, path
    self.state = State.START
    self.error: errors.ServingError | None = None
    self.failed = 0.0  # when that was, by the monotonic clock
    self.failures = 0  # in a row, those of attempts before included
    self.identity = files.identity(path)
    self.servable: servable_lib.Servable | Any = None
    self.warmed_up_by = 0  # requests
    self.users = 0  # requests under way
    self._failure: Exception | None = None
    self._thread: threading.Thread | None = None
    self._closed = False
    self._limits, self._observe = limits, observe
    self._queues: dict[tuple[str, tuple[str, ...]], batching.Queue] = {}
    self._lock = threading.Lock()

  def load(self, seconds: float) -> None:
    """Load and warm up in a thread of its own; raise an error if that fails or takes longer."""
    self._thread = threading.Thread(target=self._load, name='load', daemon=True)
    self._thread.start()
    self._thread.join(seconds)
    if self.loading:
      self.close()
      raise errors.ServingError(
        grpc.StatusCode.DEADLINE_EXCEEDED, f'it was not loaded within {seconds:g} s.'
      )
    if self._failure:
      self.close()
      raise self._failure

  def close(self) -> None:
    """Let go of the model, at once or as soon as it has been loaded."""
    with self._lock:
      self._closed = True
      servable, self.servable = self.servable, None
    if servable:
      servable.close()

  def predict(
    self,
    signature: servable_lib.Signature,
    arrays: Mapping[str, np.ndarray],
    outputs: Sequence[str] = (),
    wanted: batching.Wanted | None = None,
  ) -> dict[str, np.ndarray]:
    """Return the named outputs (all, if none is named) for inputs that have been checked.

    A call that is not `wanted` any more, because nobody waits for it, is dropped before it runs.
    """
    names, inputs = signature.chosen(outputs), list(arrays.values())
    if self._limits and inputs:
      values = self._queue(signature, names)(inputs, wanted)
    else:
      if wanted and not wanted():
        raise batching.dropped()
      self._observe(len(inputs[0]) if inputs else 1)
      values = self.servable.run(signature, inputs, names)
    return dict(zip(names, values, strict=True))

  @property
  def most_values(self) -> int:
    """The most values that a request in JSON can have; 0: any number."""
    return self.servable.most_values(self._limits.max_batch_size) if self._limits else 0

  @property
  def loading(self) -> bool:
    """Whether it is still being loaded, even if that was given up."""
    return bool(self._thread and self._thread.is_alive())

  @property
  def runs(self) -> bool:
    """Whether a thread is at work in it: a load or a request."""
    return self.loading or self.users > 0

  @property
  def serves(self) -> bool:
    """Whether it accepts requests."""
    return self.state == State.AVAILABLE

  def status(self) -> get_model_status_pb2.ModelVersionStatus:
    """Return its state in TensorFlow Serving's protocol."""
    status = get_model_status_pb2.ModelVersionStatus(version=self.number, state=self.state)
    status.status.error_code = self.error.code.value[0] if self.error else 0
    status.status.error_message = self.error.message if self.error else ''
    return status

  def _load(self) -> None:
    try:
      if odd := files.irregular(self.path):
        raise errors.bad(f'only files and folders may lie in a version, not {", ".join(odd[:3])}.')
      servable = servable_lib.Servable(self.path)
      with self._lock:
        self.servable = None if self._closed else servable
      if not self.servable:
        servable.close()
      self.warmed_up_by = servable.warm_up()  # ends as soon as it is closed
    except Exception as error:
      self._failure = error

  def _queue(self, signature: servable_lib.Signature, names: tuple[str, ...]) -> batching.Queue:
    key = signature.name, names
    with self._lock:
      if key not in self._queues:
        run = functools.partial(self.servable.run, signature, outputs=names)
        self._queues[key] = batching.Queue(run, self._limits, self._observe)
      return self._queues[key]
