"""Imagines works from seeds, in the graph: what `create` draws and what exports serve."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tf_creative.core import coupling as coupling_lib
from tf_creative.core import streams
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.learner import batches, descent

_POOL, _REFINED = 4096, 32  # codes to try, and the best of them, to descend from
_TRIES = 64  # codes that are drawn for a seed, at most, until the level is solvable


class Imaginer(tf.Module):
  """Imagines works from seeds, and scores works by the critic.

  All methods take and return tensors. A work depends on its own seed and label alone, never on the
  other works of its batch.
  """

  def __init__(self, parts: coupling_lib.Parts, labels: np.ndarray):
    """Take the labels of the training split; works without a given label get one of these."""
    super().__init__(name='imaginer')
    self._parts, self._world, self._gan = parts, parts.world, parts.gan
    self.known_labels = np.unique(labels)

  def latents(self, seed: tf.Tensor, turn: tf.Tensor | int = 0) -> tf.Tensor:
    """Draw a code for each seed int64 [B], a different one for each `turn`: float32 [B, Z]."""
    size = self._gan.code_size
    return tf.map_fn(
      lambda one: tf.random.stateless_normal([size], tf.stack([one, turn])),
      seed,
      fn_output_signature=tf.TensorSpec([size], tf.float32),
    )

  def decode(self, latents: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
    """Imagine a work, as stored, from each code and label."""
    works = batches.in_batches(
      lambda *codes: self._world.works.to_works(self._gan.generate(*codes))
    )
    return works(latents, label)

  def near(
    self, work: tf.Tensor, given: tf.Tensor, label: tf.Tensor
  ) -> tuple[tf.Tensor, tf.Tensor]:
    """Search for the code that comes nearest to each work where `given` bool [B, ...] holds.

    Returns codes [B, Z] and their labels [B]; for a label of -1 all are tried.
    """

    def nearest(one: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, tf.Tensor]:
      work, given, label = one
      pool = self.first(tf.range(_POOL, dtype=tf.int64), tf.fill([_POOL], label))
      far = descent.distance(self._parts, pool.work, work, given)
      best = tf.math.top_k(-far, _REFINED).indices
      drawn, labels = self.latents(tf.cast(best, tf.int64)), tf.gather(pool.label, best)
      found, _ = descent.descend(self._parts, drawn, labels, work, given)
      # As drawn, too: descent does not see how values become places in a palette.
      codes, labels = tf.concat([found, drawn], 0), tf.tile(labels, [2])
      far = descent.distance(self._parts, self.decode(codes, labels), work, given)
      return codes[tf.argmin(far)], labels[tf.argmin(far)]

    specs = tf.TensorSpec([self._gan.code_size], tf.float32), tf.TensorSpec([], tf.int32)
    return tf.map_fn(nearest, (work, given, label), fn_output_signature=specs)

  def mixed(self, latents: tf.Tensor, seed: tf.Tensor, strength: tf.Tensor) -> tf.Tensor:
    """Mix codes [B, Z] with those of seeds: by strengths [B] from 0, the code, to 1, the seed's."""
    weight = strength[:, None]
    return tf.sqrt(1 - weight**2) * latents + weight * self.latents(seed)

  def imagine(self, seed: tf.Tensor, label: tf.Tensor) -> works_lib.Works:
    """Imagine a work for each seed and label int32 [B]; for a label of -1 the seed draws one."""
    first = self.first(seed, label)
    if self._world.making:
      return first
    return first._replace(work=self._redraw_unsolvable(first.work, seed, first.label))

  def first(self, seed: tf.Tensor, label: tf.Tensor) -> works_lib.Works:
    """Imagine works from each seed's first code, without checking that they are solvable."""
    # A hash gives neighbouring seeds different labels, and a seed the same label in every batch.
    place = tf.math.floormod(streams.hashed(seed), tf.constant(len(self.known_labels), tf.uint64))
    drawn = tf.gather(tf.constant(self.known_labels, tf.int32), tf.cast(place, tf.int32))
    label = tf.where(label < 0, drawn, label)
    code = self.latents(seed)
    work = self.decode(code, label)
    return world_lib.told(self._world, work, label, code)

  def _redraw_unsolvable(self, work: tf.Tensor, seed: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
    """Redraw codes until every level is solvable, at most `_TRIES` times; labels stay."""
    earned = batches.in_batches(
      lambda *of: self._world.works.prospect(self._world.works.to_values(of[0]), of[1])[1]
    )

    def redraw(turn: tf.Tensor, work: tf.Tensor, found: tf.Tensor) -> tuple[tf.Tensor, ...]:
      other = self.decode(self.latents(seed, turn), label)
      work = works_lib.select(found, work, other)
      return turn + 1, work, earned(work, label) > 0

    _, work, _ = tf.while_loop(
      lambda turn, _, found: (turn < _TRIES) & ~tf.reduce_all(found),
      redraw,
      [tf.constant(1, tf.int64), work, earned(work, label) > 0],
    )
    return work

  def score(self, work: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
    """Return the critic's logits [B], higher for works more like real ones of their label."""
    score = lambda work, label: self._gan.score(self._world.works.to_values(work), label)  # noqa: E731
    return batches.in_batches(score)(work, label)

  def best_label(self, work: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return each work's highest logit [B] among all labels, and the label that gives it [B]."""
    labels = tf.constant(self.known_labels, tf.int32)
    each = tf.tile(labels, [tf.shape(work)[0]])
    logits = self.score(tf.repeat(work, len(self.known_labels), 0), each)
    logits = tf.reshape(logits, [-1, len(self.known_labels)])
    return tf.reduce_max(logits, 1), tf.gather(labels, tf.argmax(logits, 1))
