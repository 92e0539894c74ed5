"""Measures how fast this machine trains, beside its peak speed.

  python -m tf_creative.benchmark
  python -m tf_creative.benchmark --pipeline=pipelines/glyphs.flags --sweep
  python -m tf_creative.benchmark --peer='torch: python torch_round.py'
  python -m tf_creative.benchmark --compare=BEFORE.json,AFTER.json

Close other programs first. Measurements alternate, several times each, so that changes in the
machine's speed affect all of them; the tables show median, lowest and highest. Writes
benchmark.json to --out, and with --sweep a plot, growth.png. The trained weights are discarded.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
import shlex

from absl import logging

from tf_creative.cli import command
from tf_creative.cli import flags as flags_lib
from tf_creative.core.spec import UserError, setting


@dataclasses.dataclass(frozen=True)
class BenchmarkConfig:
  pipeline: str = setting(
    'pipelines/pixel_art.flags', 'flagfile of `train` whose rounds are measured'
  )
  train: str = setting('', "further flags of `train` in quotes: --train='--agent_batch_size=64'")
  turns: int = setting(5, 'number of measurements of each kind', at_least=1, at_most=1000)
  seconds: float = setting(3.0, 'approximate seconds of a measurement', above=0, at_most=3600)
  peer: tuple[str, ...] = setting(
    (),
    "'name: command' of a program whose last printed word is its rounds per second; repeatable",
    split=False,
  )
  sweep: bool = setting(
    False, 'also measure how the cost grows with canvas, environments, batches and replay'
  )
  compare: tuple[str, ...] = setting(
    (), 'measure nothing, but compare two benchmark.json, separated by a comma', split=True
  )
  out: str = setting('runs/benchmark', 'folder for benchmark.json')


def benchmark(settings: BenchmarkConfig) -> int:
  """Measure and print the tables; return the exit code."""
  flags_lib.check(settings)
  if settings.compare and len(settings.compare) != 2:
    raise UserError('--compare takes two files, by commas: --compare=BEFORE.json,AFTER.json.')
  flags = [f'--flagfile={settings.pipeline}', *shlex.split(settings.train)]
  config = flags_lib.from_arguments([*flags, '--noprogress', '--noexport'])
  command.check_writable(settings.out, 'out')
  # Heavy imports stand inside functions, so that --help and a mistyped flag are answered at once.
  import rich.console

  console = rich.console.Console(highlight=False, markup=False)
  if not console.is_terminal:
    console = rich.console.Console(highlight=False, markup=False, width=120)
  from tf_creative.cli import columns
  from tf_creative.experiments import speed
  from tf_creative.experiments import speed_plot as growth

  logging.set_verbosity(logging.ERROR)  # the libraries' imports have raised it
  if settings.compare:
    columns.show(console, *speed.side_by_side(*map(_read, settings.compare)))
    return 0
  peers = dict(map(speed.read_peer, settings.peer))
  with command.status(console, 'measuring') as show:
    tell = show if console.is_terminal else console.print
    found = speed.measure(config, settings.turns, settings.seconds, peers, tell)
    if settings.sweep:
      found['sweep'] = speed.sweep(config, settings.seconds, tell)
  found['flags'] = flags
  path = pathlib.Path(settings.out) / 'benchmark.json'
  path.parent.mkdir(parents=True, exist_ok=True)
  path.write_text(json.dumps(found, indent=1) + '\n')
  if settings.sweep:
    growth.draw(found['sweep']).savefig(path.with_name('growth.png'), dpi=150)
  for head, rows in speed.tables(found):
    columns.show(console, head, rows)
  console.print(f'{path}  all numbers; --compare={path},OTHER compares them with another run')
  return 0


def _read(path: str) -> dict:
  try:
    return json.loads(pathlib.Path(path).read_text())
  except (OSError, ValueError) as error:
    raise UserError(f'{path} is no benchmark.json: {error}') from error


if __name__ == '__main__':
  command.run(benchmark, __doc__, BenchmarkConfig)
