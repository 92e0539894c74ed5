"""Asks environments what would follow an action, where what is seen tells their whole state."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import tensorflow as tf

_SEEN = 'seen'  # the name of a single part of an observation


class Answers:
  """An environment whose state is set to what is seen before each step."""

  def __init__(self, name: str):
    self._state, self._env = _STATES[name], gymnasium.make(name).unwrapped

  def __call__(
    self, observation: dict[str, tf.Tensor], action: tf.Tensor
  ) -> tuple[dict[str, tf.Tensor], tf.Tensor, tf.Tensor]:
    """Return what follows actions [B]: observations, rewards and true ends."""
    seen = observation[_SEEN]
    after, reward, ended = tf.numpy_function(
      self._answer, [seen, action], [tf.float32, tf.float32, tf.bool], name='ask'
    )
    for told, like in ((after, seen), (reward, action), (ended, action)):
      told.set_shape(like.shape)  # a numpy_function returns tensors of unknown shape
    return {_SEEN: after}, reward, ended

  def _answer(self, seen: np.ndarray, action: np.ndarray) -> list[np.ndarray]:
    after, reward, ended = zip(*map(self._step, seen, action), strict=True)
    return [np.stack(after), np.array(reward, np.float32), np.array(ended, bool)]

  def _step(self, seen: np.ndarray, action: int) -> tuple[np.ndarray, float, bool]:
    env: Any = self._env
    env.state = self._state(seen.astype(np.float64))
    env.steps_beyond_terminated = None  # or CartPole would complain after an end
    after, reward, ended, _, _ = env.step(int(action))
    return after, float(reward), ended


def answers(name: str) -> Answers | None:
  """Return what can be asked about an environment; None where its state cannot be set."""
  return Answers(name) if name in _STATES else None


def _angles(seen: np.ndarray) -> np.ndarray:
  """Return the angles of an Acrobot, of which it shows cosines and sines, and the velocities."""
  return np.array([np.arctan2(seen[1], seen[0]), np.arctan2(seen[3], seen[2]), *seen[4:]])


_STATES = {
  'Acrobot-v1': _angles,
  'CartPole-v0': np.array,
  'CartPole-v1': np.array,
  'MountainCar-v0': np.array,
}
