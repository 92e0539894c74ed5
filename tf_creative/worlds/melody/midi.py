"""Writes melodies as MIDI files, with mido and in the graph, and reads MIDI files."""

from __future__ import annotations

import collections
import io
import os

import mido
import numpy as np
import tensorflow as tf

from tf_creative.core import spec
from tf_creative.worlds import bounded
from tf_creative.worlds.melody import events, scores

TEMPO = 600_000  # microseconds per quarter note: 100 beats per minute
EIGHTH_SECONDS = TEMPO / 2e6
_QUARTER, _EIGHTH = 480, 240  # in ticks
_LOUD, _DRUMS = 80, 9  # velocity of notes; MIDI's channel for drums


def file(melody: np.ndarray) -> bytes:
  """Write a melody [T] as a MIDI file with one track."""
  track = mido.MidiTrack([mido.MetaMessage('set_tempo', tempo=TEMPO)])
  now = 0
  for note in scores.notes(melody):
    start, end = _EIGHTH * note.start, _EIGHTH * (note.start + note.length)
    track.append(mido.Message('note_on', note=note.pitch, velocity=_LOUD, time=int(start - now)))
    track.append(mido.Message('note_off', note=note.pitch, velocity=0, time=int(end - start)))
    now = end
  written = io.BytesIO()
  whole = mido.MidiFile(type=0, ticks_per_beat=_QUARTER, tracks=[track])
  whole.save(file=written)
  return written.getvalue()


def lines(path: str | os.PathLike) -> tuple[list[scores.Note], list[scores.Note], set[str]]:
  """Read a MIDI file: the notes of its highest voice, all notes, and its time signatures.

  A voice is a channel of a track; drums are left out.
  """
  try:
    tracks = events.tracks(bounded.content(path, events.MOST_BYTES))
  except ValueError as error:
    raise spec.UserError(f'cannot read {path} as a MIDI file: {error}.') from error
  voices, meters = collections.defaultdict(list), set()
  for number, track in enumerate(tracks):
    sounding = {}
    for event in track:
      now = 2 * event.beats
      if event.kind == events.TIME_SIGNATURE and len(event.data) > 1:
        meters.add(f'{event.data[0]}/{1 << min(event.data[1], 8)}')
      if event.kind not in (events.ON, events.OFF) or event.channel == _DRUMS:
        continue
      voice, (pitch, velocity) = (number, event.channel), event.data
      start = sounding.pop((voice, pitch), None)
      if start is not None and now > start:
        voices[voice].append(scores.Note(start, now - start, pitch))
      if event.kind == events.ON and velocity:
        sounding[voice, pitch] = now
  if not voices:
    raise spec.UserError(f'{path} has no notes.')
  highest = max(voices.values(), key=lambda voice: np.mean([note.pitch for note in voice]))
  return highest, [note for voice in voices.values() for note in voice], meters


def read(path: str | os.PathLike) -> np.ndarray:
  """Read the first four bars of a file's highest voice, without transposing: uint8 [STEPS]."""
  highest, _, _ = lines(path)
  first = min(note.start for note in highest)
  begin = first - first % scores.BAR
  near = [
    note._replace(start=_grid(note.start - begin), pitch=scores.within(note.pitch))
    for note in highest
  ]
  return scores.classes(near, scores.STEPS)


def _grid(start: float) -> float:
  """Snap a time to the grid if it is very close, as after rounding or from live playing."""
  return round(start) if abs(start - round(start)) < 0.1 else start


def _quantity(number: int) -> bytes:
  """Encode a number below 2^14 as MIDI's variable-length quantity: 7 bits per byte."""
  return bytes([number >> 7 | 0x80, number & 0x7F]) if number >> 7 else bytes([number])


def _event(before: int, place: int) -> bytes:
  """Return the MIDI events of a class while pitch `before` (from 1; 0: none) sounds.

  They are note off, note on, both or none.
  """
  off = bytes([0x80, scores.LOWEST + before - 1, 0]) if before and place != scores.HOLD else b''
  on = b''
  if place >= scores.FIRST:
    on = bytes([0x90, scores.LOWEST + place - scores.FIRST, _LOUD])
  return off + b'\0' + on if off and on else off + on


# Look-up tables for `encode`. These are lists of Python's bytes, because NumPy's byte strings drop
# zeros at their end.
_EVENTS = [
  _event(before, place) for before in range(scores.PITCHES + 1) for place in range(scores.CLASSES)
]
_WAITS = [_quantity(_EIGHTH * steps) for steps in range(scores.STEPS + 1)]
_BYTES = [bytes([number]) for number in range(256)]
_TEMPO_EVENT = b'\0\xff\x51\x03' + TEMPO.to_bytes(3, 'big')
_END = b'\0\xff\x2f\0'


def sounding(works: tf.Tensor) -> tf.Tensor:
  """Return the pitch that sounds in each step: int32 [B, T], counted from 1; 0 is silence."""
  works = tf.cast(works, tf.int32)
  steps = works.shape[1]
  # At each step, the last class that is not a hold decides what sounds.
  event = tf.where(works == scores.HOLD, -1, tf.range(steps))
  until = np.tri(steps, dtype=bool)  # [now, before]  # pyright: ignore[reportCallIssue]
  last = tf.reduce_max(tf.where(until, event[:, None], -1), 2)
  place = tf.gather(works, tf.maximum(last, 0), batch_dims=1)
  return tf.where(last < 0, 0, tf.maximum(place - scores.REST, 0))


def encode(works: tf.Tensor) -> tf.Tensor:
  """Write MIDI files as `file` does, byte by byte in the graph: strings [B]."""
  count, steps = tf.shape(works)[0], works.shape[1]
  # A rest is appended to end the last note.
  places = tf.pad(tf.cast(works, tf.int32), [[0, 0], [0, 1]], constant_values=scores.REST)
  before = tf.pad(sounding(works), [[0, 0], [1, 0]])
  # The MIDI bytes of a step depend on the pitch that sounds before it and on its class: one index
  # into _EVENTS.
  event = before * scores.CLASSES + places  # [B, T + 1]
  says = tf.gather(_lengths(_EVENTS), event) > 0
  earlier = np.tri(steps + 1, k=-1, dtype=bool)  # [now, before]
  # MIDI has delta times: the wait is the number of steps since the last event.
  times = tf.where(says, tf.range(steps + 1), 0)
  wait = tf.range(steps + 1) - tf.reduce_max(tf.where(earlier, times[:, None], 0), 2)
  length = tf.gather(_lengths(_WAITS), wait) + tf.gather(_lengths(_EVENTS), event)
  length = tf.reduce_sum(tf.where(says, length, 0), 1) + len(_TEMPO_EVENT + _END)
  # A track's header holds its length, 4 bytes, big-endian.
  size = [
    tf.gather(tf.constant(_BYTES), tf.bitwise.right_shift(length, shift) % 256)
    for shift in (24, 16, 8, 0)
  ]
  said = [tf.gather(tf.constant(_WAITS), wait), tf.gather(tf.constant(_EVENTS), event)]
  track = tf.unstack(tf.where(says, tf.strings.join(said), ''), axis=1)
  head = b'MThd\0\0\0\6\0\0\0\1' + _QUARTER.to_bytes(2, 'big') + b'MTrk'
  around = tf.fill([count], head), tf.fill([count], _TEMPO_EVENT), tf.fill([count], _END)
  return tf.strings.join([around[0], *size, around[1], *track, around[2]])


def _lengths(texts: list[bytes]) -> tf.Tensor:
  return tf.constant([len(text) for text in texts])
