"""Lines of verse as works, and what the hand observes of them."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar, NamedTuple

import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.worlds import written
from tf_creative.worlds.verse import likelihood, rules, seeing, source, texts, vocabulary

_NEVER = -1e9  # logit of a word that cannot stand at a place


class State(NamedTuple):
  line: tf.Tensor  # int32 [B, MOST]; what is not yet written is blank
  target: tf.Tensor  # int32 [B, MOST]
  label: tf.Tensor  # int32 [B], the poet
  code: Any  # float32 [B, C] where the hand is told it, else ()
  time: tf.Tensor  # int32 [B], actions taken


@dataclasses.dataclass(frozen=True)
class Line(source.Source, written.Written, world_lib.Play, world_lib.Works):
  """The parts of the world that define lines and observations, but not how they are made."""

  written: ClassVar[tuple[str, str]] = ('line', 'target')

  @property
  def label_names(self) -> list[str]:
    return self.rhymes.names if self.rhymes else self.corpus.labels

  @property
  def value_shape(self) -> tuple[int, ...]:
    return (texts.MOST, vocabulary.SIZE)

  @property
  def raw_shape(self) -> tuple[int, ...]:
    return (texts.MOST, len(self.corpus.words))

  @property
  def work_spec(self) -> works_lib.Bounded:
    return works_lib.Bounded((texts.MOST,), tf.int32, 0, len(self.corpus.words) - 1)

  @property
  def action_spec(self) -> works_lib.Bounded:
    return works_lib.Bounded((), tf.int32, 0, len(self.corpus.words) - 1)

  @property
  def horizon(self) -> int:
    return texts.MOST - self.given

  @property
  def reward_bound(self) -> float:
    match = self.match if self.rewards_target else 0.0
    most = rules.BOUND + (rules.RHYME if self.rhymes else 0.0)
    return match + self.theory * most - self.likelihood * likelihood.LEAST

  def real(self, split: str) -> tf.data.Dataset:
    works = self.corpus.works(self.data, split)
    if self.rhymes:
      works = works._replace(label=self.rhymes.labels(works.work))
    return tf.data.Dataset.from_tensor_slices(works)

  def resume(self, observation: dict[str, tf.Tensor]) -> State:
    line = observation['line']
    return State(
      line,
      observation.get('target', line),
      observation['label'],
      observation.get('code', ()),
      self.horizon - observation['time_left'],
    )

  def prior_logits(self, observation: dict[str, tf.Tensor]) -> tf.Tensor:
    """Return the next-word model's logits if likelihood is rewarded, as in RL-Tuner.

    A word that makes a line whole on the sound of its label has beside them what the rhyme is paid:
    so much the best policy tilts the model there.
    """
    if not self.likelihood:
      return super().prior_logits(observation)
    state = self.resume(observation)
    logits = self.model.scores(state.line, self._place(state))
    if not self.rhymes or self.metre is None or not self.theory:
      return logits
    rhymed = tf.gather(tf.constant(self.rhymes.has.T), state.label) & (state.label > 0)[:, None]
    paid = tf.cast(rhymed & self.metre.closing(state.line), tf.float32)
    return logits + self.theory * rules.RHYME * paid

  def features(self, observation: dict[str, tf.Tensor]) -> tf.Tensor:
    """Return features [B, N] of the line so far, the target to come, the label and the place."""
    state = self.resume(observation)
    line, target = self.to_values(state.line), self.to_values(state.target)
    return self._seen(line, state.line, target, state.label, state.time)

  def prospect(self, values: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return first features, and the highest return for the target; other rewards are left out."""
    work = self.to_works(values)
    stands = tf.range(texts.MOST) < self.given
    begun = tf.where(stands[:, None], values, self.to_values(tf.zeros_like(work)))
    features = self._seen(begun, tf.where(stands, work, 0), values, labels, tf.zeros_like(labels))
    words = tf.reduce_sum(tf.cast(work[:, self.given :] > 0, tf.float32), 1)
    return features, self.match * words

  def legal(self, raw: tf.Tensor) -> tf.Tensor:
    """Choose the likeliest words up to the first blank; gradients are those of the mean vectors.

    As in real lines, all words are known, and there are enough of them.
    """
    words = tf.range(len(self.corpus.words))
    never = (tf.range(texts.MOST) < texts.LEAST)[:, None] & (words == vocabulary.BLANK)
    raw = tf.where(never | (words == vocabulary.REST), _NEVER, raw)
    soft = tf.einsum('btw,wn->btn', tf.nn.softmax(raw), self.vectors)
    words = _until_blank(tf.argmax(raw, -1, tf.int32))
    return soft + tf.stop_gradient(self.to_values(words) - soft)

  def to_values(self, works: tf.Tensor) -> tf.Tensor:
    return tf.gather(self.vectors, works)

  def to_works(self, values: tf.Tensor) -> tf.Tensor:
    """Return the words whose vectors point most nearly the same way, up to the first blank."""
    near = tf.einsum('btn,wn->btw', values - 0.5, self.vectors - 0.5)
    return _until_blank(tf.argmax(near, -1, tf.int32))

  def _place(self, state: State) -> tf.Tensor:
    """Return the word to be written next [B]; after the last one, the first again."""
    return self.given + state.time % self.horizon

  def _seen(
    self,
    line: tf.Tensor,
    numbers: tf.Tensor,
    target: tf.Tensor,
    label: tf.Tensor,
    time: tf.Tensor,
  ) -> tf.Tensor:
    """Return the `features` of values [B, MOST, SIZE]."""
    shown = target if self.target == 'shown' else None
    told = tf.one_hot(label, len(self.label_names))
    ruled = self.metre if self.theory else None
    return seeing.seen(line, numbers, shown, told, self.given + time, ruled)


def _until_blank(words: tf.Tensor) -> tf.Tensor:
  """Return lines int32 [B, T] that end at their first blank."""
  blank = tf.cast(words == vocabulary.BLANK, tf.int32)
  return tf.where(tf.cumsum(blank, 1) == 0, words, 0)
