"""The contract of a world: a bundle of optional parts.

A world need not have all of them: without an agent there is no `play`, without rules that are known
in the graph no `rules`, and without a GAN no `works`. Code that needs a part calls `World.need`, so
that all refusals have the same wording. What an agent acts in is in `acting.py`, what is shown to
people in `showing.py`; `core/promises/` has the rules that each part must keep.
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
from tf_creative.core.acting import Published as Published
from tf_creative.core.acting import Rules as Rules
from tf_creative.core.acting import Simulator as Simulator
from tf_creative.core.acting import Survey as Survey
from tf_creative.core.showing import Measure as Measure
from tf_creative.core.showing import Measures, Media
from tf_creative.core.showing import section_of as section_of
from tf_creative.core.works import Bounded
from tf_creative.core.works import Works as Concept


class Works(abc.ABC):
  """The works that a GAN imagines: arrays of one form, with labels."""

  @property
  @abc.abstractmethod
  def work_spec(self) -> Bounded:
    """Bounds of one stored work."""

  @property
  @abc.abstractmethod
  def value_shape(self) -> tuple[int, ...]:
    """The shape of the same work as the floats that networks read and write."""

  @property
  def raw_shape(self) -> tuple[int, ...]:
    """The shape of what a generator makes of a work, before it is `legal`."""
    return self.value_shape

  @property
  @abc.abstractmethod
  def label_names(self) -> list[str]:
    """Names of the labels, in their order."""

  @abc.abstractmethod
  def real(self, split: str) -> tf.data.Dataset:
    """Read the real works of a split, one `core.works.Works` each, always in the same order."""

  @abc.abstractmethod
  def legal(self, raw: tf.Tensor) -> tf.Tensor:
    """Project raw output [B, *raw_shape] onto values of legal works (straight-through gradient)."""

  @abc.abstractmethod
  def to_values(self, works: tf.Tensor) -> tf.Tensor:
    """Convert stored works to floats [B, *value_shape]."""

  @abc.abstractmethod
  def to_works(self, values: tf.Tensor) -> tf.Tensor:
    """Convert floats [B, *value_shape] to the nearest legal works, as stored."""

  @abc.abstractmethod
  def prospect(self, values: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the first `features` of episodes about values, and their highest returns [B].

    Gradients lead back to the values.
    """

  def filled(self, work: Any, given: Any, works: Any) -> Any:
    """Fill the gaps of a work, where `given` is false, with what fits from works [B, ...]."""
    return np.where(given, work, works)


class Making(abc.ABC):
  """Actions make works, step by step; without this part the hand walks through given works."""

  @property
  @abc.abstractmethod
  def rewards_target(self) -> bool:
    """Whether the reward includes coming nearer to the work that an episode is about."""

  @abc.abstractmethod
  def midway(self, concept: Concept, time: tf.Tensor, seed: tf.Tensor) -> Any:
    """Return the states after `time` [B] steps on random ways to the works of `concept`."""

  @abc.abstractmethod
  def error(self, work: tf.Tensor, goal: tf.Tensor) -> tf.Tensor:
    """Return the distances of works to their goals: float32 [B], 0 where they are equal."""

  @abc.abstractmethod
  def cell_values(self, goal: tf.Tensor) -> tf.Tensor:
    """Return the value of each cell in each form it may take, for works that are to be `goal`."""

  @abc.abstractmethod
  def goal_values(self, state: Any) -> tf.Tensor:
    """Return the `cell_values` of the goals that states show the hand; zeros if they show none."""

  @abc.abstractmethod
  def action_rewards(self, state: Any, values: tf.Tensor) -> tf.Tensor:
    """Return how much each action raises the sum of a work's `cell_values`: float32 [B, A]."""

  def side_reward(self, state: Any, actions: tf.Tensor) -> tf.Tensor:
    """Return the reward of actions [B, N] that does not depend on the goal: float32 [B, N]."""
    del state
    return tf.zeros_like(actions, tf.float32)

  def action_features(self) -> tf.Tensor | None:
    """Return what actions are like, so that what is learnt of one holds for others: [A, N]."""
    return None


_LACKS = {  # what the message says of a world without the part
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
  """A bundle of parts; those that the world lacks are None."""

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
    """Raise a SpecError if one of the parts is missing; `by` names what needs them."""
    for part in parts:
      if getattr(self, part) is None:
        raise spec.SpecError(
          f"{by} needs a world with '{part}', and '{self.name}' has none: {_LACKS[part]}."
        )


def _itself(contract: type) -> property:
  """Make a property that is the world itself if it keeps the contract, else None."""
  return property(lambda self: self if isinstance(self, contract) else None)


class Whole(World):
  """A world in one object, which serves as each part whose contract it keeps."""

  play = _itself(Play)
  rules = _itself(Rules)
  simulator = _itself(Simulator)
  works = _itself(Works)
  making = _itself(Making)
  levels = _itself(Levels)
  media = _itself(Media)
  measures = _itself(Measures)


def chance(world: World, count: int, seed: tf.Tensor) -> tf.Tensor:
  """Draw legal works at random: the baseline that imagined ones must beat."""
  if world.levels:
    return world.levels.random(count, seed)
  works = world.works
  return works.to_works(tf.random.stateless_uniform([count, *works.value_shape], seed))


def told(world: World, work: Any, label: Any, code: Any) -> Concept:
  """Build a concept: works, labels and, if the world tells the hand codes, their codes."""
  return Concept(work, label, code if world.play.code_size else ())


def side_rewards(world: World, state: Any) -> tf.Tensor:
  """Return the reward of every action that does not depend on the goal: float32 [B, A]."""
  count = tf.shape(tf.nest.flatten(state)[0])[0]
  actions = tf.range(world.play.action_spec.maximum + 1)
  return world.making.side_reward(state, tf.tile(actions[None], [count, 1]))


def all_rewards(world: World, state: Any, goal: tf.Tensor) -> tf.Tensor:
  """Return the reward of every action, for works that are to be `goal`: float32 [B, A]."""
  besides = side_rewards(world, state)
  if not world.making.rewards_target:
    return besides
  return world.making.action_rewards(state, world.making.cell_values(goal)) + besides


def max_return(world: World, works: Concept) -> tf.Tensor:
  """Return the highest possible returns of episodes about stored works: float32 [B]."""
  return world.works.prospect(world.works.to_values(works.work), works.label)[1]


def has_way(world: World, works: Concept) -> np.ndarray:
  """Tell which works allow a positive return: bool [B]; all of them where works are made."""
  if world.making:
    return np.ones(len(works.label), bool)
  return max_return(world, tf.nest.map_structure(tf.constant, works)).numpy() > 0
