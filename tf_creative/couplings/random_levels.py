"""A control for curricula: random levels."""

from __future__ import annotations

import tensorflow as tf

from tf_creative.core import coupling as coupling_lib
from tf_creative.core import streams
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.couplings import base
from tf_creative.couplings import options as options_lib

Options = options_lib.RandomLevels


class RandomLevels(base.Coupling):
  """Episodes are about random works: domain randomization (Tobin et al. 2017)."""

  Options = Options
  needs_shown = True

  def __init__(self, parts: coupling_lib.Parts, options: Options, seed: int):
    super().__init__(parts, options, seed)
    self._stream = streams.Stream(seed, 'random levels')

  def concept(self, concept: works_lib.Works) -> works_lib.Works:
    what, share = streams.split(self._stream.next(), 2)
    count = concept.label.shape[0]
    chance = world_lib.chance(self.parts.world, count, what)
    stays = tf.random.stateless_uniform([count], share) < self.options.real
    return concept._replace(work=works_lib.select(stays, concept.work, chance))
