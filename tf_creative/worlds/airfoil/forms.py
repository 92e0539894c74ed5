"""Forms as works: 18 numbers, each stored as one of 256 levels between bounds."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tf_creative.worlds.airfoil import section

LEVELS = 256
# Of the airfoils of the package, half a percent lies beyond either bound of a number.
_UPPER, _LOWER = (-0.1, 0.7), (-0.6, 0.35)
_BOUNDS = np.array(
  [(0.02, 0.5), *[_UPPER] * 7, (-0.5, -0.02), *[_LOWER] * 7, (-0.5, 0.7), (0.0, 0.02)], np.float32
)
LOW, SPAN = _BOUNDS[:, 0], _BOUNDS[:, 1] - _BOUNDS[:, 0]
STEP = SPAN / (LEVELS - 1)  # of a level
FAR = 0.05  # a number that lies further out of bounds belongs to no work


def numbers(works: tf.Tensor) -> tf.Tensor:
  """Return the numbers of forms that are stored: float32 [..., NUMBERS]."""
  return of_values(tf.cast(works, tf.float32) / (LEVELS - 1))


def of_values(values: tf.Tensor) -> tf.Tensor:
  """Return the numbers of forms [..., NUMBERS], given as shares 0 to 1 of their spans."""
  return values * SPAN + LOW


def levels(forms: np.ndarray) -> np.ndarray:
  """Store forms [..., NUMBERS], each number as its nearest level: uint8."""
  places = np.rint((np.asarray(forms) - LOW) / STEP)
  return np.clip(places, 0, LEVELS - 1).astype(np.uint8)


def fits(form: np.ndarray) -> bool:
  """Return whether a form lies within the bounds, or nearly so."""
  beyond = np.maximum(LOW - form, form - (LOW + SPAN))
  return bool(np.delete(beyond, section.EDGE).max() <= FAR)
