"""Measures of the melody world: likeness to the theme, style, and a baseline model."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.worlds.melody import likelihood, statistics


class MelodyMeasures(world_lib.Measures):
  """Compares melodies with their themes, and measures their style."""

  participle = 'played'
  scores = {
    'equal_steps': world_lib.Measure('.2%', 'of steps equal'),
    'whole_melodies': world_lib.Measure('.1%', 'of melodies perfect'),
  }
  traits = statistics.TRAITS

  def __init__(self, hidden: bool, model: Callable[[], likelihood.NextNote]):
    """Take whether the theme is `hidden` from the hand; `model` returns the next-note model."""
    self._hidden, self._model = hidden, model

  @property
  def splits(self) -> tuple[str, ...]:
    return () if self._hidden else ('test',)  # a real melody has no code to play it by

  def metrics(self, works: tf.Tensor, concept: tf.Tensor) -> dict[str, np.ndarray]:
    equal = np.asarray(works) == np.asarray(concept)
    return {'equal_steps': equal.mean(1), 'whole_melodies': equal.all(1)}

  def describe(self, works: np.ndarray) -> dict[str, np.ndarray]:
    return {name: x.numpy() for name, x in statistics.table(tf.constant(works)).items()}

  def models(self, label: np.ndarray, seed: int) -> dict[str, works_lib.Works]:
    return {'next-note model': works_lib.Works(self._model().sample(len(label), seed), label)}
