"""Compares runs; runs that differ only in their seed form one recipe."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tf_creative.cli import flags as flags_lib
from tf_creative.core import world as world_lib
from tf_creative.evaluation.measured import NORMALISED, Evaluation
from tf_creative.learner import config as config_lib
from tf_creative.metrics import aggregate
from tf_creative.runs import forks

# Measures of the painted works, with their formats; the hand's measures come from the world.
_OVER_GAMES = world_lib.Measure('.1%', 'return, where a human has 100% and chance 0%')
_OF_WORKS = {
  'halves/frechet': '.2f',
  'halves/coverage': '.2f',
  'label_accuracy': '.1%',
  'halves/creativity': '.2f',
  'copies': '.1%',
  'near_copies': '.1%',
}


def table(runs: Sequence[Evaluation]) -> tuple[list[str], list[list[str]]]:
  """Return head and rows: each recipe's interquartile means over its runs, with intervals."""
  recipes: dict[str, list[Evaluation]] = {}
  for run in runs:
    recipes.setdefault(recipe(run.config), []).append(run)
  measures = {
    name: m for run in runs for name, m in list(run.learner.world.measures.scores.items())[:2]
  }
  if any(_normalised(run) for run in runs):
    measures[NORMALISED] = _OVER_GAMES
  head = ['recipe', 'runs', *(name.replace('_', ' ') for name in measures)]
  of_works = _OF_WORKS if any(run.sources for run in runs) else {}
  head += [name.removeprefix('halves/').replace('_', ' ') for name in of_works]
  rows = []
  for name, own in zip(names(list(recipes)), recipes.values(), strict=True):
    cells = [_over_tasks(own, name, measure.form) for name, measure in measures.items()]
    for measure, form in of_works.items():
      scores = [
        run.sources['painted'][measure]
        for run in own
        if run.sources and measure in run.sources['painted']
      ]
      cells.append(_cell(scores, np.zeros(len(scores)), form) if scores else '·')
    rows.append([name, str(len(own)), *cells])
  return head, rows + _over_games(runs, list(measures))


def _over_games(runs: Sequence[Evaluation], measures: list[str]) -> list[list[str]]:
  """Return rows of recipes over their games, by what is comparable between these."""
  recipes: dict[str, list[Evaluation]] = {}
  for run in filter(_normalised, runs):
    recipes.setdefault(recipe(run.config, 'world'), []).append(run)
  rows = []
  for name, own in zip(names(list(recipes)), recipes.values(), strict=True):
    games = len({run.config.run.world for run in own})
    if games > 1:
      score = _over_tasks(own, NORMALISED, _OVER_GAMES.form)
      cells = [score if measure == NORMALISED else '·' for measure in measures]
      rows.append([f'{name}, over {games} games', str(len(own)), *cells])
  return rows


def _normalised(run: Evaluation) -> bool:
  return any(NORMALISED in numbers for numbers in run.hands.values())


def recipe(config: config_lib.Config, *without: str) -> str:
  """Return a run's settings without its seed and without those that do not affect learning.

  Those that `without` names are left out, too.
  """
  # FREE are the flags that a resumed run may change. Of these, `rounds` does affect the result.
  free = forks.FREE - {'rounds'} | {'seed', *without}
  lines = flags_lib.to_text(config).splitlines()
  return '\n'.join(line for line in lines if line[2:].partition('=')[0] not in free)


def names(recipes: Sequence[str]) -> list[str]:
  """Name each recipe by the settings that not all recipes share."""
  if not recipes:
    return []
  settings = [recipe.splitlines() for recipe in recipes]
  shared = set(settings[0]).intersection(*settings)
  return [
    ' '.join(line for line in lines if line not in shared) or 'all settings alike'
    for lines in settings
  ]


def _over_tasks(runs: Sequence[Evaluation], measure: str, form: str) -> str:
  tasks, scores = [], []
  for run in runs:
    for (works, hand), numbers in run.hands.items():
      if hand == 'hand' and measure in numbers:
        tasks.append(f'{run.config.run.world} {works}')
        scores.append(numbers[measure][0])
  return _cell(scores, np.array(tasks), form) if scores else '·'


def _cell(scores: Sequence[float], strata: np.ndarray, form: str) -> str:
  value = f'{aggregate.interquartile_mean(scores):{form}}'
  if len(scores) == len(np.unique(strata)):  # a single run: no variation between runs to show
    return value
  low, high = aggregate.interval(scores, strata, aggregate.interquartile_mean)
  return f'{value} ({low:{form}} to {high:{form}})'
