"""Makes works from given pictures: repaints them, or fills their gaps."""

from __future__ import annotations

from collections.abc import Sequence
import pathlib

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps
import tensorflow as tf

from tf_creative.core import spec, storage
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.learner import creator as creator_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.studio import formats, inpainting
from tf_creative.studio import portfolio as portfolio_lib

_MOST_ROWS = 8  # works in the picture before-after.png
_PAPER, _INK, _SQUARES = (250, 250, 247), (40, 40, 40), (205, 235)

Learner = learner_lib.Learner


def repaint(learner: Learner, work: np.ndarray, label: int, seed: int) -> portfolio_lib.Portfolio:
  """Let the hand make a given work; for label -1, take the nearest training work's label."""
  label = _named(learner, work, np.ones(work.shape, bool), label)
  concept = works_lib.Works(work[None], np.array([label], np.int32))
  begun = learner.creator.blank(concept)
  made = _make(learner, concept, begun, np.zeros_like(begun, bool))
  return portfolio_lib.judged(learner, np.array([seed]), concept, begun, made)


def go_on(
  learner: Learner,
  work: np.ndarray,
  given: np.ndarray,
  labels: Sequence[int],
  seed: int,
  count: int,
) -> portfolio_lib.Portfolio:
  """Fill the gaps of a given work by imagined works of the labels in turn.

  If `by_chance`, a sampled policy continues the given work instead, once for each seed.
  """
  if by_chance(learner):
    return _draw_on(learner, work, given, labels, seed, count)
  if given.all() and _begins_with(learner, work):
    return _improved(learner, work, labels, seed)
  if given.all():
    raise spec.UserError(
      '--start has no gaps to be filled: make some by --mask. Works like it are found by --like, '
      'new ones near it made by --variations, and --target paints it.'
    )
  labels = list(dict.fromkeys(labels))
  if count > inpainting.MOST * len(labels):
    raise spec.UserError(
      f'--start makes at most {inpainting.MOST} works of a label: {count} are too many.'
    )
  found = [inpainting.codes_near(learner, work, given, given, label, seed) for label in labels]
  # From (labels, MOST, ...) to rows: the best of each label, then the second best, and so on.
  seeds, _, goal = tf.nest.map_structure(
    lambda *part: np.stack(part, 1).reshape(-1, *part[0].shape[1:])[:count], *found
  )
  begun = np.where(given, work, learner.creator.blank(goal))
  made = _make(learner, goal, begun, np.broadcast_to(given, begun.shape))
  return portfolio_lib.judged(learner, seeds, goal, begun, made)


def _begins_with(learner: Learner, work: np.ndarray) -> bool:
  """Return whether episodes begin with the whole work that they are about, as it was given."""
  concept = works_lib.Works(work[None], learner.real.label[:1])
  return bool((learner.creator.blank(concept) == work).all() and work.any())


def _improved(
  learner: Learner, work: np.ndarray, labels: Sequence[int], seed: int
) -> portfolio_lib.Portfolio:
  """Let the hand change a whole work, once for each label."""
  every = np.ones(work.shape, bool)
  label = np.array([_named(learner, work, every, label) for label in labels], np.int32)
  concept = works_lib.Works(np.repeat(work[None], len(label), 0), label)
  made = learner.creator.make(concept)
  return portfolio_lib.judged(learner, seed + np.arange(len(label)), concept, concept.work, made)


def by_chance(learner: Learner) -> bool:
  """Return whether codes only seed the sampling of a policy, and stand for no target work."""
  return bool(learner.creator.drawn and not learner.world.making.rewards_target)


def _draw_on(
  learner: Learner,
  work: np.ndarray,
  given: np.ndarray,
  labels: Sequence[int],
  seed: int,
  count: int,
) -> portfolio_lib.Portfolio:
  """Let a sampled policy continue the same given work, with a different code for each seed."""
  labels = [_named(learner, work, given, label) for label in labels]
  seeds = seed + np.arange(count)
  goal = learner.creator.imagine(seeds, np.resize(labels, count))
  goal = goal._replace(work=np.where(given, work, goal.work))
  # What is whole is all to be made anew, but for what the world itself begins with.
  keep = np.broadcast_to(given & ~given.all(), goal.work.shape)  # pyright: ignore[reportCallIssue]
  # Starts from the given parts, and elsewhere from what an episode of this world starts with.
  begun = np.where(keep, work, learner.creator.blank(goal))
  if given.all() and not begun.any():
    raise spec.UserError(
      '--start leaves nothing to be made: in this run it must have gaps, by --mask, or, for a '
      'melody, by an end before the last bar.'
    )
  made = learner.creator.make(goal, begun, keep=keep)
  return portfolio_lib.judged(learner, seeds, goal, begun, made)


def before_after(
  picture: str,
  given: np.ndarray,
  learner: Learner,
  portfolio: portfolio_lib.Portfolio,
  world: world_lib.World,
  folder: pathlib.Path,
) -> formats.Written:
  """Write before-after.png: the given picture, the targets, and the works that the hand made.

  A chequered pattern shows what is not `given` [H, W]. Without targets (`by_chance`) their column
  is missing.
  """
  shown = {'goal': portfolio.concept.work, 'made': portfolio.made.work}
  if by_chance(learner):
    del shown['goal']
  shown = {title: world.media.render(works[:_MOST_ROWS]) for title, works in shown.items()}
  scale, margin, head = formats.zoom(shown['made']), 12, 32
  opened, seen = learner.world.media.portrait(picture, given)
  first = _with_holes(opened, formats.magnified(seen, scale))
  width, height = first.width + margin, first.height + margin
  size = margin + (1 + len(shown)) * width, head + len(shown['made']) * height
  page = Image.new('RGB', size, _PAPER)
  draw, font = ImageDraw.Draw(page), ImageFont.load_default(16)
  for column, title in enumerate(('given', *shown)):
    draw.text((margin + column * width, 8), title, _INK, font)
  page.paste(first, (margin, head))
  for column, works in enumerate(shown.values(), 1):
    for row, work in enumerate(works):
      image = Image.fromarray(formats.magnified(work, scale))
      place = margin + column * width, head + row * height
      page.paste(image, place, image if image.mode == 'RGBA' else None)
  with storage.whole(folder / 'before-after.png') as path:
    page.save(path)
  goal = 'what it was to become, ' if 'goal' in shown else ''
  return {'before-after.png': f'what was given, {goal}what the hand made of it'}


def _named(learner: Learner, work: np.ndarray, given: np.ndarray, label: int) -> int:
  """Return the label, or for -1 that of the training work most similar to the given parts."""
  if label >= 0:
    return label
  return int(
    learner.real.label[inpainting.distance(learner, learner.real.work, work, given).argmin()]
  )


def _make(
  learner: Learner, goal: works_lib.Works, begun: np.ndarray, keep: np.ndarray
) -> creator_lib.Made:
  """Let the hand work, over several episodes where that helps: a given work may need more steps.

  After the first episode, only actions that bring the work nearer to its goal are allowed. On works
  unlike its training data, the hand may otherwise repeat one useless action for ever.
  """
  creator, world = learner.creator, learner.world
  made = creator.make(goal, begun, keep=keep)
  last = world.rules.horizon
  while (made.steps == last).any() and not world.play.code_size:
    more = creator.make(goal, made.work, keep=keep, nearer=world.making)
    on = (made.steps == last) & (more.returns > 0)
    made = creator_lib.Made(
      np.where(on.reshape(-1, *[1] * (made.work.ndim - 1)), more.work, made.work),
      made.steps + on * more.steps,
      made.returns + on * more.returns,
      np.concatenate([made.actions, more.actions], 1),
    )
    last += world.rules.horizon
  return made


def _with_holes(picture: Image.Image, given: np.ndarray) -> Image.Image:
  """Resize a picture to `given` [h, w], with a chequered pattern where nothing is given."""
  height, width = given.shape
  small = picture.height < height or picture.width < width
  resampling = Image.Resampling.NEAREST if small else Image.Resampling.LANCZOS
  picture = ImageOps.fit(picture, (width, height), resampling)
  opaque = np.minimum(np.asarray(picture)[..., 3], given * np.uint8(255))
  rows, columns = np.indices(given.shape) // 8
  squares = np.where((rows + columns) % 2, *np.uint8(_SQUARES))  # pyright: ignore[reportGeneralTypeIssues]
  page = Image.fromarray(squares).convert('RGB')
  page.paste(picture, mask=Image.fromarray(opaque))
  return page
