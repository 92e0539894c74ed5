"""The columns of all tables and their meanings, for the terminal and the report."""

from __future__ import annotations

import functools
from typing import NamedTuple

from tf_creative.evaluation import measured as evaluation
from tf_creative.metrics import judge, likeness
from tf_creative.runs import titles


class Column(NamedTuple):
  name: str  # of the measure
  title: str
  form: str
  meaning: str


# Works against all held-out works: more of them, so more precise, but held-out works themselves
# cannot be measured with the same numbers.
ALL = (
  Column(
    'frechet',
    'Frechet',
    '.2f',
    "distance of the judge's features of the works to those of all held-out real works; lower is "
    'better. Compare with the training split: both have about as many works.',
  ),
  Column(
    'label_accuracy',
    'right label',
    '.1%',
    'share of works that the judge, a frozen classifier, recognizes as the class asked for',
  ),
  Column(
    'train_on_synthetic',
    'useful',
    '.1%',
    'accuracy on held-out real works of a classifier (SVM on pixels) trained on these works only',
  ),
  Column('copies', 'copies', '.1%', 'share that equals a training work exactly'),
  Column(
    'near_copies',
    'near copies',
    '.1%',
    f'share with at least {likeness.NEAR:.0%} of the cells of a training work, which may be moved '
    'by two cells or mirrored; cells that are ground in both do not count. Compare with held-out '
    'works: artists vary their own works, too.',
  ),
  Column(
    'novelty',
    'novelty',
    '.2f',
    'distance to the nearest training work, relative to that of held-out works (1); 0: copies',
  ),
  Column(
    'authenticity',
    'authentic',
    '.2f',
    'share that is farther from its nearest training work than that work is from its own nearest',
  ),
  Column(
    'diversity',
    'diversity',
    '.2f',
    'distance between works of one label, relative to that of held-out works (1)',
  ),
)
# As many works as half of the held-out ones, against the other half: mean and standard deviation
# over random splits.
HALVES = (
  Column(
    'frechet',
    'Frechet',
    '.2f',
    'the same distance at equal size: every row, real works included, has as many works as the '
    'half of the held-out works it is compared with. With few works, the numbers are larger.',
  ),
  Column(
    'kernel',
    'kernel',
    '.2f',
    'kernel distance (KID), unbiased by size; equal label counts make it slightly negative',
  ),
  Column('precision', 'precision', '.2f', 'share of works that lie among the real ones'),
  Column('recall', 'recall', '.2f', 'share of real works that lie among these'),
  Column('density', 'density', '.2f', 'density of real works around these; 1: as for real works'),
  Column('coverage', 'coverage', '.2f', 'share of real works that have one of these nearby'),
  Column(
    'novel',
    'novel',
    '.2f',
    'share that is farther from all training works than the nearest 10% of new real works are',
  ),
  Column(
    'valued',
    'convincing',
    '.2f',
    'share that is recognized as the class asked for and lies among the real works',
  ),
  Column(
    'creativity',
    'creative',
    '.2f',
    'share both novel and convincing; new real works do not reach 1 either: compare with their row',
  ),
)
JUDGES = {
  judge.CLASSIFIER: 'a classifier of the labels, trained on the training split and then frozen',
  judge.UNTAUGHT: 'there are no classes, so it is a network that was trained to tell works from '
  'those that are turned over, taken apart or mixed, beside random convolutions',
}
NONE = '·'  # in place of a number
_OVER_EPISODES = (
  'by a bootstrap over these episodes: what other seeds of training come to, only more runs tell'
)
_NORMALISED = (
  'human normalised: 0% is the published return of a random policy, 100% that of a human tester '
  '(Wang et al. 2016; without sticky actions)'
)
# Shown in addition to the world's own measures.
HAND = {'return': '.2f', 'strokes': '.1f', evaluation.MIDDLE: '.1f', evaluation.NORMALISED: '.1%'}


def screen(one: evaluation.Evaluation) -> tuple[list[str], list[list[str]]]:
  """Return head and rows of the table of works for the terminal."""
  head = ['', 'Frechet', 'at equal n', 'coverage', 'precision', 'right label']
  head += ['useful', 'copies', 'near copies', 'novel', 'convincing', 'creative']
  rows = []
  for source, numbers in one.sources.items():
    cell = functools.partial(show, numbers)
    rows.append(
      [
        evaluation.source(source, one.made)[0],
        cell('frechet', '.2f'),
        show(numbers, 'halves/frechet', '.2f', '±'),
        *(cell(f'halves/{name}', '.2f') for name in ('coverage', 'precision')),
        *(cell(name, '.1%') for name in ('label_accuracy', 'train_on_synthetic')),
        *(cell(name, '.1%') for name in ('copies', 'near_copies')),
        *(cell(f'halves/{name}', '.2f') for name in ('novel', 'valued', 'creativity')),
      ]
    )
  return head, rows


def hands(one: evaluation.Evaluation) -> tuple[list[str], list[list[str]]]:
  """Return head and rows of the table of hands, with intervals."""
  own = {name: m.form for name, m in one.learner.world.measures.scores.items()}
  forms = {**own, **HAND, **own}
  names = [name for name in forms if name in next(iter(one.hands.values()))]
  rows = []
  for (works, hand), numbers in one.hands.items():
    cells = []
    for name in names:
      mean, low, high = (f'{value:{forms[name]}}' for value in numbers[name])
      cells.append(mean if hand == 'blank' else f'{mean} ({low} to {high})')
    rows.append([f'{titles.works(works)[0]}: {evaluation.HANDS[hand]}', *cells])
  head = 'works: who makes them' if one.sources else 'who acts'
  return [head, *(name.replace('_', ' ') for name in names)], rows


def traits(one: evaluation.Evaluation) -> tuple[list[str], list[list[str]]]:
  """Return head and rows of the table of the world's traits; no rows where it has none."""
  told = one.learner.world.measures.traits
  rows = [
    [
      evaluation.source(source, one.made)[0],
      *(show(numbers, name, told[name].form) for name in told),
    ]
    for source, numbers in one.sources.items()
    if told
  ]
  return ['', *(name.replace('_', ' ') for name in told)], rows


def notes(one: evaluation.Evaluation) -> list[str]:
  """Say which judge measured or what intervals are, and what so few works cannot tell."""
  if not one.judge:
    told = f'{one.count:,} episodes; in brackets 95% intervals, {_OVER_EPISODES}'
    return [told, *([_NORMALISED] if one.learner.world.simulator.published else [])]
  return [*([f'judge: {JUDGES[one.judge]}'] if one.judge else []), *one.remarks]


def show(numbers: dict[str, float], name: str, form: str, spread: str = '') -> str:
  """Format a number, with its spread after that sign; a dot where there is none."""
  if name not in numbers:
    return NONE
  return f'{numbers[name]:{form}}' + (
    f' {spread}{numbers[f"{name}_spread"]:{form}}' if spread else ''
  )
