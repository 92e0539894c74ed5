"""The contracts between the rooms: what a world and a learner's parts look like."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple, Protocol

import tensorflow as tf

from tf_creative.core import hand as hand_lib
from tf_creative.core import imagination as imagination_lib


@dataclasses.dataclass(frozen=True)
class Bounded:
  """Shape, type and inclusive bounds of one tensor, without the batch dimension."""

  shape: tuple[int, ...]
  dtype: tf.DType
  minimum: int
  maximum: int


class Measure(NamedTuple):
  """How a number of a world is shown to people."""

  form: str  # as in f'{number:{form}}'
  words: str  # what comes after it


class Works(NamedTuple):
  """Finished works, or what an episode is to be about, in the form in which they are stored."""

  work: tf.Tensor  # uint8 [B, ...]
  label: tf.Tensor  # int32 [B], 0 where a data set has no labels
  code: Any = ()  # float32 [B, C]: what it was imagined from, where the world asks for that


def select(condition: tf.Tensor, yes: Any, no: Any) -> Any:
  """Two nests of batches as one: row by row from `yes` where the condition [B] holds."""

  def pick(one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    return tf.where(tf.reshape(condition, [-1] + [1] * (one.shape.rank - 1)), one, other)

  return tf.nest.map_structure(pick, yes, no)


def draw(works: Works, count: tf.Tensor | int, seed: tf.Tensor) -> Works:
  """So many of the works, with replacement."""
  picks = tf.random.stateless_uniform([count], seed, maxval=works.label.shape[0], dtype=tf.int32)
  return tf.nest.map_structure(lambda part: tf.gather(part, picks), works)


class Survey(NamedTuple):
  """A world at one moment, from everywhere where the hand might stand: P poses, A actions."""

  now: Any  # float32 [B, ...], `features` whatever the pose
  later: Any  # float32 [2 B, ...], the same after a step, and after one that changed something
  follows: tf.Tensor  # int32 [B, P, A], the pose after each action; from P on it is in the changed
  pay: tf.Tensor  # float32 [B, P, A]
  goes_on: tf.Tensor  # bool [B, P, A], not where an episode ends
  known: tf.Tensor  # bool [B, P, A], where there is such a pose, and what follows is told here


class Domain(Protocol):
  """A world as pure functions on batches of tensors: one code trains, exports and serves."""

  work_spec: Bounded  # one stored work
  value_shape: tuple[int, ...]  # the same work as the floats that a network reads and writes
  label_names: list[str]
  observation_spec: dict[str, Bounded]
  target_pays: bool  # whether coming nearer to what an episode is about is paid
  code_size: int  # how many numbers of a code the hand is told; 0: none
  action_spec: Bounded  # a scalar that counts from 0
  horizon: int
  hand_splits: tuple[str, ...]  # the splits of real works that the hand is judged by
  builds: bool  # whether the hand makes works, step by step; else it walks through given ones
  made: str  # what the hand has done with what was imagined, in a word for people: painted, played
  reward_bound: float  # the largest pay of one step
  measures: dict[str, Measure]  # what `metrics` measures; the first is the likeness asked for
  traits: dict[str, Measure]  # what `describe` tells of works
  formats: tuple[str, ...]  # endings of the names of files that `file` makes

  def real(self, split: str) -> tf.data.Dataset:
    """Real works with their labels."""

  def random(self, count: int, seed: tf.Tensor) -> tf.Tensor:
    """Legal works by chance alone: what is imagined must be better to learn from."""

  def start(self, concept: Works, seed: tf.Tensor) -> Any:
    """The first state of each episode; `concept` is what the episode is about."""

  def step(
    self, state: Any, action: tf.Tensor, seed: tf.Tensor
  ) -> tuple[Any, tf.Tensor, tf.Tensor]:
    """The next state, the pay (float32 [B]) and whether the episode is over (bool [B])."""

  def observe(self, state: Any) -> Any:
    """What the agent sees of a state."""

  def work(self, state: Any) -> tf.Tensor:
    """What stands on the easel, as stored."""

  def place(self, state: Any, work: tf.Tensor) -> Any:
    """The state with another work on the easel, to be gone on with."""

  def resume(self, observation: Any) -> Any:
    """The state of which this is seen: the world hides nothing that a step depends on."""

  def survey(self, observation: Any, seed: tf.Tensor) -> Survey:
    """What each action leads to from everywhere: in a world that is walked through."""

  def midway(self, concept: Works, time: tf.Tensor, seed: tf.Tensor) -> Any:
    """The states after `time` [B] steps on random ways to the works of `concept`."""

  def worth(self, goal: tf.Tensor) -> tf.Tensor:
    """What each cell is worth in each form it may take; `error` is what is missing of it all."""

  def own_worth(self, state: Any) -> tf.Tensor:
    """The goal that the world pays for, in the form of `worth`, as far as a state tells: else 0."""

  def besides(self, state: Any, actions: tf.Tensor) -> tf.Tensor:
    """What the world pays for actions [B, N] beside coming nearer to its goal: [B, N]."""

  def likely(self, observation: Any) -> tf.Tensor:
    """Log-likelihoods of the actions by a model of works [B, actions]; 0 where there is none."""

  def pays(self, state: Any, worth: tf.Tensor) -> tf.Tensor:
    """By how much each action raises what a work is worth: [B, actions]."""

  def error(self, work: tf.Tensor, goal: tf.Tensor) -> tf.Tensor:
    """How far works are from what they are to be: float32 [B], 0 where they are equal."""

  def features(self, observation: Any) -> tf.Tensor:
    """An observation as the float planes that the agent's networks read: [B, ..., channels]."""

  def brief(self, observation: Any) -> tf.Tensor:
    """What the agent is told in numbers instead of planes, such as a code: [B, N], N may be 0."""

  def prospect(self, values: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """`features` of episodes about `values` as they begin, and all that can be earned in them.

    Gradients lead back to the values.
    """

  def legal(self, raw: tf.Tensor) -> tf.Tensor:
    """A generator's free numbers as the values of a legal work; gradients pass straight through."""

  def to_values(self, works: tf.Tensor) -> tf.Tensor:
    """Stored works as floats [B, *value_shape]."""

  def to_works(self, values: tf.Tensor) -> tf.Tensor:
    """Floats as the nearest legal works, as stored."""

  def render(self, works: tf.Tensor) -> Any:
    """Stored works as pictures for people: uint8 RGB arrays [B, height, width, 3]."""

  def allowed(self, state: Any, keep: tf.Tensor) -> tf.Tensor:
    """The actions that leave a work as it is where `keep` [B, ...] holds: bool [B, actions]."""

  def rulers(self, zoom: int) -> Any:
    """Pictures of Pillow to stand left of and above those of `render`, magnified so; or None."""

  def drawing(self, start: Any, actions: Any, zoom: int) -> str:
    """An SVG that draws what the actions [T] make of the work `start`, as `render` shows it."""

  def encode(self, works: tf.Tensor, zoom: int) -> dict[str, tf.Tensor]:
    """Stored works as files for people, in the graph: strings [B] by names that end in `_bytes`.

    Beside them stand such numbers [B] as the world itself can tell of a work.
    """

  def file(self, work: Any, kind: str) -> bytes:
    """A stored work as a file of one of the `formats`."""

  def strokes(self, actions: tf.Tensor) -> tf.Tensor:
    """Actions int32 [...] in plain numbers [..., N], -1 staying -1; in the graph."""

  def legend(self) -> dict[str, Any]:
    """What is needed to read works and strokes by; `view` says how the server's page shows them."""

  def read(self, path: Any, mask: Any = '') -> tuple[Any, Any]:
    """Somebody's file as a work, and what of it is given: bool [...], False where it has gaps.

    The file `mask`, if any, shows further gaps in white.
    """

  def portrait(self, path: Any) -> Any:
    """Somebody's file as a picture of Pillow, as fine as it is."""

  def filled(self, work: Any, given: Any, works: Any) -> Any:
    """The work, where it is given, and else such parts of `works` [B, ...] as go with it."""

  def shows(self, given: Any) -> Any:
    """Which pixels of a picture by `render` show what is given: bool [height, width]."""

  def store(self, works: Works, seeds: Any, folder: Any) -> None:
    """Works with the seeds of their making as a data set of TFDS, which replaces `folder`."""

  def metrics(self, works: tf.Tensor, concept: tf.Tensor) -> dict[str, Any]:
    """The world's own numbers of each work [B]: how well it does what `concept` asked for."""

  def describe(self, works: Any) -> dict[str, Any]:
    """What each work is like: numbers [B], or shares [B, K] of things that sum to 1."""

  def models(self, label: Any, seed: int) -> dict[str, Works]:
    """Works of the labels by simple models of this world's own, which are to be beaten, by name."""

  def outside(self, works: Works, act: Any) -> dict[str, Any]:
    """How a hand, by `act(observation)`, does in the program that this world copies, if any."""


def side_rewards(domain: Domain, state: Any) -> tf.Tensor:
  """What the world pays for every action beside coming nearer to its goal: [B, actions]."""
  count = tf.shape(tf.nest.flatten(state)[0])[0]
  actions = tf.range(domain.action_spec.maximum + 1)
  return domain.besides(state, tf.tile(actions[None], [count, 1]))


class Parts(NamedTuple):
  """The built parts of a learner, as the couplings receive them."""

  domain: Domain
  gan: imagination_lib.Imagination
  agent: hand_lib.Hand
  episodes: hand_lib.Episodes
  real: Works  # what the learner is trained on, held as constants
