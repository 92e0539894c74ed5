"""Results of a grid: numbers of each run, and tables with statistics over seeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
import math
import re
from typing import Any, NamedTuple

import numpy as np

from tf_creative.core import spec
from tf_creative.experiments.ablation import grid
from tf_creative.learner import config as config_lib
from tf_creative.learner import loop
from tf_creative.metrics import aggregate
from tf_creative.runs import log as log_lib

COST = ('minutes', 'CPU minutes')
Row = dict[str, Any]  # of a run: case, seed, run, costs, and a number (or None) per column
Table = tuple[list[str], list[list[str]]]  # head and rows

_STEPS = re.compile(r'steps\s+until\s+(\S+)\s*(>=|<=)\s*(\S+)')


class Column(NamedTuple):
  """A metric's last value; or its mean; or with a sign, the steps until it reached a limit."""

  title: str
  name: str  # of the metric
  sign: str = ''
  limit: float = 0.0
  whole: bool = False  # the mean over all that was logged: how high a learning curve lies

  def value(self, logged: Iterable[Mapping[str, float]], config: config_lib.Config) -> float | None:
    """Return the column's value for rows of metrics.jsonl; None if not logged or never reached."""
    having = [row for row in logged if self.name in row]
    if self.whole:
      return float(np.mean([row[self.name] for row in having])) if having else None
    if not self.sign:
      return having[-1][self.name] if having else None
    sense = 1 if self.sign == '>=' else -1
    holds = (row['round'] for row in having if sense * row[self.name] >= sense * self.limit)
    rounds = next(holds, None)
    return None if rounds is None else loop.environment_steps(config, rounds)


def read_column(text: str) -> Column:
  """Parse a column: 'NAME', 'mean NAME' or 'steps until NAME >= NUMBER'."""
  text = ' '.join(text.split())
  if text.startswith('mean '):
    return Column(text, text.removeprefix('mean '), whole=True)
  if not text.startswith('steps '):
    return Column(text, text)
  match = _STEPS.fullmatch(text)
  try:
    name, sign, limit = match.groups()  # pyright: ignore[reportOptionalMemberAccess]
    return Column(text, name, sign, float(limit))
  except (AttributeError, ValueError) as error:
    raise spec.UserError(
      f"cannot read the column '{text}': write 'steps until NAME >= NUMBER', or <=."
    ) from error


def row(cell: grid.Cell, columns: Sequence[Column]) -> Row:
  """Return the row of a finished run."""
  record, logged = cell.record(), log_lib.rows(cell.path)
  return {
    'case': cell.case,
    'seed': cell.seed,
    'run': str(cell.path),
    'minutes': record['minutes'],
    'CPU minutes': record['cpu_minutes'],
    **{column.title: column.value(logged, cell.config) for column in columns},
  }


def check_logged(cells: Sequence[grid.Cell], columns: Sequence[Column]) -> None:
  """Raise a UserError for a column whose metric no run has logged."""
  known = {name for cell in cells for logged in log_lib.rows(cell.path) for name in logged}
  known -= {'round'}
  for column in columns:
    if column.name not in known:
      raise spec.UserError(f"no run has logged '{column.name}'.{spec.nearest(column.name, known)}")


def table(rows: Sequence[Row], cases: Sequence[str], columns: Sequence[str]) -> Table:
  """Build a table: mean, standard deviation and interval of the mean over seeds, per case."""
  body = []
  for case in cases:
    own = [row for row in rows if row['case'] == case]
    cells = [_spread(column, own, _decimals(column, rows)) for column in columns]
    cost = [f'{np.mean([row[name] for row in own]):.1f}' if own else '·' for name in COST]
    body.append([case, str(len(own)), *cells, *cost])
  return ['case', 'runs', *columns, *COST], body


def against(rows: Sequence[Row], cases: Sequence[str], columns: Sequence[str]) -> Table:
  """Build a table of ratios to the first case, paired by seed, for all other cases."""
  first = {row['seed']: row for row in rows if row['case'] == cases[0]}
  body = []
  for case in cases[1:]:
    pairs = [
      (row, first[row['seed']]) for row in rows if row['case'] == case and row['seed'] in first
    ]
    cells = []
    for name in (*columns, *COST):
      ratios = [
        own[name] / its[name]
        for own, its in pairs
        if None not in (own[name], its[name]) and its[name]
      ]
      few = f' ({len(ratios)} of {len(pairs)})' if len(ratios) < len(pairs) else ''
      cells.append(f'{np.mean(ratios):.3f}{_interval(ratios, 3)}{few}' if ratios else '·')
    body.append([case, str(len(pairs)), *cells])
  return [f'against {cases[0]}', 'pairs', *columns, *COST], body


def markdown(
  tables: Sequence[Table], pipeline: str, cases: Mapping[str, str], searched: Table | None = None
) -> str:
  """Format the tables and the flags of all cases as Markdown."""
  what = [
    f'Runs of `{pipeline}`: mean ± standard deviation over seeds [95% bootstrap interval of the '
    'mean]; minutes are means.',
    'Ratios of runs of one seed: their mean [95% bootstrap interval].',
  ][: len(tables)]
  if searched:
    what.append('The search that chose the settings, with seeds of its own.')
  parts = []
  for text, (head, body) in zip(what, [*tables, *filter(None, [searched])], strict=True):
    lines = [head, ['---', *['---:'] * (len(head) - 1)], *body]
    cells = [[cell.replace('|', r'\|') for cell in line] for line in lines]
    parts.append(text + '\n\n' + '\n'.join(f'| {" | ".join(line)} |' for line in cells))
  parts.append('\n'.join(f'- {name}: `{flags or "as it is"}`' for name, flags in cases.items()))
  return '\n\n'.join(parts) + '\n'


def brief(row: Row, column: str) -> str:
  """Format one number of one run."""
  score = row[column]
  return f'{column} {absent(column) if score is None else f"{score:,.6g}"}'


def known(column: str, rows: Iterable[Row]) -> list[float]:
  """Return a column's numbers, without missing ones."""
  return [row[column] for row in rows if row[column] is not None]


def absent(column: str) -> str:
  """Return the words for a run without a number in this column."""
  return 'never' if column.startswith('steps until') else 'not logged'


def _spread(column: str, rows: Sequence[Row], decimals: int) -> str:
  scores, parts = known(column, rows), []
  if scores:
    deviation = f' ± {np.std(scores, ddof=1):,.{decimals}f}' if len(scores) > 1 else ''
    parts.append(f'{np.mean(scores):,.{decimals}f}{deviation}{_interval(scores, decimals)}')
  if len(scores) < len(rows):
    parts.append(f'{absent(column)}: {len(rows) - len(scores)} of {len(rows)}')
  return ', '.join(parts) or '·'


def _interval(scores: Sequence[float], decimals: int) -> str:
  """Format the interval of the mean; empty for a single score."""
  if len(scores) < 2:
    return ''
  low, high = aggregate.interval(scores)
  return f' [{low:,.{decimals}f}, {high:,.{decimals}f}]'


def _decimals(column: str, rows: Sequence[Row]) -> int:
  """Return the decimals that show the range of all runs with three digits; 0 for whole numbers."""
  scores = [score for score in known(column, rows) if math.isfinite(score)]
  if all(isinstance(score, int) for score in scores):
    return 0
  width = np.ptp(scores) if scores else 0
  width = width or max(map(abs, scores), default=0) or 1
  return int(np.clip(2 - math.floor(math.log10(width)), 0, 6))
