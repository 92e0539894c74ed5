"""What a form is worth under a brief: lift over drag, less penalties, in the graph."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_creative.worlds.airfoil import brief as brief_lib
from tf_creative.worlds.airfoil import neural, section

ANGLES = np.arange(-8, 17, 4, dtype=np.float32)  # degrees, between which the wanted lift is sought
_FINER = 2  # steps of the secant method from there
_LEAST_SLOPE = 0.02  # of lift, by degree: where it rises less the search goes no further
SURE = 0.9  # confidence of the network that NeuralFoil's authors ask for
_STATIONS = 33  # along the chord, at which thickness is measured
# What a penalty takes off the logarithm of lift over drag.
_COSTS = {'thickness': 30.0, 'moment': 15.0, 'confidence': 5.0, 'lift': 5.0}
_CROSSED = 40.0  # by chord
# Penalties begin so far inside of what is wanted, and what lies so far outside still counts as met.
_MARGIN = {'thickness': 2e-3, 'moment': 5e-3, 'confidence': 0.03, 'lift': -5e-3}
_NEAR = {'thickness': 1e-3, 'moment': 1e-3, 'confidence': 0.0, 'lift': 0.01}
_LEAST_DRAG = 0.003  # no airfoil has less; far from its training data the network may say so
LEAST, MOST = -6.0, 6.0  # bounds of what a form is worth


class Flight(NamedTuple):
  """A form in the flow of its brief: each float32 [B]."""

  worth: tf.Tensor  # log(lift / drag) less penalties
  ratio: tf.Tensor  # lift / drag
  angle: tf.Tensor  # in degrees
  aero: neural.Aero
  thickness: tf.Tensor  # the largest, in chords
  least: tf.Tensor  # the least thickness between nose and trailing edge; below 0 the sides cross
  feasible: tf.Tensor  # bool [B]: all that is wanted is met


_X = section.stations(_STATIONS)[1:-1]
_THICKNESS = np.subtract(*section.sides(_X)).astype(np.float32)  # [stations, NUMBERS]


def flown(network: neural.Network, numbers: tf.Tensor, brief: brief_lib.Brief) -> Flight:
  """Find the angle at which forms [B, NUMBERS] have the wanted lift, and what they are worth."""
  angle = _angle(network, numbers, brief)
  aero = network.aero(numbers, angle, brief.reynolds)
  local = tf.matmul(numbers, _THICKNESS, transpose_b=True)
  thickness, least = tf.reduce_max(local, 1), tf.reduce_min(local, 1)
  lacks = {
    'thickness': brief.thickness - thickness,
    'moment': brief.moment - aero.moment,
    'confidence': SURE - aero.confidence,
    'lift': tf.abs(brief.lift - aero.lift),
  }
  # The wanted lift, not the one that is found: a lift of 0 has no logarithm.
  worth = tf.math.log(brief.lift / tf.maximum(aero.drag, _LEAST_DRAG))
  for name, lack in lacks.items():
    worth -= _COSTS[name] * tf.nn.relu(lack + _MARGIN[name])
  worth -= _CROSSED * tf.nn.relu(-least)
  # Bad forms are all bad, but worse ones still a little worse, or nothing would lead away.
  worth = tf.where(worth < 0, -tf.math.log1p(tf.nn.relu(-worth)), worth)
  met = [lack <= _NEAR[name] for name, lack in lacks.items()]
  feasible = tf.reduce_all(tf.stack([*met, least >= 0]), 0)
  worth = tf.clip_by_value(worth, LEAST, MOST)
  return Flight(worth, aero.lift / aero.drag, angle, aero, thickness, least, feasible)


def polar(
  network: neural.Network, numbers: tf.Tensor, reynolds: tf.Tensor, angles: np.ndarray
) -> neural.Aero:
  """Evaluate forms [B, NUMBERS] at all of the angles [A]: each [B, A]."""
  count = len(angles)
  every = tf.tile(tf.constant(angles, tf.float32), [tf.shape(numbers)[0]])
  aero = network.aero(tf.repeat(numbers, count, 0), every, tf.repeat(reynolds, count))
  return neural.Aero(*(tf.reshape(part, [-1, count]) for part in aero))


def _angle(network: neural.Network, numbers: tf.Tensor, brief: brief_lib.Brief) -> tf.Tensor:
  """Return the least angle with the wanted lift, or the one that comes nearest to it: [B]."""
  lift = polar(network, numbers, brief.reynolds, ANGLES).lift
  short = lift - brief.lift[:, None]
  rises = (short[:, :-1] <= 0) & (short[:, 1:] > 0)
  # Without a crossing: the part that ends nearest to what is wanted.
  near = -tf.minimum(tf.abs(short[:, :-1]), tf.abs(short[:, 1:]))
  found = tf.reduce_any(rises, 1, keepdims=True)
  part = tf.argmax(tf.where(found, tf.cast(rises, tf.float32), near), 1, tf.int32)
  begin = tf.gather(short, part, batch_dims=1)
  rise = tf.gather(short, part + 1, batch_dims=1) - begin
  step = float(ANGLES[1] - ANGLES[0])
  slope = tf.maximum(rise / step, _LEAST_SLOPE)
  first = tf.gather(tf.constant(ANGLES), part)
  bounded = lambda angle: tf.clip_by_value(angle, first, first + step)  # noqa: E731
  angle = bounded(first - begin / slope)
  for _ in range(_FINER - 1):
    missing = brief.lift - network.aero(numbers, angle, brief.reynolds).lift
    angle = bounded(angle + missing / slope)
  return angle
