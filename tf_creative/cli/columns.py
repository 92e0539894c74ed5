"""Prints tables on terminals of any width without cutting off numbers."""

from __future__ import annotations

from collections.abc import Sequence

import rich.console
import rich.table

_GAP = 2


def show(console: rich.console.Console, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
  """Print a table; columns that do not fit go into further tables below, with the first column."""
  widths = [max(map(len, cells)) for cells in zip(head, *rows, strict=True)]
  for block in split(widths, console.width):
    width = sum(widths[column] + _GAP for column in block) - _GAP
    table = rich.table.Table(box=None, pad_edge=False, header_style='bold', width=width)
    for column in block:
      table.add_column(head[column], justify='right' if column else 'left', no_wrap=True)
    for row in rows:
      table.add_row(*(row[column] for column in block))
    console.print(table, crop=False)
    console.print()


def split(widths: Sequence[int], most: int) -> list[list[int]]:
  """Split columns into tables of at most `most` characters; each starts with column 0."""
  parts, used = [[0]], widths[0]
  for column, width in enumerate(widths[1:], 1):
    if used + _GAP + width > most and len(parts[-1]) > 1:
      parts.append([0])
      used = widths[0]
    parts[-1].append(column)
    used += _GAP + width
  return parts
