"""Shows pixel art as pictures and files."""

from __future__ import annotations

import functools
import os

import numpy as np
from PIL import Image
import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.worlds import drawings, files, options
from tf_creative.worlds.pixel_art import brushes, palettes
from tf_creative.worlds.pixel_art.pictures import reading


class PixelArtMedia(world_lib.Media):
  """Draws pictures of palette entries, and reads and writes image files."""

  def __init__(
    self,
    told: options.PixelArt,
    colours: np.ndarray,
    brush: brushes.Brush,
    label_names: list[str],
    in_full: bool,
  ):
    """Take options, palette, brush and labels; pictures may be read in full colour, as the data."""
    self._told, self._colours, self._brush = told, colours, brush
    self._label_names, self._in_full = label_names, in_full

  @functools.cached_property
  def _rgb(self) -> np.ndarray:
    return palettes.rgb(self._colours)

  def render(self, works: tf.Tensor) -> np.ndarray:
    return self._rgb[np.asarray(works)]

  def encode(self, works: tf.Tensor, zoom: int) -> dict[str, tf.Tensor]:
    return {'png_bytes': drawings.png(tf.gather(self._rgb, tf.cast(works, tf.int32)), zoom)}

  def drawing(self, start: np.ndarray, actions: np.ndarray, zoom: int) -> str:
    codes = ['#' + bytes(rgb[:3]).hex() for rgb in self._rgb]
    if palettes.is_clear(self._colours):
      codes[0] = ''
    marks = self._brush.covered(tf.constant(actions)).numpy()
    return drawings.svg(start, marks, actions % len(self._colours), codes, zoom)

  def strokes(self, actions: tf.Tensor) -> tf.Tensor:
    return self._brush.strokes(actions)

  def legend(self) -> dict[str, np.ndarray]:
    # palette[work] is the picture
    return {'view': np.array('canvas'), 'palette': self._rgb, **self._brush.legend}

  def read(
    self, path: str | os.PathLike, mask: str | os.PathLike = ''
  ) -> tuple[np.ndarray, np.ndarray]:
    told = self._told
    if not self._in_full:
      return files.read(path, mask, told.size, told.width, self._colours)
    shown = reading.one(path, told)
    given = np.ones(shown.shape[:2], bool)
    if not palettes.is_clear(self._colours):
      given = shown[..., 3] >= palettes.OPAQUE
    if mask:
      given &= reading.one(mask, told)[..., 0] < palettes.OPAQUE
    return palettes.indices(shown, self._colours), given

  def portrait(self, path: str | os.PathLike, given: np.ndarray) -> tuple[Image.Image, np.ndarray]:
    return files.open_rgba(path), given

  def store(self, works: works_lib.Works, seeds: np.ndarray, folder: str | os.PathLike) -> None:
    pictures = self.render(works.work)
    if self._colours.shape[1] == 1:
      pictures = pictures[..., :1]
    files.store(pictures, works.label, self._label_names, seeds, folder)
