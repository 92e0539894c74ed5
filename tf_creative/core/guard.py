"""What is not a number never reaches the weights: such an update is skipped, and counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import tensorflow as tf


class Guard(tf.Module):
  """Stands before one optimizer."""

  def __init__(self, of: str):
    super().__init__(name=None)
    self.of = of  # whose updates, in words
    self.skipped = tf.Variable(0, dtype=tf.int64, trainable=False, name='skipped')
    self.in_a_row = tf.Variable(0, dtype=tf.int64, trainable=False, name='in_a_row')

  def apply(self, checked: Iterable[tf.Tensor | None], update: Callable[[], object]) -> None:
    """Makes the update if all that is checked, losses and gradients, is finite."""
    # A sum of numbers that would be no number itself is as good a reason to stop.
    sums = [tf.reduce_sum(part) for part in checked if part is not None]  # a slope may be missing
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
  """The loss for a library that stops the program where it is no number.

  Such a one is told as 0, and its slope is no number, for a guard to see.
  """
  fine = tf.math.is_finite(loss)
  nan = tf.constant(float('nan'), loss.dtype)
  return tf.where(fine, loss, 0.0), lambda slope: tf.where(fine, slope, nan)


def guards(module: tf.Module) -> list[Guard]:
  """All guards within a module."""
  return [part for part in module.submodules if isinstance(part, Guard)]
