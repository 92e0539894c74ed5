"""Control couplings: what any other reward, or any imagined transition, must beat."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf_creative.core import batch as batch_lib
from tf_creative.core import coupling as coupling_lib
from tf_creative.core import streams
from tf_creative.couplings import augment, base
from tf_creative.couplings import options as options_lib

Options = options_lib.ConstantReward


class ConstantReward(base.Coupling):
  """Adds the same reward at every step."""

  Options = Options

  def reward(self, batch: batch_lib.Batch) -> batch_lib.Batch:
    return batch_lib.plus(batch, tf.fill(tf.shape(batch.reward), float(self.options.weight)))


class RandomReward(base.Coupling):
  """Adds a normally distributed reward, drawn again whenever a step is replayed."""

  Options = options_lib.RandomReward

  def __init__(self, parts: coupling_lib.Parts, options: Options, seed: int):
    super().__init__(parts, options, seed)
    self._stream = streams.Stream(seed, 'random reward')

  def reward(self, batch: batch_lib.Batch) -> batch_lib.Batch:
    draws = tf.random.stateless_normal(tf.shape(batch.reward), self._stream.next())
    return batch_lib.plus(batch, self.options.weight * draws)


class NoisyCopies(base.Coupling):
  """Replaces a part of each batch by replayed transitions, with noise on the numbers observed."""

  Options = options_lib.NoisyCopies
  needs = ('play',)

  @classmethod
  def check(cls, options: options_lib.NoisyCopies, config: Any) -> None:
    options.check_agent(config.agent)

  def __init__(self, parts: coupling_lib.Parts, options: options_lib.NoisyCopies, seed: int):
    super().__init__(parts, options, seed)
    for trait in ('on_policy', 'every_action'):
      parts.agent.lesson.refuse(trait, 'noisy_copies are of single actions: use --agent=ddqn.')
    self._stream = streams.Stream(seed, 'noisy copies')

  def experience(self, batch: batch_lib.Batch) -> batch_lib.Batch:
    count = int(batch.reward.shape[0] * self.options.share)
    copies = self.parts.agent.sample(count)
    seeds = streams.split(self._stream.next(), len(copies.observation))
    noisy = {
      name: self._noisy(part, seed) if part.dtype.is_floating else part
      for (name, part), seed in zip(copies.observation.items(), seeds, strict=True)
    }
    return augment.mixed(batch, copies._replace(observation=noisy), tf.fill([count], True))

  def _noisy(self, part: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    spread = self.options.noise * tf.math.reduce_std(part, [0, 1])
    return part + spread * tf.random.stateless_normal(tf.shape(part), seed)
