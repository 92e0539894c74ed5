"""Imagined works that agree with what is given: codes found by descent, gaps filled."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.learner import learner as learner_lib

MOST = 100  # works of a label that can go on from one picture
_POOL = 4000  # codes that are tried for it; the nearest MOST of them are refined
_STEPS, _RATE, _BETA_1, _BETA_2 = 100, 0.05, 0.9, 0.99
_PRIOR = 0.03  # how far a pixel's squared value may be off, as a variance

Learner = learner_lib.Learner


def imagine_near(
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
  far = distance(learner, pool.work, work, given)
  near = np.argsort(far, kind='stable')[:MOST]
  seeds, labels = seeds[near], pool.label[near]
  if given.all():
    found = creator.imagine(seeds, labels)
    loss = distance(learner, found.work, work, given)
  else:
    latents, loss = map(np.array, refine(creator.latents(seeds), labels, work, given))
    found = creator.decode(latents, labels)
    found = found._replace(work=learner.world.works.filled(work, kept(given), found.work))
  lost = np.zeros(len(seeds), bool)
  if not learner.world.making:
    lost = ~world_lib.has_way(learner.world, found)
    if lost.any() and not given.all():
      # The next nearest codes as they are, for those that descent leaves without a way
      rest = np.argsort(far, kind='stable')[MOST:]
      others = pool._replace(work=learner.world.works.filled(work, given, pool.work))
      others = tf.nest.map_structure(lambda part: part[rest], others)
      more = np.flatnonzero(world_lib.has_way(learner.world, others))[: lost.sum()]
      places = np.flatnonzero(lost)[: len(more)]
      seeds[places], loss[places], lost[places] = seed * _POOL + rest[more], far[rest[more]], False
      found.work[places], found.label[places] = others.work[more], others.label[more]  # pyright: ignore[reportIndexIssue]
  order = np.lexsort([loss, lost])
  _, first = np.unique(found.work[order], axis=0, return_index=True)
  order = np.concatenate([order[np.sort(first)], np.delete(order, first)])  # repeats come last
  return tf.nest.map_structure(lambda part: part[order], (seeds, found))


def kept(given: np.ndarray) -> np.ndarray:
  """Where the hand must not paint: a picture without gaps is all to be changed."""
  return given & ~given.all()


def distance(
  learner: Learner, works: np.ndarray, work: np.ndarray, given: np.ndarray
) -> np.ndarray:
  """Squared distance of each work to one, where that is given: [B]."""
  values, wanted = (
    learner.world.works.to_values(tf.constant(w)).numpy() for w in (works, work[None])
  )
  squares = given[..., None] * np.square(values - wanted)
  return squares.reshape(len(squares), -1).sum(1)


def refinement(learner: Learner) -> Callable[..., tuple[tf.Tensor, tf.Tensor]]:
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
