"""Evaluates a learner's works with one frozen classifier, against held-out real works."""

from __future__ import annotations

from collections.abc import Callable, Mapping
import functools
import pathlib
import sys

import numpy as np
import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.learner import creator as creator_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.metrics import frechet, summary
from tf_creative.metrics import judge as judge_lib
from tf_creative.runs import titles

# Works by which the best round is chosen. Their number does not depend on --works, so that all
# evaluations of a run are comparable; their seeds are far from those of any report.
_VALIDATED, _VALIDATION_SEED = 500, 10**9
# Of the training split itself these say nothing: its row has those of held-out works.
_OF_HELD_OUT = ('copies', 'near_copies', 'novelty', 'authenticity')
_PLAYED = 120  # training levels for the same purpose, in worlds that are walked through


_HEADLINES = {  # measure -> title, width and form
  'frechet': ('Frechet', 9, '.2f'),
  'coverage': ('coverage', 10, '.2f'),
  'precision': ('precision', 11, '.2f'),
  'label_accuracy': ('right label', 13, '.1%'),
  'copies': ('copies', 9, '.1%'),
}


class Eyes:
  """Measures the imagination's works, and how well the hand makes given works."""

  def __init__(
    self,
    learner: learner_lib.Learner,
    run_dir: pathlib.Path,
    count: int,
    tell: Callable[..., None] = lambda what, done=0, total=0: None,
  ):
    """Load or train the judge; a look imagines `count` works and paints at most as many real ones.

    `tell(what, done, total)` is called to report progress.
    """
    self._learner, self._world, self._count = learner, learner.world, count
    self._tell = tell
    self._classed = functools.partial(works_lib.classes, self._world.works.label_names)
    self._judge = self._kept_judge(run_dir / 'judge.npz')
    self.judge_kind = self._judge.kind
    self.chosen_by = f'validation/{self._world.measures.best_by}'
    of_training = self._classed(learner.real)
    self.training = summary.look(of_training, self._world.works.to_values, self._judge)
    self.held_out = self.see(learner.works('test'))
    self._like = self._describe(self.held_out)
    self.for_hand = {
      world_lib.section_of(split): _some(learner.works(split), count)
      for split in self._world.measures.splits
    }

  @property
  def remarks(self) -> list[str]:
    """What so few works cannot tell."""
    return summary.shortfall(self._count, len(self.held_out.label))

  def _kept_judge(self, path: pathlib.Path) -> judge_lib.Judge:
    """Return the judge that is kept with the run, so that all its evaluations use one."""
    values = self._world.works.to_values(self._learner.real.work)
    label, names = self._classed(self._learner.real).label, self._world.works.label_names
    count = 1 if isinstance(names, works_lib.Described) else len(names)
    try:
      return judge_lib.Judge.load(path, values.shape[1:], count)
    except judge_lib.Damaged as error:
      if path.exists():
        said = ' '.join(str(error).split())
        print(f'warning: {path} cannot be read ({said}): a judge is trained anew', file=sys.stderr)
    tell = functools.partial(self._tell, 'training the judge')
    judge = judge_lib.Judge.train(values, label, count, tell)
    judge.save(path)
    return judge

  def see(self, works: works_lib.Works) -> summary.Look:
    """Return the judge's view of works: features, labels, nearest training works."""
    to_values = self._world.works.to_values
    return summary.look(self._classed(works), to_values, self._judge, self.training)

  def imagined(self, seed: int = 0) -> works_lib.Works:
    """Imagine works with labels as frequent as in the training split; equal seeds, equal works."""
    seeds = np.arange(self._count) + seed * self._count
    return self._learner.creator.imagine(seeds, self._labels(seed))

  def _labels(self, seed: int) -> np.ndarray:
    known = np.resize(self._learner.real.label, self._count)
    return np.random.default_rng(seed).permutation(known)

  def some_training(self) -> summary.Look:
    """Return up to `count` works of the training split."""
    return self.training.at(_places(len(self.training.label), self._count))

  def look(self) -> dict[str, float]:
    """Measure the hand on unseen works, and imagined works before and after the hand made them."""
    numbers = {}
    for split, works in self.for_hand.items():
      made = self._make(f'making {titles.works(split)[0]}', works)
      numbers |= _means(split, scores(self._world, works, made))
      self._tell(f'scoring {titles.works(split)[0]}')
      reference = self._world.measures.reference_scores(works, self._learner.creator.act)
      numbers |= _means(split, reference)
    self._tell('imagining works')
    imagined = self.imagined()
    made = self._make('making imagined works', imagined)
    numbers |= _means('imagined', scores(self._world, imagined, made))
    for source, works in (('imagined', imagined), ('painted', imagined._replace(work=made.work))):
      self._tell(f'measuring {source} works')
      numbers |= self._measure(source, self.see(works))
    return numbers | {self.chosen_by: self.validation()}

  def _make(self, what: str, concept: works_lib.Works) -> creator_lib.Made:
    return self._learner.creator.make(concept, tell=functools.partial(self._tell, what))

  def fault(self, numbers: Mapping[str, float]) -> float:
    """Return the number by which the best round is chosen; lower is better."""
    return numbers[self.chosen_by]

  def validation(self) -> float:
    """Return what the best round has least of, by works that nothing is reported on."""
    by = {'frechet': self._distance, 'failures': self._failures}
    return by[self._world.measures.best_by]()

  def _failures(self) -> float:
    """Return the share of training works on which the hand falls short, by its first score."""
    works = _some(self._learner.real, _PLAYED)
    made = scores(self._world, works, self._make('making works to choose the best by', works))
    return 1 - float(made[next(iter(self._world.measures.scores))].mean())

  def _distance(self) -> float:
    """Return the distance of painted imagined works to the training split."""
    # There is no third split, and choosing by the held-out split would bias what is reported on it.
    # A generator that memorizes would win by this distance, but `copies` would show that.
    labels = np.sort(self._learner.real.label)
    labels = labels[_places(len(labels), _VALIDATED)]
    seeds = _VALIDATION_SEED + np.arange(len(labels))
    imagined = self._learner.creator.imagine(seeds, labels)
    made = self._make('making works to choose the best by', imagined)
    values = np.asarray(self._world.works.to_values(made.work))
    return frechet.distance(self._judge.features(values), self.training.features)

  def yardstick(self, seed: int = 0) -> dict[str, float]:
    """Measure real works (the aim) and the world's baseline models in the same way."""
    self._tell('measuring real works')
    held_out = summary.imagination(self.held_out, self.held_out, self.training)
    numbers = self._measure('training', self.some_training()) | {
      f'training/{name}': held_out[name] for name in _OF_HELD_OUT if name in held_out
    }
    for name, works in self._world.measures.models(self._labels(seed), seed).items():
      numbers |= self._measure(name.replace(' ', '_'), self.see(works))
    return numbers

  def traits(self, works: summary.Look) -> dict[str, float]:
    """Return means of the world's own measures of works.

    A measure that is a distribution becomes its total variation distance to the held-out works'.
    """
    return {
      name: float(np.abs(mean - self._like[name]).sum() / 2 if mean.ndim else mean)
      for name, mean in self._describe(works).items()
    }

  def _describe(self, works: summary.Look) -> dict[str, np.ndarray]:
    described = self._world.measures.describe(self._world.works.to_works(works.values))
    return {name: np.mean(values, 0) for name, values in described.items()}

  def _measure(self, source: str, works: summary.Look) -> dict[str, float]:
    measured = summary.imagination(works, self.held_out, self.training) | self.traits(works)
    return {f'{source}/{name}': value for name, value in measured.items()}


def scores(
  world: world_lib.World, concept: works_lib.Works, made: creator_lib.Made
) -> dict[str, np.ndarray]:
  """Return the scores of each episode of a hand: [B] by name."""
  return {
    **world.measures.metrics(made.work, concept.work),
    'return': made.returns,
    'strokes': made.steps,
  }


def headlines(numbers: dict[str, float], world: world_lib.World) -> str:
  """Format the most important numbers for the terminal."""
  lines, measures = [], list(world.measures.scores.items())[:2]
  for section, title in (
    ('held_out', 'real works never trained on, made'),
    ('unseen', 'works of kinds never trained on, made'),
    ('imagined', 'imagined works, made'),
  ):
    if f'{section}/{measures[0][0]}' in numbers and not lines:  # one will do
      told = [f'{numbers[f"{section}/{name}"]:{m.form}} {m.words}' for name, m in measures]
      lines.append(f'{title}: {", ".join(told)}')
  lines.append(
    f'{"":<22}' + ''.join(f'{title:>{width}}' for title, width, _ in _HEADLINES.values())
  )
  for section in ('training', 'imagined', 'painted'):
    title = {'training': 'real (training split)', 'painted': world.measures.participle}.get(
      section, section
    )
    cells = (
      f'{f"{numbers[key]:{form}}" if (key := f"{section}/{name}") in numbers else "·":>{width}}'
      for name, (_, width, form) in _HEADLINES.items()
    )
    lines.append(f'{title:<22}' + ''.join(cells))
  return '\n'.join(lines)


def _means(section: str, scores: dict[str, np.ndarray]) -> dict[str, float]:
  return {f'{section}/{name}': float(values.mean()) for name, values in scores.items()}


def _some(works: works_lib.Works, most: int) -> works_lib.Works:
  places = _places(len(works.label), most)
  return tf.nest.map_structure(lambda part: part[places], works)


def _places(count: int, most: int) -> np.ndarray:
  """Return at most `most` indices, spread evenly over `count`."""
  return np.linspace(0, count - 1, min(count, most)).round().astype(int)
