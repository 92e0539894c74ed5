"""The parts of a world in which somebody acts: play, rules, a simulator, levels."""

from __future__ import annotations

import abc
from typing import Any, NamedTuple

import tensorflow as tf

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


class Levels(abc.ABC):
  """Works are walked through, and a search knows the way."""

  @abc.abstractmethod
  def survey(self, observation: Observation, seed: tf.Tensor) -> Survey:
    """Tells what each action leads to from everywhere."""
