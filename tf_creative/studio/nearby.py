"""Makes works near given pictures: those most like one, new ones around it, and those between two.

All begin with the codes that come nearest to a picture, which `inpainting` finds.
"""

from __future__ import annotations

from collections.abc import Sequence
import pathlib

import numpy as np
import tensorflow as tf

from tf_creative.core import spec, storage
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.studio import edit, formats, inpainting, pictures
from tf_creative.studio import portfolio as portfolio_lib

_COLUMNS = 16  # frames in a row of the strip
_FRAME_MS, _END_MS = 120, 900  # how long the animation shows a frame, and the two ends

Learner = learner_lib.Learner
Picture = tuple[np.ndarray, np.ndarray]  # a work, and where it is given


def like(
  learner: Learner, picture: Picture, labels: Sequence[int], seed: int, count: int
) -> portfolio_lib.Portfolio:
  """Make those of many seeds whose imagined works are most like a picture, the nearest first.

  The seeds make the same works without the picture. Label -1 is any.
  """
  labels = sorted(set(labels))
  if count > inpainting.MOST * len(labels):
    raise spec.UserError(
      f'--like finds at most {inpainting.MOST} works of a label: {count} are too many.'
    )
  check_told(edit.by_chance(learner))
  each = [inpainting.seeds_near(learner, *picture, label, seed) for label in labels]
  joined = tf.nest.map_structure(lambda *part: np.concatenate(part), *each)
  found = inpainting.by_distance(learner, joined, *picture)
  some = tf.nest.map_structure(lambda part: part[:count], found)
  return _made(learner, some.seed, some.works, picture)


def vary(
  learner: Learner,
  picture: Picture,
  labels: Sequence[int],
  seed: int,
  count: int,
  strength: float,
) -> portfolio_lib.Portfolio:
  """Make new works near a picture: its code, mixed with that of each seed.

  With strength 0 they are what comes nearest by descent, with 1 what the seeds alone imagine.
  """
  seeds = seed + np.arange(count)
  # Not by this seed: what a seed makes must not depend on which others are made with it.
  nearest = {label: _nearest(learner, picture, label) for label in dict.fromkeys(labels)}
  turns = [nearest[label] for label in np.resize(labels, count)]
  codes, known = map(np.array, zip(*turns, strict=True))
  mixed = learner.creator.mixed(codes, seeds, np.full(count, strength))
  return _made(learner, seeds, learner.creator.decode(mixed, known), picture)


def between(
  learner: Learner, pair: tuple[Picture, Picture], label: int, count: int
) -> portfolio_lib.Portfolio:
  """Make works on the way from one picture to another, through codes of one label.

  If a work changed its label on the way, it would jump. For -1, that of the first end is taken.
  """
  one, label = _nearest(learner, pair[0], label)
  other, _ = _nearest(learner, pair[1], label)
  codes = slerp(one, other, np.linspace(0, 1, count, dtype=np.float32))
  goal = learner.creator.decode(codes, np.full(count, label))
  return _made(learner, np.arange(count), goal, None)


def slerp(one: np.ndarray, other: np.ndarray, times: np.ndarray) -> np.ndarray:
  """Interpolate codes [Z] along the sphere, by `times` [N] from 0 to 1: [N, Z]."""
  norms = np.linalg.norm(one) * np.linalg.norm(other)
  angle = np.arccos(np.clip(one @ other / max(norms, 1e-12), -1, 1))
  times = times[:, None]
  if np.sin(angle) < 1e-3:  # nearly a straight line
    return (1 - times) * one + times * other
  return (np.sin((1 - times) * angle) * one + np.sin(times * angle) * other) / np.sin(angle)


def animation(
  portfolio: portfolio_lib.Portfolio, world: world_lib.World, folder: pathlib.Path
) -> formats.Written:
  """Write between.gif and between.png, which show the works in their order."""
  shown = world.media.render(portfolio.works.work)
  times = [_END_MS, *[_FRAME_MS] * (len(shown) - 2), _END_MS]
  with storage.whole(folder / 'between.gif') as path:
    pictures.save_gif(pictures.indexed(shown, formats.zoom(shown)), path, times)
  with storage.whole(folder / 'between.png') as path:
    pictures.sheet(shown, min(_COLUMNS, len(shown))).save(path)
  return {
    'between.gif': 'from the one to the other',
    'between.png': 'the same, side by side',
  }


def beside(made: portfolio_lib.Portfolio, picture: Picture) -> portfolio_lib.Portfolio:
  """Note the picture that works are to be like."""
  work, given = picture
  return made._replace(picture=np.where(given, work, made.concept.work))


def _nearest(learner: Learner, picture: Picture, label: int) -> tuple[np.ndarray, int]:
  """Find the code [Z], and its label, whose work comes nearest to a picture."""
  check_told(edit.by_chance(learner))
  work, given = picture
  codes, labels = learner.creator.near(work[None], given[None], np.array([label]))
  return codes[0], int(labels[0])


def check_told(by_chance: bool) -> None:
  """Raise a UserError for a hand that cannot be told what to make."""
  if by_chance:
    raise spec.UserError(
      'the hand of this run makes up its works by itself, whatever is imagined: a run whose hand '
      'is told what to make can make works like a picture.'
    )


def _made(
  learner: Learner, seeds: np.ndarray, goal: works_lib.Works, picture: Picture | None
) -> portfolio_lib.Portfolio:
  """Let the hand make works, and note the picture that they are to be like."""
  made = learner.creator.make(goal)
  whole = portfolio_lib.judged(learner, seeds, goal, learner.creator.blank(goal), made)
  return beside(whole, picture) if picture else whole
