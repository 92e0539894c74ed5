"""Skips, and counts, optimizer updates whose loss or gradients are not finite."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import tensorflow as tf


class Guard(tf.Module):
  """Guards one optimizer; its counts are variables, so that checkpoints and alarms see them."""

  def __init__(self, of: str):
    super().__init__(name=None)
    self.of = of  # whose updates these are, for messages: 'the hand'
    self.skipped = tf.Variable(0, dtype=tf.int64, trainable=False, name='skipped')
    self.in_a_row = tf.Variable(0, dtype=tf.int64, trainable=False, name='in_a_row')

  def apply(self, checked: Iterable[tf.Tensor | None], update: Callable[[], object]) -> None:
    """Call `update` if all `checked` losses and gradients are finite; else count a skip."""
    # One sum is much cheaper than a test of every element. It can overflow where all elements are
    # finite, but gradients that large are a reason to skip, too. None: a variable without gradient.
    sums = [tf.reduce_sum(part) for part in checked if part is not None]
    fine = tf.math.is_finite(tf.add_n(sums))

    def skip() -> tf.Tensor:
      self.skipped.assign_add(1)
      return self.in_a_row.assign_add(1)

    def make() -> tf.Tensor:
      update()
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
