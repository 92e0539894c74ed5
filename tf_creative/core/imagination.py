"""The contract of an imagination: what the loop, the couplings and the creator may ask of a GAN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import tensorflow as tf

ExtraLoss = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]


class Subject(NamedTuple):
  """What is imagined: its form, its labels, and what of it is legal."""

  value_shape: tuple[int, ...]
  num_labels: int
  legal: Callable[[tf.Tensor], tf.Tensor]  # raw generator output onto legal values, differentiable


class Critic(Protocol):
  """Tells real works from others, and learns to."""

  def shown(self, values: tf.Tensor, labels: tf.Tensor) -> Any:
    """Packs what it judges: values [B, ...] with their labels [B]."""
    ...

  def score(self, shown: Any) -> tf.Tensor:
    """Judges: logits [B], higher for what looks more real."""
    ...

  def train_step(self, real: Any, fake: Any, seed: tf.Tensor) -> dict[str, tf.Tensor]:
    """Makes one update; what is worth logging."""
    ...


class Imagination(Protocol):
  """Imagines works and learns to."""

  code_size: int  # numbers in a code z
  batch_size: int  # real works that an update takes
  bounds_gap: bool  # whether a large gap between its critic's logits means that it learns nothing

  def draw(self, labels: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Draws a code for each label [B]; the values of its work [B, ...], and the codes [B, Z]."""
    ...

  def generate(self, codes: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Imagines the legal values [B, ...] of codes [B, Z] and labels [B]."""
    ...

  def score(self, values: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Judges: the critic's logits [B], higher for what looks more real."""
    ...

  def new_critic(self, value_shape: tuple[int, ...], seed: int, **changes: Any) -> Critic:
    """Makes an independent critic with the same settings, except `changes`."""
    ...

  def train_step(
    self,
    real: tf.Tensor,
    labels: tf.Tensor,
    seeds: tuple[tf.Tensor, tf.Tensor],
    extra_loss: ExtraLoss | None = None,
  ) -> dict[str, tf.Tensor]:
    """Makes one update of critic and generator on real values [B, ...] of these labels [B].

    `seeds` are those of the codes and of the critic's penalty.
    """
    ...

  @property
  def updates(self) -> tf.Tensor:
    """Counts the generator's updates."""
    ...

  def weights(self) -> dict[str, tf.Tensor]:
    """Lists the weights by name: for histograms."""
    ...
