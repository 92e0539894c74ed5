"""Melodies on a grid of eighth notes, in RL-Tuner's alphabet of 38 classes.

0 (hold) continues the present note, 1 (rest) ends it, and 2 to 37 strike one of 36 pitches. Jaques
et al. 2017 (section 4.2) start at C3 and swap the meanings of 0 and 1. Here pitches start at E3,
MIDI 52, so that all of Bach's sopranos fit, and 0 is also the padding of a melody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
import heapq
from typing import NamedTuple

import numpy as np

HOLD, REST, FIRST = 0, 1, 2
PITCHES = 36
CLASSES = FIRST + PITCHES
LOWEST = 52  # MIDI: E3
STEPS, BAR = 32, 8  # four bars of eight eighths
MODES = ('major', 'minor')
TONICS = (0, 9)  # pitch classes: C of C major, A of A minor

_TURNS = {1: 'test', 2: 'validation'}  # splits of 10 tunes in turn; 2 tunes already give a test

# How well each pitch class fits a major and a minor key, from the tonic upwards (Krumhansl &
# Kessler 1982).
_PROFILES = (
  (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
  (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
)


class Note(NamedTuple):
  """A note; times are in eighths, the pitch is a MIDI number."""

  start: float
  length: float
  pitch: int


def classes(notes: Iterable[Note], steps: int) -> np.ndarray:
  """Put notes on the grid: uint8 [steps]; a note between two steps moves to the later one."""
  grid = np.full(steps, HOLD, np.uint8)
  sounds = False
  coming = sorted(notes, reverse=True)
  # Of the notes that sound, the last is the first of the heap. One that has ended leaves the heap
  # when it gets there.
  heap: list[tuple[float, float, int]] = []
  for step in range(steps):
    while coming and coming[-1].start <= step:
      heapq.heappush(heap, tuple(-part for part in coming.pop()))
    while heap and -heap[0][0] - heap[0][1] <= step:
      heapq.heappop(heap)
    if not heap:
      grid[step] = REST if sounds or not step else HOLD
    elif -heap[0][0] > step - 1 or not sounds:
      grid[step] = FIRST - int(heap[0][2]) - LOWEST
    sounds = bool(heap)
  return grid


def notes(melody: Sequence[int]) -> list[Note]:
  """Return the notes of a melody on the grid."""
  found: list[Note] = []
  sounds = False
  for step, place in enumerate(int(place) for place in melody):
    if place >= FIRST:
      found.append(Note(step, 1, place - FIRST + LOWEST))
    elif place == HOLD and sounds:
      found[-1] = found[-1]._replace(length=found[-1].length + 1)
    sounds = place >= FIRST or (place == HOLD and sounds)
  return found


def key(notes: Iterable[Note]) -> tuple[int, int]:
  """Find the key that the notes fit best: its tonic (0 is C) and its index in MODES.

  Krumhansl's algorithm (1990, chapter 4): correlate the total duration of each pitch class with the
  profile of each key.
  """
  weight = np.zeros(12)
  for note in notes:
    weight[note.pitch % 12] += note.length
  fits = {
    (tonic, mode): np.corrcoef(weight, np.roll(profile, tonic))[0, 1]
    for mode, profile in enumerate(_PROFILES)
    for tonic in range(12)
  }
  return max(fits, key=fits.__getitem__)


def transposed(line: Sequence[Note], tonic: int, mode: int) -> list[Note]:
  """Transpose a line to C major or A minor by the smallest shift; octaves keep it in range."""
  shift = (TONICS[mode] - tonic + 6) % 12 - 6
  return [note._replace(pitch=within(note.pitch + shift)) for note in line]


def within(pitch: int) -> int:
  """Return the pitch, moved by octaves into the range of the alphabet."""
  below, above = max(LOWEST - pitch, 0), max(pitch - (LOWEST + PITCHES - 1), 0)
  return pitch + 12 * -(-below // 12) - 12 * -(-above // 12)


def windows(line: Sequence[Note], upbeat: float = 0) -> list[np.ndarray]:
  """Cut a line into windows of four bars that begin with a note on a bar line, without duplicates.

  `upbeat` is the length before the first bar line, in eighths.
  """
  end = max((note.start + note.length for note in line), default=0)
  shifted = [note._replace(start=note.start - upbeat) for note in line]
  grid = classes([note for note in shifted if note.start >= 0], int(end - upbeat))
  found = {}
  for start in range(0, len(grid) - STEPS + 1, BAR):
    window = grid[start : start + STEPS]
    if window[0] >= FIRST:
      found[window.tobytes()] = window
  return list(found.values())


def shares(pieces: Sequence[Sequence[np.ndarray]], modes: Sequence[int]) -> list[str]:
  """Return the split of each piece; of each mode, a tenth is for validation and a tenth for test.

  Pieces that share a window, such as settings of one tune, get the same split.
  """
  # Union-find: pieces with a common window end up with one root.
  group = list(range(len(pieces)))

  def root(place: int) -> int:
    while group[place] != place:
      place = group[place]
    return place

  owner: dict[bytes, int] = {}
  for place, found in enumerate(pieces):
    for window in found:
      other = owner.setdefault(window.tobytes(), place)
      ends = sorted((root(other), root(place)))
      group[ends[1]] = ends[0]
  split: dict[int, str] = {}
  for mode in set(modes):
    roots = {root(place) for place in range(len(pieces))}
    roots = sorted(place for place in roots if modes[place] == mode)
    split |= {place: _TURNS.get(turn % 10, 'train') for turn, place in enumerate(roots)}
  return [split[root(place)] for place in range(len(pieces))]
