"""A small n-gram model of a melody's next class, interpolated with shorter contexts."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tf_creative.worlds.melody import scores

_STRENGTH = (2.0, 4.0, 4.0)  # weight of the shorter context's estimate, in examples, per level
_NOTES = scores.PITCHES + 1  # 0: no note yet
LEAST = -8.0  # lower bound of log-likelihoods, which are also rewards


class NextNote:
  """Models p(class | step in the bar, length of the last note, last note, the note before it).

  Interpolated n-grams: a context's estimate mixes its own counts with the shorter context's
  estimate, which weighs like _STRENGTH counts (MacKay & Peto 1995, section 2). It is deterministic
  and a single look-up in the graph. It has the role of RL-Tuner's Note RNN (Jaques et al. 2017,
  section 4.1), but fits our small corpus.
  """

  def __init__(self, melodies: np.ndarray):
    count, steps = melodies.shape
    every = tf.repeat(tf.constant(melodies, tf.int32), steps, 0)
    places = _contexts(every, tf.tile(tf.range(steps), [count]))
    known = np.full([1, scores.CLASSES], 1 / scores.CLASSES)
    for level, place in enumerate(places):
      counts = np.zeros([_SIZES[level], scores.CLASSES])
      np.add.at(counts, (place.numpy(), melodies.ravel()), 1)
      below = known[_shorter(level)]
      strength = _STRENGTH[level]
      known = (counts + strength * below) / (counts.sum(1, keepdims=True) + strength)
    self.logits = np.maximum(np.log(known), LEAST).astype(np.float32)  # [contexts, CLASSES]

  def scores(self, melody: tf.Tensor, time: tf.Tensor) -> tf.Tensor:
    """Return log-likelihoods [B, CLASSES] of the classes at step `time` [B], given those before."""
    return tf.gather(self.logits, _contexts(tf.cast(melody, tf.int32), time)[-1])

  def sample(self, count: int, seed: int, temperature: float = 1.0) -> np.ndarray:
    """Sample melodies class by class: uint8 [count, STEPS]."""
    rng = np.random.default_rng(seed)
    melody = np.zeros([count, scores.STEPS], np.uint8)
    for time in range(scores.STEPS):
      logits = self.scores(tf.constant(melody), tf.fill([count], time)).numpy() / temperature
      melody[:, time] = (logits + rng.gumbel(size=logits.shape)).argmax(1)
    return melody


# Contexts, each adding to the one before: the step in the bar; the last note and its length so far;
# the note before it. Lengths above four steps count as four.
_LENGTHS = 4
_SIZES = (
  scores.BAR,
  scores.BAR * _LENGTHS * _NOTES,
  scores.BAR * _LENGTHS * _NOTES * _NOTES,
)


def _contexts(melody: tf.Tensor, time: tf.Tensor) -> list[tf.Tensor]:
  """Return the context's index, at each level, of step `time` [N] in each melody [N, T]."""
  steps = tf.range(melody.shape[1])
  latest = lambda which: tf.reduce_max(tf.where(which, steps, -1), 1)  # noqa: E731
  name = lambda at: tf.where(  # noqa: E731
    at < 0, 0, tf.gather(melody, tf.maximum(at, 0), batch_dims=1) - scores.FIRST + 1
  )
  # Steps of the last note, of the note before it, and the last note's length: int32 [N] each.
  before = steps < time[:, None]
  struck = before & (melody >= scores.FIRST)
  last = latest(struck)
  past = latest(struck & (steps < last[:, None]))
  length = tf.minimum(time - 1 - latest(before & (melody != scores.HOLD)), _LENGTHS - 1)
  step = time % scores.BAR
  known = (step * _LENGTHS + length) * _NOTES + name(last)
  return [step, known, known * _NOTES + name(past)]


def _shorter(level: int) -> np.ndarray:
  """Return, for each context of a level, the index of its shorter context one level below."""
  places = np.arange(_SIZES[level])
  if not level:
    return np.zeros_like(places)
  return places // (_LENGTHS * _NOTES if level == 1 else _NOTES)
