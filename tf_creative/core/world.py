"""The contract of a world: a bundle of optional parts, asked for by what they are.

A world need not have all of them. Nobody acts where there is no `play`; rules that are not known in
the graph are no `rules`; what no GAN imagines is no `works`. Whoever needs a part says so by
`World.need`, which has the one wording of all refusals.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from PIL import Image
import tensorflow as tf

from tf_creative import spec
from tf_creative.core.works import Bounded
from tf_creative.core.works import Works as Concept

Observation = dict[str, tf.Tensor]


class Measure(NamedTuple):
  """How a number of a world is shown to people."""

  form: str  # as in f'{number:{form}}'
  words: str  # what comes after it


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


class Media(abc.ABC):
  """Works as files and pictures for people."""

  files: Mapping[str, Callable[[Any], bytes]] = {}  # own formats by their ending, of a stored work

  @abc.abstractmethod
  def render(self, works: tf.Tensor) -> Any:
    """Draws stored works: uint8 RGB arrays [B, height, width, 3]."""

  @abc.abstractmethod
  def encode(self, works: tf.Tensor, zoom: int) -> dict[str, tf.Tensor]:
    """Writes files in the graph: strings [B] by names that end in `_bytes`.

    Beside them stand such numbers [B] as the world itself can tell of a work.
    """

  @abc.abstractmethod
  def drawing(self, start: Any, actions: Any, zoom: int) -> str:
    """Writes an SVG of what the actions [T] make of the work `start`, as `render` shows it."""

  @abc.abstractmethod
  def strokes(self, actions: tf.Tensor) -> tf.Tensor:
    """Spells actions int32 [...] in plain numbers [..., N], -1 staying -1; in the graph."""

  @abc.abstractmethod
  def legend(self) -> dict[str, Any]:
    """Tells what is needed to read works and strokes by."""

  @abc.abstractmethod
  def read(self, path: Any, mask: Any = '') -> tuple[Any, Any]:
    """Reads somebody's file as a work, and what of it is given: bool [...], False in its gaps.

    The file `mask`, if any, shows further gaps in white.
    """

  @abc.abstractmethod
  def store(self, works: Concept, seeds: Any, folder: Any) -> None:
    """Writes works with the seeds of their making as a data set of TFDS, in place of `folder`."""

  def portrait(self, path: Any, given: Any) -> tuple[Image.Image, Any]:
    """Opens somebody's file as a picture, and tells where a `render` shows what is given of it."""
    picture = Image.fromarray(self.render(self.read(path)[0][None])[0])
    return picture.convert('RGBA'), given

  def rulers(self, zoom: int) -> tuple[Image.Image, Image.Image] | None:
    """Draws what stands left of and above a work that is magnified so: names, numbers; or None."""
    del zoom


class Measures(abc.ABC):
  """The world's own numbers, and the words for them; shown by asking, never by name."""

  scores: dict[str, Measure]  # what `metrics` measures; the first is the likeness asked for
  traits: dict[str, Measure] = {}  # what `describe` tells of works
  participle: str = 'painted'  # what the hand has done with what was imagined: painted, played

  @property
  @abc.abstractmethod
  def splits(self) -> tuple[str, ...]:
    """The splits of real works that the hand is judged by."""

  @abc.abstractmethod
  def metrics(self, works: tf.Tensor, concept: tf.Tensor) -> dict[str, Any]:
    """Measures each work [B]: how well it does what `concept` asked for."""

  def describe(self, works: Any) -> dict[str, Any]:
    """Tells what each work is like: numbers [B], or shares [B, K] of things that sum to 1."""
    del works
    return {}

  def models(self, label: Any, seed: int) -> dict[str, Concept]:
    """Draws works of the labels by simple models of this world's own, to be beaten, by name."""
    del label, seed
    return {}


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


class Whole(World):
  """A world in one object: it is itself each part whose contract it keeps."""

  @property
  def play(self) -> Play | None:
    return _kept(self, Play)

  @property
  def rules(self) -> Rules | None:
    return _kept(self, Rules)

  @property
  def simulator(self) -> Simulator | None:
    return _kept(self, Simulator)

  @property
  def works(self) -> Works | None:
    return _kept(self, Works)

  @property
  def making(self) -> Making | None:
    return _kept(self, Making)

  @property
  def levels(self) -> Levels | None:
    return _kept(self, Levels)

  @property
  def media(self) -> Media | None:
    return _kept(self, Media)

  @property
  def measures(self) -> Measures | None:
    return _kept(self, Measures)


def _kept(world: Any, part: type) -> Any:
  """The world itself if it keeps the contract of a part."""
  return world if isinstance(world, part) else None


def side_rewards(world: World, state: Any) -> tf.Tensor:
  """Tells the reward of every action that does not depend on the goal: [B, A]."""
  count = tf.shape(tf.nest.flatten(state)[0])[0]
  actions = tf.range(world.play.action_spec.maximum + 1)
  return world.making.side_reward(state, tf.tile(actions[None], [count, 1]))


def max_return(world: World, works: Concept) -> tf.Tensor:
  """Tells the most that can be earned in episodes about stored works: [B]."""
  return world.works.prospect(world.works.to_values(works.work), works.label)[1]
