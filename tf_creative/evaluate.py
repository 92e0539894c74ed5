"""Measures how good a run is: tables, and a report as a web page.

  python -m tf_creative.evaluate --run_dir=runs/pixel_art
  python -m tf_creative.evaluate --compare=runs/control,runs/other

Writes report.html (one self-contained page) and metrics.jsonl to RUN/evaluation, both of the best
checkpoint. Runs that differ only in their seed are compared as one recipe. Equal seeds give equal
pages.
"""

import dataclasses

from absl import logging

from tf_creative.api import asked
from tf_creative.cli import command, quiet
from tf_creative.cli import flags as flags_lib
from tf_creative.core.spec import setting


@dataclasses.dataclass(frozen=True)
class EvaluateConfig:
  run_dir: str = setting('runs/pixel_art', 'directory of the run to evaluate')
  compare: tuple[str, ...] = setting(
    (), 'other runs to compare with, separated by commas; repeatable'
  )
  out: str = setting('', 'folder for the report; empty: RUN/evaluation')
  works: int = setting(
    0,
    "works to imagine and measure, or episodes to play; 0: the --works of the run's training, or "
    '100 episodes',
    at_least=0,
    at_most=1_000_000,
  )
  seed: int = setting(0, 'seed of all random draws', at_least=0, at_most=2**31 - 1)


def evaluate(settings: EvaluateConfig) -> int:
  """Evaluate the runs one after the other; return the exit code."""
  quiet.off()
  flags_lib.check(settings)
  asked.check_works(settings.works)
  command.check_writable(settings.out or settings.run_dir, 'out')
  # Heavy imports stand inside functions, so that --help and a mistyped flag are answered at once.
  import rich.console

  console = rich.console.Console(highlight=False)
  if not console.is_terminal:
    console = rich.console.Console(highlight=False, width=140)
  logging.set_verbosity(logging.ERROR)
  with command.status(console, 'loading') as show:
    from tf_creative.api import evaluating, run
    from tf_creative.cli import columns

    logging.set_verbosity(logging.ERROR)  # the libraries' imports have raised it
    tell = show if console.is_terminal else console.print
    runs = [run.Run(path) for path in (settings.run_dir, *settings.compare)]
    done = evaluating.evaluate(runs, settings.works, settings.seed, settings.out, tell)

  for one in done.results:
    console.print(f'\n[bold]{one.path}[/bold], round {one.rounds}')
    for head, rows in evaluating.shown(one):
      columns.show(console, head, rows)
    for line in evaluating.notes(one):
      console.print(line)
  if compared := evaluating.compare(done.results):
    console.print(f'\n{evaluating.COMPARED}')
    columns.show(console, *compared)
  console.print(f'{done.report}  the report: open it in a browser', soft_wrap=True)
  numbers = done.report.with_name(evaluating.NUMBERS)
  console.print(f'{numbers}  every number, a row for each source', soft_wrap=True)
  return 0


if __name__ == '__main__':
  command.run(evaluate, __doc__, EvaluateConfig)
