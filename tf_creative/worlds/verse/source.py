"""What the world knows of its data: lines, words, their metre, and a model of what comes next."""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
import functools
import hashlib
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from tf_creative.core import spec
from tf_creative.worlds import images, options
from tf_creative.worlds.verse import corpus, likelihood, metre, package, vocabulary

_LEAST_KNOWN = 0.5  # share of the words that must have pronunciations, or there is no metre


@dataclasses.dataclass(frozen=True)
class Source(options.Verse):
  """The data that the options name, each part loaded or fitted at first use."""

  kept: ClassVar[Mapping[str, Any]] = {}  # what a run has kept; see `keepsake`

  @functools.cached_property
  def corpus(self) -> corpus.Corpus:
    """The lines of the data and their words, loaded at first use."""
    found = corpus.load(self.data, self.vocabulary)
    if self.kept.get('lines', digest := _digest(found)) != digest:
      raise images.DataError(
        f'{self.data} has other lines than those of which this run has learnt: bring them back, or '
        'train a new run.'
      )
    return found

  @functools.cached_property
  def model(self) -> likelihood.NextWord:
    """The next-word model, fitted to the training split at first use."""
    return likelihood.NextWord(self.corpus.every['train'], len(self.corpus.words))

  @functools.cached_property
  def metre(self) -> metre.Metre | None:
    """The metre of the words; None where too few of them have known pronunciations."""
    needed = self.theory or self.rhyme
    try:
      known = package.readings()
    except spec.UserError:
      if needed:
        raise
      return None
    found = metre.Metre([known.get(word, ()) for word in self.corpus.words.words])
    # Letters are no words, though the table has their names.
    share = found.known[vocabulary.FIRST :].mean() if self.corpus.words.space else 0.0
    if share >= _LEAST_KNOWN:
      return found
    if needed:
      option = 'theory' if self.theory else 'rhyme'
      raise spec.SpecError(
        f'the rules of verse need the pronunciations of words, which are known of {share:.0%} of '
        f'those of {self.data}: leave out {option}=.',
        option,
      )
    return None

  @functools.cached_property
  def rhymes(self) -> metre.Rhymes | None:
    """The sounds that are labels, if lines are to rhyme."""
    if not self.rhyme or self.metre is None:
      return None
    lines = self.corpus.real['train'].work
    found = metre.Rhymes(self.corpus.words.words, package.endings(), lines)
    if found.has.shape[1] < 2:
      raise spec.SpecError(
        f'too few lines of {self.data} rhyme with each other: leave out rhyme=.', 'rhyme'
      )
    return found

  @functools.cached_property
  def vectors(self) -> tf.Tensor:
    """The words' vectors: float32 [words, SIZE]."""
    with tf.init_scope():  # the first use may be while a graph is traced
      found = vocabulary.vectors(self.corpus.every['train'], len(self.corpus.words))
      return tf.constant(found)

  def recall(self, kept: Mapping[str, Any]) -> None:
    """Take back what a run has kept; see `Play.recall`."""
    object.__setattr__(self, 'kept', kept)

  def keepsake(self) -> dict[str, Any]:
    """Return a digest of the lines: with others, the words would have other numbers."""
    return {'lines': _digest(self.corpus)}


def _digest(found: corpus.Corpus) -> str:
  told = hashlib.sha256('\n'.join(found.words.words).encode())
  told.update(np.ascontiguousarray(found.every['train']).tobytes())
  return told.hexdigest()
