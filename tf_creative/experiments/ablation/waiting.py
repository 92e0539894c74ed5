"""Cells of a grid that wait for their turn."""

from __future__ import annotations

import collections
from collections.abc import Iterable
from typing import Any


class Waiting:
  """Cells in a given order."""

  def __init__(self, cells: Iterable[Any], lock: int | None = None):
    """Take the descriptor of a lock, to be held while any of the cells is being trained."""
    self._cells, self._lock = collections.deque(cells), lock

  def more(self) -> bool:
    """Return whether there may be another one, now or later."""
    return bool(self._cells)

  def next(self) -> Any:
    """Return the next one; None if there is none now."""
    return self._cells.popleft() if self._cells else None

  def locks(self, cell: Any) -> list[int]:
    """Return descriptors that the process that trains a cell keeps open, should this one die."""
    del cell
    return [] if self._lock is None else [self._lock]

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
