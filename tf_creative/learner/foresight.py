"""Joins hand and transitions: what the hand may expect where no rules tell."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from tf_creative.core import batch as batch_lib
from tf_creative.core import hand as hand_lib
from tf_creative.core import spec, streams
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.gan import config as gan_config
from tf_creative.gan import transition_critic, transitions

Observation = dict[str, tf.Tensor]
Foreseen = transitions.Foreseen


class Foresight(tf.Module):
  """Learns transitions from the hand's replay, and imagines some from replayed states."""

  def __init__(
    self,
    world: world_lib.World,
    agent: hand_lib.Hand,
    config: gan_config.GanConfig,
    seed: int,
  ):
    super().__init__(name='foresight')
    self.key, self.part = _single(world)  # of what is observed
    self._agent, self._config = agent, config
    if config.distort:
      raise spec.SpecError('transitions are not pictures to distort: use --gan_distort=0.')
    self._rows = config.batch_size // config.members * config.members  # shared by the members
    if not self._rows:
      raise spec.SpecError(
        f'--gan_batch_size={config.batch_size} is less than a transition for each of '
        f'--gan_members={config.members}: make it larger.'
      )
    shape = tuple(self.part.shape)
    newest = shape[-1] // world.play.stack
    bits = self.part.dtype == tf.uint8 and self.part.maximum == 1
    self.model = transitions.Transitions(
      config, transitions.Kind(shape, newest, world.play.action_spec.maximum + 1, bits), seed
    )
    self._stream = streams.Stream(seed, 'foresight')

  def learn(self) -> dict[str, tf.Tensor]:
    """Update the imagination on transitions from the replay; return scalars for the log."""
    batch = batch_lib.whole_steps(self._agent.sample(self._rows), self._rows)
    return self.model.train_step(
      **self.steps(batch)._asdict(), reward=batch.reward[:, 0], seed=self._stream.next()
    )

  def steps(self, batch: batch_lib.Batch) -> transition_critic.Steps:
    """Return the steps from each frame to the next, as critics read them: [B x (T - 1), ...]."""
    seen = self._values(batch.observation)
    told = transition_critic.Steps(
      state=seen[:, :-1],
      action=batch.action[:, :-1],
      after=seen[:, 1:, ..., -self.model.kind.newest :],
      end=1 - batch.discount[:, :-1],
    )
    return tf.nest.map_structure(lambda part: tf.reshape(part, [-1, *part.shape[2:]]), told)

  def new_critic(self, seed: int, **changes: Any) -> transition_critic.TransitionCritic:
    """Build an independent critic with the same settings, except `changes`."""
    config = dataclasses.replace(self._config, decay_steps=0, **changes)
    return transition_critic.TransitionCritic(config, self.model.kind, seed)

  def transitions(self, count: int, tries: float) -> tuple[batch_lib.Batch, Foreseen]:
    """Imagine a step from each of `count` replayed states: sequences of two frames.

    Actions are the best by today's values, or, with the probability `tries`, any.
    """
    choice, luck, seed = streams.split(self._stream.next(), 3)
    seen = {name: part[:, 0] for name, part in self._agent.sample(count).observation.items()}
    action = hand_lib.decide(self._agent.values(seen), tries, choice)
    following, foreseen = self.ahead(seen, action[:, None], seed)
    ended = tf.random.stateless_uniform([count], luck) < foreseen.end
    imagined = batch_lib.transitions(seen, action, foreseen.reward, following, ended)
    return imagined, foreseen

  def foresee(self, observation: Observation, action: tf.Tensor, seed: tf.Tensor) -> Foreseen:
    """Imagine what follows actions [B] where something is observed."""
    return self.model.foresee(self._values(observation), action, seed)

  def ahead(
    self, observation: Observation, actions: tf.Tensor, seed: tf.Tensor
  ) -> tuple[Observation, Foreseen]:
    """Imagine what follows actions [B, T] one after the other, each step from the one before.

    Return what would be observed after the last of them, and what was foreseen of it.
    """
    first, *others = tf.unstack(actions, axis=1)
    foreseen = self.foresee(observation, first, seed)
    observation = {self.key: self._observed(foreseen.state)}
    for action in others:
      [seed] = streams.split(seed, 1)
      foreseen = self.foresee(observation, action, seed)
      observation = {self.key: self._observed(foreseen.state)}
    return observation, foreseen

  @property
  def unit(self) -> np.ndarray:
    """In what errors of a state are told: the standard deviation of each number's changes.

    Pixels have one for all of them, and of bits the wrong ones are counted.
    """
    spread = self.model.spread.numpy() * self._scale
    if self.model.kind.bits:
      return np.ones_like(spread)
    return spread if spread.ndim == 1 else np.sqrt(np.mean(spread**2))

  def _values(self, observation: Observation) -> tf.Tensor:
    """Return what is observed as floats, bytes scaled to 0..1."""
    seen = tf.cast(observation[self.key], tf.float32)
    return seen / self._scale

  @property
  def _scale(self) -> float:
    return float(self.part.maximum) if self.part.dtype == tf.uint8 else 1.0

  def _observed(self, values: tf.Tensor) -> tf.Tensor:
    """Return values as they are observed: within bounds, and bytes whole."""
    seen = values * self._scale
    seen = tf.clip_by_value(seen, float(self.part.minimum), float(self.part.maximum))
    return tf.cast(tf.round(seen) if self.part.dtype == tf.uint8 else seen, self.part.dtype)


def _single(world: world_lib.World) -> tuple[str, works_lib.Bounded]:
  """Return the name and bounds of what is observed; raise a SpecError if it is several things."""
  parts = world.play.observation_spec
  (name, part), *others = parts.items()
  if others or part.dtype == tf.int32 or not part.shape:
    raise spec.SpecError(
      f'transitions are imagined of one box of numbers, and this world shows {", ".join(parts)}: '
      'leave out --gan=transitions.'
    )
  return name, part
