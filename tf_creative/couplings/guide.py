"""The hand's value is part of the generator's loss: the imagination learns what can be made."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf_creative.core import coupling as coupling_lib
from tf_creative.core import spec, streams
from tf_creative.core import works as works_lib
from tf_creative.couplings import base
from tf_creative.couplings import options as options_lib

_NEIGHBOURS = 3
_MEMORY = 0.98  # decay of the moving average of coverage
_BACK_OFF = 0.1  # the weight falls from full to 0 while coverage falls by this much

Options = options_lib.Guide


class Guide(base.Coupling):
  """Adds the hand's regret: L = (1 - lambda) L_GAN + lambda alpha regret.

  alpha = |grad L_GAN| / |grad regret|, without a gradient of its own. The linear mix is MolGAN's
  (De Cao & Kipf 2018), and so is alpha, there a ratio of losses. The regret is relative,
  1 - V / (largest possible return + 1): with the value V itself, the imagination would collapse to
  the one work with the highest return; with an absolute regret, to empty works.
  """

  Options = Options
  needs_shown = True

  @classmethod
  def check(cls, options: Options, config: Any) -> None:
    if config.gan.batch_size <= _NEIGHBOURS:
      raise spec.SpecError(
        f'guide compares the works of a batch with their neighbours: use --gan_batch_size='
        f'{_NEIGHBOURS + 1} or more.'
      )

  def __init__(self, parts: coupling_lib.Parts, options: Options, seed: int):
    super().__init__(parts, options, seed)
    self._works = streams.Stream(seed, 'guide/works')
    self._rounds = tf.Variable(0, dtype=tf.int64, trainable=False)
    self._coverage = tf.Variable(1.0, trainable=False)
    self.meter('regret', 'coverage', 'weight')

  def generator_loss(self, values: tf.Tensor, labels: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
    with tf.GradientTape(watch_accessed_variables=False) as tape:
      tape.watch(values)
      regret = self._regret(values, labels)
    own = tape.gradient(regret, values)
    self._rounds.assign_add(1)
    self._coverage.assign(_MEMORY * self._coverage + (1 - _MEMORY) * self._covered(values))
    weight = self._weight()
    self.show(regret=regret, coverage=self._coverage, weight=weight)
    return base.balanced(regret, own, values, gradient, weight)

  def _regret(self, values: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    features, owed = self.parts.world.works.prospect(values, labels)
    value = tf.reduce_max(self.parts.agent.value_of(features), -1)
    return tf.reduce_mean(1 - value / (owed + 1))

  def _weight(self) -> tf.Tensor:
    warm = tf.cast(self._rounds, tf.float32) / max(self.options.warmup, 1)
    sound = (self._coverage - self.options.coverage) / _BACK_OFF
    return self.options.weight * tf.minimum(warm, 1.0) * tf.clip_by_value(sound, 0.0, 1.0)

  def _covered(self, values: tf.Tensor) -> tf.Tensor:
    """Return the share of real works with an imagined one nearer than their third neighbour.

    This is coverage (Naeem et al. 2020, equation 6) of one batch, on raw values: a rough but cheap
    guard against mode collapse.
    """
    some = works_lib.draw(self.parts.real, tf.shape(values)[0], self._works.next())
    real = self.parts.world.works.to_values(some.work)
    real, imagined = (tf.reshape(x, [tf.shape(x)[0], -1]) for x in (real, values))
    # The nearest neighbour of each work is itself, hence one more.
    near = tf.math.top_k(-_distances(real, real), _NEIGHBOURS + 1).values
    nearest = tf.reduce_min(_distances(real, imagined), 1)
    return tf.reduce_mean(tf.cast(nearest <= -near[:, -1], tf.float32))


def _distances(one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
  """Return the squared distances of all pairs of rows: [N, M]."""
  return tf.reduce_sum(tf.square(one[:, None] - other[None]), -1)
