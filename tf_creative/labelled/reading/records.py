"""Reads tables: a CSV with a column of labels."""

from __future__ import annotations

import codecs
import csv
import io
import pathlib
import re

import numpy as np

from tf_creative.core import spec
from tf_creative.labelled.reading.sets import (
  FEWEST,
  Column,
  DataError,
  Labelled,
  listed,
  numbered,
  plural,
)
from tf_creative.worlds import bounded

_MOST_BYTES = 256 << 20
_SEPARATORS = ',;\t|'
_MISSING = {'', 'na', 'n/a', 'nan', 'null', 'none', '?', '.'}
_LABELS = ('label', 'class', 'target', 'diagnosis', 'outcome', 'y')
_MOST_CLASSES = 50
_MOST = 1e30  # of a number; what is larger counts as missing
_MOST_WORDS = 50  # categories of a column that is learnt from
_NUMBER = re.compile(r'[+-]?(\d+([.]\d*)?|[.]\d+)([eE][+-]?\d+)?')
_COMMA = re.compile(r'[+-]?\d+,\d+')
_PERSON = re.compile(r'(patient|subject|participant|person|case|id)([ _-]?(id|no|nr))?', re.I)


def read(data: str, label: str, ignore: tuple[str, ...], group: str = '') -> Labelled:
  """Read a CSV; `label` names the column of classes, `group` that of what stays together.

  The columns in `ignore` are left out.
  """
  path = pathlib.Path(data)
  try:
    content = bounded.content(path, _MOST_BYTES)
  except ValueError as error:
    raise DataError(f"'{data}' cannot be read: {error}.") from error
  head, rows, lines = table(data, content)
  return labelled(data, head, rows, label, ignore, group, lines)


def labelled(
  data: str,
  head: list[str],
  rows: list[list[str]],
  label: str,
  ignore: tuple[str, ...],
  group: str,
  lines: list[str],
) -> Labelled:
  """Make a labelled set of the cells of a table."""
  at = _label_column(data, head, label)
  asked = [('ignore', name) for name in ignore] + ([('group', group)] if group else [])
  for flag, name in asked:
    if name not in head:
      raise DataError(f"--{flag}: '{data}' has no column '{name}'.{spec.nearest(name, head)}")
  if twice := [flag for flag, name in asked if name == head[at]]:
    raise DataError(
      f'--{twice[0]}={head[at]} is the column of the labels: name another, or --label.'
    )
  cells = [[cell.strip() for cell in row] for row in rows]
  kept = [row for row in cells if row[at].lower() not in _MISSING]
  if len(kept) < len(cells):
    lines.append(f'{plural(len(cells) - len(kept), "row")} without a label left out')
  words = _classes(data, head[at], [row[at] for row in kept])
  columns, values, left = [], [], []
  for place, name in enumerate(head):
    if place == at or name in (*ignore, group):
      continue
    cells_of = [row[place] for row in kept]
    lines += _hint(name, cells_of)
    column, numbers = _column(name, cells_of)
    if column is None:
      left.append(name)
      continue
    columns.append(column)
    values.append(numbers)
  if left:
    lines.append(f'left out, for nearly each row has a word of its own there: {listed(left)}')
  if not columns:
    raise DataError(f"'{data}' has no column to learn from, besides its labels.")
  groups = None
  if group:
    named = [row[head.index(group)] for row in kept]
    groups, count = numbered(['' if name.lower() in _MISSING else name for name in named])
    lines.append(f"{plural(count, 'group')} by '{group}', of which none is on two sides")
  lines.insert(0, f"{data}: {len(kept):,} rows of {len(columns)} columns; '{head[at]}' has the "
               f'{len(words)} classes')  # fmt: skip
  return Labelled(
    kind='records',
    values=np.stack(values, 1).astype(np.float32),
    labels=np.array([words.index(row[at]) for row in kept]),
    label_names=tuple(words),
    names=np.array([f'row {row}' for row in range(1, len(kept) + 1)]),
    splits=np.full(len(kept), ''),
    facts={},
    columns=tuple(columns),
    lines=tuple(lines),
    groups=groups,
  )


def _classes(data: str, name: str, cells: list[str]) -> list[str]:
  """Return the classes in their order, or raise a DataError for what are none."""
  if not cells:
    raise DataError(f"'{data}': the column '{name}' holds no label.")
  words = sorted(set(cells), key=_natural)
  if len(words) > _MOST_CLASSES:
    raise DataError(
      f"'{data}': the column '{name}' has {len(words):,} different values, which are "
      'no classes: name another by --label, or sort its numbers into classes first.'
    )
  return words


def _hint(name: str, cells: list[str]) -> list[str]:
  """Say so if a column seems to name patients of whom there are several rows."""
  given = [cell for cell in cells if cell.lower() not in _MISSING]
  rows = len(given) / max(len(set(given)), 1)
  if not _PERSON.fullmatch(name) or rows == 1 or len(set(given)) < FEWEST:
    return []
  return [
    f"'{name}' names {len(set(given)):,} with {rows:.1f} rows each: if these belong together, keep "
    f'them on one side by --group={name}'
  ]


def table(data: str, content: bytes) -> tuple[list[str], list[list[str]], list[str]]:
  """Split a CSV into its head and its rows, by the separator that makes most columns."""
  text, lines = _text(content)
  if not text.strip():
    raise DataError(f"'{data}' is empty.")
  begin = '\n'.join(text.splitlines()[:20])
  widths = {}
  for sign in _SEPARATORS:
    found = {len(row) for row in csv.reader(io.StringIO(begin), delimiter=sign) if row}
    widths[sign] = max(found, default=0) if len(found) == 1 else 0
  separator = max(_SEPARATORS, key=lambda sign: widths[sign])
  if widths[separator] < 2:
    raise DataError(
      f"'{data}' is no table: its first rows are not of one width by any of , ; TAB |. Give each "
      'row a value for each column.'
    )
  if separator != ',':
    lines.append(f'its separator is {separator!r}')
  try:
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=separator) if any(row)]
  except csv.Error as error:
    raise DataError(f"'{data}' is no table: {error}.") from error
  for number, row in enumerate(rows, 1):
    if len(row) != len(rows[0]):
      raise DataError(
        f"'{data}': row {number} has {len(row)} values, and the first {len(rows[0])}."
      )
  head = [cell.strip() for cell in rows[0]]
  if all(_NUMBER.fullmatch(cell) for cell in head):
    lines.append('it has no head: columns are named 1, 2, ...')
    return [str(place) for place in range(1, len(head) + 1)], rows, lines
  if twice := sorted({name for name in head if head.count(name) > 1}):
    raise DataError(f"'{data}' has several columns '{twice[0]}': give each a name of its own.")
  if len(rows) < 2:
    raise DataError(f"'{data}' has a head and no rows.")
  return head, rows[1:], lines


def _text(content: bytes) -> tuple[str, list[str]]:
  """Decode a file, and say by which letters if these are not UTF-8."""
  wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
  for code in ('utf-16' if wide else 'utf-8-sig', 'latin-1'):
    try:
      text = content.decode(code)
    except UnicodeDecodeError:
      continue
    return text, [] if code == 'utf-8-sig' else [f'its letters are no UTF-8: read as {code}']
  return '', []


def _label_column(data: str, head: list[str], label: str) -> int:
  """Find the column of labels: as told, by a usual name, or the last."""
  if label:
    if label not in head:
      raise DataError(f"--label: '{data}' has no column '{label}'.{spec.nearest(label, head)}")
    return head.index(label)
  usual = [place for place, name in enumerate(head) if name.lower() in _LABELS]
  if len(usual) > 1:
    names = ', '.join(f"'{head[place]}'" for place in usual)
    raise DataError(f"'{data}': any of {names} may have the classes: name one by --label.")
  return usual[0] if usual else len(head) - 1


def _column(name: str, cells: list[str]) -> tuple[Column | None, np.ndarray]:
  """Read a column as numbers or categories; None if it has nearly as many words as rows."""
  blank = np.array([cell.lower() in _MISSING for cell in cells])
  given = [cell for cell, none in zip(cells, blank, strict=True) if not none]
  if given and all(_COMMA.fullmatch(cell) or _NUMBER.fullmatch(cell) for cell in given):
    numbers = np.full(len(cells), np.nan)
    numbers[~blank] = [float(cell.replace(',', '.')) for cell in given]
    return Column(name, ()), np.where(np.abs(numbers) < _MOST, numbers, np.nan)
  words = sorted(set(given))
  if len(words) > max(_MOST_WORDS, len(cells) // 2) or len(words) > 0.8 * len(cells):
    return None, np.zeros(0)
  codes = {word: place for place, word in enumerate(words[:_MOST_WORDS])}
  return Column(name, tuple(words[:_MOST_WORDS])), np.array(
    [np.nan if none else codes.get(cell, np.nan) for cell, none in zip(cells, blank, strict=True)]
  )


def _natural(word: str) -> tuple[bool, float, str]:
  """Sort numbers by their size, and before words."""
  number = bool(_NUMBER.fullmatch(word))
  return not number, float(word) if number else 0.0, word
