"""The contract of a hand (agent): what loop, couplings and creator may call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import tensorflow as tf

from tf_creative.core import batch as batch_lib
from tf_creative.core import spec, streams

Observation = dict[str, tf.Tensor]


class Episodes(Protocol):
  """Parallel episodes; each is about a work that it takes from a bank when it begins."""

  fault: Exception | None  # of environments outside of the graph; later calls raise it again

  def refresh(self, concept: Any) -> None:
    """Replace the oldest works in the bank by these, for episodes that begin later."""
    ...

  def ended(self) -> tuple[Any, tf.Tensor, tf.Tensor]:
    """Return the episodes' works [B], the last returns [B], and which just ended: bool [B]."""
    ...


class Lesson(NamedTuple):
  """The kind of data that a hand learns from."""

  on_policy: bool  # only from its newest steps, made with the present policy
  every_action: bool  # from the reward of every action, not only of the one taken
  discount: float  # what a reward counts a step later

  def refuse(self, trait: str, why: str, where: str = '') -> None:
    """Raise a SpecError that says why, if this is a field of the lesson that is true."""
    if getattr(self, trait):
      raise spec.SpecError(why, where)


def decide(values: tf.Tensor, tries: float, seed: tf.Tensor) -> tf.Tensor:
  """Choose the best of actions [B, A], or, with the probability `tries`, any: int32 [B]."""
  bold, what = streams.split(seed, 2)
  count, actions = tf.unstack(tf.shape(values))
  anything = tf.random.stateless_uniform([count], what, maxval=actions, dtype=tf.int32)
  luck = tf.random.stateless_uniform([count], bold)
  return tf.where(luck < tries, anything, tf.argmax(values, -1, tf.int32))


class Hand(Protocol):
  """An agent with its replay: it acts in episodes, remembers transitions, and learns."""

  lesson: Lesson
  temperature: float  # of the softmax over `values` that actions are drawn from; 0: argmax
  frame_bytes: int  # size of a frame in the replay

  def collect(self) -> dict[str, tf.Tensor]:
    """Take some steps in every episode and remember them; return scalars for the log."""
    ...

  def sample(self, count: int = 0) -> batch_lib.Batch:
    """Sample a batch for one update, or `count` remembered steps as sequences of two frames."""
    ...

  def learn(self, batch: batch_lib.Batch) -> dict[str, tf.Tensor]:
    """Make one update on the batch; return scalars for the log."""
    ...

  def values(self, observation: Observation) -> tf.Tensor:
    """Evaluate every action: Q-values, or the logits of a policy, float32 [B, A]."""
    ...

  def value_of(self, features: tf.Tensor) -> tf.Tensor:
    """Evaluate a world's features: [B, A] or [B, 1], differentiable by the features."""
    ...

  def explore_by(self, strangeness: Callable[[Observation, tf.Tensor], tf.Tensor]) -> None:
    """Explore more where an action leads to novel states; `strangeness` returns [B] scores."""
    ...

  def weights(self) -> dict[str, tf.Tensor]:
    """Return the weights by name, and the present values of actions: for histograms."""
    ...
