"""Steps environments in a thread, and tells what follows as flat arrays: the side without graph."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from tf_agents.trajectories import time_step as ts

from tf_creative.core import spec, stepping
from tf_creative.core import world as world_lib


class Steps:
  """Parallel episodes that restart by themselves; a step is begun, and waited for later.

  Plain attributes, for those of a tf.Module are slow to set. `fault` is what has failed, if any.
  """

  fault: stepping.Fault | None = None

  def __init__(self, world: world_lib.World, count: int, seed: int, types: list):
    """Take the types of the arrays of a time step; those of its observation stand last, by name."""
    self._world, self._envs = world, world.simulator.vector(count)
    mode = self._envs.metadata.get('autoreset_mode')
    if mode is not gymnasium.vector.AutoresetMode.NEXT_STEP:
      raise spec.SpecError(
        f'a restart must be a step of its own, but this environment has {mode}: make it with '
        'autoreset_mode=gymnasium.vector.AutoresetMode.NEXT_STEP.'
      )
    self._count, self._seed, self._types = count, seed, types
    self._names = sorted(world.play.observation_spec)
    self._most = world.play.reward_bound if world.simulator.clip else 0.0
    self._over = np.zeros(count, bool)
    self._paid, self._returned = np.zeros((2, count), np.float32)
    self._worker: stepping.Worker | Any = stepping.Worker()
    self._begun: stepping.Begun | None = None
    self._new = True  # no step was begun yet

  def close(self) -> None:
    """Wait for a running step, then close the environments and end their thread."""
    if self._worker is not None:
      worker, self._worker, self._begun = self._worker, None, None
      stepping.close(worker, self._envs, failed=self.fault is not None)

  def wait(self, step: np.ndarray) -> list[np.ndarray]:
    """Return what the step that was begun last came to: a time step's arrays, and returns [B]."""
    if self._new and self._worker:
      # A resumed run draws a new seed, or it would replay the episodes that it began with.
      seed = self._seed
      if step != 1:
        seed = int(np.random.SeedSequence([seed, int(step)]).generate_state(1)[0] >> 1)
      self._begun, self._new = self._worker.submit(self._reset, seed), False
    if self._begun is None:
      why = 'the last round failed, build it again' if self._worker else 'the episodes are closed'
      raise RuntimeError(f'no step is under way: {why}.')
    if self.fault:
      raise self.fault
    try:
      told = stepping.answer(self._begun, self._world, int(step) - 1)
    except stepping.Fault as error:  # `_begun` is kept in place: a second call raises it again
      self.fault = error
      raise
    self._begun = None
    return told

  def begin(self, action: np.ndarray) -> None:
    """Begin a step without waiting for it."""
    if self._begun is not None:
      raise RuntimeError(
        "a step is under way already: episodes are one agent's, one call at a time."
      )
    self._begun = self._worker.submit(self._step, action.copy())

  def exchange(self, action: np.ndarray, step: np.ndarray) -> list[np.ndarray]:
    """Begin a step, and wait for it."""
    self.begin(action)
    return self.wait(step)

  def _reset(self, seed: int) -> list[np.ndarray]:
    seen, _ = self._envs.reset(seed=seed)
    none = np.zeros(self._count)
    self._paid = none.astype(np.float32)
    return self._told(np.full(self._count, ts.StepType.FIRST), none, none + 1, seen)

  def _step(self, action: np.ndarray) -> list[np.ndarray]:
    seen, reward, terminated, truncated, _ = self._envs.step(action)
    # With NEXT_STEP, a step after an end only resets: its reward and end flags mean nothing.
    restarted, self._over = self._over, (terminated | truncated) & ~self._over
    step_type = np.where(self._over, ts.StepType.LAST, ts.StepType.MID)
    step_type[restarted] = ts.StepType.FIRST
    # Only a true end has no further reward; a truncated episode would have earned more.
    discount = ~(self._over & terminated)
    reward = np.where(restarted, 0, reward)
    self._paid = np.where(restarted, 0, self._paid + reward).astype(np.float32)
    self._returned = np.where(self._over, self._paid, self._returned)
    if self._most:  # after the returns, which are of what was truly paid
      reward = np.clip(reward, -self._most, self._most)
    return self._told(step_type, reward, discount, seen)

  def _told(self, step_type, reward, discount, seen: dict[str, np.ndarray]) -> list[np.ndarray]:
    values = step_type, reward, discount, *(seen[name] for name in self._names)
    told = [np.asarray(value, kind) for value, kind in zip(values, self._types, strict=True)]
    return [*told, self._returned]
