"""The optimizer of every network of the imagination, and the variables of Keras as TensorFlow's."""

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


def values(*owners: keras.Model | keras.Optimizer) -> list[tf.Variable]:
  return [variable.value for owner in owners for variable in owner.variables]
