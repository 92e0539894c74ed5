"""Levels as works that a GAN imagines: one start, one goal, at most one key, outer walls."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import tensorflow as tf

from tf_creative.core import streams
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.worlds import options
from tf_creative.worlds.level import files as levels
from tf_creative.worlds.level import tiles

# Tiles of which a level may have any number.
_PLAIN = np.array([tiles.FLOOR, tiles.WALL, tiles.LAVA, tiles.DOOR])
_NEVER = 1e9
# Highest rate of each tile in a random level, relative to the others; in the order of the names.
_MOST_OFTEN = (2.0, 1.0, 1.0, 1.0, 0.3, 0.1, 0.02)


@dataclasses.dataclass(frozen=True)
class LevelWorks(options.Level, world_lib.Works):
  """The parts of the world that define levels, but not how the hand walks through them."""

  @functools.cached_property
  def _size(self) -> tuple[int, int]:
    return levels.shape(self.data)

  @functools.cached_property
  def label_names(self) -> list[str]:
    return levels.label_names(self.data)

  @property
  def value_shape(self) -> tuple[int, int, int]:
    return *self._size, len(tiles.NAMES)

  @property
  def work_spec(self) -> works_lib.Bounded:
    return works_lib.Bounded(self._size, tf.uint8, 0, tiles.CODES - 1)

  def real(self, split: str) -> tf.data.Dataset:
    return levels.works(self.data, split)

  def filled(self, work: np.ndarray, given: np.ndarray, works: np.ndarray) -> np.ndarray:
    """Fill the gaps; a start, goal or key that is given is not imagined a second time."""
    wanted = self.to_values(np.where(given, work, works)).numpy()
    # In given cells the tile counts 5 and floor 3; elsewhere the imagined tile counts 1. So a given
    # start, goal or key exceeds its cell's other tiles by 2, an imagined one by 1.
    wanted += given[..., None] * (4 * wanted + 3 * np.eye(len(tiles.NAMES))[tiles.FLOOR])
    return np.where(given, work, self.to_works(wanted))

  def random(self, count: int, seed: tf.Tensor) -> tf.Tensor:
    """Draw random levels, each with its own rates of tiles: from open halls to thickets."""
    rates, places = streams.split(seed, 2)
    most = np.array(_MOST_OFTEN, np.float32)
    rates = most * tf.random.stateless_uniform([count, len(most)], rates, 1e-3)
    chance = tf.random.stateless_uniform([count, *self.value_shape], places, 1e-7)
    # Gumbel noise: the largest of these is each tile with a probability proportional to its rate.
    return self.to_works(tf.math.log(rates)[:, None, None] - tf.math.log(-tf.math.log(chance)))

  def legal(self, raw: tf.Tensor) -> tf.Tensor:
    """Return levels with one start, one goal and at most one key, each at its highest logit."""
    hard = tf.one_hot(self._tiles(raw), len(tiles.NAMES))
    soft = tf.where(self._inner[..., None], tf.nn.softmax(raw), hard)
    return hard + (soft - tf.stop_gradient(soft))  # exactly `hard`, however it is rounded

  def to_values(self, works: tf.Tensor) -> tf.Tensor:
    return tf.one_hot(tf.cast(works, tf.int32) % len(tiles.NAMES), len(tiles.NAMES))

  def to_works(self, values: tf.Tensor) -> tf.Tensor:
    return tf.cast(self._tiles(values), tf.uint8)

  @functools.cached_property
  def _inner(self) -> np.ndarray:
    """The cells within the outer walls: bool [H, W]."""
    return np.pad(np.ones([side - 2 for side in self._size], bool), 1)

  def _tiles(self, values: tf.Tensor) -> tf.Tensor:
    """Choose the tiles of a legal level by the highest values: int32 [B, H, W]."""
    plain = tf.gather(values, _PLAIN, axis=-1)
    chosen = tf.gather(_PLAIN.astype(np.int32), tf.argmax(plain, -1))
    chosen = tf.reshape(tf.where(self._inner, chosen, tiles.WALL), [-1, self._inner.size])
    free = tf.reshape(self._inner, [-1]) & tf.ones_like(chosen, tf.bool)
    best = tf.reduce_max(plain, -1)
    # Unique tiles go where they exceed the others by most; a key only if it exceeds them at all.
    for tile in (tiles.START, tiles.GOAL, tiles.KEY):
      want = tf.where(free, tf.reshape(values[..., tile] - best, tf.shape(chosen)), -_NEVER)
      here = tf.one_hot(tf.argmax(want, 1), self._inner.size, True, False)
      if tile == tiles.KEY:
        here &= want > 0
      chosen, free = tf.where(here, tile, chosen), free & ~here
    return tf.reshape(chosen, [-1, *self._size])
