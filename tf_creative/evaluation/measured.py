"""One run measured: its imagination and its hand, each beside what they must beat."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import dataclasses
import pathlib
from typing import Any

import numpy as np

from tf_creative.core import works as works_lib
from tf_creative.evaluation import baselines
from tf_creative.evaluation import evaluator as eyes_lib
from tf_creative.learner import config as config_lib
from tf_creative.learner import creator as creator_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.metrics import aggregate, neighbours, summary
from tf_creative.runs import run as run_lib
from tf_creative.studio import player as player_lib

# Rows of the tables of works, with a word on what each is.
SOURCES = {
  'held_out': ('real, held out', 'real works that nothing was trained on: the floor'),
  'training': ('real, training split', 'what everything was trained on'),
  'imagined': ('imagined', "the run's own imagination"),
  'painted': ('imagined and painted', 'the same, as its hand made them'),
  'nearest': ('nearest training works', 'the training work nearest to each imagined one: a memory'),
  'kernel_density': (
    'kernel density',
    'training works blurred as much as makes unseen ones likely',
  ),
  'gaussian_mixture': ('Gaussian mixture', 'of 30 parts, on pixels'),
  'dense_gan': ('dense GAN', 'the GAN of every tutorial: dense 128-256, binary cross-entropy'),
  'random_hand': ('random strokes', 'what is left when a random hand tries to make the imagined'),
  'noise': ('noise', 'uniform: the ceiling'),
  'blank': ('blank', 'nothing at all'),
}
HANDS = {
  'hand': 'the hand',
  'random': 'random strokes',
  'blank': 'no stroke at all',
  'random_policy': 'a random policy',
}
_MOST_EPISODES = 100  # that are played where nothing is made


def source(name: str, made: str = 'painted') -> tuple[str, str]:
  """Title of a row and what it is; what is not in the table is named by its world."""
  title, what = SOURCES.get(name, (name, "a simple model of this world's own, to be beaten"))
  return title.replace('painted', made), what


@dataclasses.dataclass(frozen=True)
class Evaluation:
  """All that a report tells of a run."""

  path: pathlib.Path
  config: config_lib.Config
  learner: learner_lib.Learner
  sources: dict[str, dict[str, float]]  # `halves/...` are those of the equal-sized comparison
  hands: dict[tuple[str, str], dict[str, tuple[float, float, float]]]  # mean and interval
  imagined: works_lib.Works | Any  # as the next two, None where the world has no works
  painted: works_lib.Works | Any
  nearest: works_lib.Works | Any  # the training work that is nearest to each imagined one
  history: list[dict[str, float]]  # what training logged
  count: int  # works of each source, or episodes

  @property
  def made(self) -> str:
    return self.learner.world.measures.participle

  @property
  def rounds(self) -> int:
    return int(self.learner.loop.round)

  def rows(self) -> Iterator[dict]:
    """The lines of metrics.jsonl."""
    run = {'run': str(self.path), 'round': self.rounds}
    for source, numbers in self.sources.items():
      yield run | {'source': source} | numbers
    for (works, hand), numbers in self.hands.items():
      row = run | {'hand': hand, 'works': works}
      for name, (mean, low, high) in numbers.items():
        row |= {name: mean, f'{name}_low': low, f'{name}_high': high}
      yield row


def evaluate(
  path: pathlib.Path,
  config: config_lib.Config,
  learner: learner_lib.Learner,
  count: int,
  seed: int,
  say: Callable[[str], None],
) -> Evaluation:
  """Measures `count` works of each source, or as many episodes; `say` hears what is done."""
  if not learner.creator:
    return _played(path, config, learner, min(count, _MOST_EPISODES), seed, say)
  world, creator = learner.world, learner.creator
  say('the judge')
  eyes = eyes_lib.Eyes(learner, path, count)
  say('imagining and making')
  imagined = eyes.imagined(seed)
  made = creator.make(imagined)
  painted = imagined._replace(work=made.work)
  seen = eyes.see(imagined)
  nearest = works_lib.Works(learner.real.work[seen.place], learner.real.label[seen.place])
  hands = {}
  for name, concept in {**eyes.for_hand, 'imagined': imagined}.items():
    by_hand = made if name == 'imagined' else creator.make(concept)
    tries = {
      'hand': by_hand,
      'random': creator.make(concept, random=True),
      'blank': _blank(creator, concept),
    }
    for hand, attempt in tries.items():
      hands[name, hand] = _with_intervals(
        eyes_lib.scores(world, concept, attempt), concept.label, seed
      )
  scribbled, blank = tries['random'].work, tries['blank'].work  # of the imagined, the last concept
  say('baselines')
  simpler = baselines.imagined(world, learner.real, imagined.label, seed)
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
  history = run_lib.logged(path)
  return Evaluation(
    path, config, learner, sources, hands, imagined, painted, nearest, history, len(imagined.label)
  )


def _played(
  path: pathlib.Path,
  config: config_lib.Config,
  learner: learner_lib.Learner,
  count: int,
  seed: int,
  say: Callable[[str], None],
) -> Evaluation:
  """Measures a hand that makes nothing, by episodes, beside a random policy."""
  player, hands = player_lib.Player(learner), {}
  seeds = player_lib.held_out(count, seed + 1)  # 0: those that training looks at
  for name, act in {'hand': player.act, 'random_policy': player.at_random(seed)}.items():
    say(f'playing {count} episodes: {HANDS[name]}')
    played = player_lib.play(learner.world, act, seeds)
    scores = {'return': played.returns, 'steps': played.steps}
    hands['episodes', name] = _with_intervals(scores, np.zeros(count), seed)
  history = run_lib.logged(path)
  return Evaluation(path, config, learner, {}, hands, None, None, None, history, count)


def _measure(
  eyes: eyes_lib.Eyes, works: summary.Look | None, count: int, seed: int
) -> dict[str, float]:
  """All of one row; held-out works themselves (None) have no distance to what they are part of."""
  numbers = {
    f'halves/{name}': value
    for name, value in summary.halves(works, eyes.held_out, count, seed=seed).items()
  } | eyes.traits(works or eyes.held_out)
  if works is not None:
    return numbers | summary.imagination(works, eyes.held_out, eyes.training)
  held_out = eyes.held_out
  return numbers | {
    'label_accuracy': float(held_out.recognised.mean()),
    'copies': neighbours.copies(held_out.values, eyes.training.values),
    'authenticity': neighbours.authenticity(held_out.away, held_out.place, eyes.training.features),
    'novelty': 1.0,
    'diversity': 1.0,
  }


def _with_intervals(
  scores: dict[str, np.ndarray], label: np.ndarray, seed: int
) -> dict[str, tuple[float, float, float]]:
  """Means over the episodes, with 95% intervals: the labels are the bootstrap's strata."""
  return {
    name: (float(values.mean()), *aggregate.interval(values, label, seed=seed))
    for name, values in scores.items()
  }


def _blank(creator: creator_lib.Creator, concept: works_lib.Works) -> creator_lib.Made:
  """What a hand makes that makes nothing."""
  work = creator.blank(concept)
  none = np.zeros(len(work), np.int32)
  return creator_lib.Made(work, none, none.astype(np.float32), np.zeros((len(work), 0), np.int32))
