"""A grid of cases and seeds: the settings of each cell, and the order in which they are trained."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
import contextlib
import dataclasses
import fcntl
import json
import pathlib
import re
import shlex
import signal
import time
from typing import Any, NamedTuple

from tf_creative.cli import flags as flags_lib
from tf_creative.core import spec, storage
from tf_creative.experiments.ablation import waiting as waiting_lib
from tf_creative.learner import config as config_lib

_MOST_BYTES = 1 << 20  # of a cell's record
_PAUSE = 0.2  # seconds between two checks of the processes
_OWN = {'seed', 'run_dir'}  # flags that the grid sets, so a case may not


class Case(NamedTuple):
  name: str
  flags: list[str]  # for `train`


@dataclasses.dataclass(frozen=True)
class Cell:
  """One run of the grid."""

  case: str
  seed: int
  flags: list[str]
  config: config_lib.Config = dataclasses.field(repr=False)

  @property
  def path(self) -> pathlib.Path:
    return pathlib.Path(self.config.run.run_dir)

  @property
  def log(self) -> pathlib.Path:
    return self.path.with_name(f'{self.path.name}.log')

  def record(self) -> dict[str, Any]:
    """Return exit code, minutes and flags of its training; empty if that has not ended."""
    path = self.path / 'cell.json'
    try:
      record = json.loads(storage.read(path, _MOST_BYTES)) if path.exists() else {}
      if record.keys() - {'exit', 'minutes', 'cpu_minutes', 'flags'} or len(record) not in (0, 4):
        raise ValueError
      return record
    except (OSError, ValueError, AttributeError, RecursionError) as error:
      raise spec.UserError(
        f'{path} is damaged: remove {self.path} to train it anew, or choose another --out.'
      ) from error

  def finished(self) -> bool:
    """Return whether it is trained already; raise a UserError if with other settings."""
    record = self.record()
    if record.get('exit') != 0:
      return False
    # Reading the old flags as a config gives flags that did not exist then their defaults.
    old = _telling(flags_lib.from_arguments(record['flags']))
    new = _telling(self.config)
    if old != new:
      changes = [f'-{line}' for line in old if line not in new]
      changes += [f'+{line}' for line in new if line not in old]
      raise spec.UserError(
        f'{self.path} was trained with other settings (- its own, + yours):\n  '
        + '\n  '.join(changes)
        + '\nChoose another --out, or remove that folder to train it anew.'
      )
    return True

  def spent(self) -> tuple[float, float]:
    """Return minutes and CPU minutes of earlier starts with equal settings."""
    before = self.record()
    same = before.get('flags') == flags_lib.to_text(self.config).splitlines()
    return (before['minutes'], before['cpu_minutes']) if same else (0.0, 0.0)

  def note(self, code: int | None, minutes: float, cpu_minutes: float) -> None:
    """Record how long it has trained in all, and how that ended; None: it has not, so far."""
    lines = flags_lib.to_text(self.config).splitlines()
    record = {'exit': code, 'minutes': minutes, 'cpu_minutes': cpu_minutes, 'flags': lines}
    self.path.mkdir(parents=True, exist_ok=True)
    with storage.whole(self.path / 'cell.json') as partial:
      partial.write_text(json.dumps(record, indent=2) + '\n')


def read_cases(texts: Sequence[str]) -> list[Case]:
  """Parse cases, 'name: train flags' each; raise a UserError if two names give one folder."""
  cases = [_read_case(text) for text in texts]
  if not cases:
    raise spec.UserError("an ablation needs cases: --case='name: train flags', one by one.")
  names: dict[str, str] = {}
  for name, _ in cases:
    place = folder(name).lower()  # some file systems ignore case
    if place in names:
      raise spec.UserError(f"the cases '{names[place]}' and '{name}' have one name: change one.")
    names[place] = name
  return cases


def cells(cases: Sequence[Case], pipeline: str, seeds: str, out: str) -> list[Cell]:
  """Return all cells, ordered by seed: a stopped grid then has all cases of its first seeds."""
  return [
    cell(case, pipeline, seed, pathlib.Path(out)) for seed in read_seeds(seeds) for case in cases
  ]


def run(
  waiting: waiting_lib.Waiting, engine: Any, stop: Any, tell: Callable[[Cell, int | None], None]
) -> None:
  """Train the cells that wait, as many at once as the engine has room for.

  `tell(cell, exit code or None)` reports each event. A signal that `stop` has caught is passed on
  once: training then saves and ends, and no other cell starts.
  """
  running, passed_on = [], False
  try:
    while running or (waiting.more() and not stop.signal):
      while not stop.signal and len(running) < engine.room() and (cell := waiting.next()):
        tell(cell, None)
        running.append(engine.start(cell, waiting.locks(cell)))
      time.sleep(_PAUSE)
      if stop.signal and not passed_on:
        for training in running:
          training.stop(stop.signal)
        passed_on = True
      for training in list(running):
        if (code := training.look()) is not None:
          running.remove(training)
          waiting.ended(training.cell, code)
          tell(training.cell, code)
        elif waiting.hopeless(training.cell):
          training.stop(signal.SIGTERM)
  finally:
    for training in running:
      training.stop(signal.SIGKILL)


@contextlib.contextmanager
def alone(cells: Sequence[Cell]) -> Iterator[int]:
  """Lock the folder of cells; the descriptor keeps the lock while any process has it."""
  out = cells[0].path.parent
  try:
    out.mkdir(parents=True, exist_ok=True)
  except OSError as error:
    raise spec.UserError(
      f'cannot write to {out} ({error.strerror}): choose another --out.'
    ) from error
  storage.check_links(
    out, ['.lock', *(n for cell in cells for n in (cell.path.name, cell.log.name))]
  )
  with (out / '.lock').open('w') as lock:
    try:
      fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
      raise spec.UserError(
        f'{out} is being worked on, by this command elsewhere or by a run that it left behind: '
        'wait, or end that one.'
      ) from error
    yield lock.fileno()


def _read_case(text: str) -> Case:
  name, colon, flags = text.partition(':')
  name = name.strip()
  if not (name and colon) or name.startswith('-'):
    raise spec.UserError(
      f"the case '{text}' has no name: write --case='name: --flag=value --other=value'."
    )
  try:
    words = _words(flags)
  except ValueError as error:
    raise spec.UserError(f"case '{name}': {str(error).lower()} in '{flags.strip()}'.") from error
  for word in words:
    flag = word.lstrip('-').partition('=')[0]
    if flag in _OWN:
      raise spec.UserError(f"case '{name}': --{flag} is set by the grid; leave it out.")
  return Case(name, words)


def _words(text: str) -> list[str]:
  """Split text as a shell does, but spaces inside the brackets of a spec need no quotes."""
  words = []
  for word in shlex.split(text):
    if words and words[-1].count('(') > words[-1].count(')'):
      words[-1] += f' {word}'
    else:
      words.append(word)
  return words


def read_seeds(text: str, flag: str = 'seeds') -> list[int]:
  try:
    seeds = [int(word) for word in text.split(',')]
  except ValueError as error:
    raise spec.UserError(f"--{flag} must be numbers like 0,1,2, not '{text}'.") from error
  if len(set(seeds)) < len(seeds):
    raise spec.UserError(f'--{flag} has one twice: {text}.')
  return seeds


def cell(case: Case, pipeline: str, seed: int, out: pathlib.Path) -> Cell:
  """Return the cell of a case and a seed; a UserError where its flags are wrong."""
  run_dir = out / f'{folder(case.name)}-{seed}'
  flags = [f'--flagfile={pipeline}', *case.flags]
  flags += [f'--seed={seed}', f'--run_dir={run_dir}', '--noprogress', '--noexport']
  try:
    config = flags_lib.from_arguments(flags)
  except spec.UserError as error:
    raise spec.UserError(f"case '{case.name}': {error}") from error
  return Cell(case.name, seed, flags, config)


def folder(name: str) -> str:
  """Turn a name into a part of a folder's name that is valid on every system and shell."""
  return re.sub(r'[^\w.+-]+', '_', name)


def _telling(config: config_lib.Config) -> list[str]:
  """Return the settings that affect training and its metrics, as lines of a flagfile."""
  silent = ('--run_dir=', '--progress=', '--export=')
  lines = flags_lib.to_text(config).splitlines()
  return [line for line in lines if not line.startswith(silent)]
