"""Builds the signatures of served models; they check their inputs in the graph.

So every server refuses a wrong input with the same message.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib

_LONG = 10**9  # larger bounds are shown with fewer digits

Tensors = dict[str, tf.Tensor]


class Model(tf.Module):
  """A SavedModel to be written: functions of named tensors, with their shapes and types."""

  def __init__(self, signatures: dict[str, tuple[Callable[..., Tensors], dict[str, Any]]]):
    super().__init__()
    self.functions = {
      name: tf.function(function, autograph=False).get_concrete_function(
        **{key: tf.TensorSpec([None, *spec.shape], spec.dtype, key) for key, spec in given.items()}
      )
      for name, (function, given) in signatures.items()
    }
    # tf.Module does not find the variables of Keras 3. Without this list an export loads in Python
    # but fails in TensorFlow Serving.
    self._kept = [
      variable for signature in self.functions.values() for variable in signature.graph.variables
    ]

  def save(self, path: Any) -> None:
    """Write a SavedModel into a folder."""
    tf.saved_model.save(self, str(path), self.functions)


def hand(world: world_lib.World, evaluate: Callable[[Tensors], tf.Tensor]) -> Model:
  """Build the model of a hand; `evaluate` returns the values of all actions: float32 [B, A]."""
  seen = {
    name: tf.TensorSpec(bounded.shape, bounded.dtype)
    for name, bounded in world.play.observation_spec.items()
  }
  drawn = {'temperature': vector(tf.float32), 'seed': vector(tf.int64)}

  def values(observation: Tensors) -> tf.Tensor:
    checks = [
      check(observation[name], bounded, name)
      for name, bounded in world.play.observation_spec.items()
    ]
    with tf.control_dependencies(checks):
      return evaluate(tf.nest.map_structure(tf.identity, observation))

  def act(**observation: tf.Tensor) -> Tensors:
    q_values = values(observation)
    return {'action': tf.argmax(q_values, -1, tf.int32), 'q_values': q_values}

  def sample(temperature: tf.Tensor, seed: tf.Tensor, **observation: tf.Tensor) -> Tensors:
    q_values = values(observation)
    warm = tf.debugging.Assert(tf.reduce_all(temperature > 0), ['temperature must be above 0'])
    with tf.control_dependencies([warm]):
      logits = q_values / temperature[:, None]
    # A seed for each row, so that a row's action does not depend on the batch.
    chance = tf.map_fn(
      lambda one: tf.random.stateless_uniform(q_values.shape[1:], tf.stack([one, 1]), 1e-20),
      seed,
      fn_output_signature=tf.TensorSpec(q_values.shape[1:], tf.float32),
    )
    # Gumbel noise: the argmax is a sample of the softmax of the logits.
    action = tf.argmax(logits - tf.math.log(-tf.math.log(chance)), -1, tf.int32)
    return {'action': action, 'q_values': q_values}

  return Model({'serving_default': (act, seen), 'sample': (sample, {**drawn, **seen})})


def vector(dtype: tf.DType) -> tf.TensorSpec:
  """Return the spec of one number for each row."""
  return tf.TensorSpec([], dtype)


def check(value: tf.Tensor, bounded: works_lib.Bounded, name: str) -> tf.Operation:
  """Assert that a tensor is within its bounds; NaN is outside."""
  wide = tf.float32 if value.dtype.is_floating else tf.int64
  value = tf.cast(value, wide)
  # NumPy, because TensorFlow does not convert Python integers as large as the bounds of a dtype.
  low, high = np.array([bounded.minimum, bounded.maximum], wide.as_numpy_dtype)
  inside = (value >= low) & (value <= high)
  said = [
    f'{bound:.3g}' if abs(bound) > _LONG else f'{bound}'
    for bound in (bounded.minimum, bounded.maximum)
  ]
  said = [f'{name} must be {" to ".join(said)}']
  return tf.debugging.Assert(tf.reduce_all(inside), said)
