"""The log of a run, metrics.jsonl: a row for each line; what is damaged is left out."""

from __future__ import annotations

import json
import pathlib

NAME = 'metrics.jsonl'
_MOST = 2.0**63  # of whole numbers


def lines(path: pathlib.Path) -> list[str]:
  """Return all lines of a run's log, whole or not; none if there is no such file."""
  log = path / NAME
  text = log.read_text(errors='replace') if log.is_file() else ''
  return text.removesuffix('\n').split('\n') if text else []


def rows(path: pathlib.Path) -> list[dict[str, float]]:
  """Read all rows that training has logged."""
  return [row for row in map(parsed, lines(path)) if row]


def newest_numbers(path: pathlib.Path) -> dict[str, float]:
  """Return the last value of every number that a run has logged."""
  return {name: value for row in rows(path) for name, value in row.items()}


def parsed(line: str) -> dict[str, float] | None:
  """Return the row in a line, or None if it is none."""
  try:
    row = json.loads(line)
  except (ValueError, RecursionError):  # also for numbers of thousands of digits
    return None
  if not isinstance(row, dict) or not isinstance(row.get('round'), int):
    return None
  return row if all(map(_is_number, row.values())) else None


def _is_number(value: object) -> bool:
  if isinstance(value, float):
    return True
  return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _MOST
