"""What both kinds of hand share: episodes, exploration and replay."""

from __future__ import annotations

import abc
from collections.abc import Callable
import math
from typing import Any

import tensorflow as tf
from tf_agents.agents import tf_agent

from tf_creative.agent import batches, explore, graph_world, vector
from tf_creative.agent import config as config_lib
from tf_creative.agent import replay as replay_lib
from tf_creative.core import batch as batch_lib
from tf_creative.core import guard
from tf_creative.core import hand as contract
from tf_creative.core import world as world_lib


class Hand(tf.Module, abc.ABC):
  """Collects, remembers, learns, and answers what it would do: core.hand.Hand."""

  lesson: contract.Lesson
  frames: int  # of a run that is learnt from, its last one included
  learner: Any  # a TFAgent, whose own types do not name what its kinds have

  def __init__(
    self,
    learner: tf_agent.TFAgent,
    world: world_lib.World,
    config: config_lib.AgentConfig,
    seed: int,
    episodes: graph_world.World | vector.World,
    collector: Callable,
  ):
    """`collector(episodes, policy, observer)` makes what takes the steps, by its `run()`."""
    super().__init__(name='agent')
    self.config, self.episodes, self.learner = config, episodes, learner
    self._world = world
    learner._loss = _checked(learner._loss)
    self.guard = self.learner._optimizer.guard
    # The largest reward so far, a coupling's included: what Q-values are bounded by.
    self.most_paid = tf.Variable(world.play.reward_bound, trainable=False)
    self.explorer = explore.Explorer(self._behaviour(), seed, self.epsilon, self.temperature)
    self.replay = replay_lib.Replay(
      learner.collect_data_spec,
      batch_size=config.environments,
      max_length=max(config.replay_capacity // config.environments, self.frames + 1),
      seed=seed,
    )
    self._collector = collector(episodes, self.explorer, self.replay.add_batch)

  @property
  @abc.abstractmethod
  def temperature(self) -> float:
    """At which actions are drawn from the values; 0: the best one is taken."""

  @abc.abstractmethod
  def epsilon(self) -> tf.Tensor:
    """The share of random actions."""

  @abc.abstractmethod
  def _sample(self) -> batch_lib.Batch:
    """Samples what one update learns from."""

  @abc.abstractmethod
  def learn(self, batch: batch_lib.Batch) -> dict[str, tf.Tensor]:
    """Makes one update."""

  @abc.abstractmethod
  def values(self, observation: dict[str, tf.Tensor]) -> tf.Tensor:
    """Evaluates every action: [B, actions]."""

  @abc.abstractmethod
  def value_of(self, features: tf.Tensor) -> tf.Tensor:
    """Evaluates a world's features; gradients lead back to them."""

  @abc.abstractmethod
  def _behaviour(self) -> Any:
    """The policy of TF-Agents whose values the explorer reads."""

  @property
  def frame_bytes(self) -> int:
    """That a remembered frame takes."""
    specs = tf.nest.flatten(self.learner.collect_data_spec)
    return sum(spec.dtype.size * math.prod(spec.shape) for spec in specs)

  @property
  def updates(self) -> tf.Variable:
    """How often the hand has learnt."""
    return self.learner.train_step_counter

  def collect(self) -> dict[str, tf.Tensor]:
    """collect_steps steps in every environment, remembered."""
    time_step, _ = self._collector.run()
    return {
      'reward': tf.reduce_mean(time_step.reward),
      'return': tf.reduce_mean(self.episodes.returns),
      'epsilon': self.epsilon(),
      'q': tf.convert_to_tensor(self.explorer.value),
    }

  def sample(self, count: int = 0) -> batch_lib.Batch:
    """Samples what one update learns from, or `count` remembered steps: runs of two frames."""
    if count:
      return batches.from_trajectory(self.replay.sample(count, 2))
    return self._sample()

  def act(self, observation: dict[str, tf.Tensor]) -> tf.Tensor:
    """The action with the highest value: [B]."""
    return tf.argmax(self.values(observation), -1, self.learner.action_spec.dtype)

  def explore_by(self, strangeness: Callable) -> None:
    """Explores rather where an action leads to what is strange."""
    self.explorer.gate = strangeness

  def weights(self) -> dict[str, tf.Tensor]:
    """All weights by name, and the values of all actions in what is seen just now."""
    named = {v.name.removesuffix(':0'): v for v in self.learner.policy.variables()}
    return named | {'q_values': self.values(self.episodes.current_time_step().observation)}  # pyright: ignore[reportOptionalMemberAccess]

  def _note_rewards(self, batch: batch_lib.Batch) -> tf.Tensor:
    """The largest reward so far, in size; one that is not finite does not count."""
    rewards = tf.nest.flatten((batch.reward, batch.action_rewards))
    most = tf.reduce_max(tf.stack([tf.reduce_max(tf.abs(reward)) for reward in rewards]))
    more = tf.math.is_finite(most) & (most > self.most_paid)
    return self.most_paid.assign(tf.where(more, most, self.most_paid))


def _checked(loss_of: Callable) -> Callable:
  """TF-Agents ends the program at a loss that is not finite; a guard only skips its update."""

  def checked(*args, **kwargs):
    info = loss_of(*args, **kwargs)
    return info._replace(loss=guard.checked(info.loss))

  return checked
