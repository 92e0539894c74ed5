"""Works that go on from given pictures: the imagination finds what they may become."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import pathlib

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps
import tensorflow as tf

from tf_creative import creator as creator_lib
from tf_creative import learner as learner_lib
from tf_creative import portfolio as portfolio_lib
from tf_creative import spec, types
from tf_creative.couplings import base

MOST = 100  # works of a label that can go on from one picture
_POOL = 4000  # codes that are tried for it; the nearest MOST of them are refined
_STEPS, _RATE, _BETA_1, _BETA_2 = 100, 0.05, 0.9, 0.99
_PRIOR = 0.03  # how far a pixel's squared value may be off, as a variance
_MOST_EPISODES = 8
_MOST_ROWS = 8  # of a picture of before and after
_PAPER, _INK, _SQUARES = (250, 250, 247), (40, 40, 40), (205, 235)

Learner = learner_lib.Learner


def repaint(learner: Learner, work: np.ndarray, label: int, seed: int) -> portfolio_lib.Portfolio:
  """A given work made by the hand; without a label (-1) it gets the nearest training work's."""
  if label < 0:
    distance = _distance(learner, learner.real.work, work, np.ones(work.shape, bool))
    label = learner.real.label[distance.argmin()]
  concept = types.Works(work[None], np.array([label], np.int32))
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
  """A given work turned into imagined ones of the labels in turn, or its gaps filled by theirs."""
  labels = dict.fromkeys(labels)
  if count > MOST * len(labels):
    raise spec.UserError(f'--start makes at most {MOST} works of a label: {count} are too many.')
  refine = _refinement(learner)
  found = [_imagine_near(learner, refine, work, given, label, seed) for label in labels]
  # [MOST, labels] in rows: the best of each label, then the second best
  seeds, works, label = (
    np.stack(part, 1).reshape(-1, *part[0].shape[1:])[:count] for part in zip(*found, strict=True)
  )
  goal = types.Works(works, label)
  begun = np.where(given, work, learner.creator.blank(goal))
  made = _make(learner, goal, begun, np.broadcast_to(_keep(given), begun.shape))
  return portfolio_lib.judged(learner, seeds, goal, begun, made)


def before_after(
  picture: str,
  given: np.ndarray,
  portfolio: portfolio_lib.Portfolio,
  learner: Learner,
  folder: pathlib.Path,
) -> portfolio_lib.Written:
  """The first works beside what they were to become, and the picture that they go on from.

  What is not `given` [H, W] of that is chequered.
  """
  goals, made = (
    learner.domain.render(works[:_MOST_ROWS])
    for works in (portfolio.concept.work, portfolio.made.work)
  )
  scale, margin, head = portfolio_lib.zoom(goals), 12, 32
  seen = portfolio_lib.magnified(learner.domain.shows(given), scale)
  first = _with_holes(learner.domain.portrait(picture), seen)
  width, height = first.width + margin, first.height + margin
  page = Image.new('RGB', (margin + 3 * width, head + len(goals) * height), _PAPER)
  draw, font = ImageDraw.Draw(page), ImageFont.load_default(16)
  for column, title in enumerate(('given', 'goal', 'made')):
    draw.text((margin + column * width, 8), title, _INK, font)
  page.paste(first, (margin, head))
  for row, pair in enumerate(zip(goals, made, strict=True)):
    for column, work in enumerate(pair, 1):
      image = Image.fromarray(portfolio_lib.magnified(work, scale))
      page.paste(image, (margin + column * width, head + row * height))
  with portfolio_lib.whole(folder / 'before-after.png') as path:
    page.save(path)
  return {'before-after.png': 'what was given, what it was to become, what the hand made of it'}


def _imagine_near(
  learner: Learner,
  refine: Callable[..., tuple[tf.Tensor, tf.Tensor]],
  work: np.ndarray,
  given: np.ndarray,
  label: int,
  seed: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """MOST imagined works that are the likest to what is given: seeds of codes, works, labels.

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
  loss = _distance(learner, pool.work, work, given)
  near = np.argsort(loss, kind='stable')[:MOST]
  seeds, works, labels, loss = (part[near] for part in (seeds, pool.work, pool.label, loss))
  if given.all():
    works = creator.imagine(seeds, labels).work
    loss = _distance(learner, works, work, given)
  else:
    latents, loss = map(np.asarray, refine(creator.latents(seeds), labels, work, given))
    works = np.where(_keep(given), work, creator.decode(latents, labels).work)
  lost = np.zeros(len(works), bool)
  if not learner.domain.builds:
    lost = base.owed(learner.domain, types.Works(tf.constant(works), labels)).numpy() <= 0
  order = np.lexsort([loss, lost])
  _, first = np.unique(works[order], axis=0, return_index=True)
  order = np.concatenate([order[np.sort(first)], np.delete(order, first)])  # repeats come last
  return seeds[order], works[order], labels[order]


def _keep(given: np.ndarray) -> np.ndarray:
  """Where the hand must not paint: a picture without gaps is all to be changed."""
  return given & ~given.all()


def _distance(
  learner: Learner, works: np.ndarray, work: np.ndarray, given: np.ndarray
) -> np.ndarray:
  """Squared distance of each work to one, where that is given: [B]."""
  values, wanted = (learner.domain.to_values(tf.constant(w)).numpy() for w in (works, work[None]))
  squares = given[..., None] * np.square(values - wanted)
  return squares.reshape(len(squares), -1).sum(1)


def _refinement(learner: Learner) -> Callable[..., tuple[tf.Tensor, tf.Tensor]]:
  """A function of codes, labels, a work and where it is given: the best codes that descent meets.

  Their losses come second.
  """

  @tf.function(autograph=False)
  def refine(latents: tf.Tensor, label: tf.Tensor, work: tf.Tensor, given: tf.Tensor):
    wanted = learner.domain.to_values(work)
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
  learner: Learner, goal: types.Works, begun: np.ndarray, keep: np.ndarray
) -> creator_lib.Made:
  """The hand at work for as many episodes as pay: a given work may need more than one.

  What is right after the first is not touched again, or strange works would never be finished.
  """
  creator, horizon = learner.creator, learner.domain.horizon
  made = creator.make(goal, begun, keep=keep)
  for episode in range(1, _MOST_EPISODES):
    if not (made.steps == episode * horizon).any():
      break
    more = creator.make(goal, made.work, keep=keep | (made.work == goal.work))
    on = (made.steps == episode * horizon) & (more.returns > 0)
    made = creator_lib.Made(
      np.where(on.reshape(-1, *[1] * (made.work.ndim - 1)), more.work, made.work),
      made.steps + on * more.steps,
      made.returns + on * more.returns,
      np.concatenate([made.actions, more.actions], 1),
    )
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
