"""Searches good settings for each case by Optuna, with seeds that no result is reported with.

A trial is a case with settings that Optuna chooses, trained with every seed of the search. All
cases have equally many. A stopped search goes on; commands with the same folder share the trials.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

from tf_creative.experiments.ablation import grid, studies, waiting
from tf_creative.runs import log as log_lib

_LOOK_SECONDS = 2  # between two looks at what a run has logged


class Search(waiting.Waiting):
  """Cells of the trials of all cases."""

  def __init__(self, found: studies.Studies):
    super().__init__(())
    self._studies, self._column = found, found.plan.column
    self._states = found.optuna.trial.TrialState
    self._running: dict[str, studies.Trial] = {}  # by the folder of a cell
    self._looked: dict[str, float] = {}  # when, by the folder of a cell
    self._hopeless: set[str] = set()

  def more(self) -> bool:
    return bool(self._cells) or self._studies.more()

  def next(self) -> grid.Cell | None:
    """Return the next run of a trial that has begun, or the first one of another trial."""
    if not self._cells and (trial := self._studies.begin()):
      self._go_on(trial)
    return super().next()

  def locks(self, cell: grid.Cell) -> list[int]:
    return [self._running[str(cell.path)].lock.fileno()]

  def ended(self, cell: grid.Cell, code: int) -> None:
    """Note what a run came to; a run that was stopped is resumed by the next command."""
    name = str(cell.path)
    trial = self._running.pop(name)
    if name in self._hopeless:
      self._tell(trial, self._states.PRUNED)
    elif code < 0 or code > 128:  # a signal
      trial.lock.close()
    elif code:
      self._tell(trial, self._states.FAIL)
    else:
      self._go_on(trial)

  def hopeless(self, cell: grid.Cell) -> bool:
    """Return whether a trial's first run is worse than most were at the same round."""
    name, now = str(cell.path), time.monotonic()
    mine, seen = self._running[name], now - self._looked.get(name, 0) < _LOOK_SECONDS
    if seen or mine.found or self._column.sign or name in self._hopeless:
      return False
    self._looked[name] = now
    known = mine.study.get_trials(deepcopy=False)[mine.trial.number].intermediate_values
    logged = [row for row in log_lib.rows(cell.path) if self._column.name in row]
    for index, row in enumerate(logged):
      if row['round'] not in known:
        value: Any = self._column.value(logged[: index + 1], cell.config)
        mine.trial.report(float(value), int(row['round']))
    if not mine.trial.should_prune():
      return False
    self._hopeless.add(name)
    return True

  def gave_up(self, cell: grid.Cell) -> bool:
    return str(cell.path) in self._hopeless

  def _go_on(self, trial: studies.Trial) -> None:
    """Queue the next run of a trial that is not trained, or tell what all of them came to."""
    for cell in trial.cells[len(trial.found) :]:
      if not cell.finished():
        self._running[str(cell.path)] = trial
        self._cells.append(cell)
        return
      value = self._column.value(log_lib.rows(cell.path), cell.config)
      if value is None and not self._column.sign:
        self._tell(trial, self._states.FAIL)
        return
      never = float('-inf' if self._studies.plan.most else 'inf')
      trial.found.append(never if value is None else float(value))
    self._tell(trial, self._states.COMPLETE, statistics.fmean(trial.found))

  def _tell(self, trial: studies.Trial, state: Any, value: float | None = None) -> None:
    trial.study.tell(trial.trial, value, state)
    trial.lock.close()
