"""Batches concurrent requests into one call of the model.

There are no extra threads: the thread of the first waiting request is the leader. It gathers the
requests behind it, runs them as one batch, and wakes their threads. Meanwhile the next waiting
thread gathers another batch.
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

_SECONDS = 0.1  # between two looks whether a request is still wanted

Arrays = Sequence[np.ndarray]
Wanted = Callable[[], bool]


def dropped() -> errors.ServingError:
  """Return the error for a request that nobody waits for any more."""
  return errors.ServingError(
    grpc.StatusCode.CANCELLED, 'the caller has gone, or its deadline is over.'
  )


class _Task:
  """A request in the queue; its thread is woken either to lead a batch or because it is done."""

  def __init__(self, arrays: Arrays, wanted: Wanted | None):
    self.arrays, self.rows, self._wanted = arrays, len(arrays[0]), wanted
    self.shapes = [array.shape[1:] for array in arrays]
    self.woken, self.leads = threading.Event(), False
    self.outputs: Arrays = ()
    self.error: Exception | None = None

  @property
  def wanted(self) -> bool:
    """Whether somebody still waits for it."""
    return self._wanted is None or self._wanted()

  def wait(self) -> bool:
    """Wait until it is woken, or not wanted any more; return whether it is woken."""
    while not self.woken.wait(_SECONDS if self._wanted else None):
      if not self.wanted:
        return False
    return True


class Queue:
  """The waiting requests for one signature of one version."""

  def __init__(
    self, run: Callable[[Arrays], Arrays], limits: parameters.Limits, observe: Callable[[int], None]
  ):
    """Take the function to batch, and `observe`, which is called with the rows of each batch."""
    self._run, self._limits, self._observe = run, limits, observe
    self._lock = threading.Lock()
    self._filled = threading.Condition(self._lock)
    self._waiting: collections.deque[_Task] = collections.deque()
    self._rows = 0  # waiting
    self._gathering = False  # whether a leader gathers; it is always the first waiting task
    self._running = 0

  def __call__(self, arrays: Arrays, wanted: Wanted | None = None) -> Arrays:
    """Return the outputs for these inputs; blocks until their batch has been run.

    What is not `wanted` any more when its turn comes is dropped.
    """
    limits, task = self._limits, _Task(arrays, wanted)
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
    if not task.wait() and self._leave(task):
      raise dropped()
    if task.leads:
      self._lead()
    if task.error:
      raise task.error
    return task.outputs

  def _leave(self, task: _Task) -> bool:
    """Take a task out of the queue; return False if it has just been woken."""
    with self._lock:
      if task.woken.is_set():
        return False
      if task in self._waiting:  # otherwise its batch is running already
        self._waiting.remove(task)
        self._rows -= task.rows
      return True

  def _appoint(self) -> None:
    """Wake the first waiting task to lead the next batch, if another batch may run."""
    if self._waiting and not self._gathering and self._running < self._limits.num_batch_threads:
      self._gathering = self._waiting[0].leads = True
      self._waiting[0].woken.set()

  def _lead(self) -> None:
    """Wait until the batch is full or the timeout is over, then run it."""
    deadline = time.monotonic() + self._limits.batch_timeout_micros / 1e6
    with self._lock:
      while self._rows < self._limits.max_batch_size:
        left = deadline - time.monotonic()
        if left <= 0:
          break
        self._filled.wait(left)
      # Leading ends here: another task may gather while this batch runs.
      batch = self._take()
      self._gathering = False
      self._running += 1
      self._appoint()
    try:
      if batch:
        self._answer(batch)
    finally:
      with self._lock:
        self._running -= 1
        self._appoint()
      for task in batch:
        task.woken.set()

  def _take(self) -> list[_Task]:
    """Remove and return the next batch: the first task, and others of equal shapes that fit.

    Tasks that are not wanted any more are dropped, wherever they are.
    """
    batch, left, rows = [], collections.deque(), 0
    for task in self._waiting:
      if not task.wanted:
        task.error = dropped()
        task.woken.set()
      elif (not batch or task.shapes == batch[0].shapes) and (
        rows + task.rows <= self._limits.max_batch_size
      ):
        batch.append(task)
        rows += task.rows
      else:
        left.append(task)
    self._waiting = left
    self._rows = sum(task.rows for task in left)
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
      else:  # one bad request must not fail the others: run each alone
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
