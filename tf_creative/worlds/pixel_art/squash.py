"""Any number as one between 0 and 1, from where a generator finds its way back."""

from __future__ import annotations

import tensorflow as tf

_STEEP = 3.0  # where a sigmoid's slope is still a twentieth


@tf.custom_gradient
def squash(raw: tf.Tensor):
  """A sigmoid that can be climbed back from: beyond `_STEEP` only pushes inwards go through.

  Plain, a generator of mostly blank pictures rushes to where nothing has a slope and stays there
  for half of its training; with a slope for pushes outwards it drifts until it breaks.
  """
  soft = tf.sigmoid(raw)

  def gradient(upstream: tf.Tensor) -> tf.Tensor:
    near = tf.sigmoid(tf.clip_by_value(raw, -_STEEP, _STEEP))
    inwards = (tf.abs(raw) < _STEEP) | (upstream * raw > 0)
    return tf.where(inwards, upstream * near * (1 - near), 0.0)

  return soft, gradient
