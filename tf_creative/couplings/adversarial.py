"""A control for curricula: the imagination makes levels in which the hand expects low returns."""

from __future__ import annotations

import tensorflow as tf

from tf_creative.core import coupling as coupling_lib
from tf_creative.core import streams
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.couplings import base
from tf_creative.couplings import options as options_lib

Options = options_lib.Adversarial


class Adversarial(base.Coupling):
  """Minimax (Dennis et al. 2020, section 5): the generator lowers the value that the hand expects.

  Nothing keeps it from unsolvable levels, except that its critic wants levels like the data's.
  """

  Options = Options
  needs_shown = True

  def __init__(self, parts: coupling_lib.Parts, options: Options, seed: int):
    super().__init__(parts, options, seed)
    self._stream = streams.Stream(seed, 'adversarial')
    self.meter('solvable', 'value')

  def concept(self, concept: works_lib.Works) -> works_lib.Works:
    what, share = streams.split(self._stream.next(), 2)
    world, count = self.parts.world, concept.label.shape[0]
    values, _ = self.parts.gan.draw(concept.label, what)
    works = concept._replace(work=world.works.to_works(values))
    self.show(solvable=tf.reduce_mean(tf.cast(world_lib.max_return(world, works) > 0, tf.float32)))
    stays = tf.random.stateless_uniform([count], share) < self.options.real
    return works_lib.select(stays, concept, works)

  def generator_loss(self, values: tf.Tensor, labels: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
    with tf.GradientTape(watch_accessed_variables=False) as tape:
      tape.watch(values)
      features, _ = self.parts.world.works.prospect(values, labels)
      value = tf.reduce_mean(tf.reduce_max(self.parts.agent.value_of(features), -1))
    self.show(value=value)
    own = tape.gradient(value, values)
    return base.balanced(value, own, values, gradient, self.options.weight)
