"""Measures how good a run is: tables, and a report as a web page.

  python -m tf_creative.evaluate --run_dir=runs/pixel_art
  python -m tf_creative.evaluate --compare=runs/control,runs/other

Writes report.html (one self-contained page) and metrics.jsonl to RUN/evaluation, both of the best
checkpoint. Runs that differ only in their seed are compared as one recipe. Equal seeds give equal
pages.
"""

import dataclasses
import datetime
import json
import pathlib

from absl import logging

from tf_creative.cli import command
from tf_creative.cli import flags as flags_lib
from tf_creative.core.spec import UserError, setting
from tf_creative.learner import config as config_lib


@dataclasses.dataclass(frozen=True)
class EvaluateConfig:
  run_dir: str = setting('runs/pixel_art', 'directory of the run to evaluate')
  compare: tuple[str, ...] = setting(
    (), 'other runs to compare with, separated by commas; repeatable'
  )
  out: str = setting('', 'folder for the report; empty: RUN/evaluation')
  works: int = setting(
    0,
    "works to imagine and measure; 0: the --works of the run's training",
    at_least=0,
    at_most=1_000_000,
  )
  seed: int = setting(0, 'seed of all random draws', at_least=0, at_most=2**31 - 1)


def evaluate(settings: EvaluateConfig) -> int:
  """Evaluate the runs one after the other; return the exit code."""
  flags_lib.check(settings)
  if 0 < settings.works < config_lib.FEWEST_WORKS:
    raise UserError(
      f'--works must be {config_lib.FEWEST_WORKS} or more, not {settings.works}; 0 takes as many '
      'as the run says.'
    )
  command.check_writable(settings.out or settings.run_dir, 'out')
  # Heavy imports stand inside functions, so that --help and a mistyped flag are answered at once.
  import rich.console

  console = rich.console.Console(highlight=False)
  if not console.is_terminal:
    console = rich.console.Console(highlight=False, width=140)
  with command.status(console, 'loading') as show:
    from tf_creative.cli import columns
    from tf_creative.core import storage
    from tf_creative.evaluation import measured as evaluation
    from tf_creative.evaluation import report, tables
    from tf_creative.runs import run as run_lib

    logging.set_verbosity(logging.ERROR)  # the libraries' imports have raised it
    tell = show if console.is_terminal else console.print
    paths = [pathlib.Path(path) for path in (settings.run_dir, *settings.compare)]
    out = pathlib.Path(settings.out) if settings.out else paths[0] / 'evaluation'
    for path in paths:
      run_lib.chosen(path)
    try:  # fails now, rather than after minutes of work
      out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
      raise UserError(f'cannot write to {out} ({error.strerror}): choose another --out.') from error
    runs = []
    for path in paths:
      tell(f'{path}: loading')
      config, learner = run_lib.load(path)
      count = settings.works or config.run.works
      say = lambda text, path=path: tell(f'{path}: {text}')  # noqa: E731
      runs.append(evaluation.evaluate(path, config, learner, count, settings.seed, say))
    tell('writing the report')
    when = datetime.datetime.now().astimezone().isoformat(timespec='seconds')
    rows = [json.dumps(row) + '\n' for run in runs for row in run.rows()]
    page = report.page(runs, when, settings.seed)
    for name, text in (('metrics.jsonl', ''.join(rows)), ('report.html', page)):
      with storage.whole(out / name) as partial:
        partial.write_text(text)

  for run in runs:
    console.print(f'\n[bold]{run.path}[/bold], round {run.rounds}')
    for head, rows in filter(all, (tables.screen(run), tables.traits(run), tables.hands(run))):
      columns.show(console, head, rows)
  console.print(f'{out / "report.html"}  the report: open it in a browser', soft_wrap=True)
  console.print(f'{out / "metrics.jsonl"}  every number, a row for each source', soft_wrap=True)
  return 0


if __name__ == '__main__':
  command.run(evaluate, __doc__, EvaluateConfig)
