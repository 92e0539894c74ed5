"""Q-networks: from the world's float planes to a value for every action."""

from __future__ import annotations

import abc
from collections.abc import Callable
import functools
import math

import tensorflow as tf
from tf_agents.networks import network
import tf_keras

from tf_creative.core import spec

_DIRECTIONS = 4
_AJAR = 2.0  # of a gate: 88% of what comes gets through
_FADES = 0.95  # of what is worth so much a turn away
_TAUGHT = 3  # turns, the last ones, that are learnt from


class QNetwork(network.Network):
  """What both kinds share: features in, values out, dueling, and atoms for C51.

  TF-Agents wants the first parameter of `__init__` and `call` to be named `self` and copies a
  network from the arguments of its constructor.
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
    seed: int = 0,
    name: str = 'QNetwork',
  ):
    super().__init__(observation_spec, state_spec=(), name=name)
    self._features, self._brief, self._likely = features, brief, likely
    self._num_actions, self._config = num_actions, config
    self._seed = seed
    self.num_atoms = atoms
    blank = tf.nest.map_structure(lambda s: tf.zeros([1, *s.shape], s.dtype), observation_spec)
    shape = features(blank).shape[1:]
    self._told = brief(blank).shape[1]
    self._make_layers(shape, config.width, config.depth, max(atoms, 1))
    self._make_reader(shape, config.reader)
    self._value = self._layer(tf_keras.layers.Dense, max(atoms, 1)) if config.dueling else None

  def call(self, observation, step_type=None, network_state=(), training=False):
    del step_type, training
    features = self._features(observation)
    if self._told:
      features = self._read(self._brief(observation), features)
    values = self.judge(features)
    return values + self._likely(observation) if self._likely else values, network_state

  def judge(self, features: tf.Tensor) -> tf.Tensor:
    """The values of all actions, from what the network reads itself."""
    return self._values(*self._advantages(features))

  def _values(self, advantages: tf.Tensor, summary: tf.Tensor) -> tf.Tensor:
    atoms = [self.num_atoms] if self.num_atoms else []
    values = tf.reshape(advantages, [-1, self._num_actions, *atoms])
    if self._value is not None:
      value = tf.reshape(self._value(summary), [-1, 1, *atoms])
      values += value - tf.reduce_mean(values, axis=1, keepdims=True)
    return values

  def hush(self) -> None:
    """Makes all values small, a hundredth of what they were."""
    self._out.kernel.assign(0.01 * self._out.kernel)

  @abc.abstractmethod
  def _make_reader(self, shape: tf.TensorShape, width: int) -> None:
    """The layers that turn what is told into features, if anything is."""

  @abc.abstractmethod
  def _read(self, brief: tf.Tensor, features: tf.Tensor) -> tf.Tensor:
    """The features with those that are made from the brief beside them."""

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
    """A small generator: what is told becomes a coarse picture, then one of full size."""
    if not self._told:
      return
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


class DenseQNetwork(QNetwork):
  """Layers of `width` units on the flattened features: for small worlds, never for canvases."""

  def _make_layers(self, shape, width, depth, atoms):
    del shape
    dense = tf_keras.layers.Dense
    self._hidden = [self._layer(dense, width, activation='relu') for _ in range(depth)]
    self._out = self._layer(dense, self._num_actions * atoms)

  def _make_reader(self, shape, width):
    """None: what is told is read as it is."""

  def _read(self, brief, features):
    return tf.concat([tf.reshape(features, [tf.shape(features)[0], -1]), brief], 1)

  def _advantages(self, features):
    x = tf.reshape(features, [tf.shape(features)[0], -1])
    for layer in self._hidden:
      x = layer(x)
    return self._out(x), x


class StridedQNetwork(DenseQNetwork):
  """Convolutions that halve the sides and double the channels, then a layer: for other worlds.

  The kind of Mnih et al. 2015, for pictures in which one does not act pixel by pixel.
  """

  def _make_layers(self, shape, width, depth, atoms):
    if len(shape) != 3:
      raise spec.SpecError(
        f'--agent_network=strided needs planes [H, W, C], not features {tuple(shape)}; use '
        '--agent_network=dense.'
      )
    conv, dense = tf_keras.layers.Conv2D, tf_keras.layers.Dense
    relu = {'activation': 'relu'}
    self._look = [
      self._layer(conv, width * 2**level, 3, 2, padding='same', **relu) for level in range(depth)
    ]
    self._think = self._layer(dense, 8 * width, **relu)
    self._out = self._layer(dense, self._num_actions * atoms)

  def _read(self, brief, features):
    return _beside(features, brief)

  def _advantages(self, features):
    for look in self._look:
      features = look(features)
    x = self._think(tf.reshape(features, [tf.shape(features)[0], -1]))
    return self._out(x), x


class MapQNetwork(QNetwork):
  """For a hand that walks through what it sees, a value iteration network (Tamar et al. 2016).

  As in its generalisation to graphs (Niu et al. 2018), what places are worth is carried along the
  ways that a walker has: to either side and ahead. Where one gets through, what is worth something
  and what changes on the spot (as when a key is taken) is read off the map and learnt. After
  `depth` turns, what was offered at the hand's own place decides. The first four of the planes must
  say where the hand is, one for each direction that it looks to: right, down, left, up. Theirs
  learns through all turns; here gradients stop before the last few (as in Fung et al. 2022), which
  is five times as quick and enough where the values of all places are taught.
  """

  def _make_layers(self, shape, width, depth, atoms):
    if len(shape) != 3 or shape[2] <= _DIRECTIONS:
      raise spec.SpecError(
        f'--agent_network=map needs planes [H, W, {_DIRECTIONS} + C], not features {tuple(shape)}.'
      )
    conv, dense = tf_keras.layers.Conv2D, tf_keras.layers.Dense
    self._turns, self._channels = depth, width
    self._read_map = self._layer(conv, 16 * width, 3, padding='same', activation='relu')
    # Of each pose: what it pays, whether one gets ahead, and whether something changes.
    self._terms = self._layer(conv, 3 * _DIRECTIONS * width, 1)
    self._change = self._layer(dense, width)
    self._think = self._layer(dense, 8 * width, activation='relu')
    self._out = self._layer(dense, self._num_actions * atoms)
    self._short_cut = self._layer(dense, self._num_actions * atoms)

  def _make_reader(self, shape, width):
    """None: what is told is beside the planes, the same everywhere."""

  def _read(self, brief, features):
    return _beside(features, brief)

  def everywhere(self, features: tf.Tensor) -> tf.Tensor:
    """The values of all actions in all poses, those of a direction together: [B, P, actions]."""
    offers = tf.transpose(self._plan(features), [1, 0, 2, 3, 4])
    values = self._values(*self._decide(tf.reshape(offers, [-1, offers.shape[4]])))
    poses = _DIRECTIONS * features.shape[1] * features.shape[2]
    return tf.reshape(values, [-1, poses, *values.shape[1:]])

  def _plan(self, features: tf.Tensor) -> tf.Tensor:
    """What is offered in every pose after all turns: [directions, B, H, W, C]."""
    terms = self._terms(self._read_map(features[..., _DIRECTIONS:]))
    terms = tf.stack(tf.split(terms, _DIRECTIONS, -1))
    pay, through, changes = tf.split(terms, 3, -1)
    # Open at first, or nothing would come through so many turns to be learnt from.
    through, changes = tf.sigmoid(through + _AJAR), tf.sigmoid(changes - _AJAR)

    def offers(worth: tf.Tensor) -> list[tf.Tensor]:
      left = tf.concat([worth[-1:], worth[:-1]], 0)
      right = tf.concat([worth[1:], worth[:1]], 0)
      ahead, changed = through * _ahead(worth), changes * self._change(worth)
      return [_FADES * left, _FADES * right, ahead, changed]

    turn = lambda worth: functools.reduce(tf.maximum, offers(worth), pay)  # noqa: E731
    _, worth = tf.while_loop(
      lambda turns, _: turns < self._turns - _TAUGHT, lambda n, w: (n + 1, turn(w)), [0, pay]
    )
    worth = tf.stop_gradient(worth)
    for _ in range(_TAUGHT):
      worth = turn(worth)
    return tf.concat([*offers(worth), pay, through, changes], -1)

  def _decide(self, offers: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    x = self._think(offers)
    return self._out(x) + self._short_cut(offers), x

  def _advantages(self, features):
    here = tf.einsum('bhwd,dbhwc->bc', features[..., :_DIRECTIONS], self._plan(features))
    return self._decide(here)


def _beside(features: tf.Tensor, brief: tf.Tensor) -> tf.Tensor:
  """The planes, and what is told as planes that are the same everywhere."""
  return tf.concat([features, brief[:, None, None] + tf.zeros_like(features[..., :1])], -1)


def _ahead(worth: tf.Tensor) -> tf.Tensor:
  """What the pose one step ahead is worth, nothing where that is outside: [4, B, H, W, C]."""
  right, down, left, up = tf.unstack(worth)
  none = [0, 0]
  return tf.stack(
    [
      tf.pad(right[:, :, 1:], [none, none, [0, 1], none]),
      tf.pad(down[:, 1:], [none, [0, 1], none, none]),
      tf.pad(left[:, :, :-1], [none, none, [1, 0], none]),
      tf.pad(up[:, :-1], [none, [1, 0], none, none]),
    ]
  )
