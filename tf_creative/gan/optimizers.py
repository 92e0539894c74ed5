"""The GAN's optimizer, running averages of weights, and Keras variables as TensorFlow's."""

from __future__ import annotations

import keras
import tensorflow as tf

from tf_creative.gan.config import GanConfig


def adam(config: GanConfig, model: keras.Model) -> keras.Optimizer:
  """Build Adam, with its variables, for a model."""
  rate = config.learning_rate
  if config.decay_steps:
    rate = keras.optimizers.schedules.CosineDecay(rate, config.decay_steps, alpha=0.01)
  optimizer = keras.optimizers.Adam(rate, beta_1=config.beta_1, beta_2=0.99)
  optimizer.build(model.trainable_variables)
  return optimizer


def follow(
  average: keras.Model, model: keras.Model, decay: float, optimizer: keras.Optimizer
) -> None:
  """Update `average`, a running average of a model's weights, after an optimizer's update."""
  done = tf.cast(optimizer.iterations.value, tf.float32)  # pyright: ignore[reportOptionalMemberAccess, reportAttributeAccessIssue]
  # A long average would hold on to the initial weights, so it starts short and grows.
  rate = 1 - tf.minimum(decay, (1 + done) / (10 + done))
  for mean, new in zip(average.variables, model.variables, strict=True):
    mean.value.assign_add(rate * (new.value - mean.value))


def values(*owners: keras.Model | keras.Optimizer) -> list[tf.Variable]:
  """Return the tf.Variables inside the Keras variables of models and optimizers."""
  return [variable.value for owner in owners for variable in owner.variables]
