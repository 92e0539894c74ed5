"""The measurements of `benchmark` and their tables: how fast a round is, and could be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import dataclasses
import math
import shlex
import statistics
import subprocess
from typing import Any

from tf_creative.cli import command
from tf_creative.core import spec
from tf_creative.experiments import probes
from tf_creative.learner import config as config_lib

_SIZES = (8, 16, 32, 64)  # sides of a canvas, in pixels
_MANY = (8, 32, 128, 512, 1024)  # environments, and transitions in a batch
_REPLAYS = (20_000, 200_000, 1_000_000)
Table = tuple[list[str], list[list[str]]]


def read_peer(text: str) -> tuple[str, list[str]]:
  """Parse a peer, 'name: command': another program to compare with."""
  name, colon, call = text.partition(':')
  if not colon or not name.strip() or not shlex.split(call):
    raise spec.UserError(f"--peer must be 'name: command', not '{text}'.")
  return name.strip(), shlex.split(call)


def measure(
  config: config_lib.Config,
  turns: int,
  seconds: float,
  peers: dict[str, list[str]],
  tell: Callable[[str], Any],
) -> dict[str, Any]:
  """Measure everything about a round of this config; lists have one number per turn.

  Our rounds, the machine's peak and the peers alternate, so that a change in the machine's load
  affects all of them.
  """
  cores = command.cores()
  tell('starting')
  found: dict[str, Any] = {'cores': cores, 'round': [], 'busy': [], 'peak': {}, 'peers': {}}
  with (
    probes.Probe(command.threads(), config) as learner,
    probes.Probe(1) as one,
    probes.Probe(cores) as all_,
  ):
    found['startup'] = learner.startup
    for turn in range(turns):
      tell(f'turn {turn + 1} of {turns}')
      for threads, probe in {1: one, cores: all_}.items():
        found['peak'].setdefault(str(threads), []).append(probe.ask(probes.gemm))
      told = learner.ask(probes.rounds, seconds)
      found['round'].append(told['seconds'])
      found['busy'].append(told['cores'])
      for name, call in peers.items():
        found['peers'].setdefault(name, []).append(_rate(name, call))
    tell('each part alone')
    found['parts'] = learner.ask(probes.parts, seconds)
    found['memory'] = learner.ask(probes.memory)
    found['counts'] = learner.ask(probes.counts)
    found['with'] = learner.ask(probes.facts)
  return found


def _rate(name: str, call: list[str]) -> float:
  """Run another program and return its rounds per second: the last word that it prints."""
  done = subprocess.run(call, capture_output=True, text=True)
  lines = done.stdout.split('\n')
  try:
    return float(next(line for line in reversed(lines) if line.strip()).split()[-1])
  except (StopIteration, ValueError) as error:
    words = (done.stderr or done.stdout).strip().split('\n')[-1]
    raise spec.UserError(
      f"the peer '{name}' did not end by printing its rounds per second: {words}"
    ) from error


def sweep(
  config: config_lib.Config, seconds: float, tell: Callable[[str], Any]
) -> dict[str, dict[str, dict[str, float]]]:
  """Measure the cost of a round as one setting grows and all others stay the same."""
  found: dict[str, dict[str, dict[str, float]]] = {}
  for what, size, changed in _grown(config):
    tell(f'{what}: {size:,}')
    with probes.Probe(command.threads(), changed) as learner:
      told = learner.ask(probes.rounds, seconds)
      found.setdefault(what, {})[str(size)] = told | {'memory': learner.ask(probes.memory)}
  return found


def _grown(config: config_lib.Config) -> Iterator[tuple[str, int, config_lib.Config]]:
  part = spec.parse_one(config.run.world, 'world')

  def changed(**agent: int) -> config_lib.Config:
    return dataclasses.replace(config, agent=dataclasses.replace(config.agent, **agent))

  if part.name == 'pixel_art':
    for size in _SIZES:
      options = ', '.join(f'{k}={v}' for k, v in {**part.options, 'size': size}.items())
      run = dataclasses.replace(config.run, world=f'pixel_art({options})')
      yield 'pixels', size**2, dataclasses.replace(config, run=run)
  for count in _MANY:
    # The replay must hold at least one sequence for every environment.
    room = max(config.agent.replay_capacity, count * (config.agent.n_step + 2))
    yield 'environments', count, changed(environments=count, replay_capacity=room)
  for count in _MANY:
    yield 'batch', count, changed(batch_size=count)
  for capacity in _REPLAYS:
    yield 'replay', capacity, changed(replay_capacity=capacity)


def tables(found: dict[str, Any]) -> list[Table]:
  """Return the tables of a measurement for the terminal."""
  round_, counts = statistics.median(found['round']), found['counts']
  flops, cores = counts['flops'], found['cores']
  rows = [
    [f'products of large matrices, {threads} thread{"s" * (threads != "1")}, GFLOP/s']
    + _spread([peak / 1e9 for peak in peaks], '.0f')
    for threads, peaks in found['peak'].items()
  ]
  rows.append(['rounds per second', *_spread([1 / each for each in found['round']], '.1f')])
  rows.append(['a round, ms', *_spread([1e3 * each for each in found['round']], '.1f')])
  rows.append(['cores busy', *_spread(found['busy'], '.2f')])
  floors = [flops / peak for peak in found['peak'][str(cores)]]
  rows.append([f'its floor, {flops / 1e9:.2f} GFLOP at that speed, ms'])
  rows[-1] += _spread([1e3 * floor for floor in floors], '.1f')
  shares = [floor / each for floor, each in zip(floors, found['round'], strict=True)]
  rows.append(['how near it comes to its floor', *_spread(shares, '.0%')])
  for name, rates in found['peers'].items():
    rows.append([f'{name}, rounds per second', *_spread(rates, '.1f')])
    times = [1 / each / rate for each, rate in zip(found['round'], rates, strict=True)]
    rows.append([f'ours, times {name}', *_spread(times, '.2f')])
  shown = [(['', 'median', 'lowest', 'highest'], rows)]
  parts = [
    [name, f'{1e3 * part:.2f}', f'{part / round_:.0%}', f'{counts["flops_of"][name] / 1e9:.3f}']
    for name, part in found['parts'].items()
  ]
  shown.append((['part of a round, alone', 'ms', 'of a round', 'GFLOP'], parts))
  startup = [[name, f'{took:.1f}'] for name, took in found['startup'].items()]
  startup.append(['first round after', f'{sum(found["startup"].values()):.1f}'])
  shown.append((['start', 'seconds'], startup))
  plain = [
    ['nodes of the graph of a round', f'{counts["nodes"]:,}'],
    ['traces of the loop', str(counts['traces'])],
    ['bytes of a step in the replay', str(counts['transition_bytes'])],
    ['most memory, MB', f'{found["memory"] / 1e6:,.0f}'],
  ]
  shown.append((['and', ''], plain))
  if 'sweep' in found:
    shown.append(_sweep_table(found['sweep']))
  return shown


def _sweep_table(found: dict[str, dict[str, dict[str, float]]]) -> Table:
  rows = []
  for what, sizes in found.items():
    first = None
    for size, told in sizes.items():
      first = first or (int(size), told['seconds'])
      power = '·'
      if int(size) > first[0]:
        power = f'{math.log(told["seconds"] / first[1]) / math.log(int(size) / first[0]):.2f}'
      cells = [f'{1e3 * told["seconds"]:.1f}', power, f'{told["memory"] / 1e6:,.0f}']
      rows.append([f'{what}: {int(size):,}', *cells])
  return ['as one thing grows', 'a round, ms', 'power', 'memory, MB'], rows


def side_by_side(before: dict[str, Any], after: dict[str, Any]) -> Table:
  """Return a table of all numbers of two measurements and their ratios."""
  one, other = dict(_numbers(before)), dict(_numbers(after))
  rows = [
    [name, f'{one[name]:.4g}', f'{other[name]:.4g}', f'{other[name] / one[name]:.3f}']
    for name in one
    if name in other and one[name]
  ]
  return ['', 'before', 'after', 'ratio'], rows


def _numbers(found: Any, name: str = '') -> Iterator[tuple[str, float]]:
  """Yield (path, number) for all numbers in nested dicts; a list gives its median."""
  if isinstance(found, dict):
    for key, value in found.items():
      yield from _numbers(value, f'{name}/{key}' if name else key)
  elif isinstance(found, list) and found and isinstance(found[0], int | float):
    yield name, statistics.median(found)
  elif isinstance(found, int | float):
    yield name, float(found)


def _spread(numbers: list[float], form: str) -> list[str]:
  each = statistics.median(numbers), min(numbers), max(numbers)
  return [f'{number:{form}}' for number in each]
