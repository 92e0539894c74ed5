"""Enlarges small labelled sets, and says what that is worth.

  python -m tf_creative.augment --data=scans/ --per_class=200
  python -m tf_creative.augment --data=patients.csv --label=outcome --ignore=id
  python -m tf_creative.augment --data=scans/ --check_only

First prints traps in the data: copies, and what gives labels away. --data is a folder of pictures
by class, a .zip or .npz of them, a CSV, tfds:NAME of TFDS, breast_cancer, digits, iris or wine of
scikit-learn, or gbsg2 or lymph_node of lifelines.
Writes the examples, a gallery and report.md to --out; where they are of no use, the report says so
in its first line.
"""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

from absl import logging

from tf_creative.cli import command
from tf_creative.cli import flags as flags_lib
from tf_creative.core.spec import UserError, setting

TRAPS = 5  # exit code of a check that has found some


@dataclasses.dataclass(frozen=True)
class AugmentConfig:
  data: str = setting('', 'folder of pictures by class, CSV, or a set of scikit-learn by name')
  label: str = setting('', "the CSV's column of classes; empty: one named label, class or target")
  group: str = setting(
    '',
    "the CSV's column of what stays together, as patients; of pictures: folder, or the sign of "
    'their names before which that stands',
  )
  ignore: tuple[str, ...] = setting((), 'columns of the CSV to leave out, separated by commas')
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


def augment(settings: AugmentConfig) -> int:
  """Check the data, measure what is gained, and write examples; return the exit code."""
  flags_lib.check(settings)
  if not settings.data:
    raise UserError(
      '--data is missing: name a folder of pictures by class, a CSV, or a set of scikit-learn.'
    )
  if not settings.check_only:
    command.check_writable(settings.out, 'out')
    if pathlib.Path(settings.out).resolve().is_relative_to(pathlib.Path(settings.data).resolve()):
      raise UserError(
        f'--out={settings.out} lies within --data, and what is imagined would be read as real: '
        'choose another --out.'
      )
  # Heavy imports stand inside functions, so that --help and a mistyped flag are answered at once.
  import rich.console

  console = rich.console.Console(highlight=False, markup=False)
  if not console.is_terminal:
    console = rich.console.Console(highlight=False, markup=False, width=140)
  logging.set_verbosity(logging.ERROR)
  with command.status(console, 'reading'):
    from tf_creative.labelled.reading import check, source

    logging.set_verbosity(logging.ERROR)  # the libraries' imports have raised it
    found = source.read(
      settings.data, settings.size, settings.label, settings.ignore, settings.group
    )
    findings = check.check(found)
  for line in check.shown(found, findings):
    console.print(line, soft_wrap=True)
  if settings.check_only:
    return TRAPS if any(finding.trap for finding in findings) else 0
  return _augmented(settings, found, console)


def _augmented(settings: AugmentConfig, found: Any, console: Any) -> int:
  """Measure and make; return the exit code."""
  with command.status(console, 'building') as show:
    from tf_creative.cli import columns
    from tf_creative.labelled import making, report, trials
    from tf_creative.labelled.reading import source

    logging.set_verbosity(logging.ERROR)
    kept, lines = source.prepared(found)
    count = source.count(kept, settings.labels)
    bench = trials.Bench(kept, settings.seed)
    done = trials.run(bench, count, settings.splits, show)
    show('making')
    made = making.make(bench, settings.per_class)
    out = pathlib.Path(settings.out)
    out.mkdir(parents=True, exist_ok=True)
    making.write(kept, made, out)
    remarks = [*found.lines, *lines, f'seed {settings.seed}']
    page = report.page(settings.data, kept, done, made, remarks, settings.out)
    (out / report.NAME).write_text(page)
  console.print()
  for line in lines:
    console.print(line, soft_wrap=True)
  columns.show(console, *report.gains(done))
  console.print(report.verdict(done, made).replace('**', ''), soft_wrap=True)
  console.print(f'{out / report.NAME}  the report', soft_wrap=True)
  return 0


if __name__ == '__main__':
  command.run(augment, __doc__ or '', AugmentConfig)
