"""Runs functions on any number of rows in batches of one size, so that rounding never differs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

# Batch size of every network call when works are made. Kernels round differently for other sizes,
# and a work must not depend on how many others are made with it.
SIZE = 16


def in_batches(function: Callable) -> Callable:
  """Wrap a function of [SIZE, ...] tensors to take any number of rows.

  The last batch is filled up by repeating the first rows.
  """

  def run(*given: Any) -> Any:
    count = tf.shape(tf.nest.flatten(given)[0])[0]
    rows = tf.range(-(-count // SIZE) * SIZE) % tf.maximum(count, 1)

    def fold(part: tf.Tensor) -> tf.Tensor:
      return tf.reshape(tf.gather(part, rows), [-1, SIZE, *part.shape[1:]])

    folded = tf.nest.map_structure(fold, given)
    specs = tf.nest.map_structure(lambda part: tf.TensorSpec(part.shape[1:], part.dtype), folded)
    traced = tf.function(function, autograph=False).get_concrete_function(*specs)
    outputs = tf.map_fn(
      lambda part: traced(*tf.nest.flatten(part)),
      folded,
      fn_output_signature=tf.nest.map_structure(
        lambda part: tf.TensorSpec(part.shape, part.dtype), traced.structured_outputs
      ),
    )
    return tf.nest.map_structure(
      lambda part: tf.reshape(part, [-1, *part.shape[2:]])[:count], outputs
    )

  return run
