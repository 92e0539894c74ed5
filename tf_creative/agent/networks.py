"""Q-networks: from the world's float planes to a value for every action."""

from __future__ import annotations

import abc
from collections.abc import Callable

import tensorflow as tf
from tf_agents.networks import network
import tf_keras


class QNetwork(network.Network):
  """What both kinds share: features in, values out, dueling, and atoms for C51.

  TF-Agents wants the first parameter of `__init__` and `call` to be named `self` and copies a
  network from the arguments of its constructor.
  """

  def __init__(
    self,
    observation_spec,
    features: Callable,
    num_actions: int,
    config,
    atoms: int = 0,
    seed: int = 0,
    name: str = 'QNetwork',
  ):
    super().__init__(observation_spec, state_spec=(), name=name)
    self._features, self._num_actions, self._config = features, num_actions, config
    self._seed = seed
    self.num_atoms = atoms
    blank = tf.nest.map_structure(lambda s: tf.zeros([1, *s.shape], s.dtype), observation_spec)
    self._make_layers(features(blank).shape[1:], config.width, config.depth, max(atoms, 1))
    self._value = self._layer(tf_keras.layers.Dense, max(atoms, 1)) if config.dueling else None

  def call(self, observation, step_type=None, network_state=(), training=False):
    del step_type, training
    advantages, summary = self._advantages(self._features(observation))
    values = tf.reshape(advantages, [-1, self._num_actions, max(self.num_atoms, 1)])
    if self._value is not None:
      values += self._value(summary)[:, None] - tf.reduce_mean(values, axis=1, keepdims=True)
    return (values if self.num_atoms else values[..., 0]), network_state

  @abc.abstractmethod
  def _make_layers(self, shape: tf.TensorShape, width: int, depth: int, atoms: int) -> None:
    """All layers but the one of the dueling value."""

  @abc.abstractmethod
  def _advantages(self, features: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """A number for every action and atom, and what the dueling value is computed from."""

  def _layer(self, kind: type, units: int, *args, **options):
    """A layer with a seed of its own, so that the same seed means the same weights."""
    self._seed += 1
    scale = 1.0 if options.get('activation') is None else 2.0
    init = tf_keras.initializers.VarianceScaling(scale, seed=self._seed)
    return kind(units, *args, kernel_initializer=init, **options)


class ConvQNetwork(QNetwork):
  """Fully convolutional, so that what is learnt at one pixel holds at every other.

  The actions must be (row, column, colour) flattened. Two additions to plain convolutions: planes
  that tell where a pixel is, and a summary of the whole picture that is added everywhere.
  """

  def _make_layers(self, shape, width, depth, atoms):
    if len(shape) != 3 or self._num_actions % (shape[0] * shape[1]):
      raise ValueError(
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

  def _advantages(self, features):
    batch = tf.shape(features)[0]
    x = tf.concat([features, tf.repeat(self._position, batch, axis=0)], -1)
    for layer in self._first:
      x = layer(x)
    summary = self._summary(tf.reduce_mean(x, [1, 2]))
    x = tf.nn.relu(self._last(x) + self._bias(summary)[:, None, None])
    return self._out(x), tf.concat([tf.reduce_mean(x, [1, 2]), summary], -1)


class DenseQNetwork(QNetwork):
  """Layers of `width` units on the flattened features: for small worlds, never for canvases."""

  def _make_layers(self, shape, width, depth, atoms):
    del shape
    dense = tf_keras.layers.Dense
    self._hidden = [self._layer(dense, width, activation='relu') for _ in range(depth)]
    self._out = self._layer(dense, self._num_actions * atoms)

  def _advantages(self, features):
    x = tf.reshape(features, [tf.shape(features)[0], -1])
    for layer in self._hidden:
      x = layer(x)
    return self._out(x), x
