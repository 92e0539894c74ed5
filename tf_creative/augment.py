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

from absl import logging

from tf_creative.api import augmenting
from tf_creative.cli import command, quiet

AugmentConfig = augmenting.AugmentConfig
TRAPS = 5  # exit code of a check that has found some


def augment(settings: augmenting.AugmentConfig) -> int:
  """Check the data, measure what is gained, and write examples; return the exit code."""
  quiet.off()
  augmenting.check_settings(settings)
  # Heavy imports stand inside functions, so that --help and a mistyped flag are answered at once.
  import rich.console

  console = rich.console.Console(highlight=False, markup=False)
  if not console.is_terminal:
    console = rich.console.Console(highlight=False, markup=False, width=140)
  logging.set_verbosity(logging.ERROR)
  with command.status(console, 'reading'):
    done = augmenting.look(settings)
    logging.set_verbosity(logging.ERROR)  # the libraries' imports have raised it
  for line in done.checked:
    console.print(line, soft_wrap=True)
  if settings.check_only:
    return TRAPS if done.traps else 0
  with command.status(console, 'building') as show:
    from tf_creative.cli import columns

    augmenting.enlarge(settings, done, show)
  console.print()
  for line in done.lines:
    console.print(line, soft_wrap=True)
  table = done.gains
  columns.show(console, table.columns, [list(row.values()) for row in table])
  console.print(done.verdict, soft_wrap=True)
  console.print(f'{done.report}  the report', soft_wrap=True)
  return 0


if __name__ == '__main__':
  command.run(augment, __doc__ or '', AugmentConfig)
