"""Networks and a loss for the GAN."""

import tensorflow as tf

from tf_creative.gan import dense, layers, losses


class Generator(dense.Generator):
  """The dense one, bounded: what it says is between -3 and 3."""

  def call(self, latents, labels):
    return 3 * tf.tanh(super().call(latents, labels) / 3)


NETWORKS = layers.Networks(Generator, dense.Critic)

LEAST_SQUARES = losses.Loss(
  critic=lambda real, fake: tf.reduce_mean(tf.square(real - 1) + tf.square(fake)),
  generator=lambda real, fake: tf.reduce_mean(tf.square(fake - 1)),
)
