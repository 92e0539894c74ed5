"""The iambic pentameter, as pure functions on lines of word numbers [B, T], 0 past a line's end.

A line fits if some reading of its words has ten syllables, with every main stress of a longer word
on an even place. The first foot may turn: a main stress may also fall on place 1. Words of one
syllable fit anywhere. This is the core of Halle & Keyser's theory (1971, 'English stress'), that
stress maxima stand on even places, with inversion of the first foot.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tf_creative.worlds.verse import texts

FEET = 5
SYLLABLES = 2 * FEET


class Metre:
  """Tells which places in the metre are reached after each word of a line.

  Built from the readings of each word number, as `package.readings` has them; a word without any
  leads nowhere.
  """

  def __init__(self, readings: Sequence[Sequence[str]]):
    size = (len(readings), SYLLABLES + 1, SYLLABLES + 1)
    # Moves, bool [words, from, to]: from so many syllables to so many.
    counted, stressed = np.zeros(size, bool), np.zeros(size, bool)
    for word, known in enumerate(readings):
      for reading in known:
        for place in range(SYLLABLES + 1 - len(reading)):
          counted[word, place, place + len(reading)] = True
          stressed[word, place, place + len(reading)] |= _fits(reading, place)
    counted[0] = stressed[0] = np.eye(SYLLABLES + 1, dtype=bool)  # no word
    self.known = np.array([bool(known) for known in readings])
    alike = [tuple(sorted({*known})) for known in readings]
    kinds = {kind: number for number, kind in enumerate(sorted({*alike}))}
    self.kinds = np.array([kinds[kind] for kind in alike])  # words of equal readings share a number
    with tf.init_scope():
      self.counted, self.stressed = tf.constant(counted), tf.constant(stressed)
      self._ahead = tf.constant(_ahead(stressed[1:].any(0)))

  def whole(self, lines: tf.Tensor) -> tf.Tensor:
    """Return which lines [B, T] fit the metre: bool [B]."""
    return reached(lines, self.stressed)[:, -1, -1]

  def syllables(self, lines: tf.Tensor) -> tf.Tensor:
    """Return whether lines [B, T] have ten syllables in some reading: bool [B]."""
    return reached(lines, self.counted)[:, -1, -1]

  def open(self, lines: tf.Tensor, time: int) -> tf.Tensor:
    """Return what may follow the first `time` words so that a line can fit: bool [B, words].

    Number 0, the end, may if the line fits as it is, and has as many words as lines have.
    """
    stands = tf.where(tf.range(lines.shape[1]) < time, lines, 0)
    places = reached(stands, self.stressed)[:, -1]
    now, moves = tf.cast(places, tf.float32), tf.cast(self.stressed, tf.float32)
    words = tf.einsum('bp,wpq->bwq', now, moves)
    may = tf.reduce_any((words > 0) & self._ahead[min(time + 1, texts.MOST)], 2)
    return tf.concat([places[:, -1:] & (time >= texts.LEAST), may[:, 1:]], 1)


def reached(lines: tf.Tensor, moves: tf.Tensor) -> tf.Tensor:
  """Return the places reached after each number of words: bool [B, T + 1, SYLLABLES + 1]."""
  places = tf.one_hot(tf.zeros_like(lines[:, 0]), SYLLABLES + 1) > 0
  found = [places]
  for word in tf.unstack(tf.cast(lines, tf.int32), axis=1):
    places = tf.reduce_any(places[:, :, None] & tf.gather(moves, word), 1)
    found.append(places)
  return tf.stack(found, 1)


def _ahead(moves: np.ndarray) -> np.ndarray:
  """Return from which places some words, by `moves`, lead to the end: bool [MOST + 1, places]."""
  found = np.zeros([texts.MOST + 1, SYLLABLES + 1], bool)
  found[texts.LEAST :, -1] = True
  for words in reversed(range(texts.MOST)):
    found[words] |= (moves & found[words + 1]).any(1)
  return found


def _fits(reading: str, place: int) -> bool:
  """Return whether a word that begins after `place` syllables has its main stresses well placed."""
  if len(reading) == 1:
    return True
  stresses = [place + at for at, sign in enumerate(reading, 1) if sign == '1']
  return all(at % 2 == 0 or at == 1 for at in stresses)
