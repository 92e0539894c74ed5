"""A coupling of its own."""

import dataclasses

import tensorflow as tf

from tf_creative.core import batch as batch_lib
from tf_creative.core import spec
from tf_creative.couplings import base


@dataclasses.dataclass(frozen=True)
class Options:
  """How the tide pays."""

  weight: float = spec.setting(0.1, 'of its reward, at most', at_least=0, at_most=1)
  period: int = spec.setting(20, 'updates of the imagination from tide to tide', at_least=1)


class Tide(base.Coupling):
  """Pays for each step more or less, as the imagination learns."""

  Options = Options

  def __init__(self, parts, options, seed):
    super().__init__(parts, options, seed)
    self.meter('level')

  def reward(self, batch):
    turn = tf.cast(self.parts.gan.updates, tf.float32) / self.options.period
    level = self.options.weight * tf.sin(6.2832 * turn)
    self.show(level=level)
    return batch_lib.plus(batch, level)
