"""Data collection and batching for on-policy agents."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tf_agents.environments import tf_environment
from tf_agents.policies import tf_policy
from tf_agents.trajectories import trajectory

from tf_creative.agent import config as config_lib
from tf_creative.agent import replay as replay_lib
from tf_creative.core import world as world_lib

_LONGEST = 256  # steps; longer episodes are collected in parts of collect_steps


def length(world: world_lib.World, config: config_lib.AgentConfig) -> int:
  """Return the frames between two updates: an episode and its restart, if not too long."""
  episode = world.rules.horizon + 1
  return max(config.collect_steps, episode if episode <= _LONGEST else 2)


class Driver:
  """Takes `frames` steps, like TF-Agents' DynamicStepDriver, which does not count restarts."""

  def __init__(
    self,
    episodes: tf_environment.TFEnvironment,
    policy: tf_policy.TFPolicy,
    replay: replay_lib.Replay,
    frames: int,
  ):
    self._episodes, self._policy = episodes, policy
    self._replay, self._frames = replay, frames
    # Starts the first episode now. Else its start would be the first frame collected, and where all
    # episodes have one length, each sequence would end one frame before an episode does.
    episodes.reset()

  def run(self) -> tuple[Any, tuple]:
    def step(count: tf.Tensor) -> list[tf.Tensor]:
      now = self._episodes.current_time_step()
      action = self._policy.action(now)
      following = self._episodes.step(action.action)
      self._replay.add_batch(trajectory.from_transition(now, action, following))
      return [count + 1]

    tf.while_loop(lambda count: count < self._frames, step, [0])
    return self._episodes.current_time_step(), ()


def lesson(batch: Any, whole: bool) -> tuple[Any, tf.Tensor]:
  """Return what to train on, and a weight [B, T] for each frame: 0 for restarts.

  The last frame only holds the next observation of the one before it. Agents that bootstrap need
  it; agents that learn from `whole` episodes do not.
  """
  steps = tf.cast(~batch.is_boundary(), tf.float32)
  batch = batch._replace(reward=batch.reward * steps)
  if whole:
    batch, steps = tf.nest.map_structure(lambda part: part[:, :-1], (batch, steps))
  return batch, steps
