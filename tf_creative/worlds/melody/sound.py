"""Synthesizes melodies as sound, from sums of sines, with NumPy only."""

from __future__ import annotations

import io
import wave

import numpy as np

from tf_creative.worlds.melody import midi, scores

RATE = 22_050
_PARTIALS = (1.0, 0.5, 0.3, 0.15, 0.08, 0.04)  # amplitudes of the harmonics
_FADE = 0.3  # scale of a note's decay in seconds; higher harmonics decay faster
_RISE, _FALL, _TAIL = 0.005, 0.03, 0.5  # seconds: attack, release, silence at the end
_LOUD = 0.35


def wav(melody: np.ndarray) -> bytes:
  """Write a melody [T] as a WAV file, mono, 16 bits."""
  total = int((len(melody) * midi.EIGHTH_SECONDS + _TAIL) * RATE)
  heard = np.zeros(total)
  for note in scores.notes(melody):
    start = int(note.start * midi.EIGHTH_SECONDS * RATE)
    tone = _tone(note.pitch, note.length * midi.EIGHTH_SECONDS)
    heard[start : start + len(tone)] += tone[: total - start]
  written = io.BytesIO()
  with wave.open(written, 'wb') as file:
    file.setnchannels(1)
    file.setsampwidth(2)
    file.setframerate(RATE)
    file.writeframes((heard * 32767).round().clip(-32768, 32767).astype('<i2').tobytes())
  return written.getvalue()


def _tone(pitch: int, seconds: float) -> np.ndarray:
  time = np.arange(int((seconds + _FALL) * RATE)) / RATE
  frequency = 440 * 2 ** ((pitch - 69) / 12)
  partials = [
    loudness
    * np.exp(-time * number**0.5 / _FADE / 2)
    * np.sin(2 * np.pi * number * frequency * time)
    for number, loudness in enumerate(_PARTIALS, 1)
    if number * frequency < RATE / 2
  ]
  shape = np.minimum(time / _RISE, 1) * np.clip((seconds + _FALL - time) / _FALL, 0, 1)
  return _LOUD * shape * sum(partials)
