"""Measurements in separate processes, because TensorFlow's threads cannot be changed later."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import contextlib
import multiprocessing
import os
import resource
import statistics
import sys
import time
import traceback
from typing import Any

from tf_creative.core import spec
from tf_creative.learner import config as config_lib

_SIDE = 2048  # side of the matrices whose product measures the machine's peak speed
_CALLS = 8  # products to take the median of


class Probe:
  """A process with `threads` threads within an op, which runs functions on request."""

  def __init__(self, threads: int, config: config_lib.Config | None = None):
    """Start the process; with a config it builds the learner, and `startup` holds the seconds."""
    context = multiprocessing.get_context('spawn')
    self._questions, there = context.Pipe()
    with _environment(TF_NUM_INTRAOP_THREADS=str(threads)):
      self._process = context.Process(
        target=_answer, args=(there, config, time.time()), daemon=True
      )
      self._process.start()
    there.close()
    self.startup = self._receive()

  def ask(self, question: Callable[..., Any], *given: Any) -> Any:
    """Call `question(learner, *given)` in the process and return the result."""
    self._questions.send((question, given))
    return self._receive()

  def close(self) -> None:
    """End the process."""
    self._questions.close()
    self._process.join(10)
    self._process.kill()

  def __enter__(self) -> Probe:
    return self

  def __exit__(self, *_: Any) -> None:
    self.close()

  def _receive(self) -> Any:
    try:
      answer = self._questions.recv()
    except EOFError as error:
      raise spec.UserError('a process that measures has died: is there enough memory?') from error
    if isinstance(answer, Exception):
      raise answer
    return answer


def gemm(_: Any) -> float:
  """Measure the machine's peak: floating-point operations per second in a matrix product."""
  import tensorflow as tf

  one = tf.random.stateless_uniform([_SIDE, _SIDE], [0, 0])
  product = tf.function(lambda: tf.reduce_sum(one @ one), autograph=False)
  product()
  seconds = [_timed(lambda: float(product()))[0] for _ in range(_CALLS)]
  return 2 * _SIDE**3 / statistics.median(seconds)


def rounds(learner: Any, seconds: float) -> dict[str, float]:
  """Measure seconds per round and busy cores, in calls of about a tenth of `seconds`."""
  wall, _ = _timed(lambda: learner.loop.step(1))
  count = max(1, min(50, round(seconds / 10 / wall)))
  return _per_round(learner.loop.step, count, seconds)


def parts(learner: Any, seconds: float) -> dict[str, float]:
  """Measure each part of a round alone: seconds, times its runs in a round."""
  import tensorflow as tf

  from tf_creative.learner import loop as loop_lib

  often, found = learner.loop.often(), {}
  for name, part in learner.loop.parts().items():
    # `part=part` binds the present part: a plain closure would see the last one of the loop.
    step = tf.function(lambda count, part=part: loop_lib.repeat(part, count), autograph=False)
    step(tf.constant(1))
    call = lambda count, step=step: step(tf.constant(count))  # noqa: E731
    found[name] = _per_round(call, 10, seconds)['seconds'] * often[name]
  return found


def counts(learner: Any) -> dict[str, Any]:
  """Return numbers that do not depend on the machine: flops, nodes, traces, bytes."""
  from tf_creative.experiments import costs

  found = costs.of_parts(learner)
  whole = costs.of(learner.loop._round)
  return {
    'flops': sum(cost.flops for cost in found.values()),
    'flops_of': {name: cost.flops for name, cost in found.items()},
    'nodes': whole.nodes,
    'traces': learner.loop.rounds.experimental_get_tracing_count(),
    'transition_bytes': learner.agent.frame_bytes,
  }


def memory(_: Any) -> int:
  """Return the peak memory of the process in bytes."""
  unit = 1 if sys.platform == 'darwin' else 1024  # of ru_maxrss: bytes on macOS, KiB on Linux
  return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def facts(_: Any) -> dict[str, str]:
  """Return library versions and hardware."""
  from tf_creative.runs import provenance as builds

  return builds.facts()


def _answer(questions: Any, config: config_lib.Config | None, started: float) -> None:
  """Run as the main function of the process: build the learner, then answer questions."""
  learner = None
  try:
    with open(os.devnull, 'w') as nowhere, contextlib.redirect_stdout(nowhere):
      learner, startup = _build(config, started) if config else (None, {})
    questions.send(startup)
  except Exception as error:  # raised again in the asking process
    traceback.print_exc()
    questions.send(error)
    return
  with contextlib.suppress(EOFError, KeyboardInterrupt):
    while True:
      question, given = questions.recv()
      try:
        questions.send(question(learner, *given))
      except Exception as error:
        traceback.print_exc()
        questions.send(spec.UserError(f'{type(error).__name__}: {error}'))


def _build(config: config_lib.Config, started: float) -> tuple[Any, dict[str, float]]:
  """Build a learner and run its first round; return it, and the seconds of each stage."""
  from absl import logging

  from tf_creative.learner import learner as learner_lib

  logging.use_absl_handler()  # as command.run does: without it the next line is for absl alone
  logging.set_verbosity(logging.ERROR)
  clock = [('imports', time.time())]
  learner = learner_lib.Learner(config)
  clock.append(('data and networks', time.time()))
  learner.loop.warm_up()
  clock.append(('warm-up', time.time()))
  learner.loop.step(1)
  clock.append(('tracing and the first round', time.time()))
  before = [started, *(moment for _, moment in clock)]
  took = {name: moment - last for (name, moment), last in zip(clock, before, strict=False)}
  return learner, took


def _per_round(call: Callable[[int], Any], count: int, seconds: float) -> dict[str, float]:
  """Call `count` rounds again and again for about `seconds`; return medians per round."""
  call(count)
  walls, processors, until = [], [], time.monotonic() + seconds
  while not walls or time.monotonic() < until:
    wall, processor = _timed(lambda: call(count))
    walls.append(wall / count)
    processors.append(processor / count)
  wall = statistics.median(walls)
  return {'seconds': wall, 'cores': statistics.median(processors) / wall}


def _timed(call: Callable[[], Any]) -> tuple[float, float]:
  """Return the wall time and the CPU time of a call, in seconds."""
  busy, began = time.process_time(), time.perf_counter()
  call()
  return time.perf_counter() - began, time.process_time() - busy


@contextlib.contextmanager
def _environment(**values: str) -> Iterator[None]:
  before = dict(os.environ)
  os.environ.update(values)
  try:
    yield
  finally:
    os.environ.clear()
    os.environ.update(before)
