"""The imagination makes levels that the hand can learn from: neither easy nor hopeless."""

from __future__ import annotations

import dataclasses

import tensorflow as tf

from tf_creative import streams, types
from tf_creative.couplings import base

_BATCH = 32  # levels of either outcome that a predictor learns from in a round


@dataclasses.dataclass(frozen=True)
class Options:
  real: float = 0.5  # share of episodes that stay about a real work
  weight: float = 0.3  # of the generator's gradient that asks for levels of middling difficulty
  tries: int = 4  # imagined levels of which the first that can be solved is played
  memory: int = 512  # played levels of either outcome that are remembered


class Curriculum(base.Coupling):
  """Automatic goal generation (Goal-GAN, Florensa et al. 2018) for whole levels.

  Theirs labels goals by the hand's success and lets one least-squares GAN learn the middling ones.
  Here the GAN's own critic goes on holding levels to the look of the data, and a second network,
  told as many solved as failed levels, learns how likely success is; its p (1 - p) is the
  generator's extra term. What the search finds no way through is never played.
  """

  Options = Options

  def __init__(self, parts: types.Parts, options: Options, seed: int):
    super().__init__(parts, options, seed)
    base.check_share(options.real, 'real', 'curriculum')
    base.check_share(options.weight, 'weight', 'curriculum')
    self._latents = streams.Stream(seed, 'curriculum/latents')
    self._chance = streams.Stream(seed, 'curriculum/chance')
    self.predictor = parts.gan.another_critic(
      parts.domain.value_shape, seed + 3, loss='minimax', learning_rate=3e-4, width=32
    )
    kept = tf.zeros(
      [2, options.memory, *parts.domain.work_spec.shape], parts.domain.work_spec.dtype
    )
    self.works = tf.Variable(kept, trainable=False)  # failed, solved
    self.labels = tf.Variable(tf.zeros([2, options.memory], tf.int32), trainable=False)
    self.counts = tf.Variable([0, 0], trainable=False)
    self.meter('solvable', 'difficulty', 'success')

  def concept(self, concept: types.Works) -> types.Works:
    self._learn()
    domain, gan, tries = self.parts.domain, self.parts.gan, self.options.tries
    count = concept.label.shape[0]
    what, share = streams.split(self._latents.next(), 2)
    latents = tf.random.stateless_normal([count * tries, gan.config.latent_size], what)
    works = domain.to_works(gan.generate(latents, tf.repeat(concept.label, tries)))
    solvable = tf.reshape(base.owed(domain, works) > 0, [count, tries])
    works = tf.reshape(works, [count, tries, *domain.work_spec.shape])
    imagined = tf.gather(works, tf.argmax(solvable, 1), batch_dims=1)
    self.show(solvable=tf.reduce_mean(tf.cast(solvable, tf.float32)))
    stays = tf.random.stateless_uniform([count], share) < self.options.real
    stays |= ~tf.reduce_any(solvable, 1)
    return concept._replace(work=types.select(stays, concept.work, imagined))

  def generator_loss(self, values: tf.Tensor, labels: tf.Tensor, push: tf.Tensor) -> tf.Tensor:
    with tf.GradientTape(watch_accessed_variables=False) as tape:
      tape.watch(values)
      success = tf.sigmoid(self.predictor.score(self.predictor.shown(values, labels)))
      loss = tf.reduce_mean(1 - 4 * success * (1 - success))
    known = tf.cast(tf.reduce_min(self.counts) >= _BATCH, tf.float32)
    self.show(difficulty=loss, success=tf.reduce_mean(success))
    return base.balanced(
      loss, tape.gradient(loss, values), values, push, known * self.options.weight
    )

  def _learn(self) -> None:
    """Remembers how episodes have just ended, and learns from what is remembered."""
    seen, paid, over = self.parts.agent.world.ended()
    played = base.bare(self.parts.domain, seen)
    solved = tf.cast(paid > 0, tf.int32)
    order = tf.cumsum(tf.one_hot(solved, 2, dtype=tf.int32) * tf.cast(over, tf.int32)[:, None])
    turn = tf.gather(self.counts, solved) + tf.gather(order, solved, batch_dims=1) - 1
    rows = tf.where(over)[:, 0]
    places = tf.gather(tf.stack([solved, turn % self.options.memory], 1), rows)
    self.works.scatter_nd_update(places, tf.gather(played.work, rows))
    self.labels.scatter_nd_update(places, tf.gather(played.label, rows))
    self.counts.assign_add(order[-1])
    which, chance = streams.split(self._chance.next(), 2)
    luck = tf.random.stateless_uniform([2, _BATCH], which)
    have = tf.minimum(self.counts, self.options.memory)
    picks = tf.cast(luck * tf.cast(tf.maximum(have, 1), tf.float32)[:, None], tf.int32)

    def some(outcome: int):
      works = tf.gather(self.works[outcome], picks[outcome])
      labels = tf.gather(self.labels[outcome], picks[outcome])
      return self.predictor.shown(self.parts.domain.to_values(works), labels)

    tf.cond(
      tf.reduce_min(self.counts) >= _BATCH,
      lambda: self.predictor.train_step(some(1), some(0), chance)['critic_loss'],
      lambda: 0.0,
    )
