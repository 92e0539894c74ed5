"""Shows levels as pictures and files."""

from __future__ import annotations

from collections.abc import Callable
import functools
import os

import numpy as np
from PIL import Image
import tensorflow as tf
import tensorflow_datasets as tfds

from tf_creative.core import spec
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.worlds import drawings, files
from tf_creative.worlds.level import files as levels
from tf_creative.worlds.level import measuring, tiles
from tf_creative.worlds.level import rules as level_rules


class LevelMedia(world_lib.Media):
  """Draws levels of one size tile by tile, and reads and writes them as text."""

  def __init__(self, size: tuple[int, int], label_names: list[str], horizon: int):
    self._size, self._label_names, self._horizon = size, label_names, horizon
    self._facts = tf.function(measuring.facts, autograph=False, reduce_retracing=True)

  @functools.cached_property
  def _pictures(self) -> np.ndarray:
    return tiles.pictures()

  def render(self, works: tf.Tensor) -> np.ndarray:
    return self._rgb(tf.constant(np.asarray(works))).numpy()

  def encode(self, works: tf.Tensor, zoom: int) -> dict[str, tf.Tensor]:
    return {'png_bytes': drawings.png(self._rgb(works), zoom), **measuring.facts(works)}

  def _rgb(self, works: tf.Tensor) -> tf.Tensor:
    cells = tf.gather(self._pictures, tf.cast(works, tf.int32))  # [B, H, W, SIDE, SIDE, 3]
    height, width = (tiles.SIDE * side for side in self._size)
    return tf.reshape(tf.transpose(cells, [0, 1, 3, 2, 4, 5]), [-1, height, width, 3])

  def drawing(self, start: np.ndarray, actions: np.ndarray, zoom: int) -> str:
    codes = ['#' + bytes(rgb).hex() for rgb in tiles.colours()]
    return drawings.svg(start, *level_rules.trail(start, actions, self._horizon), codes, zoom)

  def strokes(self, actions: tf.Tensor) -> tf.Tensor:
    return tf.expand_dims(actions, -1)

  def legend(self) -> dict[str, np.ndarray]:
    return {**tiles.legend(), 'actions': np.array(level_rules.ACTIONS)}

  def read(
    self, path: str | os.PathLike, mask: str | os.PathLike = ''
  ) -> tuple[np.ndarray, np.ndarray]:
    if mask:
      raise spec.UserError('levels take no mask: mark what is to be imagined by ? in the level.')
    return levels.read(path, self._size)

  def portrait(self, path: str | os.PathLike, given: np.ndarray) -> tuple[Image.Image, np.ndarray]:
    picture, _ = super().portrait(path, given)
    return picture, given.repeat(tiles.SIDE, 0).repeat(tiles.SIDE, 1)

  def store(self, works: works_lib.Works, seeds: np.ndarray, folder: str | os.PathLike) -> None:
    feature = tfds.features.Tensor(shape=self._size, dtype=np.uint8)
    bare = works.work % len(tiles.NAMES)
    files.save('tiles', feature, bare, works.label, self._label_names, seeds, folder)

  @property
  def files(self) -> dict[str, Callable[[np.ndarray], bytes]]:
    return {kind: functools.partial(self._file, kind) for kind in ('json', 'txt')}

  def _file(self, kind: str, work: np.ndarray) -> bytes:
    told = {name: part[0].numpy() for name, part in self._facts(tf.constant(work[None])).items()}
    return levels.written(work, kind, told)
