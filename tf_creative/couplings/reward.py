"""A critic's score is part of the reward: a step earns what it adds to the score."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf_creative.core import batch as batch_lib
from tf_creative.core import coupling as coupling_lib
from tf_creative.couplings import base, canvas, transition_reward
from tf_creative.couplings import options as options_lib

_POOL = 4  # observations sampled for each that the critic trains on; `whole` takes the latest

Options = options_lib.Reward


class Reward(base.Judge):
  """Adds w/s (D(x_{t+1}) - D(x_t)) to r_t; replayed transitions use the present critic D.

  As in SPIRAL++ (Mellor et al. 2019, section 3) and LearningToPaint (Huang et al. 2019). Here the
  critic also knows the time and compares with unfinished real works; s is the mean absolute
  difference.
  """

  Options = Options
  needs = ('rules', 'works', 'making')

  @classmethod
  def by_options(cls, options: Options) -> type[base.Coupling]:
    return cls if options.of == 'works' else transition_reward.chosen(options)

  @classmethod
  def check(cls, options: Options, config: Any) -> None:
    options.check_agent(config.agent)

  def __init__(self, parts: coupling_lib.Parts, options: Options, seed: int):
    super().__init__(parts, options, seed)
    if options.shaping == 'final':
      parts.agent.lesson.refuse(
        'every_action',
        'a hand that learns from the reward of every action must get one at every step: use '
        'reward(shaping=difference).',
        'shaping=',
      )
    self._form = transition_reward.FORMS[options.form]
    self._critic = canvas.CanvasCritic(
      parts,
      seed + 1,
      options.batch_size,
      options.whole,
      options.real == 'code',
      **transition_reward.critic_settings(options),
    )
    self.meter('critic_gap')

  def reward(self, batch: batch_lib.Batch) -> batch_lib.Batch:
    pool = self.parts.agent.sample(_POOL * self.options.batch_size)
    trained = self._critic.train_step(batch_lib.after(pool))
    scores = self._critic.score(batch_lib.frames(batch))
    height = self._form(batch_lib.by_frame(scores, batch))
    reward = steps = base.steps_up(height)
    if self.options.shaping == 'final':
      last = tf.cast(batch.last[:, 1:], tf.float32) * height[:, 1:]
      reward = tf.pad(last, [[0, 0], [0, 1]])
    scale = self.options.weight / self.measure(steps[:, 0])
    self.show(critic_gap=trained['critic_gap'])
    batch = batch._replace(reward=batch.reward + scale * reward)
    return self._inform(batch, scale) if batch.tells_every_action else batch

  def _inform(self, batch: batch_lib.Batch, scale: tf.Tensor) -> batch_lib.Batch:
    """Add the critic's reward of every action: each is tried by the rules, and then judged."""
    world, count = self.parts.world, self.parts.world.play.action_spec.maximum + 1
    now = {name: part[:, 0] for name, part in batch.observation.items()}
    goal = self._critic.goal(now)
    height = self._form(self._critic.score(now, goal))
    # All actions in all B states as one batch [B x actions].
    tries = tf.nest.map_structure(lambda part: tf.repeat(part, count, 0), world.rules.resume(now))
    actions = tf.tile(tf.range(count, dtype=world.play.action_spec.dtype), [tf.shape(height)[0]])
    ahead, _, _ = world.rules.step(tries, actions, tf.zeros([2], tf.int32))
    heights = self._form(self._critic.score(world.rules.observe(ahead), tf.repeat(goal, count, 0)))
    rewards = tf.reshape(heights, [-1, count]) - height[:, None]
    rewards = tf.repeat(rewards[:, None], batch.reward.shape[1], axis=1)
    return batch._replace(action_rewards=batch.action_rewards + scale * rewards)
