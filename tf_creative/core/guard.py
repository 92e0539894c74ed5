"""The one place where weights change: updates are of all replicas, and none that is not finite."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from tf_creative.core import replicas


class Guard(tf.Module):
  """Guards one optimizer; its counts are variables, so that checkpoints and alarms see them."""

  def __init__(self, of: str):
    super().__init__(name=None)
    self.of = of  # whose updates these are, for messages: 'the hand'
    self.skipped = tf.Variable(0, dtype=tf.int64, trainable=False, name='skipped')
    self.in_a_row = tf.Variable(0, dtype=tf.int64, trainable=False, name='in_a_row')

  def apply(
    self, gradients: Sequence[Any], update: Callable[[list[Any]], object], *losses: tf.Tensor
  ) -> None:
    """Call `update` with the replicas' mean gradients if all is finite; else count a skip.

    A gradient is None for a variable without one. What is not finite in one replica makes the mean
    so in all of them: they skip the same updates.
    """
    gradients, losses = replicas.mean([list(gradients), list(losses)])
    # One sum is much cheaper than a test of every element. It can overflow where all elements are
    # finite, but gradients that large are a reason to skip, too.
    sums = [tf.reduce_sum(part) for part in (*losses, *gradients) if part is not None]
    fine = tf.math.is_finite(tf.add_n(sums))

    def skip() -> tf.Tensor:
      self.skipped.assign_add(1)
      return self.in_a_row.assign_add(1)

    def make() -> tf.Tensor:
      update(gradients)
      return self.in_a_row.assign(0)

    tf.cond(fine, make, skip)


@tf.custom_gradient
def checked(loss: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
  """Return the loss, or 0 where it is not finite, for a library that aborts at such a loss.

  The gradient is then NaN, so that a Guard still sees it and skips the update.
  """
  fine = tf.math.is_finite(loss)
  nan = tf.constant(float('nan'), loss.dtype)
  return tf.where(fine, loss, 0.0), lambda upstream: tf.where(fine, upstream, nan)


def guards(module: tf.Module) -> list[Guard]:
  """Return all guards within a module."""
  return [part for part in module.submodules if isinstance(part, Guard)]
