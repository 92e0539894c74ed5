"""Palettes by name: the colours of strokes; the first one is that of the blank canvas."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

NAMED = {
  'gameboy': ['0f380f', '306230', '8bac0f', '9bbc0f'],
  'cga': ['000000', '55ffff', 'ff55ff', 'ffffff'],
  'primary': ['000000', 'ff0000', '00ff00', '0000ff', 'ffff00', 'ff00ff', '00ffff', 'ffffff'],
  'pico8': (
    '000000 1d2b53 7e2553 008751 ab5236 5f574f c2c3c7 fff1e8 '
    'ff004d ffa300 ffec27 00e436 29adff 83769c ff77a8 ffccaa'
  ).split(),
}


def load(name: str, colors: int) -> np.ndarray:
  """Load a palette: float32 [colours, channels] in 0..1, one channel for greys, else three."""
  if name == 'grey':
    return np.linspace(0, 1, colors, dtype=np.float32)[:, None]
  return np.array([list(bytes.fromhex(code)) for code in NAMED[name]], np.float32) / 255


def places(values: tf.Tensor, colours: np.ndarray) -> tf.Tensor:
  """Return the index of the nearest colour for each value [..., channels]: uint8 [...]."""
  if colours.shape[1] == 1:  # greys are evenly spaced
    return tf.cast(tf.round(values[..., 0] * (len(colours) - 1)), tf.uint8)
  # |v - c|^2 without |v|^2, which is the same for every colour: [..., palette]
  distance = np.square(colours).sum(-1) - 2 * tf.tensordot(values, colours.T, 1)
  return tf.cast(tf.argmin(distance, -1), tf.uint8)


def rgb(colours: np.ndarray) -> np.ndarray:
  """Convert colours for a screen: uint8 [palette, 3]."""
  return np.round(np.broadcast_to(colours, (len(colours), 3)) * 255).astype(np.uint8)
