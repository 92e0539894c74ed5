"""A critic's score is part of the reward: a step earns what it adds to the score."""

from __future__ import annotations

import tensorflow as tf

from tf_creative.core import batch as batch_lib
from tf_creative.core import coupling as coupling_lib
from tf_creative.couplings import base, canvas
from tf_creative.couplings import options as options_lib

_FORMS = {
  'logit': lambda logits: logits,
  'log_sigmoid': tf.math.log_sigmoid,
  'softplus': tf.nn.softplus,  # -log(1 - D), the reward of GAIL (Ho & Ermon 2016)
}
_MEMORY = 0.99  # decay of the moving mean
_POOL = 4  # observations sampled for each that the critic trains on; `whole` takes the latest

Options = options_lib.Reward


class Reward(base.Coupling):
  """Adds w/s (D(x_{t+1}) - D(x_t)) to r_t; replayed transitions use the present critic D.

  As in SPIRAL++ (Mellor et al. 2019, section 3) and LearningToPaint (Huang et al. 2019). Here the
  critic also knows the time and compares with unfinished real works; s is the mean absolute
  difference.
  """

  Options = Options
  needs = ('rules', 'works', 'making')

  def __init__(self, parts: coupling_lib.Parts, options: Options, seed: int):
    super().__init__(parts, options, seed)
    if options.shaping == 'final':
      parts.agent.lesson.refuse(
        'every_action',
        'a hand that learns from the reward of every action must get one at every step: use '
        'reward(shaping=difference).',
        'shaping=',
      )
    self._form = _FORMS[options.form]
    self._critic = canvas.CanvasCritic(
      parts,
      seed + 1,
      options.batch_size,
      options.whole,
      options.real == 'code',
      learning_rate=options.learning_rate,
      ema_decay=options.average,
      r1=options.penalty,
      r2=options.penalty,
      width=options.width,
    )
    # A moving mean of |difference| that starts at 0, and its bias correction (as in Adam).
    self._size = tf.Variable(0.0, trainable=False)
    self._seen = tf.Variable(0.0, trainable=False)
    self.meter('critic_gap', 'size')

  def reward(self, batch: batch_lib.Batch) -> batch_lib.Batch:
    pool = self.parts.agent.sample(_POOL * self.options.batch_size)
    trained = self._critic.train_step(batch_lib.after(pool))
    scores = self._critic.score(batch_lib.frames(batch))
    height = self._form(batch_lib.by_frame(scores, batch))
    reward = steps = base.steps_up(height)
    if self.options.shaping == 'final':
      last = tf.cast(batch.last[:, 1:], tf.float32) * height[:, 1:]
      reward = tf.pad(last, [[0, 0], [0, 1]])
    scale = self.options.weight / self._measure(steps[:, 0])
    self.show(critic_gap=trained['critic_gap'], size=self._size / self._seen)
    batch = batch._replace(reward=batch.reward + scale * reward)
    return self._inform(batch, scale) if batch.tells_every_action else batch

  def _measure(self, steps: tf.Tensor) -> tf.Tensor:
    """Return the mean absolute change of the score in a step; logits have no fixed scale."""
    size = tf.reduce_mean(tf.abs(steps))
    # A non-finite size would stay in the mean for ever.
    rate = tf.where(tf.math.is_finite(size), 1 - _MEMORY, 0.0)
    self._seen.assign_add(rate * (1 - self._seen))
    self._size.assign_add(tf.where(rate > 0, rate * (size - self._size), 0.0))
    return self._size / self._seen + 1e-8

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
