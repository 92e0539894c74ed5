"""Runs Gymnasium's vector environments in a thread while the graph learns.

As in EnvPool (Weng et al. 2022), a step is split into `send` and `receive`. A round first receives
the step that the last round sent, remembers it, and sends the next actions; then the agent samples
and learns while the environments step. So learning is always exactly one step behind, whichever
side is slower, and equal seeds give equal runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf
from tf_agents.policies import tf_policy
from tf_agents.specs import tensor_spec
from tf_agents.trajectories import policy_step, trajectory
from tf_agents.trajectories import time_step as ts

from tf_creative.agent import graph_world, stepped
from tf_creative.agent import replay as replay_lib
from tf_creative.core import batch as batch_lib
from tf_creative.core import replicas, stepping
from tf_creative.core import world as world_lib


class World(tf.Module):
  """Parallel episodes that restart by themselves, stepped outside of the graph.

  A checkpoint cannot hold the state of environments: a resumed run has its weights and its replay,
  but begins new episodes. Call `close` when done.

  `receive`, `exchange` and `send` are stateful ops. TensorFlow runs such ops of a tf.function in
  the order in which they were traced; `Steps.begin` raises if two steps ever overlap.
  """

  def __init__(self, world: world_lib.World, batch_size: int, seed: int):
    super().__init__(name='world')
    self.batch_size = batch_size
    self.time_step_spec = ts.time_step_spec(
      {name: graph_world.to_spec(part, name) for name, part in world.play.observation_spec.items()}
    )
    self._parts = [*tf.nest.flatten(self.time_step_spec), tf.TensorSpec([], tf.float32)]
    types = [part.dtype.as_numpy_dtype for part in self._parts[:-1]]
    self.side = stepped.Steps(world, batch_size, replicas.own(seed), types)
    # All episodes count as just ended, so that the first step is a reset.
    blank = tensor_spec.zero_spec_nest(self.time_step_spec, outer_dims=[batch_size])
    self._now = graph_world.variables(
      blank._replace(step_type=tf.fill([batch_size], ts.StepType.LAST))
    )
    self.returns = tf.Variable(tf.zeros([batch_size]), trainable=False)  # as in graph_world
    self._steps = tf.Variable(0, dtype=tf.int64, trainable=False)

  @property
  def fault(self) -> stepping.Fault | None:
    """What has failed in an environment."""
    return self.side.fault

  def current_time_step(self) -> ts.TimeStep:
    """Return the time step that was received last."""
    return tf.nest.map_structure(tf.convert_to_tensor, self._now)

  def receive(self) -> tuple[ts.TimeStep, tf.Tensor]:
    """Wait for the step that was sent last; return its result, and the last returns [B]."""
    return self._called(self.side.wait, [self._steps.assign_add(1)], 'receive')

  def exchange(self, action: tf.Tensor) -> tuple[ts.TimeStep, tf.Tensor]:
    """Send and receive in one call."""
    return self._called(self.side.exchange, [action, self._steps.assign_add(1)], 'exchange')

  def send(self, action: tf.Tensor) -> None:
    """Start a step without waiting for its result."""
    tf.numpy_function(self.side.begin, [action], [], name='send')

  def keep(self, now: ts.TimeStep, returns: tf.Tensor) -> None:
    """Keep what was received last, for the next call of the graph and for the log."""
    tf.nest.map_structure(lambda variable, value: variable.assign(value), self._now, now)
    self.returns.assign(returns)

  def close(self) -> None:
    """Wait for a running step, then close the environments and end their thread."""
    self.side.close()

  def _called(self, call: Callable, given: list, name: str) -> tuple[ts.TimeStep, tf.Tensor]:
    """Call a function of NumPy that returns the parts of a time step, and returns."""
    flat = tf.numpy_function(call, given, [part.dtype for part in self._parts], name=name)
    # A numpy_function returns tensors of unknown shape.
    for tensor, part in zip(flat, self._parts, strict=True):
      tensor.set_shape([self.batch_size, *part.shape])
    return tf.nest.pack_sequence_as(self.time_step_spec, flat[:-1]), flat[-1]


class Driver:
  """Like rollout.Driver, but sends each step early and receives the last one in the next round."""

  def __init__(
    self, episodes: World, policy: tf_policy.TFPolicy, replay: replay_lib.Replay, frames: int
  ):
    self._episodes, self._policy = episodes, policy
    self._replay, self._frames = replay, frames
    self._action = graph_world.variables(
      tensor_spec.zero_spec_nest(policy.action_spec, outer_dims=[episodes.batch_size])
    )

  def run(self) -> tuple[ts.TimeStep, tuple]:
    before, action = self._episodes.current_time_step(), tf.convert_to_tensor(self._action)
    told = now, _ = self._episodes.receive()
    # A resumed run begins new episodes; the ones before it are marked as ended where they stood.
    cut = tf.where(now.is_first(), ts.StepType.LAST, before.step_type)
    row = self._row(before._replace(step_type=cut), action, now)
    action = self._policy.action(now).action
    rows = tf.nest.map_structure(lambda part: part[None], row)
    if self._frames > 1:
      told, action, rows = self._more(row, told, action)
    self._replay.add_steps(rows)
    self._episodes.send(action)
    self._action.assign(action)
    self._episodes.keep(*told)
    return told[0], ()

  def _more(self, row: Any, told: tuple, action: tf.Tensor) -> tuple[tuple, tf.Tensor, Any]:
    """Take the other steps; return what was told last, what is done next, and all rows [T, B]."""

    def step(count, told, action, rows):
      now, later = told[0], self._episodes.exchange(action)
      row = self._row(now, action, later[0])
      return count + 1, later, self._policy.action(later[0]).action, _written(rows, count, row)

    arrays = [tf.TensorArray(part.dtype, self._frames) for part in tf.nest.flatten(row)]
    start = 1, told, action, _written(arrays, 0, row)
    _, told, action, rows = tf.while_loop(lambda count, *_: count < self._frames, step, start)
    return told, action, tf.nest.pack_sequence_as(row, [array.stack() for array in rows])

  def _row(self, before: ts.TimeStep, action: tf.Tensor, now: ts.TimeStep) -> Any:
    """Return what the replay keeps of a step: its newest frames alone."""
    step = trajectory.from_transition(before, policy_step.PolicyStep(action), now)  # pyright: ignore[reportCallIssue]
    return self._replay.newest_frames(step)


def _written(rows: list[tf.TensorArray], count: Any, row: Any) -> list[tf.TensorArray]:
  return [array.write(count, part) for array, part in zip(rows, tf.nest.flatten(row), strict=True)]


def whole(batch: batch_lib.Batch) -> tf.Tensor:
  """Return weights [B]: 0 for sequences that go on after a truncated episode, else 1.

  TF-Agents sums the n rewards up to a true end (discount 0) but runs on over a truncation, which
  would add the rewards of another episode.
  """
  leads_on = batch.last[:, 1:-1] & (batch.discount[:, :-2] > 0)
  return tf.cast(~tf.reduce_any(leads_on, 1), tf.float32)
