"""Evaluates runs: tables that show themselves, and a report as a web page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
import datetime
import json
import os
import pathlib
from typing import Any

from tf_creative.api import asked, maker, tables
from tf_creative.core import spec, storage
from tf_creative.evaluation import comparison, foreseen_tables, measured, report
from tf_creative.evaluation import tables as columns

REPORT, NUMBERS = 'report.html', 'metrics.jsonl'
COMPARED = (
  'recipes: interquartile means over runs, with 95% intervals of the stratified bootstrap '
  '(Agarwal et al. 2021)'
)


class Evaluated:
  """The results for a run, and for others beside it."""

  def __init__(self, results: Sequence[measured.Evaluation], out: pathlib.Path):
    self.results, self._out = list(results), out

  @property
  def report(self) -> pathlib.Path:
    """The report: one web page that needs nothing else."""
    return self._out / REPORT

  @property
  def numbers(self) -> tables.Table:
    """Every number: a row for each source of works, and for each hand."""
    return tables.Table(
      [row for one in self.results for row in one.rows()], str(self._out / NUMBERS)
    )

  @property
  def tables(self) -> list[tables.Table]:
    """What the command prints: for each run the works, what they are like, and the hand.

    Of several runs, the last one compares their recipes.
    """
    shown = [table for one in self.results for table in _tables(one)]
    if compared := compare(self.results):
      shown.append((COMPARED, _rows(*compared)))
    return [tables.Table(rows, caption) for caption, rows in shown]

  def __repr__(self) -> str:
    return '\n\n'.join(map(repr, self.tables)) + f'\n\n{self.report}'

  def _repr_html_(self) -> str:
    return ''.join(table._repr_html_() for table in self.tables) + f'<p>{self.report}</p>'


def evaluate(
  runs: Sequence[Any],
  works: int = 0,
  seed: int = 0,
  out: str | os.PathLike = '',
  tell: maker.Tell | None = None,
) -> Evaluated:
  """Evaluate runs one after the other, and write the report; see `Run.evaluate`."""
  asked.check_works(works)
  tell = tell or (lambda text: None)
  folder = pathlib.Path(out) if out else runs[0].path / 'evaluation'
  try:  # fails now, rather than after minutes of work
    folder.mkdir(parents=True, exist_ok=True)
  except OSError as error:
    raise spec.UserError(
      f'cannot write to {folder} ({error.strerror}): choose another --out.'
    ) from error
  results = []
  for run in runs:
    tell(f'{run.path}: loading')
    say = lambda text, path=run.path: tell(f'{path}: {text}')  # noqa: E731
    results.append(measured.evaluate(run.path, run.config, run.learner, works, seed, say))
  tell('writing the report')
  _write(results, folder, seed)
  return Evaluated(results, folder)


def _write(results: Sequence[measured.Evaluation], folder: pathlib.Path, seed: int) -> None:
  when = datetime.datetime.now().astimezone().isoformat(timespec='seconds')
  rows = [json.dumps(row) + '\n' for one in results for row in one.rows()]
  page = report.page(results, when, seed)
  for name, text in ((NUMBERS, ''.join(rows)), (REPORT, page)):
    with storage.whole(folder / name) as partial:
      partial.write_text(text)


def shown(one: measured.Evaluation) -> Iterable[tuple[list[str], list[list[str]]]]:
  """Return the tables of an evaluation that are not empty: head and rows."""
  known = columns.screen, columns.traits, columns.hands, foreseen_tables.table
  return filter(all, (each(one) for each in known))


def compare(results: Sequence[measured.Evaluation]) -> tuple[list[str], list[list[str]]] | None:
  """Return the table that compares recipes, head and rows; None for a single run."""
  return comparison.table(results) if len(results) > 1 else None


def notes(one: measured.Evaluation) -> list[str]:
  """Say which judge measured, what so few works cannot tell, and how it was foreseen."""
  return [*columns.notes(one), *foreseen_tables.notes(one)]


def _tables(one: measured.Evaluation) -> Iterable[tuple[str, list[dict[str, str]]]]:
  """Yield each table with its caption, a row by the titles of its columns."""
  caption = f'{one.path}, round {one.rounds}'
  for head, rows in shown(one):
    yield caption, _rows(head, rows)
    caption = ''


def _rows(head: list[str], rows: list[list[str]]) -> list[dict[str, str]]:
  return [dict(zip(head, row, strict=True)) for row in rows]
