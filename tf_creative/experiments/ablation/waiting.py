"""Cells of a grid that wait for their turn."""

from __future__ import annotations

import collections
from collections.abc import Iterable
from typing import Any


class Waiting:
  """Cells in a given order."""

  def __init__(self, cells: Iterable[Any]):
    self._cells = collections.deque(cells)

  def more(self) -> bool:
    """Return whether there may be another one, now or later."""
    return bool(self._cells)

  def next(self) -> Any:
    """Return the next one; None if there is none now."""
    return self._cells.popleft() if self._cells else None

  def ended(self, cell: Any, code: int) -> None:
    """Hear that a cell has ended."""

  def hopeless(self, cell: Any) -> bool:
    """Return whether to stop a cell that is being trained; asked now and then."""
    del cell
    return False

  def gave_up(self, cell: Any) -> bool:
    """Return whether a cell was hopeless."""
    del cell
    return False
