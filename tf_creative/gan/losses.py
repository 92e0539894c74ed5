"""Adversarial losses on logits and gradient penalties on score functions, as pure functions.

A penalty is chosen apart from the loss (`r1`, `r2`), except in WGAN-GP, whose critic means nothing
without its own. All means are over the batch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf


class Loss(NamedTuple):
  """What each side minimises, from the critic's logits of real and imagined works."""

  critic: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
  generator: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
  interpolates: bool = False  # penalised between real and imagined works, not at them


def _mean_softplus(x: tf.Tensor) -> tf.Tensor:
  return tf.reduce_mean(tf.nn.softplus(x))


# Huang et al. 2024, 'The GAN is dead; long live the GAN!', section 2: every imagined work is set
# against one real work. The pairs are arbitrary as in the paper, save that ours share a label.
R3GAN = Loss(
  critic=lambda real, fake: _mean_softplus(fake - real),
  generator=lambda real, fake: _mean_softplus(real - fake),
)

# Goodfellow et al. 2014, equation 1: -log D(x) - log(1 - D(G(z))) with D = sigmoid(logit). The
# generator minimises log(1 - D(G(z))), whose gradient fades where the critic is sure.
MINIMAX = Loss(
  critic=lambda real, fake: _mean_softplus(-real) + _mean_softplus(fake),
  generator=lambda real, fake: -_mean_softplus(fake),
)

# Goodfellow et al. 2014, section 3, last paragraph: the generator maximises log D(G(z)) instead.
NON_SATURATING = Loss(
  critic=MINIMAX.critic,
  generator=lambda real, fake: _mean_softplus(-fake),
)

# Lim & Ye 2017, 'Geometric GAN', section 3; Miyato et al. 2018, equations 16 and 17.
HINGE = Loss(
  critic=lambda real, fake: tf.reduce_mean(tf.nn.relu(1 - real) + tf.nn.relu(1 + fake)),
  generator=lambda real, fake: -tf.reduce_mean(fake),
)

# Gulrajani et al. 2017, equation 3, with `one_centred` at `interpolates` below. The paper updates
# the critic five times for each update of the generator; here, as with every loss, once.
WGAN_GP = Loss(
  critic=lambda real, fake: tf.reduce_mean(fake) - tf.reduce_mean(real),
  generator=lambda real, fake: -tf.reduce_mean(fake),
  interpolates=True,
)


def score_and_slope(
  score: Callable[[tf.Tensor], tf.Tensor], values: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
  """The scores of `values` [B] and the squared norms of their gradients [B], in one pass.

  A score may depend on its own work only: then the gradient of the sum holds every work's own.
  """
  with tf.GradientTape(watch_accessed_variables=False) as tape:
    tape.watch(values)
    logits = score(values)
  gradients = tape.gradient(logits, values)
  return logits, tf.reduce_sum(tf.square(gradients), range(1, values.shape.rank))  # pyright: ignore[reportCallIssue]


def zero_centred(slope: tf.Tensor, weight: float) -> tf.Tensor:
  """weight/2 . mean |grad|^2: R1 at real works, R2 at imagined ones (Mescheder 2018, 4.1)."""
  return 0.5 * weight * tf.reduce_mean(slope)


def one_centred(slope: tf.Tensor, weight: float) -> tf.Tensor:
  """weight . mean (|grad| - 1)^2 (Gulrajani et al. 2017, equation 3)."""
  # The root's own slope is infinite at 0, where a fresh critic may well be.
  return weight * tf.reduce_mean(tf.square(tf.sqrt(slope + 1e-12) - 1))


def interpolate(real: tf.Tensor, fake: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
  """Works at random places on the lines between pairs (Gulrajani et al. 2017, algorithm 1)."""
  shape = [tf.shape(real)[0]] + [1] * (real.shape.rank - 1)
  return fake + tf.random.stateless_uniform(shape, seed) * (real - fake)
