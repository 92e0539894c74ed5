"""The imagination makes levels of medium difficulty for the hand: neither easy nor hopeless."""

from __future__ import annotations

import tensorflow as tf

from tf_creative.core import coupling as coupling_lib
from tf_creative.core import streams
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.couplings import base
from tf_creative.couplings import options as options_lib

_SOME = options_lib.SOME  # solved works, and as many unsolved ones, in an update of the predictor

Options = options_lib.Curriculum


class Curriculum(base.Coupling):
  """Automatic goal generation (Goal-GAN, Florensa et al. 2018) for whole levels.

  Goal-GAN trains one least-squares GAN on goals of medium difficulty. Here the GAN's critic keeps
  works similar to the data, and a second network, the predictor, learns the probability p that the
  hand succeeds, from equal numbers of solved and unsolved works. p (1 - p) is used twice: as an
  extra term of the generator's loss (with a small weight, or all works would become easy), and to
  choose which remembered works are played again.

  Of several imagined works, the hand plays the solvable one with the lowest p: unlike with a goal,
  it can learn from a work without reaching its end. If none is solvable, it plays a remembered or a
  real work. At first it plays random works, as with `random_levels`: a hand that starts on the
  works of an untrained generator is slow to recover.
  """

  Options = Options
  needs_shown = True

  def __init__(self, parts: coupling_lib.Parts, options: Options, seed: int):
    super().__init__(parts, options, seed)
    self._latents = streams.Stream(seed, 'curriculum/latents')
    self._picks = streams.Stream(seed, 'curriculum/picks')
    self._shares = streams.Stream(seed, 'curriculum/shares')
    self._chance = streams.Stream(seed, 'curriculum/chance')
    self.predictor = parts.gan.new_critic(
      parts.world.works.value_shape,
      seed + 3,
      loss='minimax',
      learning_rate=3e-4,
      width=32,
      r1=0.0,
      r2=0.0,
    )
    work = parts.world.works.work_spec
    blank = works_lib.Works(
      tf.zeros([2, options.memory, *work.shape], work.dtype),
      tf.zeros([2, options.memory], tf.int32),
    )
    # Two ring buffers [2, memory, ...]: row 0 holds unsolved works, row 1 solved ones.
    self.memory = tf.nest.map_structure(lambda part: tf.Variable(part, trainable=False), blank)
    self.counts = tf.Variable([0, 0], trainable=False)
    self.meter('solvable', 'found', 'difficulty', 'success')

  def concept(self, concept: works_lib.Works) -> works_lib.Works:
    played, paid, over = self.parts.episodes.ended()
    self.remember(played, paid > 0, over)
    some = self._some()
    again = self._learn(some, concept.label.shape[0])
    imagined, found = self._imagine(concept.label)
    real, replays = tf.unstack(
      tf.random.stateless_uniform([2, concept.label.shape[0]], self._shares.next())
    )
    replays = ((replays < self.options.replay) | ~found) & self._knows()
    stays = (real < self.options.real) | ~(found | replays | self._early())
    new = works_lib.select(replays, again, imagined)
    chance = world_lib.chance(self.parts.world, concept.label.shape[0], self._chance.next())
    early = self._early() & tf.ones_like(stays)
    new = works_lib.select(early, works_lib.Works(chance, concept.label), new)
    return works_lib.select(stays, works_lib.Works(concept.work, concept.label), new)

  def generator_loss(self, values: tf.Tensor, labels: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
    with tf.GradientTape(watch_accessed_variables=False) as tape:
      tape.watch(values)
      success = self._success(values, labels)
      loss = tf.reduce_mean(1 - 4 * success * (1 - success))
    self.show(difficulty=loss, success=tf.reduce_mean(success))
    weight = self.options.weight * tf.cast(self._knows(), tf.float32)
    return base.balanced(loss, tape.gradient(loss, values), values, gradient, weight)

  def remember(self, works: works_lib.Works, solved: tf.Tensor, which: tf.Tensor) -> None:
    """Store the works [B] where `which` holds, in place of the oldest of their kind."""
    kind, rows = tf.cast(solved, tf.int32), tf.where(which)[:, 0]
    # Numbers the works of each kind from 1 on, which gives each its place in the ring buffer.
    order = tf.cumsum(tf.one_hot(kind, 2, dtype=tf.int32) * tf.cast(which, tf.int32)[:, None])
    turn = tf.gather(self.counts, kind) + tf.gather(order, kind, batch_dims=1) - 1
    places = tf.gather(tf.stack([kind, turn % self.options.memory], 1), rows)
    for memory, part in zip((self.memory.work, self.memory.label), works[:2], strict=True):
      memory.scatter_nd_update(places, tf.gather(part, rows))
    self.counts.assign_add(order[-1])

  def _early(self) -> tf.Tensor:
    return self.parts.gan.updates < self.options.after

  def _knows(self) -> tf.Tensor:
    return tf.reduce_min(self.counts) >= _SOME

  def _some(self) -> works_lib.Works:
    """Draw remembered works: _SOME unsolved ones, then _SOME solved ones: [2 x _SOME]."""
    # `counts` grows without bound, but a ring buffer holds `memory` works at most.
    luck = tf.random.stateless_uniform([2, _SOME], self._picks.next())
    have = tf.clip_by_value(self.counts, 1, self.options.memory)
    places = tf.cast(luck * tf.cast(have, tf.float32)[:, None], tf.int32)

    def drawn(part: tf.Tensor) -> tf.Tensor:
      return tf.reshape(tf.gather(part, places, batch_dims=1), [2 * _SOME, *part.shape[2:]])

    return works_lib.Works(drawn(self.memory.work), drawn(self.memory.label))

  def _learn(self, some: works_lib.Works, count: int) -> works_lib.Works:
    """Train the predictor on `some` works; return `count` of them, weighted by p (1 - p)."""
    values, chance = self.parts.world.works.to_values(some.work), self._picks.next()
    lost, won = (
      self.predictor.shown(*pair)
      for pair in zip(tf.split(values, 2), tf.split(some.label, 2), strict=True)
    )
    tf.cond(
      self._knows(),
      lambda: self.predictor.train_step(won, lost, chance)['critic_loss'],
      lambda: 0.0,
    )
    success = self._success(values, some.label)
    worth = tf.where(world_lib.max_return(self.parts.world, some) > 0, success * (1 - success), 0.0)
    # [1, 2 x _SOME], as stateless_categorical takes a batch of distributions.
    logits = tf.math.log(worth + 1e-9)[None]
    places = tf.random.stateless_categorical(logits, count, self._picks.next(), tf.int32)[0]
    return works_lib.Works(tf.gather(some.work, places), tf.gather(some.label, places))

  def _imagine(self, label: tf.Tensor) -> tuple[works_lib.Works, tf.Tensor]:
    """Return, for each label [B], the hardest solvable work of several, and if one was found."""
    world, tries, count = self.parts.world, self.options.tries, label.shape[0]
    labels = tf.ensure_shape(tf.repeat(label, tries), [count * tries])
    # `tries` works for each label in consecutive rows: values [count x tries, ...].
    values, _ = self.parts.gan.draw(labels, self._latents.next())
    works = works_lib.Works(world.works.to_works(values), labels)
    solvable = world_lib.max_return(world, works) > 0
    success = self._success(values, labels)
    worth = tf.where(solvable, 1 - success, -1.0)
    best = tf.argmax(tf.reshape(worth, [count, tries]), 1, tf.int32) + tries * tf.range(count)
    found = tf.gather(solvable, best)
    share = lambda which: tf.reduce_mean(tf.cast(which, tf.float32))  # noqa: E731
    self.show(solvable=share(solvable), found=share(found))
    return works_lib.Works(tf.gather(works.work, best), label), found

  def _success(self, values: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Return the predicted probability of success [B], trained on half solved works."""
    return tf.sigmoid(self.predictor.score(self.predictor.shown(values, labels)))
