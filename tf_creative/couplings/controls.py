"""What any pay must beat: pay that knows nothing."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf_creative import streams, types
from tf_creative.couplings import base
from tf_creative.couplings import options as options_lib

Options = options_lib.ConstantReward


class ConstantReward(base.Coupling):
  """The same for every step."""

  Options = Options

  def pay(self, batch: Any) -> Any:
    return _add(batch, tf.fill(tf.shape(batch.reward), float(self.options.weight)), self.parts)


class RandomReward(base.Coupling):
  """Drawn anew whenever a step is remembered, from a normal distribution."""

  Options = options_lib.RandomReward

  def __init__(self, parts: types.Parts, options: Options, seed: int):
    super().__init__(parts, options, seed)
    self._stream = streams.Stream(seed, 'random reward')

  def pay(self, batch: Any) -> Any:
    draws = tf.random.stateless_normal(tf.shape(batch.reward), self._stream.next())
    return _add(batch, self.options.weight * draws, self.parts)


def _add(batch: Any, pay: tf.Tensor, parts: types.Parts) -> Any:
  if parts.agent.informed:
    batch = batch._replace(policy_info=batch.policy_info + pay[..., None])
  return batch._replace(reward=batch.reward + pay)
