"""Rules of verse, as pure functions on lines [B, T] of word numbers, 0 past a line's end.

A rule returns [B, T]; its value at a step depends only on that step and those before it, so that it
can be a reward for the step. The step after the last word is that of the line's end; a line of T
words ends with the last of them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tf_creative.worlds.verse import metre as metre_lib
from tf_creative.worlds.verse import texts, vocabulary

Rule = Callable[[tf.Tensor, metre_lib.Metre], tf.Tensor]


def syllables(lines: tf.Tensor, metre: metre_lib.Metre) -> tf.Tensor:
  """Give 1 for an end with ten syllables in some reading, -1 for the word that has too many.

  So many has the English heroic line (Attridge 1982, 'The rhythms of English poetry', chapter 5);
  Hafez (Ghazvininejad, Shi, Choi & Knight 2016, 'Generating topical poetry') allows no other.
  """
  return _of_places(lines, metre_lib.reached(lines, metre.counted))


def stress(lines: tf.Tensor, metre: metre_lib.Metre) -> tf.Tensor:
  """Give 1 for an end in metre, -1 for the word after which no reading of the line is in metre.

  The metre is that of `metre`: main stresses of longer words on even places, but for the first foot
  (Halle & Keyser 1971). Milton keeps it in 77% of his lines.
  """
  return _of_places(lines, metre_lib.reached(lines, metre.stressed))


def twice(lines: tf.Tensor, metre: metre_lib.Metre) -> tf.Tensor:
  """Give -1 for a word that stands in the line already.

  Small models repeat themselves; Hafez (2016; interactive in Ghazvininejad, Shi, Priyadarshi &
  Knight 2017) penalises it, too. The four poets do it in a fifth of their lines.
  """
  del metre
  equal = (lines[:, :, None] == lines[:, None]) & (lines >= vocabulary.FIRST)[:, :, None]
  earlier = np.tri(lines.shape[1], k=-1, dtype=bool)  # [now, before]  # pyright: ignore[reportCallIssue]
  return -_number(tf.reduce_any(equal & earlier, 2))


def unknown(lines: tf.Tensor, metre: metre_lib.Metre) -> tf.Tensor:
  """Give -1 for a word that is not known, which nobody could read."""
  del metre
  return -_number(lines == vocabulary.REST)


def short(lines: tf.Tensor, metre: metre_lib.Metre) -> tf.Tensor:
  """Give -1 for the end of a line of fewer words than all real ones have: ours, of this world."""
  del metre
  steps = tf.range(lines.shape[1])
  return -_number(_ends(lines) & (steps < texts.LEAST))


def rhyme(lines: tf.Tensor, has: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
  """Give 1 for an end after a word that can end on the sound of the line's label [B].

  `has` [words, labels] tells on which sounds words can end: from the vowel of the last beat on, as
  in the strict rhymes of Hafez (2016). So do 86% of the couplets of Shakespeare's sonnets.
  """
  lines = tf.cast(lines, tf.int32)
  length = tf.reduce_sum(tf.cast(lines > 0, tf.int32), 1)
  last = tf.gather(lines, tf.maximum(length - 1, 0), batch_dims=1)
  sounds = tf.gather(tf.gather(has, last), label, batch_dims=1) & (label > 0)
  return _number(_ends(lines) & sounds[:, None])


RULES: dict[str, tuple[Rule, float]] = {
  'syllables': (syllables, 1.0),
  'stress': (stress, 1.0),
  'twice': (twice, 0.5),
  'unknown': (unknown, 1.0),
  'short': (short, 1.0),
}
BOUND = 3.0  # largest absolute sum of all rules at a step: an unknown word that is too much
RHYME = 2.0  # what a rhyme is paid beside them, at an end that may be paid 2 more


def pay(lines: tf.Tensor, metre: metre_lib.Metre, time: tf.Tensor) -> tf.Tensor:
  """Return the weighted sum of all rules at step `time` [B]: float32 [B]."""
  lines = tf.cast(lines, tf.int32)
  said = sum(amount * rule(lines, metre) for rule, amount in RULES.values())
  return tf.gather(said, time, batch_dims=1)


def kept(lines: tf.Tensor, metre: metre_lib.Metre) -> tf.Tensor:
  """Return which lines [B, T] are in metre and break no rule: bool [B]."""
  lines = tf.cast(lines, tf.int32)
  broken = [tf.reduce_any(rule(lines, metre) < 0, 1) for rule, _ in RULES.values()]
  return metre.whole(lines) & ~tf.reduce_any(broken, 0)


def _of_places(lines: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
  """Give 1 at an end with all places [B, T + 1, P] filled, -1 where they lead on no more."""
  going = tf.reduce_any(places, 2)
  lost = going[:, :-1] & ~going[:, 1:]
  return _number(_ends(lines) & places[:, 1:, -1]) - _number(lost)


def _ends(lines: tf.Tensor) -> tf.Tensor:
  """Return the step of each line's end: bool [B, T]."""
  steps = tf.range(lines.shape[1])
  length = tf.reduce_sum(tf.cast(lines > 0, tf.int32), 1)[:, None]
  return steps == tf.minimum(length, lines.shape[1] - 1)


def _number(condition: tf.Tensor) -> tf.Tensor:
  return tf.cast(condition, tf.float32)
