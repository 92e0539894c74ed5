"""Makes works with a trained learner: arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Callable
import functools
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_creative.core import coupling as coupling_lib
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.learner import actor as actor_lib
from tf_creative.learner import batches, descent
from tf_creative.learner import imaginer as imaginer_lib

_TOLD = 4 * batches.SIZE  # works made between two reports of progress


class Made(NamedTuple):
  """Works and how the hand made them."""

  work: np.ndarray  # uint8 [B, ...]
  steps: np.ndarray  # int32 [B], actions until the episode was over
  returns: np.ndarray  # float32 [B], the sum of rewards
  actions: np.ndarray  # int32 [B, T]; after `steps` they had no effect, or are -1


class Creator(tf.Module):
  """Imagines works and lets the hand make them; the same seed gives the same work.

  `imaginer` and `actor` do this in graphs; exports serve the same graphs.
  """

  def __init__(self, parts: coupling_lib.Parts, labels: np.ndarray):
    """Take the labels of the training split; works without a given label get one of these."""
    super().__init__(name='creator')
    self._world = parts.world
    self.imaginer = imaginer_lib.Imaginer(parts, labels)
    self.actor = actor_lib.Actor(parts)
    graph = functools.partial(tf.function, autograph=False, reduce_retracing=True)
    self._latents, self._decode = graph(self.imaginer.latents), graph(self.imaginer.decode)
    self._imagine, self._score = graph(self.imaginer.imagine), graph(self.imaginer.score)
    self._descend = graph(functools.partial(descent.descend, parts))
    self._near, self._mixed = graph(self.imaginer.near), graph(self.imaginer.mixed)
    self._first, self._act = graph(self.imaginer.first), graph(self.actor.best)
    self._make, self._make_around = graph(self.actor.make), graph(self.actor.make_around)
    self._make_nearer, self._scribble = graph(self.actor.make_nearer), graph(self.actor.scribble)

  @property
  def known_labels(self) -> np.ndarray:
    """Labels of the training split, each once."""
    return self.imaginer.known_labels

  @property
  def drawn(self) -> bool:
    """Whether actions are sampled, by the code, instead of being the best."""
    return self.actor.drawn

  def imagine(self, seed: Any, label: Any = None) -> works_lib.Works:
    """Imagine a work for each seed and label; without a label, or for -1, the seed draws one."""
    return _of_seeds(self._imagine, seed, label)

  def first(self, seed: Any, label: Any = None) -> works_lib.Works:
    """Imagine works from each seed's first code: quicker, but levels may be unsolvable."""
    return _of_seeds(self._first, seed, label)

  def latents(self, seed: Any) -> np.ndarray:
    """Draw the code of each seed: float32 [B, Z]."""
    return self._latents(tf.constant(np.asarray(seed, np.int64))).numpy()

  def decode(self, latents: np.ndarray, label: np.ndarray) -> works_lib.Works:
    """Imagine the work of each code and label."""
    label = np.asarray(label, np.int32)
    code = np.asarray(latents, np.float32)
    work = self._decode(tf.constant(code), tf.constant(label)).numpy()
    return world_lib.told(self._world, work, label, code)

  def descend(
    self, latents: np.ndarray, label: np.ndarray, work: np.ndarray, given: np.ndarray
  ) -> tuple[np.ndarray, np.ndarray]:
    """Go down from codes to ones whose works agree with given parts; return them and losses."""
    start = tf.constant(latents), tf.constant(np.asarray(label, np.int32))
    codes, losses = self._descend(*start, tf.constant(work), tf.constant(given))
    return codes.numpy(), losses.numpy()

  def near(
    self, work: np.ndarray, given: np.ndarray, label: np.ndarray
  ) -> tuple[np.ndarray, np.ndarray]:
    """Search for the code and label that come nearest to each work, where `given` holds.

    Label -1 leaves the label to the search.
    """
    label = np.asarray(label, np.int32)
    codes, labels = self._near(tf.constant(work), tf.constant(given), tf.constant(label))
    return codes.numpy(), labels.numpy()

  def mixed(self, latents: np.ndarray, seed: np.ndarray, strength: np.ndarray) -> np.ndarray:
    """Mix codes with those of seeds, by strengths from 0, the code, to 1, the seed's."""
    given = (np.asarray(latents, np.float32), np.asarray(seed, np.int64))
    return self._mixed(*map(tf.constant, (*given, np.asarray(strength, np.float32)))).numpy()

  def score(self, works: works_lib.Works) -> np.ndarray:
    """Return the critic's logits [B], higher for works more like real ones of their label."""
    return self._score(tf.constant(works.work), tf.constant(works.label)).numpy()

  def act(self, observation: Any) -> np.ndarray:
    """Return the best action for each observation: [B]."""
    return self._act(tf.nest.map_structure(tf.constant, observation)).numpy()

  def make(
    self,
    concept: works_lib.Works,
    begun: np.ndarray | None = None,
    random: bool = False,
    keep: np.ndarray | None = None,
    nearer: bool = False,
    tell: Callable[[int, int], None] | None = None,
  ) -> Made:
    """Make a work of each concept, starting from `begun` if given.

    Where `keep` [B, ...] holds, the greedy hand leaves the work as begun; with `nearer` it also
    leaves what is right, and prefers actions that come nearer to the concept. With `random`, it
    acts at random. `tell(done, count)` reports progress.
    """
    make = self._scribble if random else self._make if keep is None else self._make_around
    make = self._make_nearer if nearer else make
    begun = self.blank(concept) if begun is None else begun
    given = (concept, begun) if keep is None else (concept, begun, keep)
    count = len(concept.label)
    parts, size = [], _TOLD if tell else max(count, 1)
    for start in range(0, max(count, 1), size):
      if tell:
        tell(start, count)
      some = tf.nest.map_structure(lambda part: tf.constant(part[start : start + size]), given)  # noqa: B023
      parts.append([part.numpy() for part in make(*some)])
    made = Made(*map(np.concatenate, zip(*parts, strict=True)))
    return made._replace(actions=made.actions[:, : made.steps.max(initial=0)])

  def blank(self, concept: works_lib.Works) -> np.ndarray:
    """Return the unfinished works with which episodes about the concepts begin."""
    return actor_lib.blank(self._world, tf.nest.map_structure(tf.constant, concept)).numpy()


def frames(
  world: world_lib.World, concept: works_lib.Works, made: Made, begun: np.ndarray | None = None
) -> np.ndarray:
  """Replay how works were made, from the start on: uint8 [T + 1, B, ...]."""
  still = tf.constant(actor_lib.STILL)
  state = world.rules.start(tf.nest.map_structure(tf.constant, concept), still)
  if begun is not None:
    state = world.rules.place(state, tf.constant(begun))
  step = tf.function(world.rules.step, autograph=False)
  shown = [world.rules.work(state)]
  for time, action in enumerate(made.actions.T):
    moved, _, _ = step(state, tf.constant(action), still)
    state = works_lib.select(tf.constant(made.steps <= time), state, moved)
    shown.append(world.rules.work(state))
  return np.stack(shown)


def _of_seeds(imagine: Callable, seed: Any, label: Any) -> works_lib.Works:
  seed = np.asarray(seed, np.int64)
  label = np.full(seed.shape, -1) if label is None else label
  works = imagine(tf.constant(seed), tf.constant(np.asarray(label, np.int32)))
  return tf.nest.map_structure(lambda part: part.numpy(), works)
