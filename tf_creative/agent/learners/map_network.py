"""The Q-network of a hand that walks: a value iteration network over a map."""

from __future__ import annotations

import functools

import tensorflow as tf
import tf_keras

from tf_creative.agent.learners import networks
from tf_creative.core import spec

_DIRECTIONS = 4
_AJAR = 2.0  # of a gate: 88% of what comes gets through
_FADES = 0.95  # of what is worth so much a turn away
_TAUGHT = 3  # turns, the last ones, that are learnt from


class MapQNetwork(networks.QNetwork):
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
    return networks.beside(features, brief)

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
