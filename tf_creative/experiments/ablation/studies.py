"""A study of Optuna for each case of a search, in a journal that several commands can share."""

from __future__ import annotations

from collections.abc import Sequence
import contextlib
import fcntl
import pathlib
from typing import Any, NamedTuple
import zlib

from tf_creative.core import plugins, spec, storage
from tf_creative.experiments.ablation import grid
from tf_creative.experiments.ablation import tables as tables_lib
from tf_creative.experiments.ablation import tries as tries_lib

FOLDER = 'search'


class Plan(NamedTuple):
  """What to search for."""

  tries: Sequence[tries_lib.Try]
  trials: int  # of each case
  seeds: Sequence[int]
  column: tables_lib.Column  # what a run is judged by
  most: bool  # whether more of it is better
  pipeline: str
  out: pathlib.Path


class Trial(NamedTuple):
  """A trial that this command works on."""

  case: grid.Case
  study: Any
  trial: Any
  lock: Any
  cells: list[grid.Cell]  # one for each seed
  found: list[float]  # of those that have ended


class Studies:
  """The trials of all cases, those of other commands included."""

  def __init__(self, plan: Plan, cases: Sequence[grid.Case]):
    self.optuna = plugins.extra('optuna', 'search', '--search')
    self.plan, self._cases = plan, cases
    self._folder = plan.out / FOLDER
    for case in cases:  # wrong flags are answered before anything is trained
      for index in (0, -1):
        ends = [f'--{one.flag}={one.choices[index]}' for one in plan.tries]
        grid.cell(grid.Case(case.name, [*case.flags, *ends]), plan.pipeline, 0, plan.out)
    self._folder.mkdir(parents=True, exist_ok=True)
    self.optuna.logging.set_verbosity(self.optuna.logging.ERROR)
    backend = self.optuna.storages.journal.JournalFileBackend(str(self._folder / 'journal.log'))
    self._studies = [
      self.optuna.create_study(
        study_name=case.name,
        storage=self.optuna.storages.JournalStorage(backend),
        load_if_exists=True,
        direction='maximize' if plan.most else 'minimize',
        pruner=self.optuna.pruners.MedianPruner(n_startup_trials=max(4, plan.trials // 4)),
      )
      for case in cases
    ]

  def more(self) -> bool:
    """Return whether some trial is not told or not begun, be it another command's."""
    running = self.optuna.trial.TrialState.RUNNING
    return any(
      len(trials := study.get_trials(deepcopy=False)) < self.plan.trials
      or any(trial.state == running for trial in trials)
      for study in self._studies
    )

  def begin(self) -> Trial | None:
    """Take up a trial that nobody works on any more, or begin one of the case with the fewest."""
    with (self._folder / '.lock').open('w') as lock:
      fcntl.flock(lock, fcntl.LOCK_EX)  # so that no two commands begin the same one
      pairs = list(zip(self._cases, self._studies, strict=True))
      running = (self.optuna.trial.TrialState.RUNNING,)
      for case, study in pairs:
        for left in study.get_trials(deepcopy=False, states=running):
          if held := self._hold(case, left.number):
            return self._open(case, study, self.optuna.trial.Trial(study, left._trial_id), held)
      case, study = min(pairs, key=lambda pair: len(pair[1].get_trials(deepcopy=False)))
      if len(study.get_trials(deepcopy=False)) >= self.plan.trials:
        return None
      trial = study.ask()
      return self._open(case, study, trial, self._hold(case, trial.number))

  def best(self) -> list[grid.Case]:
    """Return the cases with the settings that were best for each."""
    found = []
    complete = (self.optuna.trial.TrialState.COMPLETE,)
    for case, study in zip(self._cases, self._studies, strict=True):
      if not study.get_trials(deepcopy=False, states=complete):
        raise spec.UserError(
          f"no trial of case '{case.name}' came to a number for '{self.plan.column.title}': see "
          f'the logs in {self._folder}.'
        )
      found.append(grid.Case(case.name, [*case.flags, *self._flags(study.best_params)]))
    return found

  def table(self) -> tables_lib.Table:
    """Build a table of the search: what each case had, and what was best."""
    states, body = self.optuna.trial.TrialState, []
    for case, study in zip(self._cases, self._studies, strict=True):
      trials = study.get_trials(deepcopy=False)
      count = [sum(t.state == s for t in trials) for s in (states.PRUNED, states.FAIL)]
      cells = [cell for t in trials for cell in self._cells(case, t.number, self._flags(t.params))]
      minutes = sum(cell.record().get('cpu_minutes', 0) for cell in cells)
      flags = ' '.join(self._flags(study.best_params))
      texts = map(str, (len(trials), *count))
      body.append([case.name, *texts, f'{minutes:.1f}', f'{study.best_value:,.6g}', flags])
    head = ['searched', 'trials', 'given up', 'failed', 'CPU minutes']
    return [*head, f'best {self.plan.column.title}', 'by'], body

  def _open(self, case: grid.Case, study: Any, trial: Any, lock: Any) -> Trial:
    """Choose the settings of a trial; those of one that is taken up are chosen already."""
    # The draws depend on a trial's number alone, whichever command has asked for it.
    seed = trial.number + zlib.crc32(case.name.encode())
    study.sampler = self.optuna.samplers.TPESampler(seed=seed, constant_liar=True)
    flags = [one.choose(trial) for one in self.plan.tries]
    return Trial(case, study, trial, lock, self._cells(case, trial.number, flags), [])

  def _cells(self, case: grid.Case, number: int, flags: list[str]) -> list[grid.Cell]:
    plan, tried = self.plan, grid.Case(f'{case.name}_{number}', [*case.flags, *flags])
    return [grid.cell(tried, plan.pipeline, seed, self._folder) for seed in plan.seeds]

  def _flags(self, params: dict[str, Any]) -> list[str]:
    return [one.said(params[one.flag]) for one in self.plan.tries if one.flag in params]

  def _hold(self, case: grid.Case, number: int) -> Any:
    """Lock a trial for this command; None if another one works on it."""
    path = self._folder / f'{grid.folder(case.name)}_{number}.lock'
    with contextlib.suppress(spec.UserError):
      return storage.lock(path, 'search', '')
    return None
