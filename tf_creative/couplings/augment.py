"""Adds imagined transitions to the hand's batches: on the way to imagined works, or foreseen."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf_creative.core import batch as batch_lib
from tf_creative.core import coupling as coupling_lib
from tf_creative.core import streams
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.couplings import base, canvas
from tf_creative.couplings import options as options_lib

_EPSILON = 1e-6  # keeps log(1 - ratio) finite at the greatest ratio, which is 1

Options = options_lib.Augment


class Augment(base.Coupling):
  """Replaces a part of each batch by imagined transitions.

  Where the rules are known, they are exact ones, towards imagined works (hindsight). Where they are
  not, --gan=transitions imagines what follows today's actions in replayed states, and those are
  left out about which an ensemble disagrees.

  Imagined works are filtered to be distributed like real ones, by Discriminator Rejection Sampling
  (Azadi et al. 2019, section 3). It needs the density ratio of real to imagined works; a
  relativistic critic gives that up to a factor, which cancels. With `gate`, the hand explores more
  where a critic finds the next state unlikely; the mean rate of exploration stays the same.
  """

  Options = Options
  needs = ('rules', 'works', 'making')
  foresees = True

  @classmethod
  def check(cls, options: Options, config: Any) -> None:
    options.check_agent(config.agent)

  def __init__(self, parts: coupling_lib.Parts, options: Options, seed: int):
    super().__init__(parts, options, seed)
    if options.share:
      parts.agent.lesson.refuse(
        'on_policy',
        'augment imagines what was not done: use an agent that learns off policy, such as ddqn.',
      )
    self._stream = streams.Stream(seed, 'augment')
    self.meter('share')
    if options.gate and not parts.foresight:
      self._critic = canvas.CanvasCritic(parts, seed + 2, batch_size=32, width=32)
    if options.gate:
      parts.agent.explore_by(self._strangeness)

  def experience(self, batch: batch_lib.Batch) -> batch_lib.Batch:
    if self.options.gate and not self.parts.foresight:
      self._critic.train_step(batch_lib.after(batch))
    if not self.options.share:
      return batch
    size = batch.reward.shape[0]
    count = int(size * self.options.share)
    if self.parts.foresight:
      imagined, accepted = self._foreseen(count)
    else:
      concept, accepted = self._imagine(count)
      imagined = self._transitions(concept, batch.tells_every_action)
    self.show(share=tf.reduce_sum(tf.cast(accepted, tf.float32)) / size)
    return mixed(batch, imagined, accepted)

  def _foreseen(self, count: int) -> tuple[batch_lib.Batch, tf.Tensor]:
    """Imagine what follows in replayed states; return that and what is accepted: bool [count]."""
    imagined, told = self.parts.foresight.transitions(count, self.options.tries)
    most = tf.sort(told.doubt)[min(int(count * self.options.trust), count - 1)]
    likely = accept(told.logit, self._stream.next(), self.options.percentile)
    return imagined, likely & (told.doubt <= most)

  def _imagine(self, count: int) -> tuple[works_lib.Works, tf.Tensor]:
    """Imagine works with labels of real ones; return them and which are accepted: bool [count]."""
    world, gan = self.parts.world, self.parts.gan
    what, which, luck = streams.split(self._stream.next(), 3)
    label = works_lib.draw(self.parts.real, count, which).label
    values, code = gan.draw(label, what)
    work = world.works.to_works(values)
    accepted = accept(gan.score(world.works.to_values(work), label), luck, self.options.percentile)
    return world_lib.told(world, work, label, code), accepted

  def _transitions(self, concept: works_lib.Works, every_action: bool) -> batch_lib.Batch:
    """Take one step at a random time on a random way to each work: sequences of two frames.

    With `every_action` they hold the rewards of all actions, not only of the one taken.
    """
    world = self.parts.world
    when, way, taste, chance, bold, what = streams.split(self._stream.next(), 6)
    time = tf.random.stateless_uniform(
      tf.shape(concept.label), when, maxval=world.rules.horizon, dtype=tf.int32
    )
    state = world.making.midway(concept, time, way)
    own = world.making.action_rewards(state, world.making.cell_values(concept.work))
    # A random action with a positive reward, better ones more often. Where there is none, the
    # product is greatest at a reward of 0, or else at a small loss.
    luck = tf.random.stateless_uniform(tf.shape(own), taste)
    action = tf.argmax(own * luck, -1, tf.int32)
    count = tf.shape(action)
    anything = tf.random.stateless_uniform(count, what, maxval=own.shape[1], dtype=tf.int32)
    tries = tf.random.stateless_uniform(count, bold) < self.options.tries
    action = tf.where(tries, anything, action)
    # The known rules answer what this action leads to.
    following, reward, done = world.rules.step(state, action, chance)
    return batch_lib.transitions(
      world.rules.observe(state),
      action,
      reward,
      world.rules.observe(following),
      done,
      world_lib.all_rewards(world, state, concept.work) if every_action else (),
    )

  def _strangeness(self, observation: Any, action: tf.Tensor) -> tf.Tensor:
    """Return the novelty [B] of the state after the action: the critic's logit, negated."""
    world, foresight = self.parts.world, self.parts.foresight
    if foresight:
      return -foresight.foresee(observation, action, self._stream.next()).logit
    ahead, _, _ = world.rules.step(world.rules.resume(observation), action, tf.zeros([2], tf.int32))
    return -self._critic.score(world.rules.observe(ahead))


def mixed(batch: batch_lib.Batch, other: batch_lib.Batch, taken: tf.Tensor) -> batch_lib.Batch:
  """Replace the first rows of a batch by those of another, where `taken` [rows of the other] holds.

  The rows of a batch are in random order anyway.
  """
  more = batch.reward.shape[0] - taken.shape[0]
  taken = tf.concat([taken, tf.zeros([more], tf.bool)], 0)
  # Pads the other's rows to the size of the batch; `taken` never selects the padding.
  fill = lambda x: tf.concat([x, tf.repeat(x[:1], more, axis=0)], 0)  # noqa: E731
  return works_lib.select(taken, tf.nest.map_structure(fill, other), batch)


def accept(logits: tf.Tensor, seed: tf.Tensor, percentile: float) -> tf.Tensor:
  """Choose works by their critic's logits [N], so that they are distributed like real ones."""
  ratio = logits - tf.reduce_max(logits)  # log of (density ratio / greatest density ratio)
  # A work is kept with probability r = exp(ratio). Shifting its log-odds, log(r / (1 - r)), raises
  # or lowers the acceptance rate: works at the percentile are kept half of the time.
  odds = ratio - tf.math.log1p(-tf.exp(ratio - _EPSILON))
  level = tf.sort(odds)[tf.cast(percentile / 100 * tf.cast(tf.size(odds), tf.float32), tf.int32)]
  return tf.random.stateless_uniform(tf.shape(odds), seed) < tf.sigmoid(odds - level)
