"""Enlarges small labelled sets: what the command and `tf_creative.augment` have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses
import os
import pathlib
from typing import TYPE_CHECKING, Any

from absl import logging
import numpy as np

from tf_creative.api import tables
from tf_creative.cli import command, quiet
from tf_creative.cli import flags as flags_lib
from tf_creative.core.spec import UserError, setting

if TYPE_CHECKING:
  from tf_creative.labelled import making, outcome
  from tf_creative.labelled.reading import check, sets


@dataclasses.dataclass(frozen=True)
class AugmentConfig:
  """The settings of the command, and of `tf_creative.augment`."""

  data: str = setting('', 'folder of pictures by class, CSV, or a set of scikit-learn by name')
  label: str = setting('', "the CSV's column of classes; empty: one named label, class or target")
  group: str = setting(
    '',
    "the CSV's column of what stays together, as patients; of pictures: folder, or the sign of "
    'their names before which that stands',
  )
  ignore: tuple[str, ...] = setting((), 'columns of the CSV to leave out, separated by commas')
  unlabelled: str = setting('', 'folder of pictures without labels, to be given pseudo-labels')
  size: int = setting(32, 'side in pixels to which pictures are resized', at_least=8, at_most=64)
  check_only: bool = setting(False, 'only look for traps; exit code 5 if there are any')
  per_class: int = setting(200, 'examples to make of each class', at_least=1, at_most=10_000)
  labels: int = setting(
    0,
    'labels of each class to learn from in the measurement; 0: a third of the smallest class',
    at_least=0,
    at_most=100_000,
  )
  splits: int = setting(5, 'splits in which the gain is measured', at_least=2, at_most=100)
  seed: int = setting(0, 'seed of all random draws', at_least=0, at_most=2**20)
  out: str = setting('runs/augmented', 'folder to write to')


class Augmented:
  """What a small labelled set is like, and what imagined examples are worth to it."""

  def __init__(self, found: sets.Labelled, findings: Sequence[check.Finding]):
    self.found, self.findings = found, list(findings)
    self.outcome: outcome.Outcome | None = None  # scores of all splits; None if only checked
    self.report: pathlib.Path | None = None
    self.lines: list[str] = []  # what was done to the set before it was measured
    self._made: making.Made | None = None

  def measured(
    self, done: outcome.Outcome, made: making.Made, report: pathlib.Path, lines: Sequence[str]
  ) -> None:
    """Take what was measured and made."""
    self.outcome, self._made, self.report, self.lines = done, made, report, list(lines)

  @property
  def traps(self) -> list[str]:
    """What in the data would make a measurement wrong, each with its cure."""
    return [f'{one.text}: {one.cure}' for one in self.findings if one.trap]

  @property
  def checked(self) -> list[str]:
    """The lines of the check, as the command prints them."""
    from tf_creative.labelled.reading import check

    return check.shown(self.found, self.findings)

  @property
  def useful(self) -> bool:
    """Whether a classifier gains by the examples, beyond all that needs no imagining."""
    return bool(self.outcome and self.outcome.gained and self._made and self._made.share)

  @property
  def verdict(self) -> str:
    """The first lines of the report; empty if only traps were looked for."""
    if not self.outcome:
      return ''
    from tf_creative.labelled import report

    said = report.verdict(self.outcome, self._made), report.advice(self.outcome)
    return '\n'.join(filter(None, said)).replace('**', '')

  @property
  def gains(self) -> tables.Table:
    """The ways to use the labels, a row each: scores, gains, equivalent labels."""
    if not self.outcome:
      return tables.Table([])
    from tf_creative.labelled import report

    head, rows = report.gains(self.outcome)
    return tables.Table([dict(zip(head, row, strict=True)) for row in rows])

  @property
  def examples(self) -> tuple[np.ndarray, np.ndarray]:
    """The imagined values [N, H, W, C] in 0..1, or [N, columns], and their labels [N]."""
    if not self._made:
      raise UserError('only traps were looked for: call augment without check_only.')
    return self._made.values, self._made.labels

  def __repr__(self) -> str:
    if not self.outcome:
      return '\n'.join(self.checked)
    return f'{self.verdict}\n\n{self.gains!r}\n\n{self.report}'


def augment(data: str | os.PathLike, *, verbose: int = 1, **settings: Any) -> Augmented:
  """Check a small labelled set for traps, measure what imagined examples gain, and write some.

  Args:
    data: a folder of pictures by class, a CSV, or a set by name.
    verbose: 0: say nothing; 1: print the traps before anything is learnt.
    **settings: flags of the command by their names, such as label='outcome', group='patient',
      labels=25, splits=20, out='runs/scans', check_only=True
      (`python -m tf_creative.augment --help`).
  """
  config = flags_lib.from_settings({'data': os.fspath(data), **settings}, settings=AugmentConfig)
  check_settings(config)
  with quiet.quiet():
    done = look(config)
    if verbose:
      print('\n'.join(done.checked))
    if not config.check_only:
      enlarge(config, done, lambda text: None)
  return done


def check_settings(settings: AugmentConfig) -> None:
  """Raise a UserError for settings that are wrong, before anything heavy is loaded."""
  flags_lib.check(settings)
  if not settings.data:
    raise UserError(
      '--data is missing: name a folder of pictures by class, a CSV, or a set of scikit-learn.'
    )
  if settings.check_only:
    return
  command.check_writable(settings.out, 'out')
  for flag in ('data', 'unlabelled'):
    read = getattr(settings, flag)
    if read and pathlib.Path(settings.out).resolve().is_relative_to(pathlib.Path(read).resolve()):
      raise UserError(
        f'--out={settings.out} lies within --{flag}, and what is imagined would be read as real: '
        'choose another --out.'
      )


def look(settings: AugmentConfig) -> Augmented:
  """Read a labelled set, and look for traps in it."""
  from tf_creative.labelled.reading import check, source

  found = source.read(settings.data, settings.size, settings.label, settings.ignore, settings.group)
  return Augmented(found, check.check(found))


def enlarge(settings: AugmentConfig, done: Augmented, tell: Callable[[str], object]) -> None:
  """Measure what is gained, and write examples and a report."""
  from tf_creative.core import storage
  from tf_creative.labelled import making, pseudo, report, trials
  from tf_creative.labelled.reading import source

  logging.set_verbosity(logging.ERROR)  # the libraries' imports have raised it
  found = done.found
  kept, lines = source.prepared(found)
  count = source.count(kept, settings.labels)
  spare, names = None, []
  if settings.unlabelled:
    spare, names = source.unlabelled(settings.unlabelled, found)
    lines.append(f'{len(names):,} unlabelled pictures, without near copies of labelled ones')
  bench = trials.Bench(kept, settings.seed, spare)
  measured = trials.run(bench, count, settings.splits, tell)
  tell('making')
  made = making.make(bench, settings.per_class)
  out = pathlib.Path(settings.out)
  out.mkdir(parents=True, exist_ok=True)
  making.write(kept, made, out)
  if spare is not None:
    task = bench.task(np.arange(len(kept.labels)), 0)
    storage.write(out / pseudo.TABLE, pseudo.table(task, spare, names, kept.label_names))
  remarks = [*found.lines, *lines, f'seed {settings.seed}']
  page = report.page(settings.data, kept, measured, made, remarks, settings.out)
  (out / report.NAME).write_text(page)
  done.measured(measured, made, out / report.NAME, lines)
