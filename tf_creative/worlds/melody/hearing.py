"""What the hand hears of a melody in the making, from now on and from now back."""

from __future__ import annotations

import tensorflow as tf

from tf_creative.worlds.melody import scores


def seen(
  melody: tf.Tensor,  # [B, T, CLASSES], what is not yet written being whatever it is
  sounds: tf.Tensor,  # int32 [B, T], the pitch of each step, 0 for silence
  theme: tf.Tensor | None,  # [B, T, CLASSES], if it is in sight
  label: tf.Tensor,
  place: tf.Tensor,  # int32 [B], the step that comes next
) -> tf.Tensor:
  """Counted from now, so that the same number means the same at every step: [B, N].

  What was heard last comes first, as what the theme has next does; then what sounds, the step of
  the bar, the mode and the time left.
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
  """The rows of `values` [B, T, C] at places [B, N], nothing outside of it: [B, N x C]."""
  there = (places >= 0) & (places < values.shape[1])
  found = tf.gather(values, tf.clip_by_value(places, 0, values.shape[1] - 1), batch_dims=1)
  found *= tf.cast(there, tf.float32)[..., None]
  return tf.reshape(found, [-1, places.shape[1] * values.shape[2]])
