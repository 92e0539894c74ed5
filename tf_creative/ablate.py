"""Trains every case with every seed, and compares them in a table.

  python -m tf_creative.ablate --flagfile=pipelines/debug_ablation.flags

A case is a name and its flags of `train`: --case='dense: --gan_network=dense'. The first case is
the baseline that the others are compared with. Specs need quotes only for spaces outside of
brackets. With --search each case first looks for its own best settings. If stopped, run the same
command again: it trains what is missing. Writes a run for each case and seed, table.md,
ablation.png and ablation.jsonl to --out, anew whenever a run ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
import contextlib
import dataclasses
import functools
import os
import pathlib
from typing import Any

from absl import logging

from tf_creative.cli import command, signals
from tf_creative.cli import flags as flags_lib
from tf_creative.core.spec import UserError, setting

GOALS = ('least', 'most')
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
  cluster: str = setting(
    '', "a scheduler of Dask (tcp://HOST:8786), or local:2 for two workers here; '': no cluster"
  )
  search: int = setting(
    0, 'before that, trials of each case to find its best --try', at_least=0, at_most=100_000
  )
  try_: tuple[str, ...] = setting(
    (), "what to search: 'FLAG: LOW..HIGH [log]' or 'FLAG: A, B, C'; repeatable", split=False
  )
  goal: str = setting(
    '', "whether the search wants the first column's 'most' or 'least'", one_of=('', *GOALS)
  )
  tuning_seeds: str = setting('100', 'seeds for every trial; --seeds has none of them')
  out: str = setting('runs/ablation', 'folder for runs, table and plot')
  table_only: bool = setting(False, 'train nothing, only show the table of finished runs')


def ablate(settings: AblateConfig) -> int:
  """Train the missing runs and show the results; return the exit code."""
  # Heavy imports stand inside functions, so that --help and a mistyped case are answered at once.
  from tf_creative.experiments.ablation import grid

  flags_lib.check(settings)
  if settings.cluster:  # whose workers have other current folders
    settings = dataclasses.replace(settings, out=os.path.abspath(settings.out))
  cases = grid.read_cases(settings.case)
  grid.cells(cases, settings.pipeline, settings.seeds, settings.out)
  command.check_prefix(settings.out)
  command.check_writable(settings.out, 'out')

  import rich.console

  from tf_creative.experiments.ablation import report as report_lib
  from tf_creative.experiments.ablation import tables as outcomes
  from tf_creative.experiments.ablation import waiting

  logging.set_verbosity(logging.ERROR)  # the libraries' imports have raised it
  console = rich.console.Console(highlight=False, markup=False)
  if not console.is_terminal:
    console = rich.console.Console(highlight=False, markup=False, width=160)
  columns = [outcomes.read_column(text) for text in dict.fromkeys(settings.column)]
  searched, failed = None, []
  with signals.Stop() as stop, _engine(settings) as engine:
    train = functools.partial(_train, engine=engine, stop=stop, console=console)
    if settings.search:
      searched, cases = _search(settings, cases, columns[0], train, stop)
    cells = grid.cells(cases, settings.pipeline, settings.seeds, settings.out)
    report = report_lib.Report(cells, cases, columns, settings.pipeline, settings.out, searched)
    todo = [cell for cell in cells if not cell.finished()]
    if todo and not settings.table_only and not stop.signal:
      console.print(f'{settings.out}: {len(todo)} of {len(cells)} runs to train', soft_wrap=True)
      with grid.alone(cells) as lock:
        failed = train(waiting.Waiting(todo, lock), report.told)
  if stop.signal:
    console.print(
      f'stopped, {len(report.done())} of {len(cells)} done; the same command goes on from there; '
      'with --table_only it shows the finished runs',
      soft_wrap=True,
    )
    return 128 + stop.signal
  for cell in failed:
    console.print(f'\n{cell.path.name} failed; the end of {cell.log}:', soft_wrap=True)
    for line in _last_lines(cell):
      console.print(f'  {line}', soft_wrap=True)
  if report.done():
    report.show(console)
  elif not failed:
    raise UserError(f'no run in {settings.out} is finished: leave out --table_only to train them.')
  return 1 if failed else 0


@contextlib.contextmanager
def _engine(settings: AblateConfig) -> Iterator[Any]:
  """Open what trains the cells: processes of this machine, or the workers of a cluster."""
  from tf_creative.experiments.ablation import cluster, watched

  if settings.cluster and not settings.table_only:
    with cluster.Cluster(settings.cluster) as engine:
      yield engine
  else:
    yield watched.Here(settings.jobs)


def _search(
  settings: AblateConfig,
  cases: list,
  column: Any,
  train: Callable[..., list],
  stop: signals.Stop,
) -> tuple[Any, list]:
  """Run the trials that are missing; return the table of them, and the cases with the best."""
  from tf_creative.experiments.ablation import grid, search, studies, tables, tries

  seeds = grid.read_seeds(settings.tuning_seeds, 'tuning_seeds')
  if both := set(seeds) & set(grid.read_seeds(settings.seeds)):
    raise UserError(f'--tuning_seeds and --seeds both have {min(both)}: take others for one.')
  if not settings.try_:
    raise UserError("--search needs --try='FLAG: LOW..HIGH', one by one.")
  if not settings.goal and not column.sign:
    raise UserError(f"--search needs --goal=most or least: of '{column.title}', which is better?")
  found = studies.Studies(
    studies.Plan(
      tries=[tries.read(text) for text in settings.try_],
      trials=settings.search,
      seeds=seeds,
      column=column,
      most=settings.goal == 'most',
      pipeline=settings.pipeline,
      out=pathlib.Path(settings.out),
    ),
    cases,
  )

  def told(cell: grid.Cell, at_once: int) -> str:
    del at_once
    row = tables.row(cell, [column])
    return f'{row["minutes"]:.1f} min, {tables.brief(row, column.title)}'

  if not settings.table_only and found.more():
    train(search.Search(found), told)
  if stop.signal:
    return None, cases
  best = found.best()
  return found.table(), best


def _train(
  queue: Any, told: Callable[[Any, int], str], *, engine: Any, stop: signals.Stop, console: Any
) -> list:
  """Train cells and say what each came to; return the failed ones."""
  from tf_creative.experiments.ablation import grid

  failed = []

  def tell(cell: grid.Cell, code: int | None) -> None:
    if code is None:
      text = 'started'
    elif code == 0:
      text = told(cell, engine.room())
    elif stop.signal:
      text = 'stopped'
    elif queue.gave_up(cell):
      text = 'given up: others were better by then'
    else:
      failed.append(cell)
      text = f'failed with exit code {code}: {"".join(_last_lines(cell)[-1:])}'
    console.print(f'{cell.path.name}: {text}', soft_wrap=True)

  grid.run(queue, engine, stop, tell)
  return failed


def _last_lines(cell: Any) -> list[str]:
  lines = cell.log.read_text(errors='replace').splitlines()
  return [line for line in lines if line.strip()][-_LAST_LINES:]


if __name__ == '__main__':
  command.run(ablate, __doc__, AblateConfig)
