"""The Q-network for walking in a level: a value iteration network over its map."""

from __future__ import annotations

import functools

import tensorflow as tf
import tf_keras

from tf_creative.agent.learners import networks
from tf_creative.core import spec

_DIRECTIONS = 4
_AJAR = 2.0  # initial logit of the gates: sigmoid(2) = 88% of a value passes
_FADES = 0.95  # fixed discount of a turn to the left or right
_TAUGHT = 3  # last iterations; gradients flow through these only


class MapQNetwork(networks.QNetwork):
  """A value iteration network (Tamar et al. 2016) for a hand that walks and turns in a map.

  As in the generalization to graphs (Niu et al. 2018), values spread along a walker's moves: turn
  left, turn right, one step ahead. A convolution over the map learns, for each pose, its reward,
  whether a step ahead is possible, and whether something changes there (such as picking up a key).
  After `depth` iterations, the values at the hand's own pose give its Q-values.

  The first four planes of the features must be one-hot in the hand's place, one plane for each
  direction that it can face: right, down, left, up. Unlike in those papers, gradients stop before
  the last few iterations (as in Fung et al. 2022): five times as fast, and enough where all poses
  have a target, as with the agent 'survey'.
  """

  def _make_layers(self, shape, width, depth, atoms):
    if len(shape) != 3 or shape[2] <= _DIRECTIONS:
      raise spec.SpecError(
        f'--agent_network=map needs planes [H, W, {_DIRECTIONS} + C], not features {tuple(shape)}.'
      )
    conv, dense = tf_keras.layers.Conv2D, tf_keras.layers.Dense
    self._turns, self._channels = depth, width
    self._read_map = self._layer(conv, 16 * width, 3, padding='same', activation='relu')
    # For each pose: its reward, the gate of a step ahead, and the gate of a change on the spot.
    self._terms = self._layer(conv, 3 * _DIRECTIONS * width, 1)
    self._change = self._layer(dense, width)
    self._think = self._layer(dense, 8 * width, activation='relu')
    self._out = self._layer(dense, self._num_actions * atoms)
    self._short_cut = self._layer(dense, self._num_actions * atoms)

  def _make_reader(self, shape, width):
    """Make no layers: the brief is added to the planes as constant channels."""

  def _read(self, brief, features):
    return networks.beside(features, brief)

  def everywhere(self, features: tf.Tensor) -> tf.Tensor:
    """Return the values of all actions in all poses [B, P, actions]; P goes by direction first."""
    offers = tf.transpose(self._plan(features), [1, 0, 2, 3, 4])
    values = self._values(*self._decide(tf.reshape(offers, [-1, offers.shape[4]])))
    poses = _DIRECTIONS * features.shape[1] * features.shape[2]
    return tf.reshape(values, [-1, poses, *values.shape[1:]])

  def _plan(self, features: tf.Tensor) -> tf.Tensor:
    """Return the terms that decide in each pose after all iterations: [directions, B, H, W, C]."""
    terms = self._terms(self._read_map(features[..., _DIRECTIONS:]))
    terms = tf.stack(tf.split(terms, _DIRECTIONS, -1))
    reward, through, changes = tf.split(terms, 3, -1)
    # The gate ahead starts open, or no value would survive so many iterations to be learnt from.
    through, changes = tf.sigmoid(through + _AJAR), tf.sigmoid(changes - _AJAR)

    def offers(worth: tf.Tensor) -> list[tf.Tensor]:
      # Directions are the first axis, clockwise, so a turn is a roll along it.
      left = tf.concat([worth[-1:], worth[:-1]], 0)
      right = tf.concat([worth[1:], worth[:1]], 0)
      ahead, changed = through * _ahead(worth), changes * self._change(worth)
      return [_FADES * left, _FADES * right, ahead, changed]

    turn = lambda worth: functools.reduce(tf.maximum, offers(worth), reward)  # noqa: E731
    _, worth = tf.while_loop(
      lambda turns, _: turns < self._turns - _TAUGHT, lambda n, w: (n + 1, turn(w)), [0, reward]
    )
    worth = tf.stop_gradient(worth)
    for _ in range(_TAUGHT):
      worth = turn(worth)
    return tf.concat([*offers(worth), reward, through, changes], -1)

  def _decide(self, offers: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    x = self._think(offers)
    return self._out(x) + self._short_cut(offers), x

  def _advantages(self, features):
    here = tf.einsum('bhwd,dbhwc->bc', features[..., :_DIRECTIONS], self._plan(features))
    return self._decide(here)


def _ahead(worth: tf.Tensor) -> tf.Tensor:
  """Shift values so that each pose gets the one a step ahead, 0 outside: [4, B, H, W, C]."""
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
