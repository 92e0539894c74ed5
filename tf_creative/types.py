"""The contracts between the rooms: what a world, a coupling and a learner's parts look like."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple, Protocol

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Bounded:
  """Shape, type and inclusive bounds of one tensor, without the batch dimension."""

  shape: tuple[int, ...]
  dtype: tf.DType
  minimum: int
  maximum: int


class Works(NamedTuple):
  """Finished works, or what an episode is to be about, in the form in which they are stored."""

  work: tf.Tensor  # uint8 [B, ...]
  label: tf.Tensor  # int32 [B], 0 where a data set has no labels


def select(condition: tf.Tensor, yes: Any, no: Any) -> Any:
  """Two nests of batches as one: row by row from `yes` where the condition [B] holds."""

  def pick(one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    return tf.where(tf.reshape(condition, [-1] + [1] * (one.shape.rank - 1)), one, other)

  return tf.nest.map_structure(pick, yes, no)


class Domain(Protocol):
  """A world as pure functions on batches of tensors: one code trains, exports and serves."""

  work_spec: Bounded  # one stored work
  value_shape: tuple[int, ...]  # the same work as the floats that a network reads and writes
  label_names: list[str]
  observation_spec: dict[str, Bounded]
  action_spec: Bounded  # a scalar that counts from 0
  horizon: int
  hand_splits: tuple[str, ...]  # the splits of real works that the hand is judged by
  reward_bound: float  # the largest pay of one step

  def real(self, split: str) -> tf.data.Dataset:
    """Real works with their labels."""

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

  def features(self, observation: Any) -> tf.Tensor:
    """An observation as the float planes that the agent's networks read: [B, ..., channels]."""

  def legal(self, raw: tf.Tensor) -> tf.Tensor:
    """A generator's free numbers as the values of a legal work; gradients pass straight through."""

  def to_values(self, works: tf.Tensor) -> tf.Tensor:
    """Stored works as floats [B, *value_shape]."""

  def to_works(self, values: tf.Tensor) -> tf.Tensor:
    """Floats as the nearest legal works, as stored."""

  def render(self, works: tf.Tensor) -> Any:
    """Stored works as pictures for people: uint8 RGB arrays [B, height, width, 3]."""

  def allowed(self, keep: tf.Tensor) -> tf.Tensor:
    """The actions that change nothing of a work where `keep` [B, ...] holds: bool [B, actions]."""

  def drawing(self, start: Any, actions: Any, zoom: int) -> str:
    """An SVG that draws what the actions [T] make of the work `start`, as `render` shows it."""

  def transcript(self, actions: Any) -> dict[str, Any]:
    """Actions [B, T] in plain numbers, -1 staying -1, and what is needed to read works by them."""

  def read(self, path: Any, mask: Any = '') -> tuple[Any, Any]:
    """Somebody's file as a work, and what of it is given: bool [...], False where it has gaps.

    The file `mask`, if any, shows further gaps in white.
    """

  def store(self, works: Works, seeds: Any, folder: Any) -> None:
    """Works with the seeds of their making as a data set of TFDS, which replaces `folder`."""

  def metrics(self, works: tf.Tensor, concept: tf.Tensor) -> dict[str, Any]:
    """The world's own numbers of each work [B]: how well it does what `concept` asked for."""


class Parts(NamedTuple):
  """The built parts of a learner, as the couplings receive them."""

  domain: Domain
  gan: Any
  agent: Any


class Coupling(Protocol):
  """What ties imagination and hand; `couplings.base` holds the identity."""

  def concept(self, concept: Works) -> Works:
    """What the next episodes are about."""

  def experience(self, batch: Any) -> Any:
    """The replayed transitions that the agent learns from."""

  def latents(self, noise: tf.Tensor) -> tf.Tensor:
    """Which codes the generator is trained on."""

  def generator_loss(self, values: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """An extra term for the generator's loss on the works that it imagined."""
