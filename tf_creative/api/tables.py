"""Tables that show themselves, in a notebook and in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
import html
import importlib
from typing import Any

_MOST_ROWS = 20  # that are shown
_WIDEST = 60  # characters of a cell, in a terminal


class Table(Sequence):
  """Rows by the names of their columns; what a row lacks is None.

  `table[3]` is a row, `table['name']` a column.
  """

  def __init__(
    self,
    rows: Sequence[Mapping[str, Any]],
    caption: str = '',
    shown: Mapping[str, tuple[str, str]] | None = None,
  ):
    """Take rows, and the columns to show, if not all: name -> a long title and a short one."""
    self._rows, self.caption = [dict(row) for row in rows], caption
    self.columns = list(dict.fromkeys(name for row in self._rows for name in row))
    told = {name: (name, name) for name in self.columns} if shown is None else shown
    self._shown = {name: title for name, title in told.items() if name in self.columns}

  def __len__(self) -> int:
    return len(self._rows)

  def __getitem__(self, key: Any) -> Any:
    if isinstance(key, str):
      if key not in self.columns:
        raise KeyError(f'{key!r}: there are {", ".join(self.columns)}')
      return [row.get(key) for row in self._rows]
    return self._rows[key]

  def __iter__(self) -> Iterator[dict[str, Any]]:
    return iter(self._rows)

  def __contains__(self, row: object) -> bool:
    return row in self._rows

  def to_pandas(self) -> Any:
    """Return the rows as a DataFrame, where pandas is installed."""
    return importlib.import_module('pandas').DataFrame(self._rows, columns=self.columns)

  def __repr__(self) -> str:
    cells = [self._cells(row) for row in self._few()]
    head = [short for _, short in self._shown.values()]
    cut = [[_cut(cell) for cell in row] for row in [head, *cells]]
    widths = [max(map(len, column)) for column in zip(*cut, strict=True)]
    lines = ['  '.join(map(str.ljust, row, widths)).rstrip() for row in cut]
    return '\n'.join(filter(None, [self.caption, *lines, self._rest()]))

  def _repr_html_(self) -> str:
    head = ''.join(f'<th>{html.escape(title)}</th>' for title, _ in self._shown.values())
    rows = [
      ''.join(f'<td style="text-align:left">{html.escape(cell)}</td>' for cell in self._cells(row))
      for row in self._few()
    ]
    body = ''.join(f'<tr>{row}</tr>' for row in rows)
    caption = f'<p>{html.escape(self.caption)}</p>' if self.caption else ''
    rest = f'<p>{self._rest()}</p>' if self._rest() else ''
    return f'{caption}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{rest}'

  def _few(self) -> list[dict[str, Any]]:
    """Return the rows to show: the first, the last, and others between them at equal distances."""
    if len(self) <= _MOST_ROWS:
      return self._rows
    last = len(self) - 1
    return [self._rows[round(place * last / (_MOST_ROWS - 1))] for place in range(_MOST_ROWS)]

  def _rest(self) -> str:
    return f'{_MOST_ROWS} of {len(self):,} rows' if len(self) > _MOST_ROWS else ''

  def _cells(self, row: Mapping[str, Any]) -> list[str]:
    return [_text(row.get(name)) for name in self._shown]


def _text(value: Any) -> str:
  if value is None:
    return '·'
  return f'{value:.4g}' if isinstance(value, float) else str(value)


def _cut(text: str) -> str:
  return text if len(text) <= _WIDEST else f'{text[: _WIDEST - 1]}…'
