"""Computes RL-Tuner's table of statistics of melodies."""

from __future__ import annotations

import tensorflow as tf

from tf_creative.core import world as world_lib
from tf_creative.worlds.melody import scores, theory

TRAITS = {
  'repeated': world_lib.Measure('.2%', 'of steps repeated too often'),
  'in_key': world_lib.Measure('.1%', 'of notes in C major or a minor'),
  'tonic_first': world_lib.Measure('.1%', 'begin on the tonic'),
  'leaps_resolved': world_lib.Measure('.1%', 'of leaps resolved'),
  'one_highest': world_lib.Measure('.1%', 'have one highest note'),
  'one_lowest': world_lib.Measure('.1%', 'have one lowest note'),
  'in_motif': world_lib.Measure('.1%', 'of steps in a motif'),
  'repeated_motif': world_lib.Measure('.1%', 'of steps in a repeated motif'),
  'lag_1': world_lib.Measure('.2f', 'autocorrelation of the notes at lag 1'),
  'lag_2': world_lib.Measure('.2f', 'at lag 2'),
  'lag_3': world_lib.Measure('.2f', 'at lag 3'),
  'pitch_classes': world_lib.Measure('.3f', 'pitch classes'),
  'intervals': world_lib.Measure('.3f', 'intervals from note to note'),
}
_WIDEST = 12  # half tones; wider intervals count as this


def table(works: tf.Tensor) -> dict[str, tf.Tensor]:
  """Compute RL-Tuner's statistics (its table 1) for each melody: float32 [B] by name.

  A melody without leaps counts as having all resolved; with a single pitch, its autocorrelation is
  0. The key is C major or A minor without raised degrees; the tonic is C or A. Two distributions
  [B, K] are added: pitch classes and intervals.
  """
  melody = tf.cast(works, tf.int32)
  mode, other = tf.zeros_like(melody[:, 0]), tf.ones_like(melody[:, 0])
  notes = tf.maximum(tf.reduce_sum(theory.number(theory.strikes(melody)), 1), 1)
  leapt = theory.leaps(melody, mode)
  resolved, doubled = (tf.reduce_sum(theory.number(leapt == sign), 1) for sign in (1.0, -1.0))
  highest, lowest = theory.lone_ends(melody)
  pitch_classes, intervals = _distributions(melody)
  share = lambda said: tf.reduce_mean(theory.number(said != 0), 1)  # noqa: E731
  return {
    'repeated': share(theory.repeats(melody, mode)),
    'in_key': 1 - tf.reduce_sum(theory.number(theory.in_key(melody, mode) < 0), 1) / notes,
    'tonic_first': tf.maximum(theory.tonic(melody, mode), theory.tonic(melody, other))[:, 0],
    'leaps_resolved': tf.math.divide_no_nan(resolved, resolved + doubled)
    + theory.number(resolved + doubled == 0),
    'one_highest': theory.number(highest),
    'one_lowest': theory.number(lowest),
    'in_motif': share(theory.motifs(melody, mode)),
    'repeated_motif': share(theory.repeated_motifs(melody, mode)),
    **{f'lag_{lag}': theory.autocorrelation(melody, lag)[:, -1] for lag in theory.LAGS},
    'pitch_classes': pitch_classes,
    'intervals': intervals,
  }


def _distributions(melody: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
  """Return the distributions of pitch classes, [B, 12], and of intervals between notes, [B, 25]."""
  struck = theory.strikes(melody)
  order = tf.argsort(tf.where(struck, 0, 1), stable=True)  # the notes first, in their order
  notes = tf.gather(melody, order, batch_dims=1)
  is_note = tf.gather(struck, order, batch_dims=1)
  classes = tf.one_hot((notes - scores.FIRST + scores.LOWEST) % 12, 12)
  wide = tf.clip_by_value(notes[:, 1:] - notes[:, :-1], -_WIDEST, _WIDEST) + _WIDEST
  steps = tf.one_hot(wide, 2 * _WIDEST + 1)
  return _shares(classes, is_note), _shares(steps, is_note[:, 1:])


def _shares(each: tf.Tensor, counts: tf.Tensor) -> tf.Tensor:
  total = tf.reduce_sum(each * theory.number(counts)[..., None], 1)
  return tf.math.divide_no_nan(total, tf.reduce_sum(total, 1, keepdims=True))
