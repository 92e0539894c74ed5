"""Shows airfoils as sections with their polars, and reads and writes their coordinates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
import functools
import os
import pathlib
from typing import Any

import numpy as np
from PIL import Image
import tensorflow as tf
import tensorflow_datasets as tfds

from tf_creative.core import spec
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.worlds import drawings, files
from tf_creative.worlds.airfoil import coordinates, forms, plots, section, shape

_NAME = 'airfoil'  # in a file of coordinates


class AirfoilMedia(world_lib.Media):
  """Draws airfoils, and reads and writes their coordinates."""

  def __init__(self, world: shape.Shape):
    """Take the world, whose network is loaded when something is shown."""
    self._world = world
    self.files: Mapping[str, Callable[[Any], bytes]] = {'dat': _dat, 'dxf': _dxf}

  @functools.cached_property
  def _plotter(self) -> plots.Plotter:
    return plots.Plotter(self._world.network)

  def render(self, works: tf.Tensor) -> np.ndarray:
    return self._plotter.rgb(tf.convert_to_tensor(works)).numpy()

  def encode(self, works: tf.Tensor, zoom: int) -> dict[str, tf.Tensor]:
    matrix = tf.constant(section.around()[1], tf.float32)
    height = tf.matmul(forms.numbers(works), matrix, transpose_b=True)
    places = tf.constant([f'\n{x:9.6f} ' for x in section.around()[0]])
    rows = places + tf.strings.as_string(height, precision=6, width=9)
    text = _NAME + tf.strings.reduce_join(rows, 1) + '\n'
    return {'png_bytes': drawings.png(self._plotter.rgb(works), zoom), 'dat_bytes': text}

  def drawing(self, start: np.ndarray, actions: np.ndarray, zoom: int) -> str:
    seen = [tf.constant(start)[None]]
    for action in actions:
      if action >= 0:
        seen.append(shape.moved(seen[-1], tf.constant([action], tf.int32)))
    return plots.svg(np.concatenate(seen), zoom)

  def strokes(self, actions: tf.Tensor) -> tf.Tensor:
    """Return which number an action moves, and by how many levels: int32 [..., 2]."""
    number = actions // len(shape.STEPS)
    by = tf.gather(shape.STEPS, actions % len(shape.STEPS))
    return tf.where(actions[..., None] < 0, -1, tf.stack([number, by], -1))

  def legend(self) -> dict[str, np.ndarray]:
    sides = [f'{side}{place}' for side in ('upper', 'lower') for place in range(section.SIDE)]
    return {
      'view': np.array('section'),
      'numbers': np.array([*sides, 'nose', 'edge']),
      'low': forms.LOW,
      'step': forms.STEP,
    }

  def read(
    self, path: str | os.PathLike, mask: str | os.PathLike = ''
  ) -> tuple[np.ndarray, np.ndarray]:
    if mask:
      raise spec.UserError(f'{mask}: an airfoil takes no mask; all of its form may change.')
    if pathlib.Path(path).suffix.lower() != '.dat':
      raise spec.UserError(f'{path} is no .dat file, from which airfoils are read.')
    try:
      found = coordinates.read_one(path)
    except ValueError as error:
      raise spec.UserError(f'cannot read {path} as an airfoil: {error}.') from error
    if not forms.fits(found):
      raise spec.UserError(f'the airfoil {path} lies beyond the forms that are made here.')
    return forms.levels(found), np.ones(section.NUMBERS, bool)

  def portrait(self, path: str | os.PathLike, given: np.ndarray) -> tuple[Image.Image, np.ndarray]:
    picture, _ = super().portrait(path, given)
    return picture, np.ones([plots.HEIGHT, plots.WIDTH], bool)

  def store(self, works: works_lib.Works, seeds: np.ndarray, folder: str | os.PathLike) -> None:
    numbers = forms.numbers(works.work).numpy()
    feature = tfds.features.Tensor(shape=(section.NUMBERS,), dtype=np.float32)
    files.save('kulfan', feature, numbers, works.label, self._world.label_names, seeds, folder)


def _dat(work: np.ndarray) -> bytes:
  return coordinates.written(forms.LOW + work * forms.STEP, _NAME).encode()


def _dxf(work: np.ndarray) -> bytes:
  """Write the outline as a closed polyline of DXF, release 12, which all CAD programs read."""
  points = section.outline(forms.LOW + work * forms.STEP)
  pairs = [(0, 'SECTION'), (2, 'ENTITIES'), (0, 'POLYLINE'), (8, _NAME), (66, 1), (70, 1)]
  for x, y in points:
    pairs += [(0, 'VERTEX'), (8, _NAME), (10, f'{x:.6f}'), (20, f'{y:.6f}')]
  pairs += [(0, 'SEQEND'), (0, 'ENDSEC'), (0, 'EOF')]
  return ''.join(f'{code}\n{value}\n' for code, value in pairs).encode()
