"""Features of an unfinished melody, counted from the present step."""

from __future__ import annotations

import tensorflow as tf

from tf_creative.worlds.melody import scores


def seen(
  melody: tf.Tensor,  # float32 [B, T, CLASSES]; steps not yet written may hold anything
  sounds: tf.Tensor,  # int32 [B, T], the pitch of each step, 0 for silence
  theme: tf.Tensor | None,  # float32 [B, T, CLASSES], the target if the hand sees it
  label: tf.Tensor,  # int32 [B]
  place: tf.Tensor,  # int32 [B], the step to be written next
) -> tf.Tensor:
  """Build features [B, N] relative to the present step, so that each has one meaning at all steps.

  They are: the melody so far, newest step first; the pitch that sounds; the step in the bar; the
  mode; the time left; and the theme from the next step on, if it is shown.
  """
  steps = tf.range(scores.STEPS)
  last = tf.gather(sounds, tf.maximum(place - 1, 0), batch_dims=1)
  parts = [
    rows(melody, place[:, None] - 1 - steps),
    tf.one_hot(tf.where(place > 0, last, 0), scores.PITCHES + 1),
    tf.one_hot(place % scores.BAR, scores.BAR),
    tf.one_hot(label, len(scores.MODES)),
    tf.cast(scores.STEPS - place, tf.float32)[:, None] / scores.STEPS,
  ]
  if theme is not None:
    parts.append(rows(theme, place[:, None] + steps))
  return tf.concat(parts, 1)


def rows(values: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
  """Gather the rows of `values` [B, T, C] at `places` [B, N], zeros outside: [B, N x C]."""
  there = (places >= 0) & (places < values.shape[1])
  found = tf.gather(values, tf.clip_by_value(places, 0, values.shape[1] - 1), batch_dims=1)
  found *= tf.cast(there, tf.float32)[..., None]
  return tf.reshape(found, [-1, places.shape[1] * values.shape[2]])
