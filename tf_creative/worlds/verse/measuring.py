"""Measures of the world of verse: likeness to the target, metre, fluency, and a baseline model."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.worlds.verse import likelihood, rules, texts, vocabulary
from tf_creative.worlds.verse import line as line_lib

_QUOTED = 5  # words in a row that are a quotation where a training line has them
_DRAWS = 20_000  # most draws of rejection sampling
_JUDGED = 1000  # training lines that tell how likely real lines are


class VerseMeasures(world_lib.Measures):
  """Compares lines with their targets, and measures how they read."""

  participle = 'written'
  scores = {
    'equal_words': world_lib.Measure('.2%', 'of words equal'),
    'whole_lines': world_lib.Measure('.1%', 'of lines perfect'),
  }

  def __init__(self, world: line_lib.Line):
    self._world = world

  @functools.cached_property
  def traits(self) -> dict[str, world_lib.Measure]:
    metre = {
      'metrical': world_lib.Measure('.1%', 'of lines in metre'),
      'ten_syllables': world_lib.Measure('.1%', 'of lines of ten syllables'),
    }
    return {
      **(metre if self._world.metre is not None else {}),
      'known': world_lib.Measure('.1%', 'of words known'),
      'twice': world_lib.Measure('.1%', 'of words twice in their line'),
      'extra_nll': world_lib.Measure('.2f', 'nats a word above real lines, by a held-out model'),
      'distinct_1': world_lib.Measure('.1%', 'of words in no line before'),
      'distinct_2': world_lib.Measure('.1%', 'of pairs in no line before'),
      'quoted': world_lib.Measure('.1%', 'of five words in a row quoted'),
      'length': world_lib.Measure('.3f', 'numbers of words'),
    }

  @property
  def splits(self) -> tuple[str, ...]:
    return () if self._world.code_size else ('test',)  # a real line has no code to write it by

  def metrics(self, works: tf.Tensor, concept: tf.Tensor) -> dict[str, np.ndarray]:
    work, goal = np.asarray(works), np.asarray(concept)
    there = (work > 0) | (goal > 0)
    equal = ((work == goal) & there).sum(1) / np.maximum(there.sum(1), 1)
    whole = (work == goal).all(1)
    return {'equal_words': np.where(whole, 1.0, equal), 'whole_lines': whole}

  def describe(self, works: np.ndarray) -> dict[str, np.ndarray]:
    lines = np.asarray(works)
    words = np.maximum((lines > 0).sum(1), 1)
    metre, told = self._world.metre, {}
    if metre is not None:
      told['metrical'] = metre.whole(tf.constant(lines)).numpy()
      told['ten_syllables'] = metre.syllables(tf.constant(lines)).numpy()
    return {
      **told,
      'known': (lines >= vocabulary.FIRST).sum(1) / words,
      'twice': np.array([len(row[row > 0]) - len({*row[row > 0]}) for row in lines]) / words,
      'extra_nll': _each(self._held_out, lines) - self._usual,
      'distinct_1': _new(lines, 1),
      'distinct_2': _new(lines, 2),
      'quoted': np.array([_share(row, _QUOTED, self._quotable) for row in lines]),
      'length': np.eye(texts.MOST + 1)[(lines > 0).sum(1)],
    }

  def models(self, label: np.ndarray, seed: int) -> dict[str, works_lib.Works]:
    drawn = self.drawn(len(label), seed)
    # Of a model whose lines hardly ever keep the rules too few are left.
    whole = {name: lines for name, lines in drawn.items() if len(lines) == len(label)}
    return {name: works_lib.Works(lines, label) for name, lines in whole.items()}

  def drawn(self, count: int, seed: int, temperature: float = 1.0) -> dict[str, np.ndarray]:
    """Draw lines of the next-word model: alone, and with a metre in the two ways without a hand.

    Rejection sampling keeps what breaks no rule: the best that tilting the model can do. It may
    return fewer lines than `count`. Constrained decoding draws each word among those that are not
    in the line yet, and after which the metre can still be kept.
    """
    model, metre = self._world.model, self._world.metre
    found = {'next-word model': model.sample(count, seed, temperature)}
    if metre is None:
      return found
    kept, tried = [], 0
    while sum(map(len, kept)) < count and tried < _DRAWS:
      lines = model.sample(_DRAWS // 10, seed + 1 + tried, temperature)
      kept.append(lines[rules.kept(tf.constant(lines), metre).numpy()])
      tried += len(lines)
    found['rejection sampling'] = np.concatenate(kept)[:count]

    def allowed(lines: tf.Tensor, time: int) -> tf.Tensor:
      used = tf.reduce_any(tf.one_hot(lines, model.count, True, False), 1)
      return metre.open(lines, time) & tf.concat([tf.ones_like(used[:, :1]), ~used[:, 1:]], 1)

    found['constrained decoding'] = model.sample(count, seed, temperature, allowed)
    return found

  def back(self, lines: np.ndarray) -> float:
    """Return -log p of a word of held-out lines under a model of `lines`: their variety."""
    model = likelihood.NextWord(lines, len(self._world.corpus.words))
    return float(_each(model, self._world.corpus.real['test'].work).mean())

  @functools.cached_property
  def _held_out(self) -> likelihood.NextWord:
    """A model of lines that nobody has learnt from."""
    return likelihood.NextWord(self._world.corpus.every['test'], len(self._world.corpus.words))

  @functools.cached_property
  def _usual(self) -> float:
    """What real lines come to under that model, on average."""
    return float(_each(self._held_out, self._world.corpus.real['train'].work[:_JUDGED]).mean())

  @functools.cached_property
  def _quotable(self) -> set[Any]:
    """All pieces of training lines that may be quoted."""
    return {piece for row in self._world.corpus.every['train'] for piece in _pieces(row, _QUOTED)}


def _each(model: likelihood.NextWord, lines: np.ndarray) -> np.ndarray:
  """Return -log p of each line for a word, its end included: float [N]."""
  said = model.surprise(tf.constant(lines)).numpy()
  return said.sum(1) / np.minimum((lines > 0).sum(1) + 1, lines.shape[1])


def _pieces(row: np.ndarray, size: int) -> list[tuple[int, ...]]:
  """Return all pieces of a line of so many words in a row."""
  words = row[row > 0].tolist()
  return list(zip(*(words[at:] for at in range(size)), strict=False))


def _share(row: np.ndarray, size: int, known: set[Any]) -> float:
  """Return the share of a line's pieces that are known; 0 without any."""
  pieces = _pieces(row, size)
  return sum(piece in known for piece in pieces) / max(len(pieces), 1)


def _new(lines: np.ndarray, size: int) -> np.ndarray:
  """Return the share of each line's pieces that are in no line before it: [N].

  Over a set of lines the mean is that of distinct-n (Li et al. 2016, section 5.2), but for lines of
  unequal length.
  """
  known, shares = set(), []
  for row in lines:
    shares.append(1 - _share(row, size, known))
    known.update(_pieces(row, size))
  return np.array(shares)
