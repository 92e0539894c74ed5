"""Rewards of steps where no rules are known: for likeness to recorded play, or for newness."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf_creative.core import batch as batch_lib
from tf_creative.core import coupling as coupling_lib
from tf_creative.core import spec, streams
from tf_creative.couplings import base, demonstrations
from tf_creative.couplings import options as options_lib

FORMS = {
  'logit': lambda logits: logits,
  'log_sigmoid': tf.math.log_sigmoid,
  'softplus': tf.nn.softplus,  # -log(1 - D), the reward of GAIL (Ho & Ermon 2016)
}
Options = options_lib.Reward


def chosen(options: Options) -> type[base.Coupling]:
  """Return the kind of reward that the options ask for."""
  return Imitation if options.demonstrations else Novelty


def critic_settings(options: Options) -> dict[str, Any]:
  """Return the settings of a critic that rewards, by their names in the imagination's."""
  return {
    'learning_rate': options.learning_rate,
    'ema_decay': options.average,
    'r1': options.penalty,
    'r2': options.penalty,
    'width': options.width,
  }


class _OfSteps(base.Judge):
  """Adds rewards of steps to a share of the world's own."""

  Options = Options
  needs = ('simulator',)

  @classmethod
  def check(cls, options: Options, config: Any) -> None:
    options.check_agent(config.agent)
    if config.run.gan != 'transitions':
      raise spec.SpecError(
        'reward(of=transitions) judges what is imagined with --gan=transitions.', 'of='
      )

  def _paid(
    self, batch: batch_lib.Batch, judged: tf.Tensor, more: tf.Tensor | float = 0.0
  ) -> batch_lib.Batch:
    """Add what is judged of every step [B, T - 1], and more, in the unit of what is judged."""
    steps = ~batch.last[:, :-1]  # other frames only lead to the next episode
    scale = self.options.weight / self.measure(tf.boolean_mask(judged, steps))
    own = tf.where(steps, scale * (judged + more), 0.0)
    reward = self.options.world * batch.reward + tf.pad(own, [[0, 0], [0, 1]])
    return batch._replace(reward=reward)


class Imitation(_OfSteps):
  """Rewards steps that a critic takes for those of recorded play.

  Off policy, as in DAC (Kostrikov et al. 2019): the critic tells recorded steps from replayed ones.
  Whoever ends an episode is also paid all that it would earn at rest from then on, or else rewards
  above 0 would teach to live long, and those below 0 to die early.
  """

  def __init__(self, parts: coupling_lib.Parts, options: Options, seed: int):
    super().__init__(parts, options, seed)
    self._recorded = demonstrations.read(options.demonstrations, parts.world)
    self._form, discount = FORMS[options.form], parts.agent.lesson.discount
    self._later = discount / (1 - discount)  # what a reward of 1 at each later step is worth
    # Another loss than this one gives no log of the ratio of densities, to which the forms refer.
    self._critic = parts.foresight.new_critic(seed + 1, loss='minimax', **critic_settings(options))
    self._stream = streams.Stream(seed, 'imitation')
    self.meter('critic_gap', 'rest')

  def reward(self, batch: batch_lib.Batch) -> batch_lib.Batch:
    trained = self._train()
    steps = self.parts.foresight.steps
    judged = tf.reshape(
      self._form(self._critic.score(steps(batch))), [-1, batch.reward.shape[1] - 1]
    )
    rest = self._critic.rest()
    self.show(critic_gap=trained['critic_gap'], rest=rest)
    ended = batch.discount[:, :-1] == 0
    return self._paid(batch, judged, tf.where(ended, self._later * self._form(rest), 0.0))

  def _train(self) -> dict[str, tf.Tensor]:
    """Update the critic on recorded and replayed steps."""
    which, chance = streams.split(self._stream.next(), 2)
    count, steps = self.options.batch_size, self.parts.foresight.steps
    picks = tf.random.stateless_uniform(
      [count], which, maxval=self._recorded.reward.shape[0], dtype=tf.int32
    )
    recorded = tf.nest.map_structure(lambda part: tf.gather(part, picks), self._recorded)
    replayed = batch_lib.whole_steps(self.parts.agent.sample(count), count)
    return self._critic.train_step(steps(recorded), steps(replayed), chance)


class Novelty(_OfSteps):
  """Rewards steps about whose end the imagination's ensemble disagrees (Pathak et al. 2019)."""

  @classmethod
  def check(cls, options: Options, config: Any) -> None:
    super().check(options, config)
    if config.gan.members < 2:
      raise spec.SpecError(
        'what is new is where the members of an ensemble disagree: give --gan_members=2 or more.',
        'of=',
      )

  def __init__(self, parts: coupling_lib.Parts, options: Options, seed: int):
    super().__init__(parts, options, seed)
    self._stream = streams.Stream(seed, 'novelty')

  def reward(self, batch: batch_lib.Batch) -> batch_lib.Batch:
    begins = batch._replace(observation={k: x[:, :-1] for k, x in batch.observation.items()})
    action = tf.reshape(batch.action[:, :-1], [-1])
    foreseen = self.parts.foresight.foresee(batch_lib.frames(begins), action, self._stream.next())
    return self._paid(batch, tf.reshape(foreseen.doubt, [-1, batch.reward.shape[1] - 1]))
