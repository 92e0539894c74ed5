"""The iambic pentameter and rhyme, of lines of word numbers [B, T], 0 past a line's end.

A line fits if some reading of its words has ten syllables, with every main stress of a longer word
on an even place. The first foot may turn: a main stress may also fall on place 1. Words of one
syllable fit anywhere. This is the core of Halle & Keyser's theory (1971, 'English stress'), that
stress maxima stand on even places, with inversion of the first foot.

Lines rhyme if their last words can end on equal sounds, from the vowel of the tenth syllable on:
what `package.endings` tells.
"""

from __future__ import annotations

import collections
from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

from tf_creative.core import spec
from tf_creative.core import works as works_lib
from tf_creative.worlds.verse import texts

FEET = 5
SYLLABLES = 2 * FEET
UNRHYMED = 'unrhymed'  # name of the label that asks for no rhyme
_RHYMING = 10  # real lines that make a sound a label


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

  def closing(self, lines: tf.Tensor) -> tf.Tensor:
    """Return which words make lines [B, T] whole if they come next: bool [B, words]."""
    places = tf.cast(reached(lines, self.stressed)[:, -1], tf.float32)
    whole = tf.cast(self.stressed[:, :, -1], tf.float32)  # [words, from]
    words = tf.matmul(places, whole, transpose_b=True) > 0
    return words & (tf.range(words.shape[1]) > 0)

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


class Rhymes:
  """Sounds on which many lines end, each a label; label 0 stands for all others."""

  def __init__(self, words: Sequence[str], endings: Mapping[str, Sequence[str]], lines: np.ndarray):
    """Take the words by number, on which sounds each can end, and real lines int32 [N, T]."""
    often = np.bincount(_last(lines), minlength=len(words))
    counts: collections.Counter[str] = collections.Counter()
    names: dict[str, str] = {}  # of each sound, its word that ends most lines
    by_use = sorted(zip(-often, range(len(words)), words, strict=True))
    for count, _, word in by_use:
      for sound in endings.get(word, ())[:1]:
        counts[sound] -= int(count)
        names.setdefault(sound, word)
    sounds = [sound for sound in names if counts[sound] >= _RHYMING]
    at = {sound: label for label, sound in enumerate(sounds, 1)}
    self._labels = lambda word: [at[sound] for sound in endings.get(word, ()) if sound in at]
    self._known = UNRHYMED, *(names[sound] for sound in sounds)
    has = np.zeros([len(words), len(self._known)], bool)
    for number, word in enumerate(words):
      has[number, self._labels(word)] = True
    self.has = has  # bool [words, labels]: on which sounds each word can end
    self._of = np.array([(*self._labels(word), 0)[0] for word in words], np.int32)

  @property
  def names(self) -> works_lib.Described:
    """The labels' names, each the word that ends most lines on its sound."""
    return works_lib.Described(self._known, np.eye(len(self._known), dtype=np.float32), self._read)

  def labels(self, lines: np.ndarray) -> np.ndarray:
    """Return the label of each line's last word: int32 [N]."""
    return self._of[_last(lines)]

  def kept(self, lines: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Return which lines [N, T] end on the sound of their label [N]; of label 0 all do."""
    return (label == 0) | self.has[_last(lines), label]

  def _read(self, word: str) -> str:
    """Return the name of the label on which a word rhymes, or raise a SpecError."""
    if word == UNRHYMED:
      return word
    for label in self._labels(word.lower()):
      return self._known[label]
    there = ', '.join(self._known[1:])
    raise spec.SpecError(
      f"few lines end on a rhyme to '{word}'; there are rhymes to {there}.", word
    )


def _last(lines: np.ndarray) -> np.ndarray:
  """Return the last word of each line int32 [N, T]."""
  lines = np.asarray(lines)
  place = np.maximum((lines > 0).sum(1) - 1, 0)
  return np.take_along_axis(lines, place[:, None], 1)[:, 0]


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
