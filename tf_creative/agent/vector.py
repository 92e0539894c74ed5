"""Runs Gymnasium's vector environments in a thread while the graph learns.

As in EnvPool (Weng et al. 2022), a step is split into `send` and `receive`. A round first receives
the step that the last round sent, remembers it, and sends the next actions; then the agent samples
and learns while the environments step. So learning is always exactly one step behind, whichever
side is slower, and equal seeds give equal runs.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent import futures
from typing import Any

import gymnasium
import numpy as np
import tensorflow as tf
from tf_agents.policies import tf_policy
from tf_agents.specs import tensor_spec
from tf_agents.trajectories import policy_step, trajectory
from tf_agents.trajectories import time_step as ts

from tf_creative.agent import graph_world
from tf_creative.core import batch as batch_lib
from tf_creative.core import spec, stepping
from tf_creative.core import world as world_lib


class World(tf.Module):
  """Parallel episodes that restart by themselves, stepped outside of the graph.

  A checkpoint cannot hold the state of environments: a resumed run has its weights and its replay,
  but begins new episodes. Call `close` when done.

  `receive` and `send` are stateful ops. TensorFlow runs such ops of a tf.function in the order in
  which they were traced, so they alternate; `_begin` raises if two steps ever overlap.
  """

  def __init__(self, world: world_lib.World, batch_size: int, seed: int):
    super().__init__(name='world')
    self._world, self._envs = world, world.simulator.vector(batch_size)
    mode = self._envs.metadata.get('autoreset_mode')
    if mode is not gymnasium.vector.AutoresetMode.NEXT_STEP:
      raise spec.SpecError(
        f'a restart must be a step of its own, but this environment has {mode}: make it with '
        'autoreset_mode=gymnasium.vector.AutoresetMode.NEXT_STEP.'
      )
    self.batch_size, self._seed = batch_size, seed
    self._most = world.play.reward_bound if world.simulator.clip else 0.0
    self.time_step_spec = ts.time_step_spec(
      {name: graph_world.to_spec(part, name) for name, part in world.play.observation_spec.items()}
    )
    # All episodes count as just ended, so that the first step is a reset.
    blank = tensor_spec.zero_spec_nest(self.time_step_spec, outer_dims=[batch_size])
    self._now = graph_world.variables(
      blank._replace(step_type=tf.fill([batch_size], ts.StepType.LAST))
    )
    self.returns = tf.Variable(tf.zeros([batch_size]), trainable=False)  # as in graph_world
    self._paid = tf.Variable(tf.zeros([batch_size]), trainable=False)
    self._steps = tf.Variable(0, dtype=tf.int64, trainable=False)
    self._over = np.zeros(batch_size, bool)
    self._worker: futures.Executor | Any = stepping.Worker()
    self._begun: futures.Future | None = None
    self.fault: stepping.Fault | None = None
    self._new = True  # no step was sent yet

  def current_time_step(self) -> ts.TimeStep:
    """Return the time step that was received last."""
    return tf.nest.map_structure(tf.convert_to_tensor, self._now)

  def receive(self) -> ts.TimeStep:
    """Wait for the step that was sent last, and return its result."""
    parts = tf.nest.flatten(self.time_step_spec)
    types = [part.dtype for part in parts]
    flat = tf.numpy_function(self._wait, [self._steps.assign_add(1)], types, name='receive')
    # A numpy_function returns tensors of unknown shape.
    for tensor, part in zip(flat, parts, strict=True):
      tensor.set_shape([self.batch_size, *part.shape])
    now = tf.nest.pack_sequence_as(self.time_step_spec, flat)
    self._paid.assign(tf.where(now.is_first(), 0.0, self._paid + now.reward))
    self.returns.assign(tf.where(now.is_last(), self._paid, self.returns))
    if self._most:  # after the returns, which are of what was truly paid
      now = now._replace(reward=tf.clip_by_value(now.reward, -self._most, self._most))
    tf.nest.map_structure(lambda variable, value: variable.assign(value), self._now, now)
    return now

  def send(self, action: tf.Tensor) -> None:
    """Start a step without waiting for its result."""
    tf.numpy_function(self._begin, [action], [], name='send')

  def close(self) -> None:
    """Wait for a running step, then close the environments and end their thread."""
    if self._worker is not None:
      worker, self._worker, self._begun = self._worker, None, None
      stepping.close(worker, self._envs, failed=self.fault is not None)

  def _wait(self, step: np.ndarray) -> list[np.ndarray]:
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

  def _begin(self, action: np.ndarray) -> None:
    if self._begun is not None:
      raise RuntimeError(
        "a step is under way already: episodes are one agent's, one call at a time."
      )
    self._begun = self._worker.submit(self._step, action.copy())

  def _reset(self, seed: int) -> list[np.ndarray]:
    seen, _ = self._envs.reset(seed=seed)
    none = np.zeros(self.batch_size)
    return self._told(np.full(self.batch_size, ts.StepType.FIRST), none, none + 1, seen)

  def _step(self, action: np.ndarray) -> list[np.ndarray]:
    seen, reward, terminated, truncated, _ = self._envs.step(action)
    # With NEXT_STEP, a step after an end only resets: its reward and end flags mean nothing.
    restarted, self._over = self._over, (terminated | truncated) & ~self._over
    step_type = np.where(self._over, ts.StepType.LAST, ts.StepType.MID)
    step_type = np.where(restarted, ts.StepType.FIRST, step_type)
    # Only a true end has no further reward; a truncated episode would have earned more.
    discount = np.where(self._over & terminated, 0, 1)
    return self._told(step_type, np.where(restarted, 0, reward), discount, seen)

  def _told(self, step_type, reward, discount, seen: Any) -> list[np.ndarray]:
    """Convert a step's results to the flat arrays of `time_step_spec`."""
    told = ts.TimeStep(step_type, reward, discount, seen)
    pairs = zip(tf.nest.flatten(told), tf.nest.flatten(self.time_step_spec), strict=True)
    return [np.asarray(value, part.dtype.as_numpy_dtype) for value, part in pairs]


class Driver:
  """Like rollout.Driver, but sends each step early and receives it in the next round."""

  def __init__(self, episodes: World, policy: tf_policy.TFPolicy, observer: Callable, frames: int):
    self._episodes, self._policy = episodes, policy
    self._observer, self._frames = observer, frames
    self._action = graph_world.variables(
      tensor_spec.zero_spec_nest(policy.action_spec, outer_dims=[episodes.batch_size])
    )

  def run(self) -> tuple[ts.TimeStep, tuple]:
    tf.while_loop(lambda count: count < self._frames, self._step, [0])
    return self._episodes.current_time_step(), ()

  def _step(self, count: tf.Tensor) -> list[tf.Tensor]:
    before, action = self._episodes.current_time_step(), tf.convert_to_tensor(self._action)
    now = self._episodes.receive()
    # A resumed run begins new episodes; the ones before it are marked as ended where they stood.
    cut = tf.where(now.is_first(), ts.StepType.LAST, before.step_type)
    before = before._replace(step_type=cut)
    self._observer(trajectory.from_transition(before, policy_step.PolicyStep(action), now))  # pyright: ignore[reportCallIssue]
    decided = self._policy.action(now).action
    self._episodes.send(decided)
    self._action.assign(decided)
    return [count + 1]


def whole(batch: batch_lib.Batch) -> tf.Tensor:
  """Return weights [B]: 0 for sequences that go on after a truncated episode, else 1.

  TF-Agents sums the n rewards up to a true end (discount 0) but runs on over a truncation, which
  would add the rewards of another episode.
  """
  leads_on = batch.last[:, 1:-1] & (batch.discount[:, :-2] > 0)
  return tf.cast(~tf.reduce_any(leads_on, 1), tf.float32)
