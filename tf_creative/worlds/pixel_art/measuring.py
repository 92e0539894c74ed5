"""Measures of pixel art: likeness to the picture that was to be painted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tf_creative.core import world as world_lib
from tf_creative.worlds import images


class PixelArtMeasures(world_lib.Measures):
  """Compares pictures with what was imagined, pixel by pixel."""

  scores = {
    'equal_pixels': world_lib.Measure('.2%', 'of pixels equal'),
    'perfect_pictures': world_lib.Measure('.1%', 'of pictures perfect'),
  }

  def __init__(self, hidden: bool, data: Callable[[], str]):
    """Take whether the picture is `hidden` from the hand, and what returns the name of the data."""
    self._hidden, self._data = hidden, data

  @property
  def splits(self) -> tuple[str, ...]:
    if self._hidden:
      return ()  # the hand is told codes, and real works have none
    return ('unseen',) if 'unseen' in images.splits(self._data()) else ('test',)

  def metrics(self, works: tf.Tensor, concept: tf.Tensor) -> dict[str, np.ndarray]:
    equal = np.asarray(works) == np.asarray(concept)
    return {'equal_pixels': equal.mean((1, 2)), 'perfect_pictures': equal.all((1, 2))}
