"""Q-networks: from a world's features to a value for every action."""

from __future__ import annotations

import abc
from collections.abc import Callable
import math

import tensorflow as tf
from tf_agents.networks import network
import tf_keras

from tf_creative.core import spec


class QNetwork(network.Network):
  """The base of all Q-networks: features in, values out, with a dueling head.

  Distributional agents ask for more than a value of each action: C51 for the logits of `atoms`, QR
  for `quantiles`, whose means are the values then.

  TF-Agents copies a network (for its target) by calling the constructor again with the same
  arguments, so subclasses must not change the constructor's arguments.
  """

  def __init__(
    self,
    observation_spec,
    features: Callable,
    brief: Callable,
    likely: Callable | None,
    num_actions: int,
    config,
    atoms: int = 0,
    quantiles: int = 0,
    seed: int = 0,
    alike: tf.Tensor | None = None,
    name: str = 'QNetwork',
  ):
    super().__init__(observation_spec, state_spec=(), name=name)
    self._features, self._brief, self._likely = features, brief, likely
    self._num_actions, self._config = num_actions, config
    self._alike = alike  # features of the actions [actions, N], where the world has some
    self._seed = seed
    self.num_atoms, self._quantiles = atoms, quantiles
    self._parts = atoms or quantiles  # numbers for each action; 0: a value
    blank = tf.nest.map_structure(lambda s: tf.zeros([1, *s.shape], s.dtype), observation_spec)
    shape = features(blank).shape[1:]
    self._told = brief(blank).shape[1]  # numbers in the brief; 0: none
    self._make_layers(shape, config.width, config.depth, max(self._parts, 1))
    self._make_reader(shape, config.reader)
    dense = tf_keras.layers.Dense
    self._value = self._layer(dense, max(self._parts, 1)) if config.dueling else None

  def call(self, observation, step_type=None, network_state=(), training=False):
    del step_type, training
    return self._mean(self.spread(observation)), network_state

  def spread(self, observation) -> tf.Tensor:
    """Return a value, C51's logits or the quantiles of each action: [B, actions] (, parts)."""
    features = self._features(observation)
    if self._told:
      features = self._read(self._brief(observation), features)
    values = self._values(*self._advantages(features))
    if not self._likely:
      return values
    likely = self._likely(observation)
    return values + (likely[..., None] if self._quantiles else likely)

  def judge(self, features: tf.Tensor) -> tf.Tensor:
    """Compute the values of all actions from features [B, ...]: [B, actions] (, atoms)."""
    return self._mean(self._values(*self._advantages(features)))

  def _mean(self, values: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(values, -1) if self._quantiles else values

  def _values(self, advantages: tf.Tensor, summary: tf.Tensor) -> tf.Tensor:
    parts = [self._parts] if self._parts else []
    values = tf.reshape(advantages, [-1, self._num_actions, *parts])
    if self._value is not None:
      # Dueling (Wang et al. 2016, equation 9): Q = V + A - mean A.
      value = tf.reshape(self._value(summary), [-1, 1, *parts])
      values += value - tf.reduce_mean(values, axis=1, keepdims=True)
    return values

  def shrink_output(self) -> None:
    """Scale the last layer by 0.01, so that a first policy is near uniform."""
    self._out.kernel.assign(0.01 * self._out.kernel)

  @abc.abstractmethod
  def _make_reader(self, shape: tf.TensorShape, width: int) -> None:
    """Make the layers that turn the brief into features, if there is a brief."""

  @abc.abstractmethod
  def _read(self, brief: tf.Tensor, features: tf.Tensor) -> tf.Tensor:
    """Return the features with features made from the brief [B, N] added as channels."""

  @abc.abstractmethod
  def _make_layers(self, shape: tf.TensorShape, width: int, depth: int, atoms: int) -> None:
    """Make all layers except the dueling value's."""

  @abc.abstractmethod
  def _advantages(self, features: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return a number for every action and atom, and the input [B, N] of the dueling value."""

  def _normed(self, kind: type, units: int) -> Callable:
    """Make a layer that ends in a ReLU, before which --agent_norm normalises (Ba et al. 2016)."""
    if not self._config.norm:
      return self._layer(kind, units, activation='relu')
    return _Normed(self._layer(kind, units))

  def _layer(self, kind: type, units: int, *args, **options):
    """Make a layer with a seed of its own, so that equal seeds give equal weights."""
    self._seed += 1
    # Variance 1 / fan-in, or 2 / fan-in before a ReLU (He et al. 2015).
    scale = 1.0 if options.get('activation') is None else 2.0
    init = tf_keras.initializers.VarianceScaling(scale, seed=self._seed)
    return kind(units, *args, kernel_initializer=init, **options)


class _Normed(tf_keras.layers.Layer):
  """A layer, normalised, and a ReLU; a Sequential would have counters that no checkpoint holds."""

  def __init__(self, weighed: tf_keras.layers.Layer):
    super().__init__()
    self.weighed = weighed
    self.normalised = tf_keras.layers.LayerNormalization(epsilon=1e-5)

  def call(self, inputs):
    return tf.nn.relu(self.normalised(self.weighed(inputs)))


class ConvQNetwork(QNetwork):
  """A fully convolutional network for painting: what it learns at one pixel holds at all others.

  Actions must be (row, column, colour), flattened. Two additions to plain convolutions: planes with
  the coordinates of each pixel, and a summary of the whole picture that is added at every pixel.
  """

  def _make_layers(self, shape, width, depth, atoms):
    if len(shape) != 3 or self._num_actions % (shape[0] * shape[1]):
      raise spec.SpecError(
        f'--agent_network=conv needs planes [H, W, C] and H x W x colours actions, not features '
        f'{tuple(shape)} and {self._num_actions} actions; use --agent_network=dense.'
      )
    conv, dense = tf_keras.layers.Conv2D, tf_keras.layers.Dense
    relu = {'activation': 'relu'}
    self._first = [self._layer(conv, width, 3, padding='same', **relu) for _ in range(depth - 1)]
    self._summary = self._layer(dense, width, **relu)
    self._bias = self._layer(dense, width)
    self._last = self._layer(conv, width, 3, padding='same')
    self._out = self._layer(conv, self._num_actions // (shape[0] * shape[1]) * atoms, 1)
    rows, columns = tf.meshgrid(*(tf.linspace(-1.0, 1.0, n) for n in shape[:2]), indexing='ij')
    self._position = tf.stack([rows, columns], -1)[None]  # [1, H, W, 2]

  def _make_reader(self, shape, width):
    """Make a small generator: the brief becomes a coarse picture, then one of full size."""
    if not self._told:
      return
    # Half the sides, rounded up; `_read` crops the enlarged picture where a side is odd.
    self._coarse_shape = -(-shape[0] // 2), -(-shape[1] // 2), width
    relu, conv = {'activation': 'relu'}, tf_keras.layers.Conv2D
    self._hear = self._layer(tf_keras.layers.Dense, math.prod(self._coarse_shape), **relu)
    self._compose = self._layer(conv, width, 3, padding='same', **relu)
    self._enlarge = self._layer(
      tf_keras.layers.Conv2DTranspose, max(width // 2, 1), 4, 2, padding='same', **relu
    )

  def _read(self, brief, features):
    x = tf.reshape(self._hear(brief), [-1, *self._coarse_shape])
    x = self._enlarge(self._compose(x))
    return tf.concat([features, x[:, : features.shape[1], : features.shape[2]]], -1)

  def _advantages(self, features):
    batch = tf.shape(features)[0]
    x = tf.concat([features, tf.repeat(self._position, batch, axis=0)], -1)
    for layer in self._first:
      x = layer(x)
    summary = self._summary(tf.reduce_mean(x, [1, 2]))
    x = tf.nn.relu(self._last(x) + self._bias(summary)[:, None, None])
    return self._out(x), tf.concat([tf.reduce_mean(x, [1, 2]), summary], -1)


class DirectQNetwork(ConvQNetwork):
  """ConvQNetwork with a shortcut: one linear 3x3 convolution from the planes to the values.

  Where a stroke pays what it repairs, its reward is a linear function of the planes under it. The
  shortcut finds that in a few hundred updates, and leaves to the layers what is not linear.
  """

  def _make_layers(self, shape, width, depth, atoms):
    super()._make_layers(shape, width, depth, atoms)
    channels = self._num_actions // (shape[0] * shape[1]) * atoms
    self._shortcut = self._layer(tf_keras.layers.Conv2D, channels, 3, padding='same')

  def _advantages(self, features):
    advantages, summary = super()._advantages(features)
    return advantages + self._shortcut(features), summary


class DenseQNetwork(QNetwork):
  """Layers of `width` units on the flattened features, for small worlds; too weak for pictures.

  Where a world has features of its actions, the values are linear in them.
  """

  def _make_layers(self, shape, width, depth, atoms):
    del shape
    dense = tf_keras.layers.Dense
    self._hidden = [self._normed(dense, width) for _ in range(depth)]
    units = self._num_actions if self._alike is None else self._alike.shape[1]
    self._out = self._layer(dense, units * atoms)

  def _make_reader(self, shape, width):
    """Make no layers: the brief is concatenated as it is."""

  def _read(self, brief, features):
    return tf.concat([tf.reshape(features, [tf.shape(features)[0], -1]), brief], 1)

  def _advantages(self, features):
    x = tf.reshape(features, [tf.shape(features)[0], -1])
    for layer in self._hidden:
      x = layer(x)
    values = self._out(x)
    if self._alike is not None:
      by_part = tf.reshape(values, [tf.shape(x)[0], self._alike.shape[1], -1])
      values = tf.transpose(tf.tensordot(by_part, self._alike, [[1], [1]]), [0, 2, 1])
    return values, x


def beside(features: tf.Tensor, brief: tf.Tensor) -> tf.Tensor:
  """Append the brief [B, N] to planes [B, H, W, C] as N constant channels."""
  return tf.concat([features, brief[:, None, None] + tf.zeros_like(features[..., :1])], -1)
