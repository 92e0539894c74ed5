"""Requests that come at the same time share a call of the model.

No threads of its own: the first request that waits leads. It gathers those behind it, runs them all
and wakes their threads; meanwhile the next one waiting gathers.
"""

from __future__ import annotations

import collections
from collections.abc import Callable, Sequence
import threading
import time

import grpc
import numpy as np

from tf_creative.serving.exports import parameters
from tf_creative.serving.server import errors

Arrays = Sequence[np.ndarray]


class _Task:
  """A request in the queue. Its thread is woken to lead, or with all done."""

  def __init__(self, arrays: Arrays):
    self.arrays, self.rows = arrays, len(arrays[0])
    self.shapes = [array.shape[1:] for array in arrays]
    self.woken, self.leads = threading.Event(), False
    self.outputs: Arrays = ()
    self.error: Exception | None = None


class Queue:
  """What waits for one signature of one version."""

  def __init__(
    self, run: Callable[[Arrays], Arrays], limits: parameters.Limits, observe: Callable[[int], None]
  ):
    """`observe` is told the rows of every batch that is run."""
    self._run, self._limits, self._observe = run, limits, observe
    self._lock = threading.Lock()
    self._filled = threading.Condition(self._lock)
    self._waiting: collections.deque[_Task] = collections.deque()
    self._rows = 0  # of all that is waiting
    self._gathering = False  # one at a time, and always the first that is waiting
    self._running = 0

  def __call__(self, arrays: Arrays) -> Arrays:
    """The outputs for these inputs, after waiting for a place and maybe for company."""
    limits, task = self._limits, _Task(arrays)
    if task.rows > limits.max_batch_size:
      raise errors.bad(
        f'a batch of {task.rows} is more than the {limits.max_batch_size} that are taken at once.'
      )
    with self._lock:
      if self._rows + task.rows > limits.max_batch_size * limits.max_enqueued_batches:
        raise errors.ServingError(
          grpc.StatusCode.UNAVAILABLE, 'too many requests are waiting already: try again later.'
        )
      self._waiting.append(task)
      self._rows += task.rows
      self._appoint()
      if self._rows >= limits.max_batch_size:
        self._filled.notify()
    task.woken.wait()
    if task.leads:
      self._lead()
    if task.error:
      raise task.error
    return task.outputs

  def _appoint(self) -> None:
    """Wakes the first that waits as the leader of the next batch, if one may be run."""
    if self._waiting and not self._gathering and self._running < self._limits.num_batch_threads:
      self._gathering = self._waiting[0].leads = True
      self._waiting[0].woken.set()

  def _lead(self) -> None:
    deadline = time.monotonic() + self._limits.batch_timeout_micros / 1e6
    with self._lock:
      while self._rows < self._limits.max_batch_size:
        left = deadline - time.monotonic()
        if left <= 0:
          break
        self._filled.wait(left)
      batch = self._take()
      self._gathering = False
      self._running += 1
      self._appoint()
    try:
      self._answer(batch)
    finally:
      with self._lock:
        self._running -= 1
        self._appoint()
      for task in batch:
        task.woken.set()

  def _take(self) -> list[_Task]:
    """The first that waits, and all behind it that fit in shape and number."""
    batch, left, rows = [], collections.deque(), 0
    for task in self._waiting:
      fits = task.shapes == self._waiting[0].shapes
      if fits and rows + task.rows <= self._limits.max_batch_size:
        batch.append(task)
        rows += task.rows
      else:
        left.append(task)
    self._waiting = left
    self._rows -= rows
    return batch

  def _answer(self, batch: list[_Task]) -> None:
    try:
      arrays = batch[0].arrays
      if len(batch) > 1:
        parts = zip(*(task.arrays for task in batch), strict=True)
        arrays = [np.concatenate(part) for part in parts]
      self._observe(len(arrays[0]))
      self._split(self._run(arrays), batch)
    except Exception as error:
      if len(batch) == 1:
        batch[0].error = error
      else:  # one of them must not fail the others
        for task in batch:
          self._answer([task])

  def _split(self, outputs: Arrays, batch: list[_Task]) -> None:
    if len(batch) == 1:
      batch[0].outputs = outputs
      return
    rows = sum(task.rows for task in batch)
    if any(array.shape[:1] != (rows,) for array in outputs):
      raise ValueError('an output is not of the batch that went in.')
    start = 0
    for task in batch:
      task.outputs = [array[start : start + task.rows] for array in outputs]
      start += task.rows
