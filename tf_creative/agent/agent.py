"""The hand as one part: learner, world, exploration and replay."""

from __future__ import annotations

from collections.abc import Callable
import dataclasses

import tensorflow as tf
from tf_agents.drivers import dynamic_step_driver
from tf_agents.trajectories import time_step as ts
from tf_agents.trajectories import trajectory

from tf_creative import guard, spec, types
from tf_creative.agent import AGENTS, ON_POLICY, explore, rollout, vector
from tf_creative.agent import config as config_lib
from tf_creative.agent import replay as replay_lib
from tf_creative.agent import world as world_lib


class Agent(tf.Module):
  """Collects, remembers, learns, and answers what it would do."""

  def __init__(
    self,
    kind: str,
    domain: types.Domain,
    config: config_lib.AgentConfig,
    seed: int,
    world: vector.World | None = None,  # outside of the graph, in place of one of `domain`
  ):
    super().__init__(name='agent')
    self._kind, self._seed = kind, seed
    if config.exploration not in ('epsilon', 'boltzmann'):
      raise spec.SpecError(
        f"unknown exploration '{config.exploration}'."
        + spec.nearest(config.exploration, ('epsilon', 'boltzmann'))
      )
    if world:
      world.check(kind, config.environments)
    self.config, self._domain = config, domain
    self.informed, self.on_policy = kind == 'informed', kind in ON_POLICY
    self._whole = kind == 'reinforce'
    # At which works are drawn, where there are codes to draw by; 0: the best action is taken.
    self.temperature = config.temperature if config.exploration == 'boltzmann' else 0.0
    if self.on_policy:
      self.temperature = 1.0  # a policy is drawn from as it is
    steps = rollout.length(domain, config) if self.on_policy else config.n_step
    self._frames = steps + 1  # of a batch
    self.learner = spec.load(AGENTS, kind, 'agent')(domain, config, seed)
    self.learner.initialize()
    self.learner._loss = _checked(self.learner._loss)
    self.guard = self.learner._optimizer.guard
    # The largest pay so far, a coupling's included: what Q-values are bounded by.
    self.most_paid = tf.Variable(domain.reward_bound, trainable=False)
    if config.average and self.on_policy:
      raise spec.SpecError(
        f'--agent_average is of a Q-network, and --agent={kind} has none: use 0.'
      )
    # The one whose values are told and painted by.
    self._network = None if self.on_policy else self.learner._q_network
    if config.average:
      self._network = self._network.copy(name='AveragedQNetwork')
      self._network.create_variables()
    self._outside = world is not None
    self.world = world or world_lib.World(domain, config.environments, seed)
    self.explorer = explore.Explorer(
      self.learner.collect_policy if self.on_policy else self.learner.policy.wrapped_policy,
      seed,
      self.epsilon,
      self.temperature,
    )
    self.replay = replay_lib.Replay(
      self.learner.collect_data_spec,
      batch_size=config.environments,
      max_length=max(config.replay_capacity // config.environments, self._frames + 1),
      seed=seed,
    )
    if self.on_policy:
      self._driver = rollout.Driver(self.world, self.explorer, self.replay.add_batch, steps)
      return
    if self._outside:
      self._driver = vector.Driver(
        world, self.explorer, self.replay.add_batch, config.collect_steps
      )
      return
    # The driver does not count the step that restarts an episode: asking for one transition more
    # than collect_steps - 1 full ones is what makes it take collect_steps steps.
    self._driver = dynamic_step_driver.DynamicStepDriver(
      self.world,
      self.explorer,
      observers=[self.replay.add_batch],
      num_steps=config.environments * (config.collect_steps - 1) + 1,
    )

  def moved(self, domain: types.Domain) -> Agent:
    """The same hand in another world, where its weights fit: a map may be of any size."""
    config = dataclasses.replace(self.config, environments=1)
    other = Agent(self._kind, domain, config, self._seed)
    for new, own in zip(other._weights, self._weights, strict=True):
      new.assign(own)
    return other

  @property
  def _weights(self) -> list[tf.Variable]:
    return self.learner.policy.variables() if self.on_policy else self._network.variables

  @property
  def updates(self) -> tf.Variable:
    """How often the agent has learnt."""
    return self.learner.train_step_counter

  def epsilon(self) -> tf.Tensor:
    """The share of random actions: falls from 1 in a straight line, and stays."""
    if self.config.exploration == 'boltzmann' or self.on_policy:
      return tf.constant(0.0)
    fall = tf.cast(self.updates, tf.float32) / max(self.config.epsilon_decay, 1)
    return tf.maximum(1 - fall * (1 - self.config.epsilon), self.config.epsilon)

  def collect(self) -> dict[str, tf.Tensor]:
    """collect_steps steps in every environment, remembered."""
    time_step, _ = self._driver.run()
    return {
      'reward': tf.reduce_mean(time_step.reward),
      'return': tf.reduce_mean(self.world.returns),
      'epsilon': self.epsilon(),
      'q': tf.convert_to_tensor(self.explorer.value),
    }

  def sample(self):
    """A batch of remembered transitions; its policy_info has the pays, if they are learnt from.

    Who learns on policy is given all that was just collected, and the frame after it.
    """
    if self.on_policy:
      return self.replay.newest(self._frames)
    batch = self.replay.sample(self.config.batch_size, self._frames)
    if not self.informed:
      return batch
    before = self._domain.resume({name: x[:, 0] for name, x in batch.observation.items()})
    pays = self._domain.pays(before, self._domain.own_worth(before)) + self.besides(before)
    return batch._replace(policy_info=tf.repeat(pays[:, None], self.config.n_step + 1, axis=1))

  def besides(self, state) -> tf.Tensor:
    """What the world pays for every action beside coming nearer to its goal: [B, actions]."""
    count = tf.shape(tf.nest.flatten(state)[0])[0]
    actions = tf.range(self._domain.action_spec.maximum + 1)
    return self._domain.besides(state, tf.tile(actions[None], [count, 1]))

  def transition(self, observation, action, reward, following, done, pays):
    """One step of a batch of worlds in the form in which `sample` gives it: [B, 2, ...]."""
    middle = tf.fill(tf.shape(action), ts.StepType.MID)
    ends = tf.where(done, ts.StepType.LAST, ts.StepType.MID)
    twice = lambda first, second: tf.stack([first, second], 1)  # noqa: E731
    return trajectory.Trajectory(
      step_type=twice(middle, ends),
      observation=tf.nest.map_structure(twice, observation, following),
      action=twice(action, action),  # of a second frame only what is seen and how it came is read
      policy_info=twice(pays, pays) if self.informed else (),
      next_step_type=twice(ends, ends),
      reward=twice(reward, reward),
      discount=twice(*[tf.where(done, 0.0, 1.0)] * 2),
    )

  def learn(self, batch) -> dict[str, tf.Tensor]:
    """One update of the Q-network, or of policy and value."""
    pays = [batch.reward, *([batch.policy_info] if self.informed else [])]
    most = tf.reduce_max(tf.stack([tf.reduce_max(tf.abs(pay)) for pay in pays]))
    more = tf.math.is_finite(most) & (most > self.most_paid)
    self.most_paid.assign(tf.where(more, most, self.most_paid))
    if self.on_policy:
      # Entropy is paid like all else. In the loss it would be weighed against advantages that are
      # divided by their spread, and what is undecided later would count for nothing.
      entropy = self.learner.surprise(batch.observation, batch.action)
      batch = batch._replace(reward=batch.reward + self.config.entropy * entropy)
      return {
        'loss': self.learner.train(*rollout.lesson(batch, self._whole)).loss,
        'entropy': tf.reduce_mean(entropy),
      }
    weights = vector.whole(batch) if self._outside else None
    loss = self.learner.train(batch, weights).loss
    if self.config.average:
      done = tf.cast(self.updates, tf.float32)
      # A long average is slow to leave the first weights, so it starts as a short one.
      rate = 1 - tf.minimum(self.config.average, done / (9 + done))
      for mean, new in zip(self._network.variables, self.learner._q_network.variables, strict=True):
        mean.assign_add(rate * (new - mean))
    return {'loss': loss}

  def values(self, observation) -> tf.Tensor:
    """Q-values of every action, or the logits of a policy: [B, actions]."""
    if self.on_policy:
      step = self.learner.policy.wrapped_policy.distribution(ts.restart(observation, None))
      return step.action.logits_parameter()
    return self._expected(self._network(observation)[0])

  def judge(self, features: tf.Tensor) -> tf.Tensor:
    """The same, of a world's features: where gradients are to reach what they were made from."""
    if self.on_policy:
      return self.learner.judge(features)
    return self._expected(self.learner._q_network.judge(features))

  def _expected(self, values: tf.Tensor) -> tf.Tensor:
    """The values, or the means of their distributions."""
    if self.learner._q_network.num_atoms:
      values = tf.reduce_sum(tf.nn.softmax(values) * self.learner._support, -1)
    return values

  def act(self, observation) -> tf.Tensor:
    """The action with the highest value: [B]."""
    return tf.argmax(self.values(observation), -1, self.learner.action_spec.dtype)


def _checked(loss_of: Callable) -> Callable:
  """TF-Agents ends the program at a loss that is no number; a guard only skips its update."""

  def checked(*args, **kwargs):
    info = loss_of(*args, **kwargs)
    return info._replace(loss=guard.checked(info.loss))

  return checked
