"""Steps environments in a thread; what fails, dies or hangs there is told in one line."""

from __future__ import annotations

from collections.abc import Callable
import functools
import queue
import threading
from typing import Any
import weakref

import numpy as np

from tf_creative.core import spec

SECONDS = 300.0  # that environments may take for one answer; whoever takes longer hangs
_CLOSING_SECONDS = 5.0  # that is waited for environments that have failed


class Fault(spec.UserError):
  """An environment that failed, died or hangs."""


class Begun:
  """A call that a worker has begun, or will begin after others."""

  def __init__(self, call: Callable):
    self._call = call
    self._told = queue.SimpleQueue()  # quicker than a future

  def run(self) -> None:
    """Make the call, and keep what comes of it for `outcome`."""
    try:
      self._told.put((self._call(), None))
    except BaseException as error:  # a SystemExit, too: whoever waits must hear of it
      self._told.put((None, error))

  def outcome(self, seconds: float) -> tuple[Any, BaseException | None]:
    """Wait for what the call returns or raises; raise queue.Empty if that takes longer."""
    outcome = self._told.get(timeout=seconds)
    self._told.put(outcome)  # for whoever asks again
    return outcome


class Worker:
  """Runs calls one after the other in a thread of its own.

  Unlike those of a ThreadPoolExecutor, the thread does not keep the process alive if it hangs.
  """

  def __init__(self):
    self._calls = queue.SimpleQueue()
    self.thread = threading.Thread(
      target=_work, args=(self._calls,), name='environments', daemon=True
    )
    self.thread.start()
    # Also at the end of the process: a library may not stand it that its thread is frozen.
    self._end = weakref.finalize(self, _end, self._calls, self.thread)

  def submit(self, call: Callable, *given: Any) -> Begun:
    """Begin a call after those that were begun before."""
    begun = Begun(functools.partial(call, *given))
    self._calls.put(begun)
    return begun

  def shutdown(self) -> None:
    """End the thread after the calls that are under way; a thread that hangs is left alone."""
    self._end()


def _work(calls: queue.SimpleQueue) -> None:
  while (begun := calls.get()) is not None:
    begun.run()
    del begun  # or the last one would be kept until there is another


def _end(calls: queue.SimpleQueue, thread: threading.Thread) -> None:
  calls.put(None)
  if thread is not threading.current_thread():
    thread.join(_CLOSING_SECONDS)


def answer(begun: Begun, world: Any, step: int) -> Any:
  """Wait for what a worker has begun; raise a Fault that names the world and the step if it fails.

  What is a UserError already is raised as it is.
  """
  try:
    told, error = begun.outcome(SECONDS)
  except queue.Empty:
    why = f'hangs at step {step:,}: no answer within {SECONDS:,.0f} seconds'
    raise _fault(world, why) from None
  if isinstance(error, spec.UserError):
    raise error
  if isinstance(error, (EOFError, ConnectionError)):  # of a pipe, whose other end is gone
    raise _fault(world, f'failed at step {step:,}: its process has died') from error
  if error is not None:
    why = ' '.join(f'{type(error).__name__}: {error}'.split()).rstrip(':.')
    raise _fault(world, f'failed at step {step:,}: {why}') from error
  return told


def _fault(world: Any, why: str) -> Fault:
  return Fault(
    f'the environment {_named(world)} {why}. Mend it and run the same command again: a training '
    'goes on from its last checkpoint.'
  )


def _named(world: Any) -> str:
  """Name a world with its first option, which says what environment it is."""
  options = [option.name for option in getattr(world, '__dataclass_fields__', {}).values()]
  return f'{world.name}({options[0]}={getattr(world, options[0])})' if options else world.name


def close(worker: Any, envs: Any, failed: bool) -> None:
  """Close environments in their thread, and end it; of those that have failed, only try."""
  closing = worker.submit(envs.close)
  worker.shutdown()
  if not failed:
    _, error = closing.outcome(SECONDS)
    if error is not None:
      raise error


class Patient:
  """The environments of a simulator, each call waited for; a context that closes them."""

  def __init__(self, world: Any, count: int, render: bool = False):
    self._world, self._worker, self._steps, self._failed = world, Worker(), 0, False
    self._envs = self._call(world.simulator.vector, count, render)
    self.ended = np.zeros(count, bool)  # where the last step was a true end, and not only cut short

  def __enter__(self) -> Patient:
    return self

  def __exit__(self, kind: Any, *_: Any) -> None:
    # Whoever presses Ctrl-C does not want to wait for a step, either.
    close(self._worker, self._envs, self._failed or kind is not None)

  def reset(self, seeds: list[int]) -> dict[str, np.ndarray]:
    """Begin an episode for each seed; return what is seen."""
    return self._call(lambda: self._envs.reset(seed=seeds))[0]

  def step(self, actions: np.ndarray) -> tuple[Any, np.ndarray, np.ndarray]:
    """Act; return what is seen, rewards [B], and which episodes are over: bool [B]."""
    self._steps += 1
    seen, reward, self.ended, cut, _ = self._call(self._envs.step, actions)
    return seen, reward, self.ended | cut

  def render(self) -> np.ndarray:
    """Draw the first environment: uint8 RGB [height, width, 3]."""
    return self._call(self._envs.render)[0]

  def _call(self, call: Callable, *given: Any) -> Any:
    try:
      return answer(self._worker.submit(call, *given), self._world, self._steps)
    except Fault:
      self._failed = True
      raise
