"""The loop: K rounds of training in one call of one graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import contextlib

import tensorflow as tf

from tf_creative.agent import config as agent_config
from tf_creative.core import batch as batch_lib
from tf_creative.core import coupling as coupling_lib
from tf_creative.core import replicas, streams
from tf_creative.core import works as works_lib
from tf_creative.learner import config as config_lib

Metrics = dict[str, tf.Tensor]


class Loop(tf.Module):
  """Trains in rounds: an agent phase with a frozen GAN, and a GAN phase with a frozen agent.

  In worlds without works there is a GAN phase only where transitions are imagined.
  """

  def __init__(
    self,
    parts: coupling_lib.Parts,
    coupling: coupling_lib.Coupling,
    config: config_lib.Config,
  ):
    super().__init__(name='loop')
    self.round = tf.Variable(0, dtype=tf.int64, trainable=False, name='round')
    self.config, self._agent_config = config.run, config.agent
    self._parts, self._coupling = parts, coupling
    self._works = streams.Stream(config.run.seed, 'loop/real')
    self._noise = streams.Stream(config.run.seed, 'loop/noise')
    self._chance = streams.Stream(config.run.seed, 'loop/gan')
    # The bank holds one concept per environment. A quarter of it is renewed each round, which is
    # faster than episodes end.
    self._fresh = max(1, config.agent.environments // 4)
    self.rounds = tf.function(self._rounds, autograph=False)
    self._warming_up = tf.function(self._warm_up, autograph=False)

  @property
  def built(self) -> coupling_lib.Parts:
    """The parts that it trains."""
    return self._parts

  @property
  def streams(self) -> dict[str, streams.Stream]:
    """The random streams by their names in a checkpoint."""
    return {name: part for name, part in vars(self).items() if isinstance(part, streams.Stream)}

  def step(self, count: int) -> dict[str, float]:
    """Train for `count` rounds; return the means of their metrics."""
    with self._faults():
      return {name: float(value) for name, value in self.rounds(tf.constant(count)).items()}

  def warm_up(self) -> None:
    """Fill the bank, and fill the replay with enough transitions for the first update."""
    with self._faults():
      self._warming_up()

  @contextlib.contextmanager
  def _faults(self) -> Iterator[None]:
    """Raise what has failed in an environment as it is, not as TensorFlow's words around it."""
    with replicas.together():
      try:
        yield
      except tf.errors.OpError as error:
        if fault := self._parts.episodes.fault:
          raise fault from error
        raise

  def _warm_up(self) -> None:
    config = self._agent_config
    if self._parts.gan:
      self._parts.episodes.refresh(self._coupling.concept(self._draw(config.environments)))
    per_call = config.environments * config.collect_steps
    repeat(self._parts.agent.collect, tf.constant(warm_up_steps(config) // per_call))

  def _rounds(self, count: tf.Tensor) -> Metrics:
    """Train for `count` rounds; metrics are means over these, and over all replicas."""
    return replicas.mean(repeat(self._round, count))

  def _round(self) -> Metrics:
    imagines = self._parts.gan is not None
    if imagines:
      self._refresh()
    agent = repeat(self._agent_step, self.config.agent_steps)
    learns = imagines or self._parts.foresight is not None
    gan = repeat(self._gan_step, self.config.gan_steps if learns else 0)
    self.round.assign_add(1)
    metrics = {f'agent/{name}': value for name, value in agent.items()}
    metrics |= {f'gan/{name}': value for name, value in gan.items()}
    metrics |= {f'coupling/{name}': value for name, value in self._coupling.metrics().items()}
    loss = agent.get('loss', 0.0) + self.config.joint_weight * gan.get('generator_loss', 0.0)
    return metrics | {'joint/loss': tf.convert_to_tensor(loss)}

  def parts(self) -> dict[str, Callable[[], Metrics]]:
    """Return the parts of a round by name, for measurements of speed and cost."""
    hand = {'collect': self._parts.agent.collect, 'learn': self._learn}
    if self._parts.gan:
      return {'concept': self._refresh, **hand, 'gan': self._gan_step}
    return {**hand, 'gan': self._gan_step} if self._parts.foresight else hand

  def often(self) -> dict[str, int]:
    """Return how often each part runs in a round."""
    run = self.config
    hand = {'collect': run.agent_steps, 'learn': run.agent_steps * self._agent_config.updates}
    return {'concept': 1, **hand, 'gan': run.gan_steps}

  def _refresh(self) -> Metrics:
    self._parts.episodes.refresh(self._coupling.concept(self._draw(self._fresh)))
    return {}

  def _agent_step(self) -> Metrics:
    """Update the hand and take its next steps; an on-policy hand takes its steps first.

    Off policy, the batch is sampled before the steps, so TensorFlow can run both in parallel.
    """
    agent = self._parts.agent
    more = self._agent_config.updates - 1
    if agent.lesson.on_policy:
      return agent.collect() | self._learn()
    batch = agent.sample()
    told = agent.collect() | self._learn_from(batch)
    return told | repeat(self._learn, more) if more else told

  def _learn(self) -> Metrics:
    return self._learn_from(self._parts.agent.sample())

  def _learn_from(self, batch: batch_lib.Batch) -> Metrics:
    return self._parts.agent.learn(self._coupling.reward(self._coupling.experience(batch)))

  def _gan_step(self) -> Metrics:
    if self._parts.foresight:
      return self._parts.foresight.learn()
    gan, world = self._parts.gan, self._parts.world
    real = self._draw(gan.batch_size)
    seeds = self._noise.next(), self._chance.next()
    return gan.train_step(
      world.works.to_values(real.work), real.label, seeds, self._coupling.generator_loss
    )

  def _draw(self, count: int) -> works_lib.Works:
    """Draw real works with replacement."""
    return works_lib.draw(self._parts.real, count, self._works.next())


def warm_up_steps(config: agent_config.AgentConfig) -> int:
  """Return the environment steps before the first round: `warmup`, rounded up to whole calls."""
  per_call = config.environments * config.collect_steps
  return per_call * max(-(-config.warmup // per_call), config.n_step + 2)


def environment_steps(config: config_lib.Config, rounds: float) -> int:
  """Return the hand's steps up to the end of a round, summed over all environments."""
  agent = config.agent
  per_round = agent.environments * agent.collect_steps * config.run.agent_steps
  return warm_up_steps(agent) + int(rounds) * per_round


def repeat(step: Callable[[], Metrics], count: tf.Tensor | int) -> Metrics:
  """Run `step` `count` times and return the means of its metrics; `step` is traced only once."""
  if isinstance(count, int) and count < 2:
    return step() if count else {}
  # A nested tf.function: the loop's body is one call of it, and its outputs are known in advance.
  traced = tf.function(step, autograph=False)
  outputs = traced.get_concrete_function().structured_outputs
  sums = {name: tf.zeros(spec.shape, spec.dtype) for name, spec in outputs.items()}
  body = lambda i, sums: (i + 1, tf.nest.map_structure(tf.add, sums, traced()))  # noqa: E731
  _, sums = tf.while_loop(lambda i, _: i < count, body, [0, sums], maximum_iterations=count)
  return {name: total / tf.cast(count, total.dtype) for name, total in sums.items()}
