"""Adversarial losses on logits, and gradient penalties of the critic, as pure functions.

Penalties are set apart from the loss (`r1`, `r2`), except for WGAN-GP, which needs its own. All
means are over the batch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf


class Loss(NamedTuple):
  """What each side minimizes: functions of the critic's logits [B] of real and imagined works."""

  critic: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
  generator: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
  interpolates: bool = False  # penalize gradients between real and imagined works, not at them


def _mean_softplus(x: tf.Tensor) -> tf.Tensor:
  return tf.reduce_mean(tf.nn.softplus(x))


# Huang et al. 2024, 'The GAN is dead; long live the GAN!', section 2: a relativistic loss, on the
# difference of an imagined work to one real work. The pairs are arbitrary, as in the paper, except
# that ours share a label.
R3GAN = Loss(
  critic=lambda real, fake: _mean_softplus(fake - real),
  generator=lambda real, fake: _mean_softplus(real - fake),
)

# Goodfellow et al. 2014, equation 1: -log D(x) - log(1 - D(G(z))) with D = sigmoid(logit). The
# generator minimizes log(1 - D(G(z))), whose gradient vanishes where the critic is certain.
MINIMAX = Loss(
  critic=lambda real, fake: _mean_softplus(-real) + _mean_softplus(fake),
  generator=lambda real, fake: -_mean_softplus(fake),
)

# Goodfellow et al. 2014, section 3, last paragraph: the generator maximizes log D(G(z)) instead.
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
  """Return the scores [B] of `values` and the squared norms [B] of the scores' gradients.

  Each score must depend on its own row only (no batch norm): then the gradient of their sum holds
  the gradient of each score, and one backward pass is enough.
  """
  with tf.GradientTape(watch_accessed_variables=False) as tape:
    tape.watch(values)
    logits = score(values)
  gradients = tape.gradient(logits, values)
  return logits, tf.reduce_sum(tf.square(gradients), range(1, values.shape.rank))  # pyright: ignore[reportCallIssue]


def zero_centred(slope: tf.Tensor, weight: float) -> tf.Tensor:
  """Return weight/2 . mean |grad|^2: R1 at real, R2 at imagined works (Mescheder 2018, 4.1)."""
  return 0.5 * weight * tf.reduce_mean(slope)


def one_centred(slope: tf.Tensor, weight: float) -> tf.Tensor:
  """Return weight . mean (|grad| - 1)^2 (Gulrajani et al. 2017, equation 3)."""
  # The square root has an infinite gradient at 0, and a new critic may well be flat.
  return weight * tf.reduce_mean(tf.square(tf.sqrt(slope + 1e-12) - 1))


def interpolate(real: tf.Tensor, fake: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
  """Draw a random point between each real and imagined work (Gulrajani 2017, algorithm 1)."""
  shape = [tf.shape(real)[0]] + [1] * (real.shape.rank - 1)
  return fake + tf.random.stateless_uniform(shape, seed) * (real - fake)
