"""The imagination makes the hand's tasks: the picture to paint, the melody to play, the level."""

from __future__ import annotations

import tensorflow as tf

from tf_creative.core import batch as batch_lib
from tf_creative.core import coupling as coupling_lib
from tf_creative.core import streams
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.couplings import base
from tf_creative.couplings import options as options_lib

Options = options_lib.Environment


class Environment(base.Coupling):
  """Replaces the works of the next episodes by imagined ones with the same labels.

  Where the hand is shown a code only, replayed rewards are computed again with the present
  generator. With known rules, a code only decides the reward of a transition, so codes may even be
  exchanged (as in hindsight experience replay, Andrychowicz et al. 2017, with codes for goals).
  """

  Options = Options
  gives_codes = True

  def __init__(self, parts: coupling_lib.Parts, options: Options, seed: int):
    super().__init__(parts, options, seed)
    self._stream = streams.Stream(seed, 'environment')
    self._codes = streams.Stream(seed, 'environment/codes')

  def concept(self, concept: works_lib.Works) -> works_lib.Works:
    latent_seed, share_seed = streams.split(self._stream.next(), 2)
    count = tf.shape(concept.label)[0]
    values, codes = self.parts.gan.draw(concept.label, latent_seed)
    imagined = self.parts.world.works.to_works(values)
    if self.parts.world.play.code_size:
      return works_lib.Works(imagined, concept.label, codes)
    stays = tf.random.stateless_uniform([count], share_seed) < self.options.real
    return concept._replace(work=works_lib.select(stays, concept.work, imagined))

  def experience(self, batch: batch_lib.Batch) -> batch_lib.Batch:
    if 'code' not in batch.observation:
      return batch
    if not self.parts.agent.lesson.on_policy:  # its actions depend on the code they were taken for
      batch = self._with_other_codes(batch)
    world, seen = self.parts.world, batch_lib.frames(batch)
    if not world.making.rewards_target:
      return batch
    # Recomputes rewards for the present generator: r_t = error before - error after + side reward.
    goal = world.works.to_works(self.parts.gan.generate(seen['code'], seen['label']))
    state = world.rules.resume(seen)
    errors = batch_lib.by_frame(world.making.error(world.rules.work(state), goal), batch)
    besides = world.making.side_reward(state, tf.reshape(batch.action, [-1, 1]))[:, 0]
    batch = batch._replace(reward=base.steps_up(-errors) + batch_lib.by_frame(besides, batch))
    if batch.tells_every_action:
      rewards = world_lib.all_rewards(world, state, goal)
      batch = batch._replace(action_rewards=batch_lib.by_frame(rewards, batch))
    return batch

  def _with_other_codes(self, batch: batch_lib.Batch) -> batch_lib.Batch:
    which, what = streams.split(self._codes.next(), 2)
    code = batch.observation['code']  # float32 [B, T, C]
    other = tf.random.stateless_normal([tf.shape(code)[0], 1, code.shape[2]], what)
    swapped = tf.random.stateless_uniform([tf.shape(code)[0]], which) < self.options.codes
    code = works_lib.select(swapped, tf.broadcast_to(other, tf.shape(code)), code)
    return batch._replace(observation={**batch.observation, 'code': code})
