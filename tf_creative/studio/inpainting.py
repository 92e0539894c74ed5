"""Finds imagined works that agree with a given work, by gradient descent on latent codes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.learner import learner as learner_lib

MOST = 100  # works of a label that can be made from one picture
_POOL = 4000  # random codes per label to start with; the nearest MOST of them are refined
_STEPS, _RATE, _BETA_1, _BETA_2 = 100, 0.05, 0.9, 0.99  # of Adam
_PRIOR = 0.03  # weight of |z|^2 in the loss, against squared errors of values

Learner = learner_lib.Learner


def imagine_near(
  learner: Learner,
  refine: Callable[..., tuple[tf.Tensor, tf.Tensor]],
  work: np.ndarray,
  given: np.ndarray,
  label: int,
  seed: int,
) -> tuple[np.ndarray, works_lib.Works]:
  """Return the seeds of MOST codes and their works, sorted by similarity to the given parts.

  Gaps are filled by semantic inpainting (Yeh et al. 2017, section 3): gradient descent finds codes
  whose works agree with the given parts. The paper starts from random codes, uses the critic as a
  prior, and weights pixels near gaps higher. We start from the best of many codes, use the codes'
  own density as the prior, because R3GAN's critic can only compare works, and weight all pixels
  equally. Without gaps there is no descent: a 0 that is almost equal to some 8 is not a good 0. In
  worlds that are walked through, solvable works come first.
  """
  creator = learner.creator
  seeds = seed * _POOL + np.arange(_POOL)  # different values of `seed` share no codes
  pool = creator.first(seeds, np.full(_POOL, label))  # without a search for solvable works
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
  lost = ~world_lib.has_way(learner.world, found)
  if lost.any() and not given.all():
    # Where descent ended in an unsolvable work, take the next nearest code without descent.
    rest = np.argsort(far, kind='stable')[MOST:]
    others = pool._replace(work=learner.world.works.filled(work, given, pool.work))
    others = tf.nest.map_structure(lambda part: part[rest], others)
    more = np.flatnonzero(world_lib.has_way(learner.world, others))[: lost.sum()]
    places = np.flatnonzero(lost)[: len(more)]
    seeds[places], loss[places], lost[places] = seed * _POOL + rest[more], far[rest[more]], False
    found.work[places], found.label[places] = others.work[more], others.label[more]  # pyright: ignore[reportIndexIssue]
  # The last key is the primary one: solvable works first, then by loss.
  order = np.lexsort([loss, lost])
  _, first = np.unique(found.work[order], axis=0, return_index=True)
  order = np.concatenate([order[np.sort(first)], np.delete(order, first)])  # duplicates come last
  return tf.nest.map_structure(lambda part: part[order], (seeds, found))


def kept(given: np.ndarray) -> np.ndarray:
  """Return where the hand must not paint; a picture without gaps may be changed everywhere."""
  return given & ~given.all()


def distance(
  learner: Learner, works: np.ndarray, work: np.ndarray, given: np.ndarray
) -> np.ndarray:
  """Return the squared distance of each of `works` to `work`, over its given parts: [B]."""
  values, wanted = (
    learner.world.works.to_values(tf.constant(w)).numpy() for w in (works, work[None])
  )
  squares = given[..., None] * np.square(values - wanted)
  return squares.reshape(len(squares), -1).sum(1)


def refinement(learner: Learner) -> Callable[..., tuple[tf.Tensor, tf.Tensor]]:
  """Compile gradient descent: (codes, labels, work, given) -> (best codes [B, Z], losses [B])."""

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
