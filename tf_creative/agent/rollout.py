"""How those collect and learn who learn from what they have just done, and from nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf
from tf_agents.environments import tf_environment
from tf_agents.policies import tf_policy
from tf_agents.trajectories import trajectory

from tf_creative.agent import config as config_lib
from tf_creative.core import world as world_lib

_LONGEST = 256  # steps of an episode up to which a whole one is collected


def length(world: world_lib.World, config: config_lib.AgentConfig) -> int:
  """Frames between two updates: an episode and its restart, if it is not too long."""
  episode = world.rules.horizon + 1
  return max(config.collect_steps, episode if episode <= _LONGEST else 2)


class Driver:
  """As TF-Agents' DynamicStepDriver, but by frames: restarts count, so that nothing is skipped."""

  def __init__(
    self,
    episodes: tf_environment.TFEnvironment,
    policy: tf_policy.TFPolicy,
    observer: Callable[[Any], Any],
    frames: int,
  ):
    self._episodes, self._policy = episodes, policy
    self._observer, self._frames = observer, frames
    # Out of the state before the first episode, so that a run of frames ends where episodes of one
    # length end.
    episodes.reset()

  def run(self) -> tuple[Any, tuple]:
    def step(count: tf.Tensor) -> list[tf.Tensor]:
      now = self._episodes.current_time_step()
      action = self._policy.action(now)
      following = self._episodes.step(action.action)
      self._observer(trajectory.from_transition(now, action, following))
      return [count + 1]

    tf.while_loop(lambda count: count < self._frames, step, [0])
    return self._episodes.current_time_step(), ()


def lesson(batch: Any, whole: bool) -> tuple[Any, tf.Tensor]:
  """What is to be trained on, and a weight for each frame: restarts are no steps.

  The last frame only says what came of the one before it. It is kept for those who bootstrap, and
  left out where `whole` episodes count.
  """
  steps = tf.cast(~batch.is_boundary(), tf.float32)
  batch = batch._replace(reward=batch.reward * steps)
  if whole:
    batch, steps = tf.nest.map_structure(lambda part: part[:, :-1], (batch, steps))
  return batch, steps
