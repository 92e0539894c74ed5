"""The contract of a world: a bundle of optional parts, asked for by what they are.

A world need not have all of them. Nobody acts where there is no `play`; rules that are not known in
the graph are no `rules`; what no GAN imagines is no `works`. Whoever needs a part says so by
`World.need`, which has the one wording of all refusals.
"""

from __future__ import annotations

import abc
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_creative.core import spec
from tf_creative.core.showing import Measure as Measure
from tf_creative.core.showing import Measures, Media
from tf_creative.core.works import Bounded
from tf_creative.core.works import Works as Concept

Observation = dict[str, tf.Tensor]


class Survey(NamedTuple):
  """A world at one moment, from everywhere where the hand might stand: P poses, A actions."""

  now: Any  # float32 [B, ...], `features` whatever the pose
  later: Any  # float32 [2 B, ...], the same after a step, and after one that changed something
  follows: tf.Tensor  # int32 [B, P, A], the pose after each action; from P on it is in the changed
  reward: tf.Tensor  # float32 [B, P, A]
  goes_on: tf.Tensor  # bool [B, P, A], not where an episode ends
  known: tf.Tensor  # bool [B, P, A], where there is such a pose, and what follows is told here


class Play(abc.ABC):
  """What an agent needs of a world, and nothing else."""

  code_size: int = 0  # numbers of a code that the hand is told; 0: none

  @property
  @abc.abstractmethod
  def observation_spec(self) -> dict[str, Bounded]:
    """Bounds of each part of an observation, without the batch."""

  @property
  @abc.abstractmethod
  def action_spec(self) -> Bounded:
    """Bounds of an action: a scalar that counts from 0."""

  @property
  @abc.abstractmethod
  def reward_bound(self) -> float:
    """The largest reward of one step, in size."""

  @abc.abstractmethod
  def features(self, observation: Observation) -> tf.Tensor:
    """Turns an observation into the planes or rows that networks read: float32 [B, ..., C]."""

  def brief(self, observation: Observation) -> tf.Tensor:
    """Lists what the hand is told in numbers beside the features: float32 [B, N], N may be 0."""
    count = tf.shape(tf.nest.flatten(observation)[0])[0]
    return tf.zeros([count, 0])

  def prior_logits(self, observation: Observation) -> tf.Tensor:
    """Tells log-likelihoods of the actions by a model of works: [B, A], or 0 without one."""
    del observation
    return tf.zeros([])


class Rules(abc.ABC):
  """Rules that are known: pure functions on batches, which train, export and serve."""

  horizon: int  # steps in an episode, at most

  @abc.abstractmethod
  def start(self, concept: Concept, seed: tf.Tensor) -> Any:
    """Begins an episode about each work of `concept`: states, a nest of [B, ...]."""

  @abc.abstractmethod
  def step(
    self, state: Any, action: tf.Tensor, seed: tf.Tensor
  ) -> tuple[Any, tf.Tensor, tf.Tensor]:
    """Acts: the next states, the rewards (float32 [B]) and which episodes are over (bool [B])."""

  @abc.abstractmethod
  def observe(self, state: Any) -> Observation:
    """Shows what the agent sees of states."""

  @abc.abstractmethod
  def resume(self, observation: Observation) -> Any:
    """Rebuilds states from observations; worlds are fully observable."""

  @abc.abstractmethod
  def work(self, state: Any) -> tf.Tensor:
    """Reads the work in the making, as stored: [B, ...]."""

  @abc.abstractmethod
  def place(self, state: Any, work: tf.Tensor) -> Any:
    """Puts another work into states, to be gone on with."""

  @abc.abstractmethod
  def allowed(self, state: Any, keep: tf.Tensor) -> tf.Tensor:
    """Finds the actions that leave a work as it is where `keep` [B, ...] holds: bool [B, A]."""


class Simulator(abc.ABC):
  """Rules that are not known: environments that step outside of the graph."""

  renders: bool  # whether there are pictures of what happens

  @abc.abstractmethod
  def vector(self, count: int, render: bool = False) -> Any:
    """Makes environments side by side: a gymnasium.vector.VectorEnv, for the caller to close.

    What is seen is a dict of arrays, as `observation_spec` says; actions count from 0; who is over
    begins anew at the next step (NEXT_STEP), and every episode ends. With `render`, its `render()`
    gives a picture of each: uint8 RGB [height, width, 3].
    """


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


class Levels(abc.ABC):
  """Works are walked through, and a search knows the way."""

  @abc.abstractmethod
  def survey(self, observation: Observation, seed: tf.Tensor) -> Survey:
    """Tells what each action leads to from everywhere."""

  @abc.abstractmethod
  def reference_scores(self, works: Concept, act: Callable) -> dict[str, Any]:
    """Scores the policy `act(observation)` in the original simulator, episode by episode."""


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

  name: str
  play: Play | None = None
  rules: Rules | None = None
  simulator: Simulator | None = None  # in place of rules
  works: Works | None = None
  making: Making | None = None
  levels: Levels | None = None
  media: Media | None = None
  measures: Measures | None = None

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


def side_rewards(world: World, state: Any) -> tf.Tensor:
  """Tells the reward of every action that does not depend on the goal: [B, A]."""
  count = tf.shape(tf.nest.flatten(state)[0])[0]
  actions = tf.range(world.play.action_spec.maximum + 1)
  return world.making.side_reward(state, tf.tile(actions[None], [count, 1]))


def max_return(world: World, works: Concept) -> tf.Tensor:
  """Tells the most that can be earned in episodes about stored works: [B]."""
  return world.works.prospect(world.works.to_values(works.work), works.label)[1]


def has_way(world: World, works: Concept) -> np.ndarray:
  """Tells where something can be earned, as in a level with a way through: bool [B]."""
  return max_return(world, tf.nest.map_structure(tf.constant, works)).numpy() > 0
