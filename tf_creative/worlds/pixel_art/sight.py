"""What the hand sees of pixel art, and which actions it has."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.worlds.pixel_art import easel

CODE_BOUND = 10  # bound of the numbers in a code, which are drawn from a standard normal
_SOFT = 0.1  # temperature of the softmax over colours, in squared distance


@dataclasses.dataclass(frozen=True)
class Sight(easel.Easel, world_lib.Play):
  """Observations, actions, and the planes that networks read."""

  @functools.cached_property
  def _planes(self) -> np.ndarray:
    """The `features` of each pair of colours, with a last column of zeros for the time left.

    One gather is faster than computing them, and adding the time is faster than a concatenation.
    """
    hot = np.eye(len(self.colours), dtype=np.float32)
    canvas, target = hot.repeat(len(hot), axis=0), np.tile(hot, (len(hot), 1))
    error = self._cost.reshape(-1, 1)
    return np.concatenate([canvas, target, error, np.zeros_like(error)], axis=1)

  @property
  def code_size(self) -> int:
    return 0 if self.target == 'shown' else self.code

  @property
  def observation_spec(self) -> dict[str, works_lib.Bounded]:
    code = works_lib.Bounded((self.code_size,), tf.float32, -CODE_BOUND, CODE_BOUND)
    return {
      'canvas': self.work_spec,
      **({'code': code} if self.code_size else {'target': self.work_spec}),
      'label': works_lib.Bounded((), tf.int32, 0, len(self.label_names) - 1),
      'time_left': works_lib.Bounded((), tf.int32, 0, self.horizon),
    }

  @property
  def action_spec(self) -> works_lib.Bounded:
    return works_lib.Bounded((), tf.int32, 0, self._brush.actions - 1)

  @property
  def reward_bound(self) -> float:
    return float(self._cost.max()) * self._brush.most

  def features(self, observation: dict[str, tf.Tensor]) -> tf.Tensor:
    """Return planes [B, H, W, 2 palette + 2]: both pictures one-hot, the error, the time left.

    Without a shown target they are the canvas and the time: [B, H, W, palette + 1].
    """
    canvas, time_left = observation['canvas'], observation['time_left']
    if self.code_size:
      planes = tf.one_hot(tf.cast(canvas, tf.int32), len(self.colours))
      return tf.concat([planes, self._time(time_left) + tf.zeros_like(planes[..., :1])], -1)
    planes = tf.gather(self._planes, self._pair(canvas, observation['target']))
    return planes + self._time(time_left) * tf.one_hot(planes.shape[-1] - 1, planes.shape[-1])

  def brief(self, observation: dict[str, tf.Tensor]) -> tf.Tensor:
    if not self.code_size:
      return tf.zeros([tf.shape(observation['label'])[0], 0])
    label = tf.one_hot(observation['label'], len(self.label_names))
    return tf.concat([observation['code'], label], 1)

  def prospect(self, values: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return features of the nearest colours, with gradients of a softmax over colours."""
    del labels  # a hand that sees the picture does not need them
    works = self.to_works(values)
    blank = tf.zeros_like(works)
    near = tf.reduce_sum(tf.square(values[..., None, :] - self.colours), -1)
    soft = tf.nn.softmax(-near / _SOFT)
    colours = len(self.colours)
    hard = tf.gather(self._planes, self._pair(blank, works))
    target = hard[..., colours : 2 * colours] + soft - tf.stop_gradient(soft)
    error = tf.tensordot(target, self._cost[:, :1], 1)  # of the blank canvas, colour 0
    all_time = tf.ones_like(error)
    features = tf.concat([hard[..., :colours], target, error, all_time], -1)
    return features, tf.reduce_sum(error, [1, 2, 3])

  def _time(self, left: tf.Tensor) -> tf.Tensor:
    """Return the share of the time that is left: [B, 1, 1, 1]."""
    return tf.cast(left, tf.float32)[:, None, None, None] / self.horizon

  def _pair(self, canvas: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Return the row of (colour on the canvas, colour of the target) in a table of all pairs."""
    return tf.cast(canvas, tf.int32) * len(self.colours) + tf.cast(target, tf.int32)
