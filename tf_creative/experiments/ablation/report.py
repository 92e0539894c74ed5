"""What the finished runs of a grid come to: lines while it is trained, tables, files."""

from __future__ import annotations

from collections.abc import Sequence
import json
import pathlib
import shlex
import statistics
from typing import Any

from tf_creative.cli import columns as table_lib
from tf_creative.core import storage
from tf_creative.experiments.ablation import grid, plot
from tf_creative.experiments.ablation import tables as tables_lib

_FILES = (
  ('table.md', 'these tables'),
  ('ablation.png', 'the same as a plot'),
  ('ablation.jsonl', 'all numbers, a row for each run'),
)


class Report:
  """The results of cells, in the folder of a grid."""

  def __init__(
    self,
    cells: Sequence[grid.Cell],
    cases: Sequence[grid.Case],
    columns: Sequence[tables_lib.Column],
    pipeline: str,
    out: str,
    searched: tables_lib.Table | None = None,
  ):
    """Take the table of the search that chose the settings, if there was one."""
    self._cells, self._cases, self._columns = cells, cases, columns
    self._pipeline, self._out, self._searched = pipeline, pathlib.Path(out), searched
    self._done: set[str] = set()  # folders of finished cells, which need not be looked at again

  def done(self) -> list[grid.Cell]:
    """Return the finished cells."""
    for cell in self._cells:
      if str(cell.path) not in self._done and cell.finished():
        self._done.add(str(cell.path))
    return [cell for cell in self._cells if str(cell.path) in self._done]

  def told(self, cell: grid.Cell, at_once: int) -> str:
    """Write the tables anew; say what a cell came to, and how long the others will take."""
    self.write()
    row, done = tables_lib.row(cell, self._columns), self.done()
    numbers = ', '.join(tables_lib.brief(row, column.title) for column in self._columns[:2])
    text = f'{row["minutes"]:.1f} min, {numbers}; {len(done)} of {len(self._cells)} done'
    if left := len(self._cells) - len(done):
      mean = statistics.mean(other.record()['minutes'] for other in done)
      text += f', about {_duration(left * mean / max(1, at_once))} to go'
    return text

  def write(self) -> tuple[list[tables_lib.Row], list[tables_lib.Table]]:
    """Write numbers and tables of the finished cells, and return both."""
    rows = [tables_lib.row(cell, self._columns) for cell in self.done()]
    names, titles = self._names()
    tables = [tables_lib.table(rows, names, titles)]
    if len(names) > 1:
      tables.append(tables_lib.against(rows, names, titles))
    flags = {case.name: shlex.join(case.flags) for case in self._cases}
    text = tables_lib.markdown(tables, self._pipeline, flags, self._searched)
    with storage.whole(self._out / 'table.md') as partial:
      partial.write_text(text)
    with storage.whole(self._out / 'ablation.jsonl') as partial:
      partial.write_text(''.join(json.dumps(row) + '\n' for row in rows))
    return rows, tables

  def show(self, console: Any) -> None:
    """Print the tables, write the files and say where."""
    tables_lib.check_logged(self.done(), self._columns)
    rows, tables = self.write()
    with storage.whole(self._out / 'ablation.png') as partial:
      plot.draw(rows, *self._names()).savefig(partial, dpi=150)
    console.print()
    for head, body in (*tables, *([self._searched] if self._searched else [])):
      table_lib.show(console, head, body)
    for name, what in _FILES:
      console.print(f'{self._out / name}  {what}', soft_wrap=True)

  def _names(self) -> tuple[list[str], list[str]]:
    return [case.name for case in self._cases], [column.title for column in self._columns]


def _duration(minutes: float) -> str:
  return f'{minutes:.0f} min' if minutes < 100 else f'{minutes / 60:.1f} h'
