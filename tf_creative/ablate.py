"""Trains every case with every seed, and compares them in a table.

  python -m tf_creative.ablate --flagfile=pipelines/debug_ablation.flags

A case is a name and its flags of `train`: --case='dense: --gan_network=dense'. The first case is
the baseline that the others are compared with. Specs need quotes only for spaces outside of
brackets. If stopped, run the same command again: it trains what is missing. Writes a run for each
case and seed, table.md, ablation.png and ablation.jsonl to --out.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
import shlex
import statistics
from typing import Any

from absl import logging

from tf_creative.cli import command, signals
from tf_creative.cli import flags as flags_lib
from tf_creative.core.spec import UserError, setting

_LAST_LINES = 10  # of a failed run's log


@dataclasses.dataclass(frozen=True)
class AblateConfig:
  pipeline: str = setting(
    'pipelines/pixel_art.flags', 'flagfile of `train` with the settings that all cases share'
  )
  case: tuple[str, ...] = setting(
    (),
    "'name: train flags'; repeat the flag for each case, commas belong to the flags",
    split=False,
  )
  column: tuple[str, ...] = setting(
    ('painted/frechet',),
    "what to compare: a name in metrics.jsonl (its last value), 'mean NAME' (of all), or 'steps "
    "until NAME >= NUMBER' (or <=); repeatable",
    split=False,
  )
  seeds: str = setting('0,1,2', 'seeds for every case, separated by commas')
  jobs: int = setting(1, 'runs to train at once; they share the cores', at_least=1, at_most=1000)
  out: str = setting('runs/ablation', 'folder for runs, table and plot')
  table_only: bool = setting(False, 'train nothing, only show the table of finished runs')


def ablate(settings: AblateConfig) -> int:
  """Train the missing runs and show the results; return the exit code."""
  # Heavy imports stand inside functions, so that --help and a mistyped case are answered at once.
  from tf_creative.experiments import grid

  flags_lib.check(settings)
  cases = grid.read_cases(settings.case)
  cells = grid.cells(cases, settings.pipeline, settings.seeds, settings.out)
  command.check_prefix(settings.out)
  command.check_writable(settings.out, 'out')

  import rich.console

  from tf_creative.experiments import ablation_tables as outcomes

  logging.set_verbosity(logging.ERROR)  # the libraries' imports have raised it
  console = rich.console.Console(highlight=False, markup=False)
  if not console.is_terminal:
    console = rich.console.Console(highlight=False, markup=False, width=160)
  columns = [outcomes.read_column(text) for text in dict.fromkeys(settings.column)]
  todo = [cell for cell in cells if not cell.finished()]
  failed = []
  if todo and not settings.table_only:
    signal, failed = _train(cells, todo, columns, settings, console)
    if signal:
      console.print(
        f'stopped, {sum(cell.finished() for cell in cells)} of {len(cells)} done; the same command '
        'goes on from there; with --table_only it shows the finished runs',
        soft_wrap=True,
      )
      return 128 + signal
  for cell in failed:
    console.print(f'\n{cell.path.name} failed; the end of {cell.log}:', soft_wrap=True)
    for line in _last_lines(cell):
      console.print(f'  {line}', soft_wrap=True)
  done = [cell for cell in cells if cell.finished()]
  if done:
    outcomes.check_logged(done, columns)
    _show([outcomes.row(cell, columns) for cell in done], cases, columns, settings, console)
  elif not failed:
    raise UserError(f'no run in {settings.out} is finished: leave out --table_only to train them.')
  return 1 if failed else 0


def _train(
  cells: list, todo: list, columns: list, settings: AblateConfig, console: Any
) -> tuple[int | None, list]:
  """Train the cells in `todo`; return the signal that stopped it (or None) and the failed cells."""
  from tf_creative.experiments import ablation_tables as outcomes
  from tf_creative.experiments import grid

  failed = []

  def tell(cell: grid.Cell, code: int | None) -> None:
    if code is None:
      text = 'started'
    elif code == 0:
      row = outcomes.row(cell, columns)
      minutes = [other.record()['minutes'] for other in cells if other.finished()]
      left = len(cells) - len(minutes)
      numbers = ', '.join(outcomes.brief(row, column.title) for column in columns[:2])
      text = f'{row["minutes"]:.1f} min, {numbers}; {len(minutes)} of {len(cells)} done'
      if left and not stop.signal:
        text += f', about {_duration(left * statistics.mean(minutes) / settings.jobs)} to go'
    elif stop.signal:
      text = 'stopped'
    else:
      failed.append(cell)
      text = f'failed with exit code {code}: {"".join(_last_lines(cell)[-1:])}'
    console.print(f'{cell.path.name}: {text}', soft_wrap=True)

  try:
    pathlib.Path(settings.out).mkdir(parents=True, exist_ok=True)
  except OSError as error:
    raise UserError(
      f'cannot write to {settings.out} ({error.strerror}): choose another --out.'
    ) from error
  console.print(f'{settings.out}: {len(todo)} of {len(cells)} runs to train', soft_wrap=True)
  with signals.Stop() as stop:
    grid.run(todo, settings.jobs, stop, tell)
  return stop.signal, failed


def _last_lines(cell: Any) -> list[str]:
  lines = cell.log.read_text(errors='replace').splitlines()
  return [line for line in lines if line.strip()][-_LAST_LINES:]


def _duration(minutes: float) -> str:
  return f'{minutes:.0f} min' if minutes < 100 else f'{minutes / 60:.1f} h'


def _show(rows: list, cases: list, columns: list, settings: AblateConfig, console: Any) -> None:
  """Print the tables, and write tables, plot and numbers to files."""
  from tf_creative.cli import columns as table_lib
  from tf_creative.core import storage
  from tf_creative.experiments import ablation_plot as dots
  from tf_creative.experiments import ablation_tables as outcomes

  names, titles = [case.name for case in cases], [column.title for column in columns]
  tables = [outcomes.table(rows, names, titles)]
  if len(names) > 1:
    tables.append(outcomes.against(rows, names, titles))
  console.print()
  for head, body in tables:
    table_lib.show(console, head, body)
  out = pathlib.Path(settings.out)
  text = outcomes.markdown(
    tables, settings.pipeline, {case.name: shlex.join(case.flags) for case in cases}
  )
  with storage.whole(out / 'table.md') as partial:
    partial.write_text(text)
  with storage.whole(out / 'ablation.jsonl') as partial:
    partial.write_text(''.join(json.dumps(row) + '\n' for row in rows))
  with storage.whole(out / 'ablation.png') as partial:
    dots.draw(rows, names, titles).savefig(partial, dpi=150)
  for name, what in (
    ('table.md', 'these tables'),
    ('ablation.png', 'the same as a plot'),
    ('ablation.jsonl', 'all numbers, a row for each run'),
  ):
    console.print(f'{out / name}  {what}', soft_wrap=True)


if __name__ == '__main__':
  command.run(ablate, __doc__, AblateConfig)
