"""The parts of pixel art that follow from its options: colours, brush and errors."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np

from tf_creative.core import world as world_lib
from tf_creative.worlds import options
from tf_creative.worlds.pixel_art import brushes, palettes


@dataclasses.dataclass(frozen=True)
class Easel(
  options.PixelArt,
  world_lib.Play,
  world_lib.Rules,
  world_lib.Works,
  world_lib.Making,
  world_lib.Media,
  world_lib.Measures,
  world_lib.Whole,
):
  """The options of `pixel_art` and what is derived from them; the base of the world's class."""

  @functools.cached_property
  def colours(self) -> np.ndarray:
    return palettes.load(self.palette, self.colors)  # [palette, channels]

  @functools.cached_property
  def _brush(self) -> brushes.Brush:
    return brushes.Brush(self.brush, self.size, self.width, len(self.colours))

  @functools.cached_property
  def _pay(self) -> np.ndarray:
    """Compute the error of each colour in place of another: [palette, palette]."""
    distance = np.square(self.colours[:, None] - self.colours[None]).sum(-1)
    return distance if self.pay == 'error' else (distance > 0).astype(np.float32)
