"""A sigmoid whose gradient does not vanish where the generator has to come back."""

from __future__ import annotations

import tensorflow as tf

_STEEP = 3.0  # there, the derivative of a sigmoid is still about 1/20


@tf.custom_gradient
def squash(raw: tf.Tensor):
  """Return sigmoid(raw); beyond +-_STEEP, only gradients that lead back inwards pass.

  With a plain sigmoid, a generator of mostly blank pictures soon saturates, gets no gradient, and
  stays so for half of its training. If outward gradients passed, too, `raw` would drift without
  bound.
  """
  soft = tf.sigmoid(raw)

  def gradient(upstream: tf.Tensor) -> tf.Tensor:
    near = tf.sigmoid(tf.clip_by_value(raw, -_STEEP, _STEEP))
    inwards = (tf.abs(raw) < _STEEP) | (upstream * raw > 0)
    return tf.where(inwards, upstream * near * (1 - near), 0.0)

  return soft, gradient
