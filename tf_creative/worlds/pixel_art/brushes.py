"""Brushes: which pixels the stroke of an action covers, and in which colour."""

from __future__ import annotations

import functools

import numpy as np
import tensorflow as tf

from tf_creative.core import spec

_REACH = 3  # greatest distance of a line's end, in rows and in columns


class Brush:
  """Decodes actions to strokes.

  An action is one integer for (row, column, shape, colour); the colour varies fastest. The first
  shape of every brush is a single pixel. Parts outside the canvas are cut off.
  """

  def __init__(self, name: str, height: int, width: int, colours: int):
    if name not in SHAPES:
      raise spec.SpecError(f"unknown brush '{name}'.{spec.nearest(name, SHAPES)}")
    shapes = SHAPES[name]()
    self.most = max(map(len, shapes))  # pixels under one stroke
    # [shapes, most, 2], offsets from the stroke's (row, column). Smaller shapes repeat their first
    # pixel as padding.
    self.shapes = np.array([s + s[:1] * (self.most - len(s)) for s in shapes], np.int32)
    self._height, self._width, self._colours = height, width, colours
    self.places = height * width * len(shapes)
    self.actions = self.places * colours

  def covered(self, action: tf.Tensor) -> tf.Tensor:
    """Return the pixels under the stroke of each action [B]: bool [B, H, W]."""
    place = tf.cast(action, tf.int32) // self._colours
    pixel, shape = place // len(self.shapes), place % len(self.shapes)
    # Row and column of the stroke [B, 2], and of all pixels under it [B, most, 2].
    first = tf.stack([pixel // self._width, pixel % self._width], -1)
    cells = first[:, None] + tf.gather(self.shapes, shape)
    inside = tf.reduce_all((cells >= 0) & (cells < [self._height, self._width]), -1)
    flat = tf.where(inside, cells[..., 0] * self._width + cells[..., 1], -1)
    size = self._height * self._width  # one_hot of -1 is all False
    hot = tf.one_hot(flat, size, on_value=True, off_value=False, dtype=tf.bool)
    return tf.reshape(tf.reduce_any(hot, 1), [-1, self._height, self._width])

  def under(self, amounts: tf.Tensor) -> tf.Tensor:
    """Sum amounts [B, H, W, N] under each shape at each place: [B, places, N]."""
    if self.most == 1:
      return tf.reshape(amounts, [-1, self.places, amounts.shape[-1]])
    least, greatest = self.shapes.min((0, 1)), self.shapes.max((0, 1))
    edges = [[0, 0], *zip(-least, greatest, strict=True), [0, 0]]
    outside = tf.pad(amounts, edges)  # by zeros: what is cut off counts nothing

    @functools.cache
    def moved(row: int, column: int) -> tf.Tensor:
      row, column = row - least[0], column - least[1]
      return outside[:, row : row + self._height, column : column + self._width]

    # Each cell of a shape once, without the padding.
    sums = [tf.add_n([moved(*cell) for cell in np.unique(shape, axis=0)]) for shape in self.shapes]
    return tf.reshape(tf.stack(sums, 3), [-1, self.places, amounts.shape[-1]])

  def strokes(self, actions: tf.Tensor) -> tf.Tensor:
    """Decode actions to (row, column, colour[, shape]); the padding -1 becomes all -1."""
    place, colour = actions // self._colours, actions % self._colours
    pixel, shape = place // len(self.shapes), place % len(self.shapes)
    parts = [pixel // self._width, pixel % self._width, colour]
    strokes = tf.stack(parts + [shape] * (len(self.shapes) > 1), -1)
    return tf.where(tf.expand_dims(actions < 0, -1), -1, strokes)

  @property
  def legend(self) -> dict[str, np.ndarray]:
    """The offsets of the pixels in each shape; empty for the single pixel."""
    return {'shapes': self.shapes} if len(self.shapes) > 1 else {}


def _pixel() -> list[list[tuple[int, int]]]:
  return [[(0, 0)]]


def _square() -> list[list[tuple[int, int]]]:
  """Return squares around the stroke's place, which a 3x3 convolution sees whole."""
  sides = [range(1), range(2), range(-1, 2)]
  return [[(y, x) for y in side for x in side] for side in sides]


def _line() -> list[list[tuple[int, int]]]:
  """Return all lines downwards or to the right; others are equal to one from their other end."""
  ends = [(y, x) for y in range(_REACH + 1) for x in range(-_REACH, _REACH + 1) if y or x > 0]
  return _pixel() + [_between(*end) for end in ends]


def _between(y: int, x: int) -> list[tuple[int, int]]:
  """Return the pixels of the line from (0, 0) to (y, x), one per step along its longer side."""
  steps = max(abs(y), abs(x))
  return [(round(y * i / steps), round(x * i / steps)) for i in range(steps + 1)]


SHAPES = {'pixel': _pixel, 'square': _square, 'line': _line}
