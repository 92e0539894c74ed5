"""Reads the events of MIDI files, within limits: forty bytes may declare billions of ticks."""

from __future__ import annotations

from collections.abc import Iterator
import itertools
from typing import NamedTuple

MOST_BYTES = 1 << 20  # of a file
_MOST_TRACKS = 256
_MOST_BEATS = 20_000  # quarter notes: more than two hours
_MOST_EVENTS = 100_000

OFF, ON, TIME_SIGNATURE = 0x80, 0x90, 0x158
_SIZES = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}
_META, _SYSEX = 0xFF, (0xF0, 0xF7)


class Event(NamedTuple):
  beats: float  # quarter notes since the start of the file
  kind: int  # OFF, ON, ...; the type of a meta event counts from 0x100
  channel: int
  data: bytes


def tracks(content: bytes) -> list[list[Event]]:
  """Read the tracks of a MIDI file, or raise a ValueError that says what is wrong with it."""
  if content[:4] != b'MThd' or len(content) < 14:
    raise ValueError('it does not begin as one')
  division = int.from_bytes(content[12:14], 'big', signed=True)
  if division <= 0:
    raise ValueError('it counts time in film frames, not in beats')
  found: list[list[Event]] = []
  left, place = _MOST_EVENTS, 8 + int.from_bytes(content[4:8], 'big')
  while place < len(content):
    name, begin = content[place : place + 4], place + 8
    place = begin + int.from_bytes(content[place + 4 : begin], 'big')
    if place > len(content):
      raise ValueError('it ends within a track')
    if name != b'MTrk':  # the standard wants other chunks to be passed over
      continue
    try:
      found.append(list(itertools.islice(_events(content[begin:place], division), left + 1)))
    except IndexError:
      raise ValueError('a track ends within an event') from None
    left -= len(found[-1])
    if len(found) > _MOST_TRACKS or left < 0:
      raise ValueError(f'it has more than {_MOST_TRACKS} tracks or {_MOST_EVENTS:,} events')
  return found


def _events(track: bytes, division: int) -> Iterator[Event]:
  ticks = running = place = 0
  while place < len(track):
    wait, place = _quantity(track, place)
    ticks += wait
    if ticks > _MOST_BEATS * division:
      raise ValueError(f'it lasts longer than {_MOST_BEATS:,} quarter notes')
    status = running
    if track[place] >= 0x80:
      status, place = track[place], place + 1
    kind = status & 0xF0
    if status == _META:
      kind, place = 0x100 + track[place], place + 1
    if status == _META or status in _SYSEX:
      size, place = _quantity(track, place)
    elif kind in _SIZES:
      running, size = status, _SIZES[kind]
    else:
      raise ValueError(f'{status:#04x} begins no event')
    data, place = track[place : place + size], place + size
    if len(data) < size:
      raise IndexError
    if kind in _SIZES and max(data) > 0x7F:
      raise ValueError('the data of an event are above 127')
    yield Event(ticks / division, kind, status & 0xF, data)


def _quantity(track: bytes, place: int) -> tuple[int, int]:
  """Decode a quantity of one to four bytes; return it and the place after it."""
  number = 0
  for end in range(place, place + 4):
    number = number << 7 | track[end] & 0x7F
    if track[end] < 0x80:
      return number, end + 1
  raise ValueError('a quantity has more than four bytes')
