"""A small n-gram model of a line's next word, interpolated with shorter contexts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tf_creative.worlds.verse import texts, vocabulary

LEAST = -12.0  # lower bound of log-likelihoods, which are also rewards
_STRENGTH = (20.0, 3.0)  # weight of the shorter context's estimate, in examples: of pairs, triples
_END = 4.0  # the same, of whether the line ends, for its number of words and its last word
_AT_ONCE = 1000  # lines that are sampled together
_KEPT = (256, 64)  # most words that are remembered after a word, and after two: the most frequent


class NextWord:
  """Models p(next word | two words before), and whether the line ends, by its length and last word.

  Interpolated n-grams: a context's estimate mixes its own counts with the shorter context's
  estimate, which weighs like _STRENGTH counts (MacKay & Peto 1995, section 2). Counts are kept as
  lists of the words that followed, because a table of all pairs would have millions of numbers. A
  word that is not known is a context, but never the next word.
  """

  def __init__(self, lines: np.ndarray, count: int):
    """Fit lines int32 [N, T], 0 past their ends, of words below `count`."""
    self.count = count
    padded = np.pad(lines, [[0, 0], [2, 0]])
    before, last, now = padded[:, :-2].ravel(), padded[:, 1:-1].ravel(), lines.ravel()
    told = now >= vocabulary.FIRST
    before, last, now = (part[told].astype(np.int64) for part in (before, last, now))
    single = np.bincount(now, minlength=count) + 1.0
    single[: vocabulary.FIRST] = 0
    pairs = _Followers(last, now, np.arange(count), _KEPT[0], count)
    # Triples have a context for each pair that is kept, by its place in the list.
    triples = _Followers(before * count + last, now, pairs.names, _KEPT[1], count)
    with tf.init_scope():
      self._single = tf.constant(single / single.sum(), tf.float32)
      self._pairs, self._triples = _Rows(pairs), _Rows(triples)
      self._ends = tf.constant(_ends(lines, count), tf.float32)

  def scores(self, lines: tf.Tensor, time: tf.Tensor) -> tf.Tensor:
    """Return log-likelihoods [B, count] of what follows `time` [B] words; 0 is the line's end."""
    lines = tf.cast(lines, tf.int32)
    told = lambda at: tf.where(  # noqa: E731
      at < 0, 0, tf.gather(lines, tf.maximum(at, 0), batch_dims=1)
    )
    before, last = told(time - 2), told(time - 1)
    known = tf.broadcast_to(self._single, [tf.shape(lines)[0], self.count])
    known = self._mixed(known, self._pairs, last, _STRENGTH[0])
    # The list of words after `before` says, by the place of `last` in it, which context this is.
    words, places, there = self._pairs.row(before)
    same = there & (words == last[:, None])
    context = tf.reduce_max(tf.where(same, places, -1), 1)
    longer = self._mixed(known, self._triples, tf.maximum(context, 0), _STRENGTH[1])
    known = tf.where((context >= 0)[:, None], longer, known)
    ends = tf.gather_nd(self._ends, tf.stack([time, last], 1))[:, None]
    chances = tf.concat([ends, (1 - ends) * known[:, 1:]], 1)
    return tf.maximum(tf.math.log(tf.maximum(chances, 1e-30)), LEAST)

  def surprise(self, lines: tf.Tensor) -> tf.Tensor:
    """Return -log p of what stands at each step of lines [B, T], and 0 past their ends: [B, T]."""
    lines = tf.cast(lines, tf.int32)
    steps, found = lines.shape[1], []
    for time in range(steps):
      now = lines[:, time]
      scores = self.scores(lines, tf.fill([tf.shape(lines)[0]], time))
      going = tf.ones_like(now) > 0 if not time else lines[:, time - 1] > 0
      found.append(tf.where(going, -tf.gather(scores, now, batch_dims=1), 0.0))
    return tf.stack(found, 1)

  def sample(
    self,
    count: int,
    seed: int,
    temperature: float = 1.0,
    allowed: Callable[[tf.Tensor, int], tf.Tensor] | None = None,
  ) -> np.ndarray:
    """Sample lines word by word: int32 [count, MOST]; of words that are `allowed`, if there are."""
    rng, parts = np.random.default_rng(seed), []
    for start in range(0, count, _AT_ONCE):
      lines = np.zeros([min(_AT_ONCE, count - start), texts.MOST], np.int32)
      over = np.zeros(len(lines), bool)
      for time in range(texts.MOST):
        logits = self.scores(tf.constant(lines), tf.fill([len(lines)], time)).numpy() / temperature
        if allowed:
          logits = np.where(allowed(tf.constant(lines), time), logits, -np.inf)
        drawn = (logits + rng.gumbel(size=logits.shape)).argmax(1)
        over |= drawn == vocabulary.BLANK
        lines[:, time] = np.where(over, 0, drawn)
      parts.append(lines)
    return np.concatenate(parts)

  def _mixed(
    self, known: tf.Tensor, after: _Rows, context: tf.Tensor, strength: float
  ) -> tf.Tensor:
    """Mix the estimates `known` [B, count] of shorter contexts with the counts of `context` [B]."""
    words, places, there = after.row(context)
    times = tf.where(there, tf.gather(after.times, places), 0.0)
    rows = tf.broadcast_to(tf.range(tf.shape(words)[0])[:, None], tf.shape(words))
    own = tf.scatter_nd(tf.stack([rows, words], 2), times, tf.shape(known))
    total = tf.gather(after.totals, context)[:, None]
    # What was counted and is not kept weighs for the shorter context, too.
    rest = strength + total - tf.reduce_sum(times, 1, keepdims=True)
    return (own + rest * known) / (total + strength)


class _Rows:
  """Lists of words with their counts, one for each context, as tensors."""

  def __init__(self, after: _Followers):
    self.words, self.times = tf.constant(after.words), tf.constant(after.times)
    self.starts, self.totals = tf.constant(after.starts), tf.constant(after.totals)
    self.most = after.most

  def row(self, context: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return the words after contexts [B], their places in the list, and which are there."""
    begin, end = tf.gather(self.starts, context), tf.gather(self.starts, context + 1)
    places = begin[:, None] + tf.range(self.most)
    there = places < end[:, None]
    places = tf.where(there, places, 0)
    return tf.gather(self.words, places), places, there


class _Followers:
  """Counts which words follow contexts; `contexts` are the names of those that are kept."""

  def __init__(
    self, context: np.ndarray, now: np.ndarray, contexts: np.ndarray, most: int, count: int
  ):
    contexts = contexts if len(contexts) else np.array([-1])  # so that one can be looked up
    order = np.argsort(contexts, kind='stable')
    place = np.searchsorted(contexts[order], context)
    place = np.minimum(place, len(order) - 1)
    there = contexts[order][place] == context
    place, now = order[place[there]], now[there]
    pairs, times = np.unique(place * count + now, return_counts=True)
    place, word = pairs // count, pairs % count
    self.totals = np.bincount(place, times, minlength=len(contexts)).astype(np.float32)
    order = np.lexsort((word, -times, place))  # the most frequent words of each context first
    place, word, times = place[order], word[order], times[order]
    starts = np.searchsorted(place, np.arange(len(contexts) + 1))
    kept = np.arange(len(place)) - starts[place] < most
    # A name of each context together with a word after it, in the order of the list.
    self.names = contexts[place[kept]] * count + word[kept]
    self.words, self.times = word[kept].astype(np.int32), times[kept].astype(np.float32)
    sizes = np.minimum(np.diff(starts), most)
    self.starts = np.concatenate([[0], sizes.cumsum()]).astype(np.int32)
    self.most = max(int(sizes.max(initial=0)), 1)
    if not len(self.words):
      self.words, self.times = np.zeros(1, np.int32), np.zeros(1, np.float32)


def _ends(lines: np.ndarray, count: int) -> np.ndarray:
  """Estimate whether a line ends after so many words, by the last one: [MOST + 1, count]."""
  steps = lines.shape[1]
  ended, seen = np.zeros([steps + 1, count]), np.zeros([steps + 1, count])
  for time in range(1, steps + 1):
    last = lines[:, time - 1]
    there = last > 0
    seen[time] = np.bincount(last[there], minlength=count)
    over = there & (lines[:, time] == 0) if time < steps else there
    ended[time] = np.bincount(last[over], minlength=count)
  by_length = ended.sum(1, keepdims=True) / np.maximum(seen.sum(1, keepdims=True), 1)
  return (ended + _END * by_length) / (seen + _END)
