"""Steps environments in a thread; what fails, dies or hangs there is told in one line."""

from __future__ import annotations

from collections.abc import Callable
from concurrent import futures
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


class Worker(futures.Executor):
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

  def submit(self, fn: Callable, /, *args: Any, **kwargs: Any) -> futures.Future:
    begun = futures.Future()
    self._calls.put((begun, fn, args, kwargs))
    return begun

  def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
    """End the thread after the calls that are under way; a thread that hangs is left alone."""
    del wait, cancel_futures
    self._end()


def _work(calls: queue.SimpleQueue) -> None:
  while (task := calls.get()) is not None:
    begun, call, args, named = task
    try:
      begun.set_result(call(*args, **named))
    except BaseException as error:  # a SystemExit, too: whoever waits must hear of it
      begun.set_exception(error)
    del task, begun, call, args, named  # or the last ones would be kept until there are others


def _end(calls: queue.SimpleQueue, thread: threading.Thread) -> None:
  calls.put(None)
  if thread is not threading.current_thread():
    thread.join(_CLOSING_SECONDS)


def answer(begun: futures.Future, world: Any, step: int) -> Any:
  """Wait for what a worker has begun; raise a Fault that names the world and the step if it fails.

  What is a UserError already is raised as it is.
  """
  futures.wait([begun], SECONDS)
  if not begun.done():
    why = f'hangs at step {step:,}: no answer within {SECONDS:,.0f} seconds'
    raise _fault(world, why)
  error = begun.exception()
  if isinstance(error, spec.UserError):
    raise error
  if isinstance(error, (EOFError, ConnectionError)):  # of a pipe, whose other end is gone
    raise _fault(world, f'failed at step {step:,}: its process has died') from error
  if error is not None:
    told = ' '.join(f'{type(error).__name__}: {error}'.split()).rstrip(':.')
    raise _fault(world, f'failed at step {step:,}: {told}') from error
  return begun.result()


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
    closing.result(SECONDS)


class Patient:
  """The environments of a simulator, each call waited for; a context that closes them."""

  def __init__(self, world: Any, count: int, render: bool = False):
    self._world, self._worker, self._steps, self._failed = world, Worker(), 0, False
    self._envs = self._call(world.simulator.vector, count, render)
    self.cut = np.zeros(count, bool)  # which episodes the last step has only cut short

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
    seen, reward, ended, cut, _ = self._call(self._envs.step, actions)
    self.cut = cut & ~ended
    return seen, reward, ended | cut

  def render(self) -> np.ndarray:
    """Draw the first environment: uint8 RGB [height, width, 3]."""
    return self._call(self._envs.render)[0]

  def _call(self, call: Callable, *given: Any) -> Any:
    try:
      return answer(self._worker.submit(call, *given), self._world, self._steps)
    except Fault:
      self._failed = True
      raise
