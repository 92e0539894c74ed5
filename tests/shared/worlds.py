"""Toy worlds that keep the contract of world_lib.World, for tests of what must be learnt."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib

REWARDS = np.array([[-1.0, 2.0], [3.0, -2.0]], np.float32)  # [state, action]


class TwoState(NamedTuple):
  place: tf.Tensor  # int32 [B]


class TwoStates(world_lib.World):
  """Action 0 leads to state 0 and action 1 to state 1; it never ends."""

  name = 'two_states'
  play = rules = works = making = property(lambda self: self)  # as far as an agent asks

  work_spec = works_lib.Bounded((), tf.uint8, 0, 1)
  value_shape = (1,)
  label_names = ['']
  observation_spec = {'place': works_lib.Bounded((), tf.int32, 0, 1)}
  code_size, stack = 0, 1
  action_spec = works_lib.Bounded((), tf.int32, 0, 1)
  horizon = 10**6
  reward_bound = 3.0

  def start(self, concept, seed):
    del seed
    return TwoState(tf.cast(concept.work, tf.int32))

  def step(self, state, action, seed):
    del seed
    reward = tf.gather_nd(REWARDS, tf.stack([state.place, action], -1))
    return TwoState(action), reward, tf.zeros_like(action, tf.bool)

  def observe(self, state):
    return {'place': state.place}

  def work(self, state):
    return tf.cast(state.place, tf.uint8)

  def resume(self, observation):
    return TwoState(observation['place'])

  def goal_values(self, state):
    del state

  def side_reward(self, state, actions):
    del state
    return tf.zeros_like(actions, tf.float32)

  def action_rewards(self, state, worth):
    del worth
    return tf.gather(REWARDS, state.place)

  def features(self, observation):
    return tf.one_hot(observation['place'], 2)

  def prior_logits(self, observation):
    del observation
    return tf.zeros([])

  def action_features(self):
    return None

  def brief(self, observation):
    return tf.zeros([tf.shape(observation['place'])[0], 0])


class Walk(NamedTuple):
  place: tf.Tensor  # int32 [B]
  time: tf.Tensor  # int32 [B]


class Detour(TwoStates):
  """Three steps along 0, 1, 2, 3: up costs a half, and who ends at 3 is paid 20."""

  observation_spec = {
    'place': works_lib.Bounded((), tf.int32, 0, 3),
    'time': works_lib.Bounded((), tf.int32, 0, 3),
  }
  horizon = 3
  reward_bound = 20.0

  def start(self, concept, seed):
    del seed
    none = tf.zeros_like(concept.label)
    return Walk(none, none)

  def step(self, state, action, seed):
    del seed
    new = Walk(tf.clip_by_value(state.place + 2 * action - 1, 0, 3), state.time + 1)
    arrived = 20 * tf.cast((new.time == 3) & (new.place == 3), tf.float32)
    return new, arrived - 0.5 * tf.cast(action, tf.float32), new.time >= 3

  def observe(self, state):
    return state._asdict()

  def resume(self, observation):
    return Walk(**observation)

  def features(self, observation):
    place, time = tf.one_hot(observation['place'], 4), tf.one_hot(observation['time'], 4)
    return tf.concat([place, time], 1)


def values_by_iteration(discount: float) -> np.ndarray:
  """Q* of TwoStates by exact value iteration."""
  q = np.zeros((2, 2))
  for _ in range(2000):
    q = REWARDS + discount * q.max(axis=1)[None, :]  # the action is the next state
  return q
