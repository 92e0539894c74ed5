"""Evaluates NeuralFoil's network in our graph: lift, drag and moment of a form, and how sure it is.

The network was trained to foresee what XFoil computes (Sharpe & Hansman 2025, 'NeuralFoil'). Its
answer is the mean of two: for the form, and for the form and its angle turned upside down.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_creative.core import spec
from tf_creative.worlds.airfoil import section

INPUTS = 25  # numbers that the network reads
_USED = 4  # of its answers: confidence, lift, drag, moment; then transition and boundary layers
_OPEN_NOSE = 9.0  # the amplification at which a flow turns turbulent: an average wind tunnel
_MIRRORED = np.array([1, -1, 1, -1], np.float32)  # signs of the answers, upside down


class Aero(NamedTuple):
  """What flows do to forms: each float32 [...]."""

  confidence: tf.Tensor  # of the network, 0 to 1
  lift: tf.Tensor  # coefficients, by the chord
  drag: tf.Tensor
  moment: tf.Tensor  # about a quarter of the chord; nose up is positive


class Network:
  """The weights of one network, as constants."""

  def __init__(self, arrays: dict[str, np.ndarray]):
    """Take arrays as in NeuralFoil's files; a UserError says what is wrong with them."""
    try:
      places = sorted({int(name.split('.')[1]) for name in arrays if name.startswith('net.')})
      layers = [(arrays[f'net.{at}.weight'].T, arrays[f'net.{at}.bias']) for at in places]
      width = INPUTS
      for kernel, bias in layers:
        if (width, *bias.shape) != kernel.shape:
          raise ValueError('its layers do not follow each other')
        width = len(bias)
      mean, inverse = arrays['mean_inputs_scaled'], arrays['inv_cov_inputs_scaled']
      if width < _USED or mean.shape != (INPUTS,) or inverse.shape != (INPUTS, INPUTS):
        raise ValueError('it has another form')
      last, bias = layers[-1]
      layers[-1] = last[:, :_USED], bias[:_USED]
    except (KeyError, ValueError, IndexError) as error:
      raise spec.UserError(f'these are no weights of NeuralFoil: {error}.') from error
    with tf.init_scope():  # the first use may be while a graph is traced
      constant = lambda x: tf.constant(x, tf.float32)  # noqa: E731
      self._layers = [(constant(kernel), constant(bias)) for kernel, bias in layers]
      self._mean, self._inverse = constant(mean), constant(inverse)

  def aero(self, numbers: tf.Tensor, angle: tf.Tensor, reynolds: tf.Tensor) -> Aero:
    """Evaluate forms [B, NUMBERS] at angles in degrees [B] and Reynolds numbers [B]."""
    radians = angle * (np.pi / 180)
    none, one = tf.zeros_like(angle), tf.ones_like(angle)
    flow = [
      tf.sin(2 * radians),
      tf.cos(radians),
      tf.sin(radians) ** 2,
      (tf.math.log(reynolds) - 12.5) / 3.5,
      none + (_OPEN_NOSE - 9) / 4.5,
      one,  # transition is free on both sides
      one,
    ]
    upper, lower = numbers[:, : section.SIDE], numbers[:, section.SIDE : section.NOSE]
    nose, edge = numbers[:, section.NOSE, None], numbers[:, section.EDGE, None] * 50
    upright = tf.concat([upper, lower, nose, edge, tf.stack(flow, 1)], 1)
    mirrored = [-flow[0], *flow[1:]]
    turned = tf.concat([-lower, -upper, -nose, edge, tf.stack(mirrored, 1)], 1)
    said, other = tf.split(self._said(tf.concat([upright, turned], 0)), 2)
    confidence, lift, drag, moment = tf.unstack((said + other * _MIRRORED) / 2, axis=1)
    return Aero(tf.sigmoid(confidence), lift / 2, tf.exp(2 * (drag - 2)), moment / 20)

  def _said(self, x: tf.Tensor) -> tf.Tensor:
    """Return the raw answers; far from the training data the first, confidence, falls."""
    away = x - self._mean
    square = tf.reduce_sum(tf.matmul(away, self._inverse) * away, 1, keepdims=True)
    for place, (kernel, bias) in enumerate(self._layers):
      x = tf.matmul(x, kernel) + bias
      if place < len(self._layers) - 1:
        x *= tf.sigmoid(x)
    return tf.concat([x[:, :1] - square / (2 * INPUTS), x[:, 1:]], 1)
