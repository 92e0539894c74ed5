"""Strokes: where an action puts which of a brush's shapes, and in which colour."""

from __future__ import annotations

import functools

import numpy as np
import tensorflow as tf

from tf_creative.core import spec

_REACH = 3  # how far the end of a line may lie, in rows and in columns


class Brush:
  """Actions count all strokes: row, column, shape and colour as one integer, the colour fastest.

  Every brush has the single pixel as its first shape. What lies outside the canvas is cut off.
  """

  def __init__(self, name: str, height: int, width: int, colours: int):
    if name not in SHAPES:
      raise spec.SpecError(f"unknown brush '{name}'.{spec.nearest(name, SHAPES)}")
    shapes = SHAPES[name]()
    self.most = max(map(len, shapes))  # pixels under one stroke
    # [shapes, most, 2], seen from where a stroke is put; smaller shapes repeat their first pixel
    self.shapes = np.array([s + s[:1] * (self.most - len(s)) for s in shapes], np.int32)
    self._height, self._width, self._colours = height, width, colours
    self.places = height * width * len(shapes)
    self.actions = self.places * colours

  def covered(self, action: tf.Tensor) -> tf.Tensor:
    """The pixels under each stroke: bool [B, H, W]."""
    place = tf.cast(action, tf.int32) // self._colours
    pixel, shape = place // len(self.shapes), place % len(self.shapes)
    first = tf.stack([pixel // self._width, pixel % self._width], -1)
    cells = first[:, None] + tf.gather(self.shapes, shape)
    inside = tf.reduce_all((cells >= 0) & (cells < [self._height, self._width]), -1)
    flat = tf.where(inside, cells[..., 0] * self._width + cells[..., 1], -1)
    size = self._height * self._width  # one_hot of -1 is nothing
    hot = tf.one_hot(flat, size, on_value=True, off_value=False, dtype=tf.bool)
    return tf.reshape(tf.reduce_any(hot, 1), [-1, self._height, self._width])

  @functools.cached_property
  def marks(self) -> np.ndarray:
    """The pixels that each shape at each place covers, as ones: [places, H, W]."""
    with tf.init_scope():
      return tf.cast(self.covered(tf.range(self.places) * self._colours), tf.float32).numpy()

  def under(self, amounts: tf.Tensor) -> tf.Tensor:
    """The sum of what is under each shape at each place: [B, H, W, N] to [B, places, N]."""
    if self.most == 1:
      return tf.reshape(amounts, [-1, self.places, amounts.shape[-1]])
    return tf.einsum('phw,bhwn->bpn', self.marks, amounts)

  def strokes(self, actions: tf.Tensor) -> tf.Tensor:
    """Actions as (row, column, colour), and shape where there are several; -1 as all -1."""
    place, colour = actions // self._colours, actions % self._colours
    pixel, shape = place // len(self.shapes), place % len(self.shapes)
    parts = [pixel // self._width, pixel % self._width, colour]
    strokes = tf.stack(parts + [shape] * (len(self.shapes) > 1), -1)
    return tf.where(tf.expand_dims(actions < 0, -1), -1, strokes)

  @property
  def legend(self) -> dict[str, np.ndarray]:
    """The pixels under a stroke of each shape, seen from its row and column."""
    return {'shapes': self.shapes} if len(self.shapes) > 1 else {}


def _pixel() -> list[list[tuple[int, int]]]:
  return [[(0, 0)]]


def _square() -> list[list[tuple[int, int]]]:
  return [[(y, x) for y in range(side) for x in range(side)] for side in (1, 2, 3)]


def _line() -> list[list[tuple[int, int]]]:
  """Lines run downwards or to the right: the others are the same from their other end."""
  ends = [(y, x) for y in range(_REACH + 1) for x in range(-_REACH, _REACH + 1) if y or x > 0]
  return _pixel() + [_between(*end) for end in ends]


def _between(y: int, x: int) -> list[tuple[int, int]]:
  """The pixels of the straight line from (0, 0) to (y, x): one in each step of its longer side."""
  steps = max(abs(y), abs(x))
  return [(round(y * i / steps), round(x * i / steps)) for i in range(steps + 1)]


SHAPES = {'pixel': _pixel, 'square': _square, 'line': _line}
