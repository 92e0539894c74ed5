"""Rules of melody, as pure functions on melodies [B, T] of the classes in `scores`.

They are RL-Tuner's rewards (Jaques, Gu, Turner & Eck 2017, 'Tuning recurrent neural networks with
reinforcement learning', section 4.3), mostly after Gauldin's 'A practical approach to
eighteenth-century counterpoint' (1988). A rule returns [B, T]; its value at a step depends only on
that step and those before it, so that it can be a reward for the step.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tf_creative.worlds.melody import midi, scores

_SCALE = (0, 2, 4, 5, 7, 9, 11)  # pitch classes of C major and of descending A minor
_RAISED = (6, 8)  # pitch classes that ascending A minor adds
_FIFTH, _TENTH = 7, 16  # intervals in half tones
_ALONE, _MIXED = 4, 6  # most repetitions that are not penalized
_MOTIF = 3  # different notes in a bar that make a motif
_LATE = 6  # steps after which a leap back resolves a leap
LAGS, _CORRELATED = (1, 2, 3), 0.15  # autocorrelations above .15 are penalized

Rule = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def in_key(melody: tf.Tensor, mode: tf.Tensor) -> tf.Tensor:
  """Give -1 for a note outside the key.

  RL-Tuner's first rule (section 4.3); Gauldin takes it for granted. RL-Tuner has C major only; here
  A minor (mode 1) also allows the raised sixth and seventh degrees, as in ascending melodies.
  """
  name = (melody - scores.FIRST + scores.LOWEST) % 12
  has = lambda names: tf.reduce_any(name[..., None] == tf.constant(names), -1)  # noqa: E731
  fits = has(_SCALE) | (has(_RAISED) & (mode == 1)[:, None])
  return -number(strikes(melody) & ~fits)


def tonic(melody: tf.Tensor, mode: tf.Tensor) -> tf.Tensor:
  """Give 1 for the tonic at both ends: as the first note, and from the middle of the last bar on.

  RL-Tuner (section 4.3) wants the tonic as a piece's first note and four steps before its end, with
  no note after that, which is rewarded at each step. Gauldin wants the tonic at both ends. RL-Tuner
  means one certain C; here it is the tonic of the melody's own mode in any octave.
  """
  steps = tf.range(melody.shape[1])
  close = melody.shape[1] - 4
  name = (melody - scores.FIRST + scores.LOWEST) % 12
  is_tonic = strikes(melody) & (name == tf.gather(tf.constant(scores.TONICS), mode)[:, None])
  rests = ~strikes(melody) & (steps > close)
  return number((is_tonic & ((steps == 0) | (steps == close))) | rests)


def repeats(melody: tf.Tensor, mode: tf.Tensor) -> tf.Tensor:
  """Give -1 for a class that was repeated too often: more than four times directly before.

  The limit is six with holds or rests in between, and one for rests. A different note ends the
  count. RL-Tuner has this rule against models that play one note for ever (section 4.3); the
  numbers are from its published code.
  """
  del mode
  now, before = melody[:, :, None], melody[:, None, :]
  earlier = np.tri(melody.shape[1], k=-1, dtype=bool)  # [now, before]  # pyright: ignore[reportCallIssue]
  other = earlier & (before != now) & (before != scores.HOLD) & (before != scores.REST)
  steps = tf.range(melody.shape[1])
  last = tf.reduce_max(tf.where(other, steps, -1), 2)
  run = earlier & (steps > last[..., None])
  count = tf.reduce_sum(tf.cast(run & (before == now), tf.int32), 2)
  mixed = tf.reduce_any(run & (before != now), 2)
  most = tf.where(melody == scores.REST, 1, tf.where(mixed, _MIXED, _ALONE))
  return -number(count > most)


def leaps(melody: tf.Tensor, mode: tf.Tensor) -> tf.Tensor:
  """Give 1 for the note that resolves a leap, -1 for a second leap in the same direction.

  A leap is a fifth or more. It is resolved when the melody returns by smaller intervals to where it
  leapt from, or leaps back after more than six steps. RL-Tuner (section 4.3), after Gauldin's rule
  that a leap should be balanced by motion in the other direction.
  """
  del mode
  none = tf.zeros_like(melody[:, 0])
  heard, way, origin, since, said = none, none, none, none, []
  # heard: the last note; way: direction of the open leap, 0 if there is none; origin: the note it
  # left from; since: steps since the leap.
  for now in tf.unstack(melody, axis=1):
    struck = now >= scores.FIRST
    far = struck & (heard > 0) & (tf.abs(now - heard) >= _FIFTH)
    near = struck & ~far
    same = tf.sign(now - heard) == way
    back = near & (((way > 0) & (now <= origin)) | ((way < 0) & (now >= origin)))
    returned = far & (way != 0) & ~same
    doubled = far & (way != 0) & same
    said.append(number(back | (returned & (since > _LATE))) - number(doubled))
    origin = tf.where(far & (way == 0), heard, origin)
    way = tf.where(far & (way == 0), tf.sign(now - heard), tf.where(back | returned, 0, way))
    since = tf.where(far, 0, since + 1)
    heard = tf.where(struck, now, heard)
  return tf.stack(said, 1)


def motifs(melody: tf.Tensor, mode: tf.Tensor) -> tf.Tensor:
  """Give 1 if the last eight steps have three different notes, and .1 for each further one.

  RL-Tuner's motif is 'a succession of notes representing a short musical idea', with at least three
  notes in a bar (section 4.3); it rewards richer ones more.
  """
  del mode
  notes = tf.one_hot(_last_bars(melody) - scores.FIRST, scores.PITCHES)  # [B, T, BAR, PITCHES]
  different = tf.reduce_sum(tf.reduce_max(notes, 2), -1)
  worth = 1 + 0.1 * (different - _MOTIF)
  return tf.where(_whole_bars(melody) & (different >= _MOTIF), worth, 0.0)


def repeated_motifs(melody: tf.Tensor, mode: tf.Tensor) -> tf.Tensor:
  """Give 1 if the last eight steps are a motif that occurred before, class by class.

  RL-Tuner (section 4.3) rewards repeated motifs, which are essential to music (Livingstone et al.).
  The two must not overlap.
  """
  bars, is_motif = _last_bars(melody), motifs(melody, mode) > 0
  equal = tf.reduce_all(bars[:, :, None] == bars[:, None], -1)  # [B, now, before]
  steps = tf.range(melody.shape[1])
  apart = (steps[:, None] - steps >= scores.BAR) & (steps >= scores.BAR - 1)
  return number(is_motif & tf.reduce_any(equal & apart, 2))


def spread(melody: tf.Tensor, mode: tf.Tensor) -> tf.Tensor:
  """Give -1 for each note once the melody's range is wider than a tenth.

  Gauldin keeps a melodic line within about a tenth. RL-Tuner has no such rule; it rewards small
  intervals instead (section 4.3).
  """
  del mode
  struck = strikes(melody)
  until = np.tri(melody.shape[1], dtype=bool)  # [now, before]  # pyright: ignore[reportCallIssue]
  highest = tf.reduce_max(tf.where(until & struck[:, None], melody[:, None], -99), 2)
  lowest = tf.reduce_min(tf.where(until & struck[:, None], melody[:, None], 99), 2)
  return -number(struck & (highest - lowest > _TENTH))


def extremes(melody: tf.Tensor, mode: tf.Tensor) -> tf.Tensor:
  """Give, at the last step, 1 for a highest note that occurs once and 1 for such a lowest note.

  RL-Tuner (section 4.3), after Gauldin: a melody should have one high point and one low point.
  """
  del mode
  unique = sum(number(each) for each in lone_ends(melody))
  return tf.concat([tf.zeros_like(melody[:, 1:], tf.float32), unique[:, None]], 1)  # pyright: ignore[reportIndexIssue]


def correlations(melody: tf.Tensor, mode: tf.Tensor) -> tf.Tensor:
  """Give minus the sum of |autocorrelation| at lags 1 to 3, where it is above .15, at each note.

  So RL-Tuner (section 4.3) discourages melodies that repeat what was just played. It uses the
  series of classes, in which a hold counts as a low note; that would penalize any melody in quarter
  notes, so here it is the series of struck pitches.
  """
  del mode
  sizes = tf.abs(tf.stack([autocorrelation(melody, lag) for lag in LAGS]))
  said = tf.reduce_sum(tf.where(sizes > _CORRELATED, sizes, 0.0), 0)
  return tf.where(strikes(melody), -said, 0.0)


def rests(melody: tf.Tensor, mode: tf.Tensor) -> tf.Tensor:
  """Give -1 for a rest while no note sounds, so that it ends nothing.

  In RL-Tuner's alphabet (section 4.2) a rest is the end of a note. `repeats` penalizes a rest after
  a rest; this rule also covers the first step and silence.
  """
  del mode
  before = tf.pad(midi.sounding(melody)[:, :-1], [[0, 0], [1, 0]])
  return -number((melody == scores.REST) & (before == 0))


# Weights: RL-Tuner's divided by ten, and our own for rules that it does not have. A repeat costs 1
# instead of 10: such a large value for one of 38 classes would use up the precision of a small
# network.
RULES: dict[str, tuple[Rule, float]] = {
  'in_key': (in_key, 0.1),
  'tonic': (tonic, 0.3),
  'repeats': (repeats, 1.0),
  'leaps': (leaps, 0.5),
  'motifs': (motifs, 0.3),
  'repeated_motifs': (repeated_motifs, 0.4),
  'spread': (spread, 0.1),
  'extremes': (extremes, 0.3),
  'correlations': (correlations, 0.3),
  'rests': (rests, 0.1),
}
BOUND = 3.5  # largest absolute sum of all rules at a step


def pay(melody: tf.Tensor, mode: tf.Tensor, time: tf.Tensor) -> tf.Tensor:
  """Return the weighted sum of all rules at step `time` [B]: float32 [B]."""
  melody = tf.cast(melody, tf.int32)
  said = sum(amount * rule(melody, mode) for rule, amount in RULES.values())
  return tf.gather(said, time, batch_dims=1)


def strikes(melody: tf.Tensor) -> tf.Tensor:
  """Return where a note is struck: bool [B, T]."""
  return melody >= scores.FIRST


def number(condition: tf.Tensor) -> tf.Tensor:
  """Convert bools to 0.0 and 1.0."""
  return tf.cast(condition, tf.float32)


def _last_bars(melody: tf.Tensor) -> tf.Tensor:
  """Return the eight steps up to each step: [B, T, BAR]; rests before the beginning."""
  padded = tf.pad(melody, [[0, 0], [scores.BAR - 1, 0]], constant_values=scores.REST)
  return tf.stack([padded[:, i : i + melody.shape[1]] for i in range(scores.BAR)], 2)


def _whole_bars(melody: tf.Tensor) -> tf.Tensor:
  return tf.range(melody.shape[1]) >= scores.BAR - 1


def lone_ends(melody: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
  """Return whether the highest and the lowest note are struck only once: bool [B] each."""
  struck = strikes(melody)
  high = tf.reduce_max(tf.where(struck, melody, -99), 1, keepdims=True)
  low = tf.reduce_min(tf.where(struck, melody, 99), 1, keepdims=True)
  return tuple(tf.reduce_sum(tf.cast(melody == end, tf.int32), 1) == 1 for end in (high, low))  # pyright: ignore[reportReturnType]


def autocorrelation(melody: tf.Tensor, lag: int) -> tf.Tensor:
  """Return the autocorrelation of the notes up to each step: [B, T]; 0 where they are constant."""
  struck = strikes(melody)
  order = tf.argsort(tf.where(struck, 0, 1), stable=True)  # the notes first, in their order
  series = tf.gather(tf.cast(melody, tf.float32), order, batch_dims=1)
  # Running sums give the autocorrelation of every prefix at once:
  # sum (x_t - m)(x_{t-k} - m) = sum x_t x_{t-k} - m sum (x_t + x_{t-k}) + (n - k) m^2.
  total, squares = tf.cumsum(series, 1), tf.cumsum(tf.square(series), 1)
  count = tf.range(1.0, melody.shape[1] + 1)
  mean = total / count
  later = series[:, lag:]
  past = series[:, :-lag]
  pad = lambda x: tf.pad(tf.cumsum(x, 1), [[0, 0], [lag, 0]])  # noqa: E731
  joint = pad(later * past) - mean * pad(later + past)
  joint += tf.maximum(count - lag, 0) * tf.square(mean)
  # A smaller variance is only a rounding error of the sums of squares.
  variance = squares - count * tf.square(mean)
  each = tf.where(variance > 0.01, tf.math.divide_no_nan(joint, variance), 0.0)
  notes = tf.cumsum(tf.cast(struck, tf.int32), 1)
  return tf.where(notes > 0, tf.gather(each, tf.maximum(notes - 1, 0), batch_dims=1), 0.0)
