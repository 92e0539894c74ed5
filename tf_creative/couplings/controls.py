"""Control couplings: what any other reward, or any imagined transition, must beat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tf_creative.core import batch as batch_lib
from tf_creative.core import coupling as coupling_lib
from tf_creative.core import hand as hand_lib
from tf_creative.core import spec, streams
from tf_creative.couplings import augment, base
from tf_creative.couplings import options as options_lib

Options = options_lib.ConstantReward


class ConstantReward(base.Coupling):
  """Adds the same reward at every step."""

  Options = Options
  needs = ('play',)

  def reward(self, batch: batch_lib.Batch) -> batch_lib.Batch:
    return batch_lib.plus(batch, tf.fill(tf.shape(batch.reward), float(self.options.weight)))


class RandomReward(base.Coupling):
  """Adds a normally distributed reward, drawn again whenever a step is replayed."""

  Options = options_lib.RandomReward
  needs = ('play',)

  def __init__(self, parts: coupling_lib.Parts, options: Options, seed: int):
    super().__init__(parts, options, seed)
    self._stream = streams.Stream(seed, 'random reward')

  def reward(self, batch: batch_lib.Batch) -> batch_lib.Batch:
    draws = tf.random.stateless_normal(tf.shape(batch.reward), self._stream.next())
    return batch_lib.plus(batch, self.options.weight * draws)


class _Replaced(base.Coupling):
  """Replaces a part of each batch by single steps of another kind."""

  _others: Callable[[int], batch_lib.Batch]  # so many of them, as sequences of two frames

  @classmethod
  def check(cls, options: Any, config: Any) -> None:
    options.check_agent(config.agent)

  def __init__(self, parts: coupling_lib.Parts, options: Any, seed: int):
    super().__init__(parts, options, seed)
    for trait in ('on_policy', 'every_action'):
      parts.agent.lesson.refuse(trait, 'this control replaces single actions: use --agent=ddqn.')
    self._stream = streams.Stream(seed, type(self).__name__)

  def experience(self, batch: batch_lib.Batch) -> batch_lib.Batch:
    count = int(batch.reward.shape[0] * self.options.share)
    return augment.mixed(batch, self._others(count), tf.fill([count], True))


class NoisyCopies(_Replaced):
  """Replaces a part of each batch by replayed transitions, with noise on the numbers observed."""

  Options = options_lib.NoisyCopies
  needs = ('play',)

  def _others(self, count: int) -> batch_lib.Batch:
    copies = self.parts.agent.sample(count)
    seeds = streams.split(self._stream.next(), len(copies.observation))
    noisy = {
      name: self._noisy(part, seed) if part.dtype.is_floating else part
      for (name, part), seed in zip(copies.observation.items(), seeds, strict=True)
    }
    return copies._replace(observation=noisy)

  def _noisy(self, part: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    spread = self.options.noise * tf.math.reduce_std(part, [0, 1])
    return part + spread * tf.random.stateless_normal(tf.shape(part), seed)


class Simulated(_Replaced):
  """Replaces a part of each batch by what the environment answers to today's actions.

  They are asked in replayed states, as an imagination is. So this shows what a perfect one would be
  worth. The answers are not steps of the run.
  """

  Options = options_lib.Simulated
  needs = ('simulator',)

  def __init__(self, parts: coupling_lib.Parts, options: options_lib.Simulated, seed: int):
    super().__init__(parts, options, seed)
    self._answers: Any = parts.world.simulator.ask
    if not self._answers:
      raise spec.SpecError(
        'this environment cannot be asked what would follow: its state is not what it shows. '
        'CartPole-v1, MountainCar-v0 and Acrobot-v1 of gym can.'
      )
    # Answers are true ones; a hand that learns from clipped rewards gets these clipped, too.
    clips, bound = parts.world.simulator.clip, parts.world.play.reward_bound
    self._most = bound if clips else np.inf

  def _others(self, count: int) -> batch_lib.Batch:
    agent = self.parts.agent
    seen = {name: part[:, 0] for name, part in agent.sample(count).observation.items()}
    action = hand_lib.decide(agent.values(seen), self.options.tries, self._stream.next())
    following, reward, ended = self._answers(seen, action)
    reward = tf.clip_by_value(reward, -self._most, self._most)
    return batch_lib.transitions(seen, action, reward, following, ended)
