"""What a run, an export and a server have in common: they make works."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tf_creative.api import asked, near
from tf_creative.api import works as works_lib
from tf_creative.cli import quiet
from tf_creative.core import spec
from tf_creative.core import works as core_works
from tf_creative.core import world as world_lib
from tf_creative.studio import formats, portfolio

Tell = Callable[[str], object]  # is told what is being done


class Maker(near.Near):
  """Makes works from seeds; what a subclass cannot do it refuses in one line."""

  @property
  @abc.abstractmethod
  def world(self) -> world_lib.World:
    """The world of the works."""

  @property
  @abc.abstractmethod
  def round(self) -> int:
    """The round of training as of which works are made."""

  @property
  def labels(self) -> list[str]:
    """The labels that were trained on, which `create` takes."""
    self.world.need('works', by='create')
    return [self.world.works.label_names[label] for label in self._known_labels()]

  @quiet.quiet()
  def create(
    self,
    count: int = 16,
    label: Any = 'any',
    seed: int = 0,
    target: asked.Path = '',
    start: asked.Path = '',
    mask: asked.Path = '',
  ) -> works_lib.Works:
    """Make works; equal seeds and labels give equal works, in the command and on servers, too.

    Args:
      count: how many; with a target always one.
      label: a label's name, several to be used in turn, or 'any'.
      seed: of the first work; the others count up from it.
      target: file of a picture for the hand to paint as it is.
      start: file of a picture to vary or, where it has gaps, to complete.
      mask: file of a picture that is white where the start should be made anew.
    """
    asked.check(count, seed, target, start, mask)
    self.world.need('works', by='create')
    labels = self._chosen(label)
    if target or start:
      return self._from_picture(count, labels, seed, target, start, mask)
    return self._works(self._imagined(labels, seed, count))

  def recoloured(self, works: works_lib.Works, palette: asked.Path) -> works_lib.Works:
    """Return the same works in the colours of a palette's file; of runs only."""
    self._refuse(f'show {works} in the colours of {palette}')

  def check_formats(self, names: Iterable[str]) -> None:
    """Raise a UserError for a file format that works of this world cannot be written in."""
    self.world.need('works', by='create')
    formats.check(names, self.world)

  def evaluate(self, works: int = 0, seed: int = 0, compare: Any = (), out: Any = '') -> Any:
    """Measure the works and the hand; of runs only."""
    self._refuse('be evaluated', works, seed, compare, out)

  def export(self, folder: Any = '', keep_versions: int = 3, litert: bool = False) -> Any:
    """Export the models; of runs only."""
    self._refuse('be exported', folder, keep_versions, litert)

  def serve(self, port: int = 0, rest_port: int = 0, host: str = '127.0.0.1') -> Any:
    """Serve the models; of exports only."""
    self._refuse('be served', port, rest_port, host)

  @property
  def metrics(self) -> Any:
    """What training logged; of runs only."""
    self._refuse('tell how it was trained')

  @abc.abstractmethod
  def _known_labels(self) -> Sequence[int]:
    """Return the labels that were trained on, as indices."""

  @abc.abstractmethod
  def _imagined(self, labels: list[int], seed: int, count: int) -> portfolio.Portfolio:
    """Make works of these labels, in turn; the seeds count up from `seed`."""

  def _from_picture(self, count, labels, seed, target, start, mask) -> works_lib.Works:
    del count, labels, seed, mask
    raise spec.UserError(
      f'{self.what} imagines works: for the picture {target or start} it takes the run itself, by '
      "tf_creative.load('runs/...')."
    )

  def _works(
    self, made: portfolio.Portfolio, given: works_lib.Given | None = None
  ) -> works_lib.Works:
    return works_lib.Works(made, self.world, self.round, given)

  def _chosen(self, label: Any) -> list[int]:
    """Return the indices of labels, -1 for 'any'; refuse labels that were not trained on."""
    several = isinstance(label, Iterable) and not isinstance(label, str)
    wanted = [str(name) for name in (label if several else [label])]
    names = self.world.works.label_names
    if isinstance(names, core_works.Described):  # of these all can be made, and read by more names
      return [-1 if name == 'any' else names.index(names.read(name)) for name in wanted] or [-1]
    known = dict(zip(self.labels, self._known_labels(), strict=True)) | {'any': -1}
    for name in wanted:
      if name not in known:
        raise spec.UserError(f"unknown label '{name}'.{spec.nearest(name, known)}")
    return [int(known[name]) for name in wanted] or [-1]
