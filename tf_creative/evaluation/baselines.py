"""Baselines for the imagination: works by simpler generative models of the same real works."""

from __future__ import annotations

import numpy as np
from scipy import special
from scipy.spatial import distance
from sklearn import mixture
import tensorflow as tf

from tf_creative.core import imagination
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.gan import gan as gan_lib
from tf_creative.gan.config import GanConfig

_BANDWIDTHS = np.geomspace(0.02, 0.5, 15)
_MOST_ROWS = 1500  # training works that the bandwidth is chosen with
_MOST_FULL = 600  # values in a work up to which a full covariance matrix is affordable
_PARTS = 30  # components of the Gaussian mixture, divided among the labels
# The GAN of most tutorials: two dense layers, binary cross-entropy, usual rates, no penalty.
_PLAIN = GanConfig(
  network='dense',
  loss='non_saturating',
  learning_rate=2e-4,
  decay_steps=0,
  beta_1=0.5,
  r1=0.0,
  r2=0.0,
  ema_decay=0.0,
)
_PLAIN_UPDATES = 4000


def imagined(
  world: world_lib.World, training: works_lib.Works, label: np.ndarray, seed: int
) -> dict[str, works_lib.Works]:
  """Draw works with these labels [N] from each baseline: Works by the baseline's name."""
  values = np.asarray(world.works.to_values(training.work))
  flat = values.reshape(len(values), -1).astype(np.float64)

  def works(drawn: np.ndarray) -> works_lib.Works:
    legal = world.works.to_works(
      tf.constant(drawn.reshape(-1, *world.works.value_shape), tf.float32)
    )
    return works_lib.Works(legal.numpy(), label)

  bound = world.works.work_spec
  noise = np.random.default_rng([seed, 0]).integers(
    bound.minimum, bound.maximum, (len(label), *bound.shape), endpoint=True
  )
  return {
    'kernel_density': works(_kernel_density(flat, training.label, label, seed)),
    'gaussian_mixture': works(_gaussian_mixture(flat, training.label, label, seed)),
    'dense_gan': works(_dense_gan(world, values, training.label, label, seed)),
    'noise': works_lib.Works(noise.astype(bound.dtype.as_numpy_dtype), label),
  }


def bandwidth(rows: np.ndarray) -> float:
  """Return the bandwidth of a kernel density with the highest leave-one-out likelihood."""
  rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), _MOST_ROWS)).astype(int)]
  squares = distance.cdist(rows, rows, 'sqeuclidean')
  np.fill_diagonal(squares, np.inf)

  def likelihood(width: float) -> float:
    each = special.logsumexp(-squares / (2 * width**2), axis=1)
    return float(each.mean()) - rows.shape[1] * np.log(width)

  return float(max(_BANDWIDTHS, key=likelihood))


def _kernel_density(rows, known, label, seed) -> np.ndarray:
  """Sample a kernel density: a training work of the label plus Gaussian noise."""
  rng = np.random.default_rng([seed, 1])
  drawn = np.empty((len(label), rows.shape[1]))
  for kind in np.unique(label):
    places = np.flatnonzero(label == kind)
    drawn[places] = rows[rng.choice(np.flatnonzero(known == kind), len(places))]
  return np.clip(drawn + rng.normal(0, bandwidth(rows), drawn.shape), 0, 1)


def _gaussian_mixture(rows, known, label, seed) -> np.ndarray:
  drawn = np.empty((len(label), rows.shape[1]))
  for kind in np.unique(label):
    own, places = rows[known == kind], np.flatnonzero(label == kind)
    own = np.repeat(own, 2, axis=0) if len(own) == 1 else own  # scikit-learn needs two rows
    parts = min(max(1, _PARTS // len(np.unique(known))), len(np.unique(own, axis=0)))
    covariance = 'full' if rows.shape[1] <= _MOST_FULL else 'diag'
    fitted = mixture.GaussianMixture(
      parts, covariance_type=covariance, reg_covar=1e-3, random_state=seed
    ).fit(own)
    drawn[places] = np.random.default_rng([seed, 2, kind]).permutation(
      fitted.sample(len(places))[0]
    )
  return np.clip(drawn, 0, 1)


def _dense_gan(world, values, known, label, seed) -> np.ndarray:
  """Train a simple dense GAN, conditioned on labels as ours is, and sample it."""
  gan = gan_lib.Gan(_PLAIN, imagination.Subject.of(world.works), seed)
  real, names = tf.constant(values), tf.constant(known)

  def train(step):
    seeds = tf.unstack(tf.random.experimental.stateless_split([seed, step], 2))  # pyright: ignore[reportAttributeAccessIssue]
    rows = tf.random.stateless_uniform([_PLAIN.batch_size], seeds[0], 0, len(values), tf.int32)
    gan.train_step(tf.gather(real, rows), tf.gather(names, rows), (seeds[1], seeds[0]))
    return step + 1

  tf.function(
    lambda: tf.while_loop(lambda step: step < _PLAIN_UPDATES, train, [0]), autograph=False
  )()
  noise = tf.random.stateless_normal([len(label), _PLAIN.latent_size], [seed, -1])
  return gan.generate(noise, tf.constant(label)).numpy()
