"""What the world knows of its data: airfoils, their briefs, and the network that judges them."""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
import functools
import hashlib
from typing import Any, ClassVar

import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.worlds import images, options
from tf_creative.worlds.airfoil import brief as brief_lib
from tf_creative.worlds.airfoil import corpus, flight, forms, neural, package


@dataclasses.dataclass(frozen=True)
class Source(options.Airfoil):
  """The data and the judge that the options name, each loaded at first use."""

  kept: ClassVar[Mapping[str, Any]] = {}  # what a run has kept; see `keepsake`

  @functools.cached_property
  def network(self) -> neural.Network:
    """The network that tells lift and drag."""
    return neural.Network(package.network(self.judge))

  @functools.cached_property
  def label_names(self) -> works_lib.Described:
    return brief_lib.names()

  def real(self, split: str) -> tf.data.Dataset:
    found = corpus.real(self.data, self.judge, split)
    if split == 'train' and self.kept.get('airfoils', digest := _digest(found)) != digest:
      raise images.DataError(
        f'{self.data} has other airfoils than those of which this run has learnt: bring them back, '
        'or train a new run.'
      )
    return tf.data.Dataset.from_tensor_slices(found)

  def flown(self, works: tf.Tensor, labels: tf.Tensor) -> flight.Flight:
    """Return what forms [B, NUMBERS] as stored are worth under the briefs of labels [B]."""
    return flight.flown(self.network, forms.numbers(works), brief_lib.of(labels))

  def recall(self, kept: Mapping[str, Any]) -> None:
    """Take back what a run has kept; see `Play.recall`."""
    object.__setattr__(self, 'kept', kept)

  def keepsake(self) -> dict[str, Any]:
    """Return a digest of the airfoils: of others, others would be imagined."""
    return {'airfoils': _digest(corpus.real(self.data, self.judge, 'train'))}


def _digest(found: works_lib.Works) -> str:
  told = hashlib.sha256(found.work.tobytes())
  told.update(found.label.tobytes())
  return told.hexdigest()
