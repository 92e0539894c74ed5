"""Q-networks for pictures whose actions are not tied to single pixels."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf
import tf_keras

from tf_creative.agent.learners import networks
from tf_creative.core import spec


class StridedQNetwork(networks.DenseQNetwork):
  """Convolutions that halve the sides and double the channels, then a dense layer.

  For pictures where actions are not tied to single pixels.
  """

  def _make_layers(self, shape, width, depth, atoms):
    if len(shape) != 3:
      raise spec.SpecError(
        f'--agent_network={self._config.network} needs planes [H, W, C], not features '
        f'{tuple(shape)}; use --agent_network=dense.'
      )
    self._look = self._make_look(shape, width, depth)
    self._think = self._normed(tf_keras.layers.Dense, self._units(width))
    self._out = self._layer(tf_keras.layers.Dense, self._num_actions * atoms)

  def _make_look(self, shape, width, depth) -> list[Callable]:
    """Make the layers that read planes of a shape."""
    del shape
    return [self._conv(width * 2**level, 3, 2, padding='same') for level in range(depth)]

  def _units(self, width: int) -> int:
    """Return the size of the dense layer."""
    return 8 * width

  def _conv(self, channels: int, side: int, stride: int, **options) -> Callable:
    conv = tf_keras.layers.Conv2D
    return self._layer(conv, channels, side, stride, activation='relu', **options)

  def _read(self, brief, features):
    return networks.beside(features, brief)

  def _advantages(self, features):
    for look in self._look:
      features = look(features)
    x = self._think(tf.reshape(features, [tf.shape(features)[0], -1]))
    return self._out(x), x


class MinatarQNetwork(StridedQNetwork):
  """One 3x3 convolution and a dense layer, as for MinAtar (Young and Tian 2019): a width of 16."""

  def _make_look(self, shape, width, depth):
    del shape, depth
    return [self._conv(width, 3, 1)]


class NatureQNetwork(StridedQNetwork):
  """Three convolutions and a dense layer, as for Atari (Mnih et al. 2015): a width of 32."""

  def _make_look(self, shape, width, depth):
    if min(shape[:2]) < 36:
      raise spec.SpecError(
        f'--agent_network={self._config.network} needs pictures of 36 x 36 pixels or more, not '
        f'{shape[0]} x {shape[1]}; use --agent_network=strided.'
      )
    first = self._conv(width, 8, 4)
    return [first, self._conv(2 * width, 4, 2), self._conv(2 * width, 3, 1)]

  def _units(self, width):
    return 16 * width


class PooledQNetwork(NatureQNetwork):
  """NatureQNetwork on means of 2 x 2 pixels, with a first layer of 4x4: cheaper."""

  def _make_look(self, shape, width, depth):
    _, *others = super()._make_look(shape, width, depth)
    return [tf_keras.layers.AveragePooling2D(2), self._conv(width, 4, 2), *others]
