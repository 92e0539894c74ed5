"""The contract of an imagination (GAN): what loop, couplings and creator may call."""

from __future__ import annotations

from collections.abc import Callable
import functools
from typing import Any, NamedTuple, Protocol

import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib

# (imagined values, labels, gradient of the loss at the values) -> a scalar to add to the loss.
ExtraLoss = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]


class Subject(NamedTuple):
  """What a GAN needs to know of the works that it imagines."""

  value_shape: tuple[int, ...]  # of what the critic reads
  num_labels: int  # or the numbers by which a label is described
  legal: Callable[[tf.Tensor], tf.Tensor]  # projects raw output onto legal values, differentiable
  raw_shape: tuple[int, ...]  # of what the generator makes
  # Labels [B] as networks read them, float32 [B, num_labels]; None: one-hot.
  describe: Callable[[tf.Tensor], tf.Tensor] | None = None

  @classmethod
  def of(cls, works: world_lib.Works) -> Subject:
    names = works.label_names
    shapes = works.value_shape, len(names), works.legal, works.raw_shape
    if not isinstance(names, works_lib.Described):
      return cls(*shapes)
    describe = functools.partial(works_lib.described, names)
    return cls(*shapes, describe)._replace(num_labels=names.numbers.shape[1])


class Critic(Protocol):
  """A discriminator: it learns to tell real works from others."""

  def shown(self, values: tf.Tensor, labels: tf.Tensor) -> Any:
    """Pack values [B, ...] and labels [B] as the input of `score` and `train_step`."""
    ...

  def score(self, shown: Any) -> tf.Tensor:
    """Return logits [B], higher for works that look more real."""
    ...

  def train_step(self, real: Any, fake: Any, seed: tf.Tensor) -> dict[str, tf.Tensor]:
    """Make one update; return scalars for the log."""
    ...


class Imagination(Protocol):
  """A generator with its critic: it imagines works, and learns from real ones."""

  code_size: int  # size of a latent code z
  batch_size: int  # real works in an update
  # Whether a large gap between the critic's logits of real and imagined works means that the
  # generator has stopped learning: an alarm watches it then.
  bounds_gap: bool

  def draw(self, labels: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Draw a code for each label [B]; return the imagined values [B, ...] and the codes [B, Z]."""
    ...

  def generate(self, codes: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Return the legal values [B, ...] that codes [B, Z] and labels [B] generate."""
    ...

  def score(self, values: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Return the critic's logits [B], higher for works that look more real."""
    ...

  def new_critic(self, value_shape: tuple[int, ...], seed: int, **changes: Any) -> Critic:
    """Build an independent critic with the same settings, except `changes`."""
    ...

  def train_step(
    self,
    real: tf.Tensor,
    labels: tf.Tensor,
    seeds: tuple[tf.Tensor, tf.Tensor],
    extra_loss: ExtraLoss | None = None,
  ) -> dict[str, tf.Tensor]:
    """Update critic and generator once on real values [B, ...] with labels [B].

    `seeds` are for the codes and for the critic's gradient penalty. Returns scalars for the log.
    """
    ...

  @property
  def updates(self) -> tf.Tensor:
    """Number of updates of the generator."""
    ...

  def weights(self) -> dict[str, tf.Tensor]:
    """Return the weights by name: for histograms."""
    ...
