"""The words of a world by number, and vectors that stand for them."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Sequence

import numpy as np

from tf_creative.worlds.verse import texts

BLANK, REST, FIRST = 0, 1, 2  # no word, a word that is not known, the first of those that are
UNKNOWN = '…'  # how a word that is not known is written
SIZE = 64  # numbers in a vector
_SCALE = 8  # of the weights of neighbours, which become whole numbers: then sums are exact


class Vocabulary:
  """The most frequent words, numbered from FIRST; of equally frequent ones, by the alphabet."""

  def __init__(self, words: Iterable[str], most: int):
    counts = collections.Counter(words)
    known = sorted(counts, key=lambda word: (-counts[word], word))[:most]
    self.words = ('', UNKNOWN, *known)
    # Names are lines, too, whose words are their letters.
    self.space = ' ' if any(len(word) > 1 for word in known) else ''
    self._numbers = {word: number for number, word in enumerate(self.words)}

  def __len__(self) -> int:
    return len(self.words)

  def numbers(self, words: Sequence[str]) -> np.ndarray:
    """Return a line of at most `texts.MOST` words by their numbers: int32 [MOST]."""
    line = np.zeros(texts.MOST, np.int32)
    line[: len(words)] = [self._numbers.get(word, REST) for word in words]
    return line

  def text(self, line: Sequence[int]) -> str:
    """Return a line as text."""
    return self.space.join(self.words[number] for number in line if number)

  def apart(self, line: Sequence[int]) -> str:
    """Return a line as data sets have it, with a space between any two words."""
    return ' '.join(self.words[number] for number in line if number)


def vectors(lines: np.ndarray, count: int) -> np.ndarray:
  """Return a vector for each of `count` words, all as far from the middle: float32 [count, SIZE].

  Their numbers are from 0 to 1, as those of pictures are, and the middle is at a half.

  Half of a vector is the word's own, at random; half is the sum of those of its neighbours in the
  lines int32 [N, T], so that words of like use are near each other: random indexing (Sahlgren,
  Holst & Kanerva 2008, 'Permutations as a means to encode order in word space'), where the left and
  the right neighbour are told apart by turning their vectors. A neighbour weighs by how often it
  comes, times the logarithm of how much oftener that is than by chance. All sums are of whole
  numbers, so that the vectors do not depend on the order of the lines, nor on the machine.
  """
  own = np.random.default_rng(0).integers(0, 2, [count, SIZE]) * 2 - 1
  left, right = lines[:, :-1].ravel().astype(np.int64), lines[:, 1:].ravel().astype(np.int64)
  there = (left >= FIRST) & (right >= FIRST)
  pairs, times = np.unique(left[there] * count + right[there], return_counts=True)
  one, other = pairs // count, pairs % count
  often = [np.bincount(side, times, minlength=count)[side] for side in (one, other)]
  chance = often[0] * often[1] / max(times.sum(), 1)
  weight = _SCALE * times * np.log(np.maximum(times / chance, 1))
  weight = np.round(weight).astype(np.int64)[:, None]
  around = np.zeros([count, SIZE], np.int64)
  np.add.at(around, other, weight * own[one])
  np.add.at(around, one, weight * np.roll(own, 1, 1)[other])
  size = lambda rows: np.maximum(np.sqrt((rows**2).sum(1, keepdims=True)), 1e-9)  # noqa: E731
  mixed = own / size(own) + around / size(around)
  return (0.5 + 0.5 * mixed / size(mixed)).astype(np.float32)
