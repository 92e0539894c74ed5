"""Control couplings: constant and random rewards, which any other reward must beat."""

from __future__ import annotations

import tensorflow as tf

from tf_creative.core import batch as batch_lib
from tf_creative.core import coupling as coupling_lib
from tf_creative.core import streams
from tf_creative.couplings import base
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
