"""Works that go on from given pictures: the imagination finds what they may become."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import pathlib

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps
import tensorflow as tf

from tf_creative.core import spec
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.learner import creator as creator_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.studio import portfolio as portfolio_lib

MOST = 100  # works of a label that can go on from one picture
_POOL = 4000  # codes that are tried for it; the nearest MOST of them are refined
_STEPS, _RATE, _BETA_1, _BETA_2 = 100, 0.05, 0.9, 0.99
_PRIOR = 0.03  # how far a pixel's squared value may be off, as a variance
_MOST_ROWS = 8  # of a picture of before and after
_PAPER, _INK, _SQUARES = (250, 250, 247), (40, 40, 40), (205, 235)

Learner = learner_lib.Learner


def repaint(learner: Learner, work: np.ndarray, label: int, seed: int) -> portfolio_lib.Portfolio:
  """A given work made by the hand; without a label (-1) it gets the nearest training work's."""
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
  """A given work turned into imagined ones of the labels in turn, or its gaps filled by theirs.

  Where codes are what is drawn by, see `by_chance`, those of the seeds go on from what is given.
  """
  if by_chance(learner):
    return _draw_on(learner, work, given, labels, seed, count)
  labels = dict.fromkeys(labels)
  if count > MOST * len(labels):
    raise spec.UserError(f'--start makes at most {MOST} works of a label: {count} are too many.')
  refine = _refinement(learner)
  found = [_imagine_near(learner, refine, work, given, label, seed) for label in labels]
  # [MOST, labels] in rows: the best of each label, then the second best
  seeds, goal = tf.nest.map_structure(
    lambda *part: np.stack(part, 1).reshape(-1, *part[0].shape[1:])[:count], *found
  )
  begun = np.where(given, work, learner.creator.blank(goal))
  made = _make(learner, goal, begun, np.broadcast_to(_keep(given), begun.shape))
  return portfolio_lib.judged(learner, seeds, goal, begun, made)


def by_chance(learner: Learner) -> bool:
  """Whether codes stand for no work to be made, but are the chance by which a policy is drawn."""
  return bool(learner.creator.drawn and not learner.world.making.rewards_target)


def _draw_on(
  learner: Learner,
  work: np.ndarray,
  given: np.ndarray,
  labels: Sequence[int],
  seed: int,
  count: int,
) -> portfolio_lib.Portfolio:
  """What policies that are drawn from make of the same beginning by the codes of the seeds."""
  labels = [_named(learner, work, given, label) for label in labels]
  seeds = seed + np.arange(count)
  goal = learner.creator.imagine(seeds, np.resize(labels, count))
  goal = goal._replace(work=np.where(given, work, goal.work))
  keep = np.broadcast_to(_keep(given), goal.work.shape)
  # Of what is whole there stays what the world itself would give.
  begun = np.where(keep, work, learner.creator.blank(goal))
  if given.all() and not begun.any():
    raise spec.UserError(
      'nothing of --start is left to be made: here it must have gaps, by --mask or, of a melody, '
      'by its end before the last bar.'
    )
  made = learner.creator.make(goal, begun, keep=keep)
  return portfolio_lib.judged(learner, seeds, goal, begun, made)


def before_after(
  picture: str,
  given: np.ndarray,
  portfolio: portfolio_lib.Portfolio,
  learner: Learner,
  folder: pathlib.Path,
) -> portfolio_lib.Written:
  """The first works beside what they were to become, and the picture that they go on from.

  What is not `given` [H, W] of that is chequered. Where nothing was to become of it but what came
  `by_chance`, there is no such column.
  """
  shown = {'goal': portfolio.concept.work, 'made': portfolio.made.work}
  if by_chance(learner):
    del shown['goal']
  shown = {title: learner.world.media.render(works[:_MOST_ROWS]) for title, works in shown.items()}
  scale, margin, head = portfolio_lib.zoom(shown['made']), 12, 32
  opened, seen = learner.world.media.portrait(picture, given)
  first = _with_holes(opened, portfolio_lib.magnified(seen, scale))
  width, height = first.width + margin, first.height + margin
  size = margin + (1 + len(shown)) * width, head + len(shown['made']) * height
  page = Image.new('RGB', size, _PAPER)
  draw, font = ImageDraw.Draw(page), ImageFont.load_default(16)
  for column, title in enumerate(('given', *shown)):
    draw.text((margin + column * width, 8), title, _INK, font)
  page.paste(first, (margin, head))
  for column, works in enumerate(shown.values(), 1):
    for row, work in enumerate(works):
      image = Image.fromarray(portfolio_lib.magnified(work, scale))
      page.paste(image, (margin + column * width, head + row * height))
  with portfolio_lib.whole(folder / 'before-after.png') as path:
    page.save(path)
  goal = 'what it was to become, ' if 'goal' in shown else ''
  return {'before-after.png': f'what was given, {goal}what the hand made of it'}


def _imagine_near(
  learner: Learner,
  refine: Callable[..., tuple[tf.Tensor, tf.Tensor]],
  work: np.ndarray,
  given: np.ndarray,
  label: int,
  seed: int,
) -> tuple[np.ndarray, works_lib.Works]:
  """MOST imagined works that are the likest to what is given, and the seeds of their codes.

  Gaps are filled by semantic inpainting (Yeh et al. 2017, section 3): codes that agree where
  something is given, found by descent. They start from random codes, hold them by the critic and
  weigh pixels by their nearness to a gap; we start from the best of many, hold them by their own
  density, for R3GAN's critic only compares, and weigh all pixels alike. Without gaps there is no
  descent: a 0 that is all but equal to some 8 is no 0. Where works are walked through, those that
  have a way come first.
  """
  creator = learner.creator
  seeds = seed * _POOL + np.arange(_POOL)  # two seeds have none in common
  pool = creator.first(seeds, np.full(_POOL, label))  # a way is looked for in the nearest only
  far = _distance(learner, pool.work, work, given)
  near = np.argsort(far, kind='stable')[:MOST]
  seeds, labels = seeds[near], pool.label[near]
  if given.all():
    found = creator.imagine(seeds, labels)
    loss = _distance(learner, found.work, work, given)
  else:
    latents, loss = map(np.array, refine(creator.latents(seeds), labels, work, given))
    found = creator.decode(latents, labels)
    found = found._replace(work=learner.world.works.filled(work, _keep(given), found.work))
  lost = np.zeros(len(seeds), bool)
  if not learner.world.making:
    lost = _lost(learner, found)
    if lost.any() and not given.all():
      # The next nearest codes as they are, for those that descent leaves without a way
      rest = np.argsort(far, kind='stable')[MOST:]
      others = pool._replace(work=learner.world.works.filled(work, given, pool.work))
      others = tf.nest.map_structure(lambda part: part[rest], others)
      more = np.flatnonzero(~_lost(learner, others))[: lost.sum()]
      places = np.flatnonzero(lost)[: len(more)]
      seeds[places], loss[places], lost[places] = seed * _POOL + rest[more], far[rest[more]], False
      found.work[places], found.label[places] = others.work[more], others.label[more]
  order = np.lexsort([loss, lost])
  _, first = np.unique(found.work[order], axis=0, return_index=True)
  order = np.concatenate([order[np.sort(first)], np.delete(order, first)])  # repeats come last
  return tf.nest.map_structure(lambda part: part[order], (seeds, found))


def _lost(learner: Learner, works: works_lib.Works) -> np.ndarray:
  """Where nothing can be earned, as in a level without a way: bool [B]."""
  return world_lib.max_return(learner.world, tf.nest.map_structure(tf.constant, works)).numpy() <= 0


def _named(learner: Learner, work: np.ndarray, given: np.ndarray, label: int) -> int:
  """A label, or for any (-1) that of the training work which is the likest to what is given."""
  if label >= 0:
    return label
  return int(learner.real.label[_distance(learner, learner.real.work, work, given).argmin()])


def _keep(given: np.ndarray) -> np.ndarray:
  """Where the hand must not paint: a picture without gaps is all to be changed."""
  return given & ~given.all()


def _distance(
  learner: Learner, works: np.ndarray, work: np.ndarray, given: np.ndarray
) -> np.ndarray:
  """Squared distance of each work to one, where that is given: [B]."""
  values, wanted = (
    learner.world.works.to_values(tf.constant(w)).numpy() for w in (works, work[None])
  )
  squares = given[..., None] * np.square(values - wanted)
  return squares.reshape(len(squares), -1).sum(1)


def _refinement(learner: Learner) -> Callable[..., tuple[tf.Tensor, tf.Tensor]]:
  """A function of codes, labels, a work and where it is given: the best codes that descent meets.

  Their losses come second.
  """

  @tf.function(autograph=False)
  def refine(latents: tf.Tensor, label: tf.Tensor, work: tf.Tensor, given: tf.Tensor):
    wanted = learner.world.works.to_values(work)
    weight = tf.cast(given, tf.float32)[..., None]

    def loss(latents: tf.Tensor) -> tf.Tensor:
      squares = weight * tf.square(learner.gan.generate(latents, label) - wanted)
      distance = tf.reduce_sum(squares, range(1, len(squares.shape)))
      return distance + _PRIOR * tf.reduce_sum(tf.square(latents), 1)

    def step(time, latents, mean, square, best, least):
      with tf.GradientTape() as tape:
        tape.watch(latents)
        losses = loss(latents)
      gradient = tape.gradient(losses, latents)
      best = tf.where((losses < least)[:, None], latents, best)
      # Adam (Kingma & Ba 2015, algorithm 1)
      mean = _BETA_1 * mean + (1 - _BETA_1) * gradient
      square = _BETA_2 * square + (1 - _BETA_2) * tf.square(gradient)
      unbiased = mean / (1 - _BETA_1**time), square / (1 - _BETA_2**time)
      latents -= _RATE * unbiased[0] / (tf.sqrt(unbiased[1]) + 1e-8)
      return time + 1, latents, mean, square, best, tf.minimum(losses, least)

    none, worst = tf.zeros_like(latents), tf.fill(tf.shape(label), np.inf)
    start = [1.0, latents, none, none, latents, worst]
    *_, best, least = tf.while_loop(lambda time, *_: time <= _STEPS, step, start)
    return best, least

  return refine


def _make(
  learner: Learner, goal: works_lib.Works, begun: np.ndarray, keep: np.ndarray
) -> creator_lib.Made:
  """The hand at work for as many episodes as pay: a given work may need more than one.

  After the first a hand that builds what it sees has only actions that come nearer to choose from,
  or strange works would never be finished: in what it has not learnt of, it says the same for ever.
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
  """A picture in the size of `given` [h, w], chequered where nothing is given."""
  height, width = given.shape
  small = picture.height < height or picture.width < width
  resampling = Image.Resampling.NEAREST if small else Image.Resampling.LANCZOS
  picture = ImageOps.fit(picture, (width, height), resampling)
  opaque = np.minimum(np.asarray(picture)[..., 3], given * np.uint8(255))
  rows, columns = np.indices(given.shape) // 8
  squares = np.where((rows + columns) % 2, *np.uint8(_SQUARES))
  page = Image.fromarray(squares).convert('RGB')
  page.paste(picture, mask=Image.fromarray(opaque))
  return page
