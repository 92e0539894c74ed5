"""The contract of a hand: what the loop, the couplings and the creator may ask of an agent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import tensorflow as tf

from tf_creative.core import batch as batch_lib

Observation = dict[str, tf.Tensor]


class Episodes(Protocol):
  """Episodes side by side, each about a work that waits in a bank."""

  def refresh(self, concept: Any) -> None:
    """Puts works that coming episodes are to be about in place of the oldest in the bank."""
    ...

  def ended(self) -> tuple[Any, tf.Tensor, tf.Tensor]:
    """Tells the works [B] of the episodes, the last returns [B], and where a step ended one [B]."""
    ...


class Lesson(NamedTuple):
  """What a hand learns from."""

  on_policy: bool  # what it has just done, and nothing else
  every_action: bool  # the reward of every action, not only of the one that was taken


class Hand(Protocol):
  """Acts, remembers and learns."""

  lesson: Lesson
  temperature: float  # at which actions are drawn from `values`; 0: the best one is taken
  frame_bytes: int  # that a remembered frame takes

  def collect(self) -> dict[str, tf.Tensor]:
    """Takes some steps in every episode and remembers them; what is worth logging."""
    ...

  def sample(self, count: int = 0) -> batch_lib.Batch:
    """Samples what one update learns from, or `count` remembered steps: runs of two frames."""
    ...

  def learn(self, batch: batch_lib.Batch) -> dict[str, tf.Tensor]:
    """Makes one update; what is worth logging."""
    ...

  def values(self, observation: Observation) -> tf.Tensor:
    """Evaluates every action: Q-values, or the logits of a policy [B, A]."""
    ...

  def value_of(self, features: tf.Tensor) -> tf.Tensor:
    """Evaluates a world's features [B, A or 1]; gradients lead back to them."""
    ...

  def explore_by(self, strangeness: Callable[[Observation, tf.Tensor], tf.Tensor]) -> None:
    """Explores rather where an action leads to what is strange: [B], higher is stranger."""
    ...

  def weights(self) -> dict[str, tf.Tensor]:
    """Lists what is learnt by name, and the values of what is seen now: for histograms."""
    ...
