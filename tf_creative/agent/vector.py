"""Gymnasium's vector environments as episodes: they step in a thread while the graph learns.

As EnvPool does (Weng et al. 2022), a step is split into `send` and `receive`. A round first waits
for the step that the last one began, remembers it, decides and begins the next step; then the agent
samples and learns while the environments move. So what is learnt from is always one step behind,
whatever takes longer: the same seed is the same run.
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
from tf_creative.core import spec
from tf_creative.core import world as world_lib


class World(tf.Module):
  """Episodes side by side that restart by themselves, stepped outside of the graph.

  What environments hold is out of a checkpoint's reach: a resumed run has its weights and its
  replay, and begins new episodes. Who is done with a world calls `close`.

  A graph calls Python in the order in which it was traced (TensorFlow chains such ops, as it does
  the reads and writes of a variable); two steps that were begun at once would be told.
  """

  def __init__(self, world: world_lib.World, batch_size: int, seed: int):
    super().__init__(name='world')
    self._envs = world.simulator.vector(batch_size)
    mode = self._envs.metadata.get('autoreset_mode')
    if mode is not gymnasium.vector.AutoresetMode.NEXT_STEP:
      raise spec.SpecError(
        f'a restart is to be a step of its own, and this environment has {mode}: make it with '
        'autoreset_mode=gymnasium.vector.AutoresetMode.NEXT_STEP.'
      )
    self.batch_size, self._seed = batch_size, seed
    self.time_step_spec = ts.time_step_spec(
      {name: graph_world.to_spec(part, name) for name, part in world.play.observation_spec.items()}
    )
    # As if an episode had just ended, so that the first step is a reset.
    blank = tensor_spec.zero_spec_nest(self.time_step_spec, outer_dims=[batch_size])
    self._now = graph_world.variables(
      blank._replace(step_type=tf.fill([batch_size], ts.StepType.LAST))
    )
    self.returns = tf.Variable(tf.zeros([batch_size]), trainable=False)  # as in graph_world
    self._paid = tf.Variable(tf.zeros([batch_size]), trainable=False)
    self._steps = tf.Variable(0, dtype=tf.int64, trainable=False)
    self._over = np.zeros(batch_size, bool)
    self._worker: futures.Executor | Any = futures.ThreadPoolExecutor(1, 'environments')
    self._begun: futures.Future | None = None
    self._new = True  # nothing has been begun yet

  def current_time_step(self) -> ts.TimeStep:
    """What was received last."""
    return tf.nest.map_structure(tf.convert_to_tensor, self._now)

  def receive(self) -> ts.TimeStep:
    """Waits for the step that was begun last."""
    parts = tf.nest.flatten(self.time_step_spec)
    types = [part.dtype for part in parts]
    flat = tf.numpy_function(self._wait, [self._steps.assign_add(1)], types, name='receive')
    for tensor, part in zip(flat, parts, strict=True):
      tensor.set_shape([self.batch_size, *part.shape])
    now = tf.nest.pack_sequence_as(self.time_step_spec, flat)
    self._paid.assign(tf.where(now.is_first(), 0.0, self._paid + now.reward))
    self.returns.assign(tf.where(now.is_last(), self._paid, self.returns))
    tf.nest.map_structure(lambda variable, value: variable.assign(value), self._now, now)
    return now

  def send(self, action: tf.Tensor) -> None:
    """Begins a step, and does not wait for it."""
    tf.numpy_function(self._begin, [action], [], name='send')

  def close(self) -> None:
    """Waits for the step that is under way, then ends the environments and their thread."""
    if self._worker is not None:
      worker, self._worker, self._begun = self._worker, None, None
      closing = worker.submit(self._envs.close)
      worker.shutdown()
      closing.result()

  def _wait(self, step: np.ndarray) -> list[np.ndarray]:
    if self._new and self._worker:
      # A run that goes on begins other episodes than those that it began with.
      seed = self._seed
      if step != 1:
        seed = int(np.random.SeedSequence([seed, step]).generate_state(1)[0] >> 1)
      self._begun, self._new = self._worker.submit(self._reset, seed), False
    if self._begun is None:
      why = 'the last round broke off, begin anew' if self._worker else 'the episodes are closed'
      raise RuntimeError(f'no step is under way: {why}.')
    if error := self._begun.exception():  # it stays, for whoever asks again
      raise RuntimeError(
        f'an environment failed at step {step - 1}: {type(error).__name__}: {error}'
      ) from error
    begun, self._begun = self._begun, None
    return begun.result()

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
    restarted, self._over = self._over, (terminated | truncated) & ~self._over
    step_type = np.where(self._over, ts.StepType.LAST, ts.StepType.MID)
    step_type = np.where(restarted, ts.StepType.FIRST, step_type)
    # An episode that is cut short would have gone on to be paid: only a true end is worth nothing.
    discount = np.where(self._over & terminated, 0, 1)
    return self._told(step_type, np.where(restarted, 0, reward), discount, seen)

  def _told(self, step_type, reward, discount, seen: Any) -> list[np.ndarray]:
    """As the graph takes it."""
    told = ts.TimeStep(step_type, reward, discount, seen)
    pairs = zip(tf.nest.flatten(told), tf.nest.flatten(self.time_step_spec), strict=True)
    return [np.asarray(value, part.dtype.as_numpy_dtype) for value, part in pairs]


class Driver:
  """As rollout.Driver, with the step of an environment where the round is over."""

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
    # A run that goes on begins new episodes: those of before were cut short where they stood.
    cut = tf.where(now.is_first(), ts.StepType.LAST, before.step_type)
    before = before._replace(step_type=cut)
    self._observer(trajectory.from_transition(before, policy_step.PolicyStep(action), now))  # pyright: ignore[reportCallIssue]
    decided = self._policy.action(now).action
    self._episodes.send(decided)
    self._action.assign(decided)
    return [count + 1]


def whole(batch: batch_lib.Batch) -> tf.Tensor:
  """1 for runs of n steps within an episode, 0 for those that lead on from one that was cut short.

  TF-Agents adds up the n pays; it stops at true ends, whose discount is 0, and nowhere else.
  """
  leads_on = batch.last[:, 1:-1] & (batch.discount[:, :-2] > 0)
  return tf.cast(~tf.reduce_any(leads_on, 1), tf.float32)
