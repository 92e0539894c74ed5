"""A critic of transitions that is not a generator's: it tells those of one hand from another's."""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import tensorflow as tf

from tf_creative.core import streams
from tf_creative.core import works as works_lib
from tf_creative.gan import critic as critic_lib
from tf_creative.gan import layers
from tf_creative.gan.config import GanConfig
from tf_creative.gan.transition_networks import EXTRA, Condition, Critic, Generator, Kind, flat
from tf_creative.gan.transitions import Spread


class Steps(NamedTuple):
  """Transitions as they were lived through."""

  state: tf.Tensor  # float32 [N, ...]
  action: tf.Tensor  # int32 [N]
  after: tf.Tensor  # float32 [N, ...], what the step renewed
  end: tf.Tensor  # float32 [N], 1 where it ended the episode


class TransitionCritic(tf.Module):
  """Learns to tell some steps from others; it does not see rewards.

  Where an episode has truly ended, a step at rest follows: one state, in which nothing more happens
  (absorbing states, Kostrikov et al. 2019, section 4.2). In training it stands for half of the
  steps that lead to it, of both kinds, so that it is judged by how often episodes end.
  """

  def __init__(self, config: GanConfig, kind: Kind, seed: int):
    super().__init__(name='transition_critic')
    self.kind = kind
    size = math.prod(kind.changed)
    networks = layers.Networks(functools.partial(Generator, kind), functools.partial(Critic, kind))
    self._critic = critic_lib.Critic(
      config, (size + EXTRA,), 1, seed, averaged=True, networks=networks
    )
    self._state, self._moved = Spread(kind.shape), Spread((size,))

  def score(self, steps: Steps) -> tf.Tensor:
    """Return logits [N], higher for steps that look more like the real ones."""
    return self._critic.score(self._shown(steps))

  def rest(self) -> tf.Tensor:
    """Return the logit of a step at rest: a scalar."""
    return self._critic.score(self._resting(1))[0]

  def train_step(self, real: Steps, fake: Steps, seed: tf.Tensor) -> dict[str, tf.Tensor]:
    """Make one update on equal numbers of both kinds; return scalars for the log."""
    if not self.kind.bits:
      both = tf.nest.map_structure(lambda *parts: tf.concat(parts, 0), real, fake)
      self._state.note(both.state)
      self._moved.note(self._difference(both))
    of_real, of_fake, of_penalty = streams.split(seed, 3)
    shown = self._at_times_resting(real, of_real), self._at_times_resting(fake, of_fake)
    return self._critic.train_step(*shown, of_penalty)

  def _at_times_resting(self, steps: Steps, seed: tf.Tensor) -> critic_lib.Shown:
    count = steps.action.shape[0]
    rests = (steps.end > 0) & (tf.random.stateless_uniform([count], seed) < 0.5)
    return works_lib.select(rests, self._resting(count), self._shown(steps))

  def _shown(self, steps: Steps) -> critic_lib.Shown:
    state = steps.state if self.kind.bits else self._state.standardised(steps.state)
    moved = (
      flat(steps.after) if self.kind.bits else self._moved.standardised(self._difference(steps))
    )
    numbers = tf.stack([tf.zeros_like(steps.end), steps.end], 1)
    given = Condition(state, tf.one_hot(steps.action, self.kind.actions))
    return critic_lib.Shown(tf.concat([moved, numbers], 1), given)

  def _resting(self, count: int) -> critic_lib.Shown:
    """Return steps at rest: zeros, and a mark where an imagination has the reward."""
    moved = tf.zeros([count, math.prod(self.kind.changed)])
    numbers = tf.tile([[1.0, 0.0]], [count, 1])
    given = Condition(tf.zeros([count, *self.kind.shape]), tf.zeros([count, self.kind.actions]))
    return critic_lib.Shown(tf.concat([moved, numbers], 1), given)

  def _difference(self, steps: Steps) -> tf.Tensor:
    return flat(steps.after - steps.state[..., -self.kind.newest :])
