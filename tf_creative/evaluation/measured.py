"""Evaluates one run: its imagination and its hand, each next to baselines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import dataclasses
import functools
import pathlib
from typing import Any

import numpy as np

from tf_creative.core import works as works_lib
from tf_creative.evaluation import baselines, foreseen
from tf_creative.evaluation import evaluator as eyes_lib
from tf_creative.learner import config as config_lib
from tf_creative.learner import creator as creator_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.metrics import aggregate, summary
from tf_creative.runs import log as log_lib
from tf_creative.studio import player as player_lib

# Rows of the tables of works: name -> (title, what it is).
SOURCES = {
  'held_out': (
    'real, not trained on',
    'real works that were not trained on: the best possible scores',
  ),
  'training': ('real, training split', 'the real works that everything was trained on'),
  'imagined': ('imagined', "works of the run's generator"),
  'painted': ('imagined and painted', 'the same works as the hand made them'),
  'nearest': (
    'nearest training works',
    'the training work nearest to each imagined one: scores of a generator that memorizes',
  ),
  'kernel_density': (
    'kernel density',
    'training works plus noise, with the bandwidth of highest likelihood',
  ),
  'gaussian_mixture': ('Gaussian mixture', '30 components, on pixels'),
  'dense_gan': ('dense GAN', 'a tutorial GAN: dense layers 128-256, binary cross-entropy'),
  'random_hand': ('random strokes', 'the imagined works as a hand makes them by random actions'),
  'noise': ('noise', 'uniform noise: the worst scores'),
  'blank': ('blank', 'empty works'),
}
MIDDLE, NORMALISED = 'interquartile_return', 'human_normalised'  # measures of episodes
HANDS = {
  'hand': 'the hand',
  'random': 'random strokes',
  'blank': 'no stroke at all',
  'random_policy': 'a random policy',
}
# What held-out works tell beside themselves; their distances to themselves would be 0.
_OF_HELD_OUT = 'label_accuracy copies near_copies authenticity novelty diversity'.split()
EPISODES = 100  # to play in worlds without works, if nothing else is asked for


def source(name: str, made: str = 'painted') -> tuple[str, str]:
  """Return a row's title and what it is; other names are the world's baseline models."""
  title, what = SOURCES.get(name, (name, 'a simple baseline model of this world'))
  return title.replace('painted', made), what


@dataclasses.dataclass(frozen=True)
class Evaluation:
  """All results of a run that the report shows."""

  path: pathlib.Path
  config: config_lib.Config
  learner: learner_lib.Learner
  # Row -> measure -> value; measures `halves/...` compare equal numbers of works.
  sources: dict[str, dict[str, float]]
  # (works, hand) -> measure -> (mean, low, high), a 95% interval.
  hands: dict[tuple[str, str], dict[str, tuple[float, float, float]]]
  imagined: works_lib.Works | Any  # None in worlds without works, as are the next two
  painted: works_lib.Works | Any
  nearest: works_lib.Works | Any  # the training work nearest to each imagined one
  history: list[dict[str, float]]  # metrics that training logged
  count: int  # works of each source, or episodes
  # The training work that each imagined one is likest to, cell by cell, and how much: float64 [N].
  likest: works_lib.Works | Any = None
  like: np.ndarray | Any = None
  judge: str = ''  # what the judge is; empty in worlds without works
  remarks: tuple[str, ...] = ()  # what so few works cannot tell
  foreseen: foreseen.Found | None = None  # with --gan=transitions: how well

  @property
  def made(self) -> str:
    return self.learner.world.measures.participle

  @property
  def rounds(self) -> int:
    return int(self.learner.loop.round)

  def rows(self) -> Iterator[dict]:
    """Yield the lines of metrics.jsonl."""
    run = {'run': str(self.path), 'round': self.rounds}
    for source, numbers in self.sources.items():
      yield run | {'source': source, 'judge': self.judge} | numbers
    for (works, hand), numbers in self.hands.items():
      yield run | {'hand': hand, 'works': works} | _flat(numbers)
    for (acts, by), numbers in self.foreseen.measures.items() if self.foreseen else ():
      yield run | {'acts': acts, 'foresees': by} | _flat(numbers)


def evaluate(
  path: pathlib.Path,
  config: config_lib.Config,
  learner: learner_lib.Learner,
  count: int,
  seed: int,
  say: Callable[[str], None],
) -> Evaluation:
  """Evaluate `count` works of each source, or as many episodes; `say` reports progress.

  A count of 0 stands for as many works as the run's settings say, or EPISODES.
  """
  if not learner.creator:
    return _played(path, config, learner, count or EPISODES, seed, say)
  return _made(path, config, learner, count or config.run.works, seed, say)


def _made(
  path: pathlib.Path,
  config: config_lib.Config,
  learner: learner_lib.Learner,
  count: int,
  seed: int,
  say: Callable[[str], None],
) -> Evaluation:
  """Evaluate `count` works of each source."""
  world, creator = learner.world, learner.creator
  say('the judge')
  eyes = eyes_lib.Eyes(learner, path, count)
  say('imagining and making')
  imagined = eyes.imagined(seed)
  made = creator.make(imagined)
  painted = imagined._replace(work=made.work)
  seen = eyes.see(imagined)
  nearest, likest = (_learnt(learner, rows) for rows in (seen.place, seen.twin))
  hands, classed = {}, functools.partial(works_lib.classes, world.works.label_names)
  for name, concept in {**eyes.for_hand, 'imagined': imagined}.items():
    by_hand = made if name == 'imagined' else creator.make(concept)
    tries = {
      'hand': by_hand,
      'random': creator.make(concept, random=True),
      'blank': _blank(creator, concept),
    }
    for hand, attempt in tries.items():
      scores = eyes_lib.scores(world, concept, attempt)
      hands[name, hand] = _with_intervals(scores, classed(concept).label, seed)
  # The loop ended with the imagined works.
  scribbled, blank = tries['random'].work, tries['blank'].work
  say('baselines')
  simpler = baselines.imagined(world, classed(learner.real), classed(imagined).label, seed)
  models = world.measures.models(imagined.label, seed)
  looks = {
    'held_out': None,
    'training': eyes.some_training(),
    'imagined': seen,
    'painted': eyes.see(painted),
    'nearest': eyes.see(nearest._replace(label=imagined.label)),
    **{name: eyes.see(works) for name, works in {**simpler, **models}.items()},
    'random_hand': eyes.see(imagined._replace(work=scribbled)),
    'blank': eyes.see(imagined._replace(work=blank)),
  }
  sources = {}
  for name in (*SOURCES, *models):
    say(f'measuring: {source(name, world.measures.participle)[0]}')
    sources[name] = _measure(eyes, looks[name], count, seed)
  history = log_lib.rows(path)
  return Evaluation(
    *(path, config, learner, sources, hands, imagined, painted, nearest, history),
    count=len(imagined.label),
    likest=likest,
    like=seen.like,
    judge=eyes.judge_kind,
    remarks=tuple(eyes.remarks),
  )


def _played(
  path: pathlib.Path,
  config: config_lib.Config,
  learner: learner_lib.Learner,
  count: int,
  seed: int,
  say: Callable[[str], None],
) -> Evaluation:
  """Evaluate a hand in a world without works: its episodes, next to a random policy's."""
  player, hands = player_lib.Player(learner), {}
  seeds = player_lib.held_out(count, seed + 1)  # seed 0 has the episodes that training looks at
  for name, act in {'hand': player.act, 'random_policy': player.at_random(seed)}.items():
    say(f'playing {count} episodes: {HANDS[name]}')
    played = player_lib.play(learner.world, act, seeds)
    scores = {'return': played.returns, 'steps': played.steps}
    if published := learner.world.simulator.published:
      scores[NORMALISED] = published.normalised(played.returns)
    hands['episodes', name] = _with_intervals(scores, np.zeros(count), seed)
    middle = aggregate.interquartile_mean
    low, high = aggregate.interval(played.returns, statistic=middle, seed=seed)
    hands['episodes', name][MIDDLE] = float(middle(played.returns)), low, high
  found, history = foreseen.evaluate(learner, count, seed, say), log_lib.rows(path)
  return Evaluation(
    *(path, config, learner, {}, hands, None, None, None, history, count), foreseen=found
  )


def _flat(numbers: dict[str, foreseen.Interval]) -> dict[str, float]:
  """Return means and the ends of their intervals by names of their own."""
  return {
    f'{name}{end}': value
    for name, values in numbers.items()
    for end, value in zip(('', '_low', '_high'), values, strict=True)
  }


def _measure(
  eyes: eyes_lib.Eyes, works: summary.Look | None, count: int, seed: int
) -> dict[str, float]:
  """Measure one row; for the held-out works themselves (None), distances to them are left out."""
  numbers = {
    f'halves/{name}': value
    for name, value in summary.halves(works, eyes.held_out, count, seed=seed).items()
  } | eyes.traits(works or eyes.held_out)
  if works is not None:
    return numbers | summary.imagination(works, eyes.held_out, eyes.training)
  against_itself = summary.imagination(eyes.held_out, eyes.held_out, eyes.training)
  return numbers | {name: against_itself[name] for name in _OF_HELD_OUT if name in against_itself}


def _with_intervals(
  scores: dict[str, np.ndarray], label: np.ndarray, seed: int
) -> dict[str, tuple[float, float, float]]:
  """Return means over episodes with 95% intervals, by a bootstrap stratified by label."""
  return {
    name: (float(values.mean()), *aggregate.interval(values, label, seed=seed))
    for name, values in scores.items()
  }


def _learnt(learner: learner_lib.Learner, rows: np.ndarray) -> works_lib.Works:
  return works_lib.Works(learner.real.work[rows], learner.real.label[rows])


def _blank(creator: creator_lib.Creator, concept: works_lib.Works) -> creator_lib.Made:
  """Return the result of a hand that does nothing."""
  work = creator.blank(concept)
  none = np.zeros(len(work), np.int32)
  return creator_lib.Made(work, none, none.astype(np.float32), np.zeros((len(work), 0), np.int32))
