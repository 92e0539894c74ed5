"""The base class of both kinds of hand: episodes, exploration and replay."""

from __future__ import annotations

import abc
from collections.abc import Callable
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
  """Implements the contract core.hand.Hand on a learner of TF-Agents."""

  lesson: contract.Lesson
  frames: int  # T of the sequences [B, T, ...] that an update takes, the last frame included
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
    """Build exploration and replay; `collector(episodes, policy, replay)` returns a driver."""
    super().__init__(name='agent')
    self.config, self.episodes, self.learner = config, episodes, learner
    self._world = world
    learner._loss = _checked(learner._loss)
    self.guard = self.learner._optimizer.guard
    # The largest reward so far, with the couplings' share: Q-values are bounded by it, and the
    # alarm for diverging values uses that bound.
    self.most_paid = tf.Variable(world.play.reward_bound, trainable=False)
    self.explorer = explore.Explorer(self._behaviour(), seed, self.epsilon, self.temperature)
    stack = world.play.stack
    self.replay = replay_lib.Replay(
      learner.collect_data_spec,
      batch_size=config.environments,
      max_length=max(config.replay_capacity // config.environments, self.frames + stack),
      seed=seed,
      stack=stack,
    )
    self._collector = collector(episodes, self.explorer, self.replay)

  @property
  @abc.abstractmethod
  def temperature(self) -> float:
    """Temperature of the softmax over `values` that actions are drawn from; 0: argmax."""

  @abc.abstractmethod
  def epsilon(self) -> tf.Tensor:
    """Return the present share of random actions."""

  @abc.abstractmethod
  def _sample(self) -> batch_lib.Batch:
    """Sample the batch for one update."""

  @abc.abstractmethod
  def learn(self, batch: batch_lib.Batch) -> dict[str, tf.Tensor]:
    """Make one update; return scalars for the log."""

  @abc.abstractmethod
  def values(self, observation: dict[str, tf.Tensor]) -> tf.Tensor:
    """Evaluate every action: [B, actions]."""

  @abc.abstractmethod
  def value_of(self, features: tf.Tensor) -> tf.Tensor:
    """Evaluate a world's features [B, ...], differentiable by them."""

  @abc.abstractmethod
  def _behaviour(self) -> Any:
    """Return the policy of TF-Agents whose logits the explorer uses."""

  @property
  def frame_bytes(self) -> int:
    """Size of a frame in the replay."""
    return self.replay.frame_bytes

  @property
  def updates(self) -> tf.Variable:
    """Number of updates of the hand."""
    return self.learner.train_step_counter

  def collect(self) -> dict[str, tf.Tensor]:
    """Take collect_steps steps in every environment and remember them."""
    time_step, _ = self._collector.run()
    return {
      'reward': tf.reduce_mean(time_step.reward),
      'return': tf.reduce_mean(self.episodes.returns),
      'epsilon': self.epsilon(),
      'q': tf.convert_to_tensor(self.explorer.value),
    }

  def sample(self, count: int = 0) -> batch_lib.Batch:
    """Sample a batch for one update, or `count` remembered steps as sequences of two frames."""
    if count:
      return batches.from_trajectory(self.replay.sample(count, 2))
    return self._sample()

  def act(self, observation: dict[str, tf.Tensor]) -> tf.Tensor:
    """Return the action with the highest value: [B]."""
    return tf.argmax(self.values(observation), -1, self.learner.action_spec.dtype)

  def explore_by(self, strangeness: Callable) -> None:
    """Explore more where an action leads to novel states; `strangeness` returns [B] scores."""
    self.explorer.gate = strangeness

  def weights(self) -> dict[str, tf.Tensor]:
    """Return all weights by name, and the present values of all actions."""
    named = {v.name.removesuffix(':0'): v for v in self.learner.policy.variables()}
    return named | {'q_values': self.values(self.episodes.current_time_step().observation)}  # pyright: ignore[reportOptionalMemberAccess]

  def _note_rewards(self, batch: batch_lib.Batch) -> tf.Tensor:
    """Update and return the largest absolute reward so far; non-finite ones do not count."""
    rewards = tf.nest.flatten((batch.reward, batch.action_rewards))
    most = tf.reduce_max(tf.stack([tf.reduce_max(tf.abs(reward)) for reward in rewards]))
    more = tf.math.is_finite(most) & (most > self.most_paid)
    return self.most_paid.assign(tf.where(more, most, self.most_paid))


def _checked(loss_of: Callable) -> Callable:
  """Wrap a loss function: TF-Agents aborts at a non-finite loss, a guard only skips its update."""

  def checked(*args, **kwargs):
    info = loss_of(*args, **kwargs)
    return info._replace(loss=guard.checked(info.loss))

  return checked
