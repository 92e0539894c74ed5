"""Rules of melody, as pure functions on melodies [B, T] of the classes in `scores`.

They are those that RL-Tuner pays by (Jaques, Gu, Turner & Eck 2017, 'Tuning recurrent neural
networks with reinforcement learning', section 4.3), who took most of them from Gauldin's 'A
practical approach to eighteenth-century counterpoint' (1988). What a rule says of a step depends on
that step and those before it alone, so that it can be paid at once: [B, T].
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tf_creative.worlds.melody import midi, scores

_SCALE = (0, 2, 4, 5, 7, 9, 11)  # of C major, and of a minor as it falls
_RAISED = (6, 8)  # of a minor as it rises
_FIFTH, _TENTH = 7, 16
_ALONE, _MIXED = 4, 6  # repetitions that are not yet too many
_MOTIF = 3
_LATE = 6  # steps after which a leap back resolves a leap
LAGS, _CORRELATED = (1, 2, 3), 0.15

Rule = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def in_key(melody: tf.Tensor, mode: tf.Tensor) -> tf.Tensor:
  """-1 for a note that the key does not have.

  RL-Tuner's first rule (section 4.3); Gauldin takes it for granted. RL-Tuner knows C major alone;
  here a minor (mode 1) has the sixth and seventh degrees raised, too, as melodies that rise do.
  """
  name = (melody - scores.FIRST + scores.LOWEST) % 12
  has = lambda names: tf.reduce_any(name[..., None] == tf.constant(names), -1)  # noqa: E731
  fits = has(_SCALE) | (has(_RAISED) & (mode == 1)[:, None])
  return -number(strikes(melody) & ~fits)


def tonic(melody: tf.Tensor, mode: tf.Tensor) -> tf.Tensor:
  """1 for the tonic at the ends: struck first, and from the middle of the last bar on.

  RL-Tuner (section 4.3) asks for the tonic as the first note of a piece and four steps before its
  end, and that nothing is struck after it, which is paid at each step; Gauldin asks for both ends.
  RL-Tuner means one C; here it is the tonic of the melody's own mode in any octave.
  """
  steps = tf.range(melody.shape[1])
  close = melody.shape[1] - 4
  name = (melody - scores.FIRST + scores.LOWEST) % 12
  is_tonic = strikes(melody) & (name == tf.gather(tf.constant(scores.TONICS), mode)[:, None])
  rests = ~strikes(melody) & (steps > close)
  return number((is_tonic & ((steps == 0) | (steps == close))) | rests)


def repeats(melody: tf.Tensor, mode: tf.Tensor) -> tf.Tensor:
  """-1 for what was said too often: a class with more than four of its like before it.

  Or more than six where holds or rests stand between them, or, of rests, more than one. A different
  note ends the count. The rule is RL-Tuner's answer to models that play one note for ever
  (section 4.3); the numbers are those of its published code.
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
  """1 for the note that resolves a leap, -1 for a second leap the same way.

  A leap is a fifth or more. It is resolved when the melody comes back by smaller steps to where it
  leapt from, or leaps back after more than six steps. RL-Tuner (section 4.3), after Gauldin's rule
  that a leap is to be balanced by motion the other way.
  """
  del mode
  none = tf.zeros_like(melody[:, 0])
  heard, way, origin, since, said = none, none, none, none, []
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
  """1 where the last eight steps have three different notes or more, .1 more for each above three.

  RL-Tuner's motif is 'a succession of notes representing a short musical idea', of at least three
  notes in a bar (section 4.3), and pays more for richer ones.
  """
  del mode
  notes = tf.one_hot(_last_bars(melody) - scores.FIRST, scores.PITCHES)  # [B, T, BAR, PITCHES]
  different = tf.reduce_sum(tf.reduce_max(notes, 2), -1)
  worth = 1 + 0.1 * (different - _MOTIF)
  return tf.where(_whole_bars(melody) & (different >= _MOTIF), worth, 0.0)


def repeated_motifs(melody: tf.Tensor, mode: tf.Tensor) -> tf.Tensor:
  """1 where the last eight steps are a motif that was heard before, class by class.

  RL-Tuner (section 4.3) rewards repeated motifs, for music lives by them (Livingstone et al.). The
  two may not overlap.
  """
  bars, is_motif = _last_bars(melody), motifs(melody, mode) > 0
  equal = tf.reduce_all(bars[:, :, None] == bars[:, None], -1)  # [B, now, before]
  steps = tf.range(melody.shape[1])
  apart = (steps[:, None] - steps >= scores.BAR) & (steps >= scores.BAR - 1)
  return number(is_motif & tf.reduce_any(equal & apart, 2))


def spread(melody: tf.Tensor, mode: tf.Tensor) -> tf.Tensor:
  """-1 for each note from the first on that makes the melody wider than a tenth.

  Gauldin keeps a melodic line within about a tenth. RL-Tuner has no such rule; it pays for small
  intervals instead (section 4.3).
  """
  del mode
  struck = strikes(melody)
  until = np.tri(melody.shape[1], dtype=bool)  # [now, before]  # pyright: ignore[reportCallIssue]
  highest = tf.reduce_max(tf.where(until & struck[:, None], melody[:, None], -99), 2)
  lowest = tf.reduce_min(tf.where(until & struck[:, None], melody[:, None], 99), 2)
  return -number(struck & (highest - lowest > _TENTH))


def extremes(melody: tf.Tensor, mode: tf.Tensor) -> tf.Tensor:
  """At the last step, 1 for a highest note that is struck once, and 1 for such a lowest one.

  RL-Tuner (section 4.3), after Gauldin: a melody is to have one high point and one low point.
  """
  del mode
  unique = sum(number(each) for each in lone_ends(melody))
  return tf.concat([tf.zeros_like(melody[:, 1:], tf.float32), unique[:, None]], 1)  # pyright: ignore[reportIndexIssue]


def correlations(melody: tf.Tensor, mode: tf.Tensor) -> tf.Tensor:
  """Minus the sizes of the autocorrelations at lags 1 to 3, of those beyond .15, at each note.

  RL-Tuner (section 4.3) so discourages melodies that return to what was just played. It takes the
  series of classes, in which a hold is a low note; here it is the series of struck pitches, for
  else whatever moves in quarters is punished.
  """
  del mode
  sizes = tf.abs(tf.stack([autocorrelation(melody, lag) for lag in LAGS]))
  said = tf.reduce_sum(tf.where(sizes > _CORRELATED, sizes, 0.0), 0)
  return tf.where(strikes(melody), -said, 0.0)


def rests(melody: tf.Tensor, mode: tf.Tensor) -> tf.Tensor:
  """-1 for a rest that ends nothing, because nothing sounds.

  In RL-Tuner's alphabet (section 4.2) a rest is the end of a note, and one after another is
  punished with the repeats; at the first step or after silence it says nothing either.
  """
  del mode
  before = tf.pad(midi.sounding(melody)[:, :-1], [[0, 0], [1, 0]])
  return -number((melody == scores.REST) & (before == 0))


# RL-Tuner's amounts divided by ten, save that a repeat costs 1, there 10: a value of that size for
# one class of 38 takes all of a small network's precision. Ours where RL-Tuner has no such rule.
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
BOUND = 3.5  # the most that all of them say of a step, in either direction


def pay(melody: tf.Tensor, mode: tf.Tensor, time: tf.Tensor) -> tf.Tensor:
  """What the rules say of the step at `time` [B], weighted: float32 [B]."""
  melody = tf.cast(melody, tf.int32)
  said = sum(amount * rule(melody, mode) for rule, amount in RULES.values())
  return tf.gather(said, time, batch_dims=1)


def strikes(melody: tf.Tensor) -> tf.Tensor:
  return melody >= scores.FIRST


def number(condition: tf.Tensor) -> tf.Tensor:
  return tf.cast(condition, tf.float32)


def _last_bars(melody: tf.Tensor) -> tf.Tensor:
  """The eight steps that end with each: [B, T, BAR], rests before the beginning."""
  padded = tf.pad(melody, [[0, 0], [scores.BAR - 1, 0]], constant_values=scores.REST)
  return tf.stack([padded[:, i : i + melody.shape[1]] for i in range(scores.BAR)], 2)


def _whole_bars(melody: tf.Tensor) -> tf.Tensor:
  return tf.range(melody.shape[1]) >= scores.BAR - 1


def lone_ends(melody: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
  """Whether the highest note and the lowest one are struck once: bool [B] each."""
  struck = strikes(melody)
  high = tf.reduce_max(tf.where(struck, melody, -99), 1, keepdims=True)
  low = tf.reduce_min(tf.where(struck, melody, 99), 1, keepdims=True)
  return tuple(tf.reduce_sum(tf.cast(melody == end, tf.int32), 1) == 1 for end in (high, low))  # pyright: ignore[reportReturnType]


def autocorrelation(melody: tf.Tensor, lag: int) -> tf.Tensor:
  """That of the notes struck until each step, 0 where they do not vary: [B, T]."""
  struck = strikes(melody)
  order = tf.argsort(tf.where(struck, 0, 1), stable=True)  # the notes first, in their order
  series = tf.gather(tf.cast(melody, tf.float32), order, batch_dims=1)
  total, squares = tf.cumsum(series, 1), tf.cumsum(tf.square(series), 1)
  count = tf.range(1.0, melody.shape[1] + 1)
  mean = total / count
  later = series[:, lag:]
  past = series[:, :-lag]
  pad = lambda x: tf.pad(tf.cumsum(x, 1), [[0, 0], [lag, 0]])  # noqa: E731
  joint = pad(later * past) - mean * pad(later + past)
  joint += tf.maximum(count - lag, 0) * tf.square(mean)
  # Below a hundredth a variance is the rounding of sums of squares.
  variance = squares - count * tf.square(mean)
  each = tf.where(variance > 0.01, tf.math.divide_no_nan(joint, variance), 0.0)
  notes = tf.cumsum(tf.cast(struck, tf.int32), 1)
  return tf.where(notes > 0, tf.gather(each, tf.maximum(notes - 1, 0), batch_dims=1), 0.0)
