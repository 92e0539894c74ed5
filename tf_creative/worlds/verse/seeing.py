"""Features of an unfinished line, counted from the present word."""

from __future__ import annotations

import tensorflow as tf

from tf_creative.worlds.melody import hearing
from tf_creative.worlds.verse import metre as metre_lib
from tf_creative.worlds.verse import texts


def seen(
  line: tf.Tensor,  # float32 [B, T, SIZE], the vectors of the words
  numbers: tf.Tensor,  # int32 [B, T], the same words; 0 where none stands yet
  target: tf.Tensor | None,  # float32 [B, T, SIZE], if the hand sees it
  label: tf.Tensor,  # float32 [B, labels], one-hot
  place: tf.Tensor,  # int32 [B], the word to be written next
  metre: metre_lib.Metre | None,
) -> tf.Tensor:
  """Build features [B, N] relative to the present word, so that each has one meaning at all words.

  They are: the words so far, newest first; how many; the label; the places in the metre that are
  reached, as syllables and as stresses; and the target from the next word on, if it is shown.
  """
  words = tf.range(texts.MOST)
  parts = [
    hearing.rows(2 * line - 1, place[:, None] - 1 - words),
    tf.one_hot(place, texts.MOST + 1),
    label,
  ]
  if metre is not None:
    stands = tf.where(words < place[:, None], numbers, 0)
    moves = metre.counted, metre.stressed
    parts += [tf.cast(metre_lib.reached(stands, each)[:, -1], tf.float32) for each in moves]
  if target is not None:
    parts.append(hearing.rows(2 * target - 1, place[:, None] + words))
  return tf.concat(parts, 1)
