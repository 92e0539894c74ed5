"""Runs a world with known rules as a TF-Agents environment inside the graph."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tf_agents.environments import tf_environment
from tf_agents.specs import tensor_spec
from tf_agents.trajectories import time_step as ts

from tf_creative.core import streams
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib


class World(tf_environment.TFEnvironment, tf.Module):
  """A batch of episodes that restart by themselves; each draws its work from a bank.

  It is also a tf.Module, because tf.train.Checkpoint does not see into a TFEnvironment.
  """

  fault = None  # rules are part of the graph

  def __init__(self, world: world_lib.World, batch_size: int, seed: int):
    tf.Module.__init__(self, name='world')
    tf_environment.TFEnvironment.__init__(
      self,
      ts.time_step_spec({k: to_spec(v, k) for k, v in world.play.observation_spec.items()}),
      to_spec(world.play.action_spec, 'action'),
      batch_size,
    )
    self._world = world
    self._picks = streams.Stream(seed, 'world/picks')
    self._chances = streams.Stream(seed, 'world/chances')
    work = tf.zeros([batch_size, *world.works.work_spec.shape], world.works.work_spec.dtype)
    code = tf.zeros([batch_size, world.play.code_size]) if world.play.code_size else ()
    self.bank = variables(works_lib.Works(work, tf.zeros([batch_size], tf.int32), code))
    self._next_place = tf.Variable(0, dtype=tf.int32, trainable=False)
    self._concept = variables(self._draw())  # the works of the present episodes
    self._state = variables(world.rules.start(self._concept, self._chances.next()))
    # All episodes count as just ended, so that the first step is a reset.
    self._step_type = tf.Variable(tf.fill([batch_size], ts.StepType.LAST), trainable=False)
    self._just_over = tf.Variable(tf.fill([batch_size], False), trainable=False)
    self._reward = tf.Variable(tf.zeros([batch_size]), trainable=False)
    self._paid = tf.Variable(tf.zeros([batch_size]), trainable=False)  # return so far
    self.returns = tf.Variable(tf.zeros([batch_size]), trainable=False)  # of the last full episode

  def refresh(self, concept: works_lib.Works) -> None:
    """Replace the oldest works in the bank by these, for episodes that begin later."""
    count = tf.shape(concept.label)[0]
    places = (self._next_place + tf.range(count)) % self.batch_size
    # A ring buffer: the next places hold the oldest works.
    tf.nest.map_structure(
      lambda bank, new: bank.scatter_update(tf.IndexedSlices(new, places)), self.bank, concept
    )
    self._next_place.assign((self._next_place + count) % self.batch_size)

  def ended(self) -> tuple[works_lib.Works, tf.Tensor, tf.Tensor]:
    """Return the episodes' works [B], the last returns [B], and which just ended: bool [B]."""
    return tf.nest.map_structure(
      tf.convert_to_tensor, (self._concept, self.returns, self._just_over)
    )

  def _current_time_step(self) -> ts.TimeStep:
    state = tf.nest.map_structure(tf.convert_to_tensor, self._state)
    step_type = tf.convert_to_tensor(self._step_type)
    discount = tf.cast(step_type != ts.StepType.LAST, tf.float32)
    reward = tf.convert_to_tensor(self._reward)
    return ts.TimeStep(step_type, reward, discount, self._world.rules.observe(state))

  def _reset(self) -> ts.TimeStep:
    concept = self._draw()
    fresh = self._world.rules.start(concept, self._chances.next())
    return self._become(concept, fresh, tf.zeros_like(self._reward), tf.zeros_like(self._step_type))

  def _step(self, action: tf.Tensor) -> ts.TimeStep:
    # An episode that was over ignores the action and starts anew: TF-Agents' convention. A batch
    # has no branches, so both outcomes are computed and each row takes its own.
    over = tf.equal(self._step_type, ts.StepType.LAST)
    now = tf.nest.map_structure(tf.convert_to_tensor, self._state)
    moved, reward, done = self._world.rules.step(now, action, self._chances.next())
    drawn = self._draw()
    fresh = self._world.rules.start(drawn, self._chances.next())
    state = works_lib.select(over, fresh, moved)
    concept = works_lib.select(over, drawn, self._concept)
    step_type = tf.where(done, ts.StepType.LAST, ts.StepType.MID)
    step_type = tf.where(over, ts.StepType.FIRST, step_type)
    return self._become(concept, state, tf.where(over, 0.0, reward), step_type)

  def _become(
    self, concept: works_lib.Works, state: Any, reward: tf.Tensor, step_type: tf.Tensor
  ) -> ts.TimeStep:
    tf.nest.map_structure(
      lambda variable, value: variable.assign(value),
      (self._concept, self._state),
      (concept, state),
    )
    self._reward.assign(reward)
    self._step_type.assign(step_type)
    self._just_over.assign(step_type == ts.StepType.LAST)
    self._paid.assign(tf.where(step_type == ts.StepType.FIRST, 0.0, self._paid + reward))
    self.returns.assign(tf.where(step_type == ts.StepType.LAST, self._paid, self.returns))
    return self._current_time_step()

  def _draw(self) -> works_lib.Works:
    places = tf.random.stateless_uniform(
      [self.batch_size], self._picks.next(), maxval=self.batch_size, dtype=tf.int32
    )
    return tf.nest.map_structure(lambda part: tf.gather(part, places), self.bank)


def to_spec(bounded: works_lib.Bounded, name: str) -> tensor_spec.BoundedTensorSpec:
  """Convert bounds to a spec of TF-Agents."""
  # TF-Agents draws examples below maximum + 1, so the type must be able to hold that number.
  most = min(bounded.maximum, bounded.dtype.max - bounded.dtype.is_integer)
  return tensor_spec.BoundedTensorSpec(bounded.shape, bounded.dtype, bounded.minimum, most, name)  # pyright: ignore[reportCallIssue]


def variables(values):
  """Make a variable of each tensor in a nest."""
  return tf.nest.map_structure(lambda value: tf.Variable(value, trainable=False), values)
