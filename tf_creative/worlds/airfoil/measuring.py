"""Measures of the world of airfoils: lift over drag, whether briefs are met, and by how much."""

from __future__ import annotations

from collections.abc import Callable
import functools
from typing import Any

import numpy as np
import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.worlds.airfoil import brief as brief_lib
from tf_creative.worlds.airfoil import flight, forms, neural, package

_OTHER = 'xxxlarge'  # the judge that nothing was paid by; no world has it


class AirfoilMeasures(world_lib.Measures):
  """Compares forms with those that they were made of, and measures what they are like."""

  participle = 'improved'
  scores = {'same': world_lib.Measure('.1%', 'of a form kept')}
  traits = {
    'thickness': world_lib.Measure('.3f', 'chords thick'),
    'crossed': world_lib.Measure('.1%', 'of forms crossed'),
    'ratio': world_lib.Measure('.1f', 'lift over drag at lift .6, Re 1e6'),
    'sure': world_lib.Measure('.1%', 'of forms that the judge is sure of there'),
  }

  def __init__(self, world: Any):
    self._world = world

  @property
  def splits(self) -> tuple[str, ...]:
    return ('test',)

  def metrics(self, works: tf.Tensor, concept: tf.Tensor) -> dict[str, Any]:
    away = np.abs(np.asarray(works, np.float32) - np.asarray(concept, np.float32)).mean(1)
    return {'same': 1 - away / (forms.LEVELS - 1)}

  def reference_scores(self, works: works_lib.Works, act: Callable) -> dict[str, np.ndarray]:
    """Judge the forms that a policy makes by another network than the one that it was paid by."""
    rules, still = self._world.rules, tf.constant((0, 0))
    step = tf.function(lambda state, action: rules.step(state, action, still)[0])
    state = rules.start(tf.nest.map_structure(tf.constant, works), still)
    for _ in range(rules.horizon):
      state = step(state, tf.constant(act(rules.observe(state))))
    forms_made, brief = forms.numbers(rules.work(state)), brief_lib.of(tf.constant(works.label))
    seen = flight.flown(neural.Network(package.network(_OTHER)), forms_made, brief)
    return {'lift_over_drag': seen.ratio.numpy(), 'briefs_met': seen.feasible.numpy()}

  def remarks(self, works: works_lib.Works) -> list[str]:
    """Say how many forms meet their briefs, by the network that paid for them."""
    seen = self._world.flown(tf.constant(works.work), tf.constant(works.label))
    met, count = int(seen.feasible.numpy().sum()), len(works.label)
    told = f'{met} of {count} meet their brief; mean lift over drag {seen.ratio.numpy().mean():.1f}'
    cure = 'try another --seed or more --count, or a brief of less lift, thickness or moment'
    return [told, f'warning: {count - met} miss their brief: {cure}.'] if met < count else [told]

  def titles(self) -> dict[str, str]:
    told = {'lift_over_drag': 'lift over drag', 'briefs_met': 'share of briefs that are met'}
    return super().titles() | {
      f'held_out/{name}': f'Held-out works, by NeuralFoil {_OTHER}: {title}'
      for name, title in told.items()
    }

  def describe(self, works: np.ndarray) -> dict[str, np.ndarray]:
    seen = self._world.flown(tf.constant(works), tf.fill([len(works)], _usual()))
    return {
      'thickness': seen.thickness.numpy(),
      'crossed': (seen.least < 0).numpy(),
      'ratio': seen.ratio.numpy(),
      'sure': (seen.aero.confidence >= flight.SURE).numpy(),
    }


@functools.cache
def _usual() -> int:
  """Return the label of the brief under which all forms are compared."""
  return brief_lib.names().index(brief_lib.named(''))
