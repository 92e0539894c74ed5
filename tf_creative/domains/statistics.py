"""RL-Tuner's table of what a melody is like, for people."""

from __future__ import annotations

import tensorflow as tf

from tf_creative import types
from tf_creative.domains import theory

MEASURES = {
  'repeated': types.Measure('.2%', 'of steps said too often'),
  'in_key': types.Measure('.1%', 'of notes in C major or a minor'),
  'tonic_first': types.Measure('.1%', 'begin on the tonic'),
  'leaps_resolved': types.Measure('.1%', 'of leaps resolved'),
  'highest_once': types.Measure('.1%', 'have one highest note'),
  'lowest_once': types.Measure('.1%', 'have one lowest note'),
  'in_motif': types.Measure('.1%', 'of steps in a motif'),
  'in_repeated_motif': types.Measure('.1%', 'of steps in a repeated motif'),
  'autocorrelation_1': types.Measure('.2f', 'autocorrelation of the notes at lag 1'),
  'autocorrelation_2': types.Measure('.2f', 'at lag 2'),
  'autocorrelation_3': types.Measure('.2f', 'at lag 3'),
}


def table(works: tf.Tensor) -> dict[str, tf.Tensor]:
  """RL-Tuner's table (its table 1), of each melody: float32 [B].

  A melody without any leap has all resolved; one of a single pitch has no autocorrelation. The key
  is that of C major or a minor without raised degrees, the tonic C or a.
  """
  melody = tf.cast(works, tf.int32)
  mode, other = tf.zeros_like(melody[:, 0]), tf.ones_like(melody[:, 0])
  notes = tf.maximum(tf.reduce_sum(theory.number(theory.strikes(melody)), 1), 1)
  leapt = theory.leaps(melody, mode)
  resolved, doubled = (tf.reduce_sum(theory.number(leapt == sign), 1) for sign in (1.0, -1.0))
  highest, lowest = theory.lone_ends(melody)
  share = lambda said: tf.reduce_mean(theory.number(said != 0), 1)  # noqa: E731
  return {
    'repeated': share(theory.repeats(melody, mode)),
    'in_key': 1 - tf.reduce_sum(theory.number(theory.in_key(melody, mode) < 0), 1) / notes,
    'tonic_first': tf.maximum(theory.tonic(melody, mode), theory.tonic(melody, other))[:, 0],
    'leaps_resolved': tf.math.divide_no_nan(resolved, resolved + doubled)
    + theory.number(resolved + doubled == 0),
    'highest_once': theory.number(highest),
    'lowest_once': theory.number(lowest),
    'in_motif': share(theory.motifs(melody, mode)),
    'in_repeated_motif': share(theory.repeated_motifs(melody, mode)),
    **{f'autocorrelation_{lag}': theory.autocorrelation(melody, lag)[:, -1] for lag in theory.LAGS},
  }
