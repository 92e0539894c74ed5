"""Finds codes whose works agree with a given work, by gradient descent."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.learner import descent
from tf_creative.learner import learner as learner_lib

MOST = 100  # works of a label that can be made from one picture
_POOL = 4000  # random codes per label to start with; the nearest MOST of them are refined

Learner = learner_lib.Learner


class Found(NamedTuple):
  """Codes and what they stand for, those with the most similar works first."""

  seed: np.ndarray  # int64 [N], of the codes that the search began with
  code: np.ndarray  # float32 [N, Z]
  works: works_lib.Works


def seeds_near(
  learner: Learner, work: np.ndarray, given: np.ndarray, label: int, seed: int
) -> Found:
  """Find the MOST of many seeds that imagine what is most similar to the given parts.

  Their codes are as drawn, without descent: a 0 that is almost equal to some 8 is no good 0.
  """
  seeds, pool, far = _tried(learner, work, given, label, seed)
  near = np.argsort(far, kind='stable')[:MOST]
  found = learner.creator.imagine(seeds[near], pool.label[near])
  return by_distance(
    learner, Found(seeds[near], learner.creator.latents(seeds[near]), found), work, given
  )


def codes_near(
  learner: Learner,
  work: np.ndarray,
  given: np.ndarray,
  keep: np.ndarray,
  label: int,
  seed: int,
) -> Found:
  """Find MOST codes whose works are similar to the given parts, sorted by that; -1: any label.

  What is to be kept, if anything, becomes a part of the works: then gaps are filled by semantic
  inpainting (Yeh et al. 2017, section 3), where gradient descent finds codes whose works agree
  with the given parts. The paper starts from random codes, uses the critic as a prior, and weights
  pixels near gaps higher. We start from the best of many codes, use the codes' own density as the
  prior, because R3GAN's critic can only compare works, and weight all pixels equally. In worlds
  that are walked through, solvable works come first.
  """
  creator = learner.creator
  seeds, pool, far = _tried(learner, work, given, label, seed)
  near = np.argsort(far, kind='stable')[:MOST]
  seeds, labels = seeds[near], pool.label[near]
  codes, loss = creator.descend(creator.latents(seeds), labels, work, given)
  found = _kept(learner, creator.decode(codes, labels), work, keep)
  lost = ~world_lib.has_way(learner.world, found)
  if lost.any():
    # Where descent ended in an unsolvable work, take the next nearest code without descent.
    rest = np.argsort(far, kind='stable')[MOST:]
    others = _kept(learner, pool, work, keep)
    others = tf.nest.map_structure(lambda part: part[rest], others)
    more = np.flatnonzero(world_lib.has_way(learner.world, others))[: lost.sum()]
    places = np.flatnonzero(lost)[: len(more)]
    seeds[places], loss[places], lost[places] = seed * _POOL + rest[more], far[rest[more]], False
    codes[places] = creator.latents(seeds[places])
    found.work[places], found.label[places] = others.work[more], others.label[more]  # pyright: ignore[reportIndexIssue]
  # The last key is the primary one: solvable works first, then by loss.
  return _sorted(Found(seeds, codes, found), loss, lost)


def by_distance(learner: Learner, found: Found, work: np.ndarray, given: np.ndarray) -> Found:
  """Sort what was found by nothing but its distance; still, solvable works come first."""
  far = distance(learner, found.works.work, work, given)
  return _sorted(found, far, ~world_lib.has_way(learner.world, found.works))


def _tried(
  learner: Learner, work: np.ndarray, given: np.ndarray, label: int, seed: int
) -> tuple[np.ndarray, works_lib.Works, np.ndarray]:
  """Return seeds, what they imagine, and how far it is from the given parts."""
  seeds = seed * _POOL + np.arange(_POOL)  # different values of `seed` share no codes
  pool = learner.creator.first(seeds, np.full(_POOL, label))  # no search for solvable works
  return seeds, pool, distance(learner, pool.work, work, given)


def _sorted(found: Found, *keys: np.ndarray) -> Found:
  """Sort by these keys, of which the last is the primary one; duplicates come last."""
  order = np.lexsort(keys)
  _, first = np.unique(found.works.work[order], axis=0, return_index=True)
  order = np.concatenate([order[np.sort(first)], np.delete(order, first)])
  return tf.nest.map_structure(lambda part: part[order], found)


def _kept(
  learner: Learner, works: works_lib.Works, work: np.ndarray, keep: np.ndarray
) -> works_lib.Works:
  """Return imagined works with what is kept of the given one."""
  if not keep.any():
    return works
  return works._replace(work=learner.world.works.filled(work, keep, works.work))


def distance(
  learner: Learner, works: np.ndarray, work: np.ndarray, given: np.ndarray
) -> np.ndarray:
  """Return the squared distance of each of `works` to `work`, over its given parts: [B]."""
  compared = map(tf.constant, (works, work, given))
  return descent.distance(learner.loop.built, *compared).numpy()
