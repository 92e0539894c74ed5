"""Tables for a terminal of any width: no number is ever cut."""

from __future__ import annotations

from collections.abc import Sequence

import rich.console
import rich.table

_GAP = 2


def show(console: rich.console.Console, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
  """Prints a table; what is too wide for the screen goes on below, with the rows' names again."""
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
  """The columns of each part: the first, which names the rows, and as many others as fit."""
  parts, used = [[0]], widths[0]
  for column, width in enumerate(widths[1:], 1):
    if used + _GAP + width > most and len(parts[-1]) > 1:
      parts.append([0])
      used = widths[0]
    parts[-1].append(column)
    used += _GAP + width
  return parts
