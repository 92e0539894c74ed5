"""Pixel art as works that a GAN imagines, with the palette and the brush."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.worlds import images, options
from tf_creative.worlds.pixel_art import brushes, palettes, squash


@dataclasses.dataclass(frozen=True)
class Easel(options.PixelArt, world_lib.Works):
  """Pictures as works (indices into a palette), a brush to paint them, and costs of errors."""

  @functools.cached_property
  def colours(self) -> np.ndarray:
    return palettes.load(self.palette, self.colors)  # [palette, channels]

  @functools.cached_property
  def _brush(self) -> brushes.Brush:
    return brushes.Brush(self.brush, self.size, self.width, len(self.colours))

  @functools.cached_property
  def _cost(self) -> np.ndarray:
    """The error of each colour in place of another: float32 [palette, palette]."""
    distance = np.square(self.colours[:, None] - self.colours[None]).sum(-1)
    return distance if self.pay == 'error' else (distance > 0).astype(np.float32)

  @property
  def label_names(self) -> list[str]:
    return images.label_names(self.data)

  @property
  def value_shape(self) -> tuple[int, int, int]:
    return self.size, self.width, self.colours.shape[1]

  @property
  def work_spec(self) -> works_lib.Bounded:
    return works_lib.Bounded((self.size, self.width), tf.uint8, 0, len(self.colours) - 1)

  def real(self, split: str) -> tf.data.Dataset:
    return images.works(self.data, split, self.size, self.width, self.colours)

  def legal(self, raw: tf.Tensor) -> tf.Tensor:
    soft = squash.squash(raw)
    return soft + tf.stop_gradient(self.to_values(self.to_works(soft)) - soft)

  def to_values(self, works: tf.Tensor) -> tf.Tensor:
    return tf.gather(self.colours, tf.cast(works, tf.int32))

  def to_works(self, values: tf.Tensor) -> tf.Tensor:
    return palettes.places(values, self.colours)
