"""What moves the weights of the imagination, and the variables of Keras as TensorFlow's."""

from __future__ import annotations

import keras
import tensorflow as tf

from tf_creative.gan.config import GanConfig


def adam(config: GanConfig, model: keras.Model) -> keras.Optimizer:
  rate = config.learning_rate
  if config.decay_steps:
    rate = keras.optimizers.schedules.CosineDecay(rate, config.decay_steps, alpha=0.01)
  optimizer = keras.optimizers.Adam(rate, beta_1=config.beta_1, beta_2=0.99)
  optimizer.build(model.trainable_variables)
  return optimizer


def follow(
  average: keras.Model, model: keras.Model, decay: float, optimizer: keras.Optimizer
) -> None:
  """Moves an average of a model's weights on, after an update by its optimizer."""
  done = tf.cast(optimizer.iterations.value, tf.float32)  # pyright: ignore[reportOptionalMemberAccess, reportAttributeAccessIssue]
  # An average over a long past is slow to leave the first weights, so it starts with a short one.
  rate = 1 - tf.minimum(decay, (1 + done) / (10 + done))
  for mean, new in zip(average.variables, model.variables, strict=True):
    mean.value.assign_add(rate * (new.value - mean.value))


def values(*owners: keras.Model | keras.Optimizer) -> list[tf.Variable]:
  return [variable.value for owner in owners for variable in owner.variables]
