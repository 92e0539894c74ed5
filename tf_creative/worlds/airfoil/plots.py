"""Draws a form and its polar: as pictures, in the graph, and as SVG in which strokes follow."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tf_creative.worlds.airfoil import flight, forms, neural, section

WIDTH, HEIGHT = 256, 192  # of a picture, in pixels
_FORM, _MARGIN = 104, 16  # rows of the form, above those of its polar; beside it
_CHORD = WIDTH - 2 * _MARGIN  # pixels
_MIDDLE = 56  # row of the chord
_REYNOLDS = 1e6  # of the polar
_RATIO = 200.0  # lift over drag that reaches to the polar's top
_ANGLES = np.arange(-8, 17, dtype=np.float32)
_PAPER, _INK, _LINE, _GRID = (250, 250, 247), (31, 41, 64), (190, 82, 40), (222, 222, 214)
_SHADES = 60  # of a line's edge
_STROKE_MS = 120


class Plotter:
  """Draws forms, each above its lift over drag by angle, at a Reynolds number of a million."""

  def __init__(self, network: neural.Network):
    x = np.clip((np.arange(WIDTH) + 0.5 - _MARGIN) / _CHORD, 0, 1)
    upper, lower = (matrix.astype(np.float32) for matrix in section.sides(x))
    within = (np.arange(WIDTH) >= _MARGIN) & (np.arange(WIDTH) < WIDTH - _MARGIN)
    grid = np.zeros([HEIGHT, WIDTH], np.float32)
    for ratio in (0, 50, 100, 150):
      grid[round(_row(ratio)), _MARGIN : WIDTH - _MARGIN] = 1
    with tf.init_scope():  # the first use may be while a graph is traced
      self._upper, self._lower = tf.constant(upper), tf.constant(lower)
      self._within, self._grid = tf.constant(within), tf.constant(grid)
    self._network = network

  def rgb(self, works: tf.Tensor) -> tf.Tensor:
    """Draw forms [B, NUMBERS] as stored, in the graph: uint8 [B, HEIGHT, WIDTH, 3]."""
    numbers = forms.numbers(works)
    shade = tf.constant(_PAPER, tf.float32) + tf.zeros([tf.shape(works)[0], HEIGHT, WIDTH, 1])
    ink = self._form(numbers), self._polar(numbers)
    for cover, colour in ((self._grid[None], _GRID), (ink[1], _LINE), (ink[0], _INK)):
      cover = tf.round(cover * _SHADES) / _SHADES  # a GIF has 256 colours
      shade += cover[..., None] * (tf.constant(colour, tf.float32) - shade)
    return tf.cast(tf.round(shade), tf.uint8)

  def _form(self, numbers: tf.Tensor) -> tf.Tensor:
    """Return how much of each pixel lies within a form: float32 [B, HEIGHT, WIDTH]."""
    high, low = (
      _MIDDLE - _CHORD * tf.matmul(numbers, side, transpose_b=True)[:, None]
      for side in (self._upper, self._lower)
    )
    row = tf.range(HEIGHT, dtype=tf.float32)[:, None] + 0.5
    # At least a hair, so that the thin end of a form is seen.
    cover = tf.minimum(row - tf.minimum(high, low - 1), low - row) + 0.5
    top = tf.cast(row < _FORM, tf.float32)
    return tf.clip_by_value(cover, 0, 1) * top * tf.cast(self._within, tf.float32)

  def _polar(self, numbers: tf.Tensor) -> tf.Tensor:
    """Return how much of each pixel the line of lift over drag covers: [B, HEIGHT, WIDTH]."""
    reynolds = tf.fill([tf.shape(numbers)[0]], _REYNOLDS)
    aero = flight.polar(self._network, numbers, reynolds, _ANGLES)
    ratio = tf.clip_by_value(aero.lift / aero.drag, 0, _RATIO)
    place = np.clip((np.arange(WIDTH) - _MARGIN) / (_CHORD - 1), 0, 1) * (len(_ANGLES) - 1)
    left = np.minimum(place.astype(int), len(_ANGLES) - 2)
    share = (place - left).astype(np.float32)
    ends = tf.gather(ratio, left, axis=1), tf.gather(ratio, left + 1, axis=1)
    line = _row(ends[0] * (1 - share) + ends[1] * share)
    steep = tf.abs(_row(ends[1]) - _row(ends[0])) * len(_ANGLES) / _CHORD
    row = tf.range(HEIGHT, dtype=tf.float32)[:, None] + 0.5
    away = tf.abs(row - line[:, None]) / tf.sqrt(1 + steep[:, None] ** 2)
    below = tf.cast(row >= _FORM, tf.float32)
    return tf.clip_by_value(1.5 - away, 0, 1) * below * tf.cast(self._within, tf.float32)


def _row(ratio):
  """Return the row of a picture at which a ratio of lift over drag is drawn."""
  return HEIGHT - 8 - (HEIGHT - 16 - _FORM) * ratio / _RATIO


def svg(works: np.ndarray, zoom: int) -> str:
  """Write an SVG of forms [T, NUMBERS]; viewers with animations show one after the other."""
  last = len(works) - 1
  paths = ''.join(
    f'<path d="{_outline(work)}"'
    + (f' visibility="hidden" style="--t:{time}"' if time < last else '')
    + (f' style="--t:{time}"' if 0 < time == last else '')
    + '/>'
    for time, work in enumerate(works)
  )
  return (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {_FORM}" '
    f'width="{WIDTH * zoom}" height="{_FORM * zoom}">'
    '<style>@media (prefers-reduced-motion:no-preference){path[style]{animation:wait '
    f'calc(var(--t)*{_STROKE_MS}ms)}}path[visibility]{{animation:show {_STROKE_MS}ms '
    f'calc(var(--t)*{_STROKE_MS}ms)}}}}'
    '@keyframes wait{from,to{visibility:hidden}}@keyframes show{from,to{visibility:visible}}'
    f'</style><rect width="{WIDTH}" height="{_FORM}" fill="#{bytes(_PAPER).hex()}"/>'
    f'<g fill="#{bytes(_INK).hex()}">{paths}</g></svg>\n'
  )


def _outline(work: np.ndarray) -> str:
  points = section.outline(forms.LOW + work * forms.STEP, 40) * [_CHORD, -_CHORD]
  return 'M' + 'L'.join(f'{_MARGIN + x:.2f},{_MIDDLE + y:.2f}' for x, y in points) + 'Z'
