"""What makers do with a picture that works are to be like."""

from __future__ import annotations

import abc
from typing import Any, NoReturn

import numpy as np

from tf_creative.api import asked
from tf_creative.api import works as works_lib
from tf_creative.cli import quiet
from tf_creative.core import spec
from tf_creative.core import world as world_lib


class Near(abc.ABC):
  """Makes works near pictures; what a subclass cannot do it refuses in one line."""

  what = 'this'  # as messages call it

  @property
  @abc.abstractmethod
  def world(self) -> world_lib.World:
    """The world of the works."""

  @quiet.quiet()
  def like(
    self, picture: asked.Path, count: int = 8, label: Any = 'any', seed: int = 0
  ) -> works_lib.Works:
    """Make the works of the imagination that are most like a picture, the nearest first.

    Args:
      picture: a file.
      count: how many, at most 100 of a label.
      label: that they may have: a name, several, or 'any'.
      seed: of the codes that the search begins with.
    """
    return self._like(picture, self._wished(count, label, seed, like=picture), seed, count)

  @quiet.quiet()
  def vary(
    self,
    picture: asked.Path,
    strength: float = asked.STRENGTH,
    count: int = 8,
    label: Any = 'any',
    seed: int = 0,
  ) -> works_lib.Works:
    """Make new works near a picture; equal seeds give equal works, however many are made.

    Args:
      picture: a file.
      strength: from 0, what comes nearest to it, to 1, what `create` makes of the seeds.
      count: how many.
      label: a label's name, several to be used in turn, or 'any' for that of the nearest work.
      seed: of the first work; the others count up from it.
    """
    asked.check_strength(strength)
    labels = self._wished(count, label, seed, variations=picture)
    return self._vary(picture, labels, seed, count, strength)

  @quiet.quiet()
  def between(
    self,
    first: asked.Path,
    last: asked.Path,
    count: int = 8,
    label: Any = 'any',
  ) -> works_lib.Works:
    """Make works that lead from one picture to another, beginning and ending with what is nearest.

    Args:
      first: a file.
      last: another.
      count: how many, the ends included.
      label: the label of all, or 'any' for that of the first.
    """
    asked.check_between((first, last), count)
    labels = self._wished(count, label, 0)
    if len(labels) > 1:
      raise spec.UserError(f'--between takes one --label for all the way, not {len(labels)}.')
    return self._between(first, last, labels[0], count)

  def _wished(self, count: int, label: Any, seed: int, **pictures: Any) -> list[int]:
    """Check what is asked for, and return the indices of its labels."""
    asked.check(count, seed, **pictures)
    self.world.need('works', 'media', by='create')
    return self._chosen(label)

  def _like(self, picture, labels, seed, count) -> works_lib.Works:
    self._refuse(f'find what is like {picture}', labels, seed, count)

  def _vary(self, picture, labels, seed, count, strength) -> works_lib.Works:
    self._refuse(f'vary {picture}', labels, seed, count, strength)

  def _between(self, first, last, label, count) -> works_lib.Works:
    self._refuse(f'go from {first} to {last}', label, count)

  def _read(self, picture: asked.Path) -> tuple[np.ndarray, np.ndarray]:
    """Read a picture that has something to be like: a work, and where it is given."""
    work, given = self.world.media.read(picture)
    if not given.any():
      raise spec.UserError(f'{picture} is transparent everywhere: nothing can be like it.')
    return work, given

  @abc.abstractmethod
  def _chosen(self, label: Any) -> list[int]:
    """Return the indices of labels, -1 for 'any'."""

  def _refuse(self, do: str, *_: Any) -> NoReturn:
    raise spec.UserError(
      f"{self.what} cannot {do}: that wants the run itself, by tf_creative.load('runs/...')."
    )
