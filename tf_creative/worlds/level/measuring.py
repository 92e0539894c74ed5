"""Measures of the level world: which levels are solved, and what levels are like."""

from __future__ import annotations

from collections.abc import Callable
import functools
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.worlds.level import solver as level_solver
from tf_creative.worlds.level import tiles


class LevelMeasures(world_lib.Measures):
  """Measures play and levels; a work is a level with the traces of play."""

  participle = 'walked'
  best_by = 'failures'  # the Frechet distance of levels says nothing about the hand
  splits: ClassVar[tuple[str, ...]] = ('test',)
  scores = {'solved': world_lib.Measure('.1%', 'of levels solved')}
  traits = {
    'solvable': world_lib.Measure('.1%', 'of levels solvable'),
    'unique': world_lib.Measure('.1%', 'of levels that are unique'),
    'path_length': world_lib.Measure('.1f', 'actions on the shortest way'),
    'walls': world_lib.Measure('.1f', 'tiles of wall inside'),
    'lava': world_lib.Measure('.1f', 'tiles of lava'),
    'doors': world_lib.Measure('.2f', 'doors'),
    'keys': world_lib.Measure('.2f', 'keys'),
  }

  def __init__(self, horizon: int, label_names: list[str]):
    self._horizon, self._label_names = horizon, label_names

  def metrics(self, works: tf.Tensor, concept: tf.Tensor) -> dict[str, np.ndarray]:
    del concept  # the work contains it
    return {'solved': self._facts(tf.constant(works))['solved'].numpy()}

  def describe(self, works: np.ndarray) -> dict[str, np.ndarray]:
    bare = np.asarray(works) % len(tiles.NAMES)
    _, first = np.unique(bare.reshape(len(bare), -1), axis=0, return_index=True)
    told = self._facts(tf.constant(bare))
    count = {'walls': tiles.WALL, 'lava': tiles.LAVA, 'doors': tiles.DOOR, 'keys': tiles.KEY}
    inside = bare[:, 1:-1, 1:-1]
    return {
      'solvable': told['solvable'].numpy(),
      'unique': np.isin(np.arange(len(bare)), first),
      'path_length': told['path_length'].numpy(),
      **{name: (inside == tile).sum((1, 2)) for name, tile in count.items()},
    }

  def reference_scores(self, works: works_lib.Works, act: Callable) -> dict[str, np.ndarray]:
    """Tell which levels are solved in the `minigrid` package: all, and those of each family."""
    from tf_creative.worlds.level import minigrid_play

    solved = minigrid_play.played(works, self._horizon, act) > 0
    shares = {
      f'minigrid_{name}': solved[np.asarray(works.label) == label]
      for label, name in enumerate(self._label_names)
    }
    return {'minigrid': solved, **shares}

  @functools.cached_property
  def _facts(self) -> Any:
    return tf.function(facts, autograph=False, reduce_retracing=True)


def facts(works: tf.Tensor) -> dict[str, tf.Tensor]:
  """Return whether levels [B, H, W] are solved, and solvable, and the shortest ways: [B] each."""
  solution = level_solver.solve(works)
  there = (tiles.trace(works) >= tiles.HERE) & (works % len(tiles.NAMES) == tiles.GOAL)
  return {
    'solved': tf.reduce_any(there, [1, 2]),
    'solvable': solution.solvable,
    'path_length': solution.length,
  }
