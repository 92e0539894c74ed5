"""Imagines what follows an action, where no rules tell: a small ensemble of GANs on transitions."""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import tensorflow as tf

from tf_creative.core import imagination as imagination_lib
from tf_creative.core import replicas, streams
from tf_creative.gan import gan as gan_lib
from tf_creative.gan import layers
from tf_creative.gan.config import GanConfig
from tf_creative.gan.transition_networks import EXTRA, Condition, Critic, Generator, Kind, flat

_SLOWEST = 0.001  # least weight of a new batch in the running statistics
_LEAST = 1e-6  # of a variance, and of a probability


class Foreseen(NamedTuple):
  """Imagined transitions, and two measures of how far they are to be trusted."""

  state: tf.Tensor  # float32 [B, ...], after the step
  reward: tf.Tensor  # float32 [B]
  end: tf.Tensor  # float32 [B], the probability that the episode is over
  doubt: tf.Tensor  # float32 [B], how far the members of the ensemble are apart
  logit: tf.Tensor  # float32 [B], the critics' mean, higher for what looks more like a real one


class Spread(tf.Module):
  """Running mean and variance of numbers."""

  def __init__(self, shape: tuple[int, ...]):
    super().__init__()
    self.mean = tf.Variable(tf.zeros(shape), trainable=False)
    self.variance = tf.Variable(tf.ones(shape), trainable=False)
    self._seen = tf.Variable(0.0, trainable=False)

  def note(self, values: tf.Tensor) -> None:
    """Take in a batch [B, ...]: at first as the mean of all, later with a fixed weight.

    Networks depend on these numbers, so they are those of all replicas.
    """
    rate = tf.maximum(1 / self._seen.assign_add(1.0), _SLOWEST)
    self.mean.assign_add(rate * replicas.mean(tf.reduce_mean(values - self.mean, 0)))
    spread = replicas.mean(tf.reduce_mean(tf.square(values - self.mean), 0))
    self.variance.assign(tf.maximum(self.variance + rate * (spread - self.variance), _LEAST))

  def standardised(self, values: tf.Tensor) -> tf.Tensor:
    """Return values with a mean of 0 and a variance of 1."""
    return (values - self.mean) / tf.sqrt(self.variance)

  def restored(self, values: tf.Tensor) -> tf.Tensor:
    """Undo `standardised`."""
    return values * tf.sqrt(self.variance) + self.mean


class Transitions(tf.Module):
  """Learns from replayed transitions: members of an ensemble, each a generator with its critic.

  What a step renews is imagined as a standardised difference, or, where values are bits, as their
  probabilities; then the reward, standardised, and the probability of an end. Each generator also
  keeps near what really followed, by `anchor` times an L1 distance, or the cross-entropy of
  probabilities.
  """

  def __init__(self, config: GanConfig, kind: Kind, seed: int):
    super().__init__(name='transitions')
    self.kind, self._config = kind, config
    self.code_size = config.latent_size
    size = math.prod(kind.changed)
    subject = imagination_lib.Subject((size + EXTRA,), 1, self._legal, (size + EXTRA,))
    networks = layers.Networks(functools.partial(Generator, kind), functools.partial(Critic, kind))
    self.members = tuple(
      gan_lib.Gan(config, subject, 1000 * seed + member, networks)
      for member in range(config.members)
    )
    self.bounds_gap = self.members[0].bounds_gap
    self._state = Spread(kind.shape)
    self._end = Spread((size + 1,))  # of what a step renews, and of rewards

  def train_step(
    self,
    state: tf.Tensor,
    action: tf.Tensor,
    after: tf.Tensor,
    reward: tf.Tensor,
    end: tf.Tensor,
    seed: tf.Tensor,
  ) -> dict[str, tf.Tensor]:
    """Update all members, each on its part of the rows; return means of their scalars.

    `after` [B, ...] is what the step renewed; `end` is 0 or 1. Errors are those before the update.
    """
    self._state.note(state)
    self._end.note(self._moved(state, after, reward))
    real = self._packed(state, after, reward, end)
    given = Condition(self._standardised(state), tf.one_hot(action, self.kind.actions), real)
    count, seeds = len(self.members), streams.split(seed, 2 * len(self.members))
    parts = zip(*(tf.split(part, count) for part in given), strict=True)
    told = []
    for member, part, *pair in zip(self.members, parts, seeds[:count], seeds[count:], strict=True):
      part = Condition(*part)
      errors = self._errors(member, part, pair[0])
      told.append(errors | member.train_step(part.real, part, tuple(pair), self._anchor))
    return {name: tf.reduce_mean([each[name] for each in told]) for name in told[0]}

  def foresee(self, state: tf.Tensor, action: tf.Tensor, seed: tf.Tensor) -> Foreseen:
    """Imagine what follows actions [B] in states [B, ...]; each row is a member's, by chance."""
    given = Condition(self._standardised(state), tf.one_hot(action, self.kind.actions))
    count = tf.shape(state)[0]
    which, *seeds = streams.split(seed, 1 + len(self.members))
    each = [
      member.generate(tf.random.stateless_normal([count, self.code_size], one), given)
      for member, one in zip(self.members, seeds, strict=True)
    ]
    each = tf.stack(each, 1)  # [B, members, D + 2]
    chosen = tf.random.stateless_uniform([count], which, maxval=len(self.members), dtype=tf.int32)
    values = tf.gather(each, chosen, batch_dims=1)
    logits = [member.score(values, given) for member in self.members]
    numbers = self._end.restored(values[:, :-1])
    moved = values[:, :-EXTRA] if self.kind.bits else numbers[:, :-1]
    moved = tf.reshape(moved, [-1, *self.kind.changed])
    newest = self.kind.newest
    after = tf.round(moved) if self.kind.bits else state[..., -newest:] + moved
    return Foreseen(
      state=tf.concat([state[..., newest:], after], -1),
      reward=numbers[:, -1],
      end=values[:, -1],
      doubt=tf.reduce_mean(tf.math.reduce_std(each, 1), -1),
      logit=tf.reduce_mean(logits, 0),
    )

  @property
  def spread(self) -> tf.Tensor:
    """Standard deviations of the change of what a step renews, as seen in training."""
    return tf.reshape(tf.sqrt(self._end.variance[:-1]), self.kind.changed)

  @property
  def updates(self) -> tf.Tensor:
    """Number of updates of each generator."""
    return self.members[0].updates

  def weights(self) -> dict[str, tf.Tensor]:
    """Return the weights by name: for histograms."""
    return {
      f'{place}/{name}': value
      for place, member in enumerate(self.members)
      for name, value in member.weights().items()
    }

  @property
  def variables(self) -> list[tf.Variable]:
    """All variables that a checkpoint must hold; tf.Module does not find those of Keras 3."""
    parts = self._state, self._end, *self.members
    return [variable for part in parts for variable in part.variables]

  def _legal(self, raw: tf.Tensor) -> tf.Tensor:
    """Turn a generator's output into standardised numbers and probabilities."""
    moved = raw[:, :-EXTRA]
    moved = tf.sigmoid(moved) if self.kind.bits else moved
    return tf.concat([moved, raw[:, -2:-1], tf.sigmoid(raw[:, -1:])], 1)

  def _anchor(self, values: tf.Tensor, given: Condition, gradient: tf.Tensor) -> tf.Tensor:
    """Return how far imagined ends are from the real ones."""
    del gradient
    pairs = zip(_split(values), _split(given.real), (self.kind.bits, False, True), strict=True)
    apart = [_surprise(p, real) if bits else tf.abs(p - real) for p, real, bits in pairs]
    return self._config.anchor * tf.add_n([*map(tf.reduce_mean, apart)])

  def _errors(self, member: gan_lib.Gan, given: Condition, seed: tf.Tensor) -> dict[str, tf.Tensor]:
    """Return mean errors of one step: absolute ones, and the squared one of the end (Brier)."""
    codes = tf.random.stateless_normal([given.state.shape[0], self.code_size], seed)
    moved, reward, end = _split(member.generate(codes, given) - given.real)
    return {
      'step_error': tf.reduce_mean(tf.abs(moved)),
      'reward_error': tf.reduce_mean(tf.abs(reward)),
      'end_error': tf.reduce_mean(tf.square(end)),
      'ends': tf.reduce_mean(given.real[:, -1]),
    }

  def _packed(
    self, state: tf.Tensor, after: tf.Tensor, reward: tf.Tensor, end: tf.Tensor
  ) -> tf.Tensor:
    """Pack how transitions ended, as the critic reads it: [B, D + 2]."""
    numbers = self._end.standardised(self._moved(state, after, reward))
    moved = flat(after) if self.kind.bits else numbers[:, :-1]
    return tf.concat([moved, numbers[:, -1:], end[:, None]], 1)

  def _moved(self, state: tf.Tensor, after: tf.Tensor, reward: tf.Tensor) -> tf.Tensor:
    return tf.concat([flat(after - state[..., -self.kind.newest :]), reward[:, None]], 1)

  def _standardised(self, state: tf.Tensor) -> tf.Tensor:
    return state if self.kind.bits else self._state.standardised(state)


def _split(values: tf.Tensor) -> tuple[tf.Tensor, ...]:
  """Split what was renewed, the reward, and the end: [B, D], [B], [B]."""
  return values[:, :-EXTRA], values[:, -2], values[:, -1]


def _surprise(chance: tf.Tensor, real: tf.Tensor) -> tf.Tensor:
  """Return the cross-entropy of probabilities and of what is 0 or 1."""
  chance = tf.clip_by_value(chance, _LEAST, 1 - _LEAST)
  return -real * tf.math.log(chance) - (1 - real) * tf.math.log(1 - chance)
