"""The contract of a world: a bundle of optional parts, asked for by what they are.

A world need not have all of them. Nobody acts where there is no `play`; rules that are not known in
the graph are no `rules`; what no GAN imagines is no `works`. Whoever needs a part says so by
`World.need`, which has the one wording of all refusals.
"""

from __future__ import annotations

import abc
from typing import Any

import numpy as np
import tensorflow as tf

from tf_creative.core import spec
from tf_creative.core.acting import Levels as Levels
from tf_creative.core.acting import Observation as Observation
from tf_creative.core.acting import Play as Play
from tf_creative.core.acting import Rules as Rules
from tf_creative.core.acting import Simulator as Simulator
from tf_creative.core.acting import Survey as Survey
from tf_creative.core.showing import Measure as Measure
from tf_creative.core.showing import Measures, Media
from tf_creative.core.showing import section_of as section_of
from tf_creative.core.works import Bounded
from tf_creative.core.works import Works as Concept


class Works(abc.ABC):
  """What a GAN imagines: works of one form, with labels."""

  @property
  @abc.abstractmethod
  def work_spec(self) -> Bounded:
    """Bounds of one stored work."""

  @property
  @abc.abstractmethod
  def value_shape(self) -> tuple[int, ...]:
    """The shape of the same work as the floats that networks read and write."""

  @property
  @abc.abstractmethod
  def label_names(self) -> list[str]:
    """What labels stand for, in their order."""

  @abc.abstractmethod
  def real(self, split: str) -> tf.data.Dataset:
    """Reads the real works of a split with their labels."""

  @abc.abstractmethod
  def legal(self, raw: tf.Tensor) -> tf.Tensor:
    """Projects raw generator output onto values of legal works (straight-through gradient)."""

  @abc.abstractmethod
  def to_values(self, works: tf.Tensor) -> tf.Tensor:
    """Turns stored works into floats [B, *value_shape]."""

  @abc.abstractmethod
  def to_works(self, values: tf.Tensor) -> tf.Tensor:
    """Turns floats into the nearest legal works, as stored."""

  @abc.abstractmethod
  def prospect(self, values: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Looks ahead at episodes about values: their first `features`, and the most they can earn [B].

    Gradients lead back to the values.
    """

  def random(self, count: int, seed: tf.Tensor) -> tf.Tensor:
    """Draws legal works by chance alone: what imagined ones must be better than to learn from."""
    return self.to_works(tf.random.stateless_uniform([count, *self.value_shape], seed))

  def filled(self, work: Any, given: Any, works: Any) -> Any:
    """Fills what is not given of a work by works [B, ...]: what goes with the rest of it."""
    return np.where(given, work, works)


class Making(abc.ABC):
  """Works come of actions, step by step; without this part the hand walks through given ones."""

  @property
  @abc.abstractmethod
  def rewards_target(self) -> bool:
    """Whether coming nearer to what an episode is about is rewarded."""

  @abc.abstractmethod
  def midway(self, concept: Concept, time: tf.Tensor, seed: tf.Tensor) -> Any:
    """Makes the states after `time` [B] steps on random ways to the works of `concept`."""

  @abc.abstractmethod
  def error(self, work: tf.Tensor, goal: tf.Tensor) -> tf.Tensor:
    """Measures how far works are from their goals: float32 [B], 0 where they are equal."""

  @abc.abstractmethod
  def cell_values(self, goal: tf.Tensor) -> tf.Tensor:
    """Tells what each cell is worth in each form it may take, if the work is to be `goal`."""

  @abc.abstractmethod
  def goal_values(self, state: Any) -> tf.Tensor:
    """Tells the `cell_values` of the world's own goal, as far as a state shows it: else 0."""

  @abc.abstractmethod
  def action_rewards(self, state: Any, values: tf.Tensor) -> tf.Tensor:
    """Tells by how much each action raises what a work is worth by `cell_values`: [B, A]."""

  def side_reward(self, state: Any, actions: tf.Tensor) -> tf.Tensor:
    """Tells the reward of actions [B, N] that does not depend on the goal: [B, N]."""
    del state
    return tf.zeros_like(actions, tf.float32)


_LACKS = {  # what to say of a world without a part
  'play': 'nobody acts in it',
  'rules': 'its rules are not known in the graph',
  'simulator': 'it has no environments outside of the graph',
  'works': 'nothing of it can be imagined',
  'making': 'works are not made in it, step by step',
  'levels': 'its works are not walked through',
  'media': 'its works are not shown as pictures',
  'measures': 'it has no measures of its own',
}


class World:
  """The parts that a world has; None where it has not."""

  # `| Any`, not `| None`: callers ask by `need` first, which no type checker sees.
  name: str
  play: Play | Any = None
  rules: Rules | Any = None
  simulator: Simulator | Any = None  # in place of rules
  works: Works | Any = None
  making: Making | Any = None
  levels: Levels | Any = None
  media: Media | Any = None
  measures: Measures | Any = None

  def need(self, *parts: str, by: str) -> None:
    """Refuses what this world cannot be used for: `by` says who asks."""
    for part in parts:
      if getattr(self, part) is None:
        raise spec.SpecError(
          f"{by} needs a world with '{part}', and '{self.name}' has none: {_LACKS[part]}."
        )


def _itself(contract: type) -> property:
  """Makes a part that is the world itself, if it keeps the contract."""
  return property(lambda self: self if isinstance(self, contract) else None)


class Whole(World):
  """A world in one object: it is itself each part whose contract it keeps."""

  play = _itself(Play)
  rules = _itself(Rules)
  simulator = _itself(Simulator)
  works = _itself(Works)
  making = _itself(Making)
  levels = _itself(Levels)
  media = _itself(Media)
  measures = _itself(Measures)


def told(world: World, work: Any, label: Any, code: Any) -> Concept:
  """Pair works with the codes that they were imagined from, if the hand is told them."""
  return Concept(work, label, code if world.play.code_size else ())


def side_rewards(world: World, state: Any) -> tf.Tensor:
  """Return the reward of every action that does not depend on the goal: float32 [B, A]."""
  count = tf.shape(tf.nest.flatten(state)[0])[0]
  actions = tf.range(world.play.action_spec.maximum + 1)
  return world.making.side_reward(state, tf.tile(actions[None], [count, 1]))


def max_return(world: World, works: Concept) -> tf.Tensor:
  """Return the most that can be earned in episodes about stored works: float32 [B]."""
  return world.works.prospect(world.works.to_values(works.work), works.label)[1]


def has_way(world: World, works: Concept) -> np.ndarray:
  """Tell where an episode about a work can earn anything: bool [B], all where works are made."""
  if world.making:
    return np.ones(len(works.label), bool)
  return max_return(world, tf.nest.map_structure(tf.constant, works)).numpy() > 0
