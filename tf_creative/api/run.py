"""A trained run: its metrics, and what it can make, be measured by, and be exported as."""

from __future__ import annotations

import functools
import os
import pathlib
from typing import TYPE_CHECKING, Any

import numpy as np

from tf_creative.api import asked, maker, tables
from tf_creative.api import works as works_lib
from tf_creative.cli import flags as flags_lib
from tf_creative.cli import quiet
from tf_creative.core import spec
from tf_creative.core import world as world_lib
from tf_creative.learner import config as config_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.runs import log as log_lib
from tf_creative.runs import progress, titles
from tf_creative.runs import run as run_lib
from tf_creative.studio import edit, nearby, portfolio, recording
from tf_creative.worlds.pixel_art import palettes

if TYPE_CHECKING:
  from tf_creative.api import evaluating, exported

Loaded = tuple[config_lib.Config, learner_lib.Learner]


class Run(maker.Maker):
  """A folder with a trained run; its best round is loaded when it is first needed."""

  def __init__(self, path: str | os.PathLike, loaded: Loaded | None = None, stopped: bool = False):
    """Take the folder, what of it is in memory already, and whether training was stopped."""
    self.path, self._given, self.stopped = pathlib.Path(path), loaded, stopped
    self.what = str(self.path)
    run_lib.chosen(self.path)

  @functools.cached_property
  def _loaded(self) -> Loaded:
    with quiet.quiet():
      return self._given or run_lib.load(self.path)

  @property
  def config(self) -> config_lib.Config:
    """All settings of the run."""
    return self._loaded[0]

  @property
  def learner(self) -> learner_lib.Learner:
    """The learner: its world, hand, imagination and creator."""
    return self._loaded[1]

  @property
  def world(self) -> world_lib.World:
    return self.learner.world

  @property
  def round(self) -> int:
    return int(self.learner.loop.round)

  @property
  def metrics(self) -> tables.Table:
    """What training logged, a row for each log, by the names of metrics.jsonl."""
    with quiet.quiet():
      world = learner_lib.build_world(flags_lib.from_file(self.path / 'run.flags').run.world)
      own = titles.headline(world.measures)
    shown = {name: titles.title(name, own) for name in ('round', *own, *progress.SHOWN)}
    return tables.Table(log_lib.rows(self.path), str(self.path), shown)

  def recoloured(self, works: works_lib.Works, palette: str | os.PathLike) -> works_lib.Works:
    """Return the same works in other colours, those of a file .hex, .gpl or .pal."""
    own = np.asarray(self.world.media.legend().get('palette', []))
    if own.ndim == 2:
      colours = palettes.swapped(own, os.fspath(palette))
      kept = {**self.world.play.keepsake(), 'palette': colours, 'swapped': True}
      other = learner_lib.build_world(self.config.run.world, kept)
      if np.array_equal(other.media.legend()['palette'], colours):
        return works_lib.Works(works.portfolio, other, works.round, works.given)
    raise spec.UserError(
      f'works of the world {self.world.name} have no palette that can be another.'
    )

  @quiet.quiet()
  def evaluate(
    self,
    works: int = 0,
    seed: int = 0,
    compare: Any = (),
    out: str | os.PathLike = '',
    tell: maker.Tell | None = None,
  ) -> evaluating.Evaluated:
    """Measure the works and the hand beside what they must beat; it takes minutes.

    Args:
      works: how many works to measure, or episodes to play; 0: as many works as the run's setting
        `works` says, or 100 episodes.
      seed: of all random draws; equal seeds give equal numbers.
      compare: folders of other runs, to be measured in the same way.
      out: folder for report.html and metrics.jsonl; empty: `evaluation` in the run's.
      tell: is called with what is being done.
    """
    from tf_creative.api import evaluating

    others = [compare] if isinstance(compare, (str, os.PathLike)) else list(compare)
    return evaluating.evaluate([self, *map(Run, others)], works, seed, out, tell)

  @quiet.quiet()
  def export(
    self, folder: str | os.PathLike = '', keep_versions: int = 3, litert: bool = False
  ) -> exported.Export:
    """Export the models of the best round, tested in another process before they are published.

    Args:
      folder: where to; empty: `exports` in the run's folder.
      keep_versions: how many versions of each model stay there.
      litert: whether to write a file of the generator for small devices, too.
    """
    from tf_creative.api import exported

    return exported.export(self, folder, keep_versions, litert)

  def record(self, count: int = 20, seed: int = 0, out: asked.Path = '') -> dict[str, np.ndarray]:
    """Record episodes of the hand in an environment, for `reward(of=transitions)` to imitate.

    With `out`, a folder, they are also written there, as episodes.npz.
    """
    return recording.recorded(self.learner, count, seed, out)

  def serve(self, port: int = 0, rest_port: int = 0, host: str = '127.0.0.1') -> Any:
    """Refuse: an export is what can be served."""
    raise spec.UserError('a run is exported first: run.export().serve().')

  def _known_labels(self) -> np.ndarray:
    return self.learner.creator.known_labels

  def _imagined(self, labels: list[int], seed: int, count: int) -> portfolio.Portfolio:
    return portfolio.imagined(self.learner, labels, seed, count)

  def _from_picture(self, count, labels, seed, target, start, mask) -> works_lib.Works:
    learner, world = self.learner, self.world
    if target and world.play.code_size:
      raise spec.UserError(
        f'the hand of {self.path} works from codes and cannot be shown a --target: '
        f'--start={target} goes on from it, and a run of --world=...(target=shown) makes it.'
      )
    work, given = world.media.read(target or start, mask)
    if mask and given.all():
      raise spec.UserError(f'{mask} is white nowhere: then nothing is to be made anew.')
    if start and not given.any():
      raise spec.UserError(f'nothing of {start} is given: leave out --start and --mask.')
    if target:
      made = edit.repaint(learner, work, labels[0], seed)
    else:
      made = edit.go_on(learner, work, given, labels, seed, count)
    return self._works(made, self._beside(target or start, given))

  def _like(self, picture, labels, seed, count) -> works_lib.Works:
    work, given = self._read(picture)
    made = nearby.like(self.learner, (work, given), labels, seed, count)
    return self._works(made, self._beside(picture, given))

  def _vary(self, picture, labels, seed, count, strength) -> works_lib.Works:
    work, given = self._read(picture)
    made = nearby.vary(self.learner, (work, given), labels, seed, count, strength)
    return self._works(made, self._beside(picture, given))

  def _between(self, first, last, label, count) -> works_lib.Works:
    pair = self._read(first), self._read(last)
    made = nearby.between(self.learner, pair, label, count)
    return self._works(made, works_lib.Given(nearby.animation))

  def _beside(self, picture: asked.Path, given: np.ndarray) -> works_lib.Given:
    """Show works beside the picture that they were made from."""
    show = functools.partial(edit.before_after, os.fspath(picture), given, self.learner)
    return works_lib.Given(show, not edit.by_chance(self.learner))

  def __repr__(self) -> str:
    return f"Run('{self.path}')"
