"""The parts of a world that an agent acts in: play, rules, a simulator, levels."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from tf_creative.core.works import Bounded
from tf_creative.core.works import Works as Concept

Observation = dict[str, tf.Tensor]


class Survey(NamedTuple):
  """All transitions of a world at one moment, from each of P poses by each of A actions."""

  now: Any  # float32 [B, ...], `features` without the pose
  later: Any  # float32 [2 B, ...], after a step: first B unchanged levels, then B changed
  follows: tf.Tensor  # int32 [B, P, A], the next pose; P is added in the changed level
  reward: tf.Tensor  # float32 [B, P, A]
  goes_on: tf.Tensor  # bool [B, P, A], false where an episode ends
  known: tf.Tensor  # bool [B, P, A], where the pose exists and the other fields are valid


class Play(abc.ABC):
  """What an agent sees and does."""

  code_size: int = 0  # numbers in a code that the hand is told; 0: it is told none
  stack: int = 1  # frames in each part of an observation, the newest last, on its last axis

  @property
  @abc.abstractmethod
  def observation_spec(self) -> dict[str, Bounded]:
    """Bounds of each part of an observation, without the batch dimension."""

  @property
  @abc.abstractmethod
  def action_spec(self) -> Bounded:
    """Bounds of an action: a scalar that counts from 0."""

  @property
  @abc.abstractmethod
  def reward_bound(self) -> float:
    """The largest absolute value of a step's reward."""

  @abc.abstractmethod
  def features(self, observation: Observation) -> tf.Tensor:
    """Convert observations to the planes or rows that networks read: float32 [B, ..., C]."""

  def brief(self, observation: Observation) -> tf.Tensor:
    """Return the numbers that networks read beside the features: float32 [B, N]; N may be 0."""
    count = tf.shape(tf.nest.flatten(observation)[0])[0]
    return tf.zeros([count, 0])

  def prior_logits(self, observation: Observation) -> tf.Tensor:
    """Return log-likelihoods of actions under a model of works: [B, A]; a scalar 0 without one."""
    del observation
    return tf.zeros([])

  def keepsake(self) -> dict[str, Any]:
    """Return what a run must keep, as JSON, so that the world stays the same when its data change.

    Raise a UserError if they have changed, and no longer fit to what was recalled.
    """
    return {}

  def recall(self, kept: Mapping[str, Any]) -> None:
    """Take back what a run has kept; called before anything else is asked."""
    del kept


class Rules(abc.ABC):
  """Rules that are known: pure functions on batches, for training, exports and serving."""

  horizon: int  # largest number of steps in an episode

  @abc.abstractmethod
  def start(self, concept: Concept, seed: tf.Tensor) -> Any:
    """Begin an episode about each work of `concept`; return states, a nest of [B, ...]."""

  @abc.abstractmethod
  def step(
    self, state: Any, action: tf.Tensor, seed: tf.Tensor
  ) -> tuple[Any, tf.Tensor, tf.Tensor]:
    """Act; return the next states, rewards float32 [B], and which episodes are over: bool [B]."""

  @abc.abstractmethod
  def observe(self, state: Any) -> Observation:
    """Return what the agent sees of states."""

  @abc.abstractmethod
  def resume(self, observation: Observation) -> Any:
    """Rebuild states from observations; worlds are fully observable."""

  @abc.abstractmethod
  def work(self, state: Any) -> tf.Tensor:
    """Return the works in the making, as stored: [B, ...]."""

  @abc.abstractmethod
  def place(self, state: Any, work: tf.Tensor) -> Any:
    """Put other works [B, ...] into states, to continue from them."""

  @abc.abstractmethod
  def allowed(self, state: Any, keep: tf.Tensor) -> tf.Tensor:
    """Return which actions leave works unchanged where `keep` [B, ...] holds: bool [B, A]."""

  def idle(self, state: Any, moved: Any) -> tf.Tensor:
    """Return which steps, from `state` to `moved`, show that the work is done: bool [B]."""
    del moved
    return tf.zeros([tf.shape(tf.nest.flatten(state)[0])[0]], tf.bool)


class Published(NamedTuple):
  """Mean returns of an environment as published, by which those of several become comparable."""

  random: float  # of a random policy
  human: float

  def normalised(self, returns: Any) -> Any:
    """Scale returns so that a random policy has 0 and a human 1."""
    return (returns - self.random) / (self.human - self.random)


class Simulator(abc.ABC):
  """Rules that are not known: environments that step outside of the graph."""

  published: Published | None = None
  renders: bool  # whether there are pictures of what happens
  clip: bool = False  # whether a hand learns from rewards clipped to `reward_bound`
  # Where states can be read off what is seen, without a stack of frames: what would follow actions
  # [B], for the graph, (observation, action) -> (observation, reward, ended).
  ask: Callable[[Observation, tf.Tensor], tuple[Observation, tf.Tensor, tf.Tensor]] | None = None

  @abc.abstractmethod
  def vector(self, count: int, render: bool = False) -> Any:
    """Make parallel environments: a gymnasium.vector.VectorEnv, which the caller closes.

    An observation is a dict of arrays as in `observation_spec`; actions count from 0. Rewards are
    the true ones, not clipped. Every episode ends, and its environment begins a new one at the next
    step (NEXT_STEP). Where observations are stacks, its first one is a frame repeated. With
    `render`, the vector's `render()` returns a picture of each: uint8 RGB [height, width, 3].
    """


class Levels(abc.ABC):
  """Works are levels to be walked through, and all their transitions are known."""

  @abc.abstractmethod
  def survey(self, observation: Observation, seed: tf.Tensor) -> Survey:
    """Return the transitions from every pose by every action."""

  @abc.abstractmethod
  def random(self, count: int, seed: tf.Tensor) -> tf.Tensor:
    """Draw levels at random."""
