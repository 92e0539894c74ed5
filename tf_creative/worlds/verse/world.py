"""The world of verse: the hand writes a line that it sees, or makes up its own, word by word."""

from __future__ import annotations

import dataclasses
import functools

import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.worlds import written
from tf_creative.worlds.verse import line as line_lib
from tf_creative.worlds.verse import measuring, rules, showing, texts, vocabulary


@dataclasses.dataclass(frozen=True)
class Verse(
  line_lib.Line,
  world_lib.Rules,
  world_lib.Making,
  world_lib.Whole,
):
  """An action is the next word, or the line's end; rewards are as in the world of melodies."""

  name = 'verse'

  @functools.cached_property
  def media(self) -> showing.VerseMedia:
    return showing.VerseMedia(self)

  @functools.cached_property
  def measures(self) -> measuring.VerseMeasures:
    return measuring.VerseMeasures(self)

  def start(self, concept: works_lib.Works, seed: tf.Tensor) -> line_lib.State:
    del seed  # the first state does not depend on chance
    time = tf.zeros(tf.shape(concept.label), tf.int32)
    code = concept.code
    if self.code_size:
      code = tf.clip_by_value(code, -written.CODE_BOUND, written.CODE_BOUND)
    begun = self._until(concept.work, time)
    return line_lib.State(begun, concept.work, concept.label, code if self.code_size else (), time)

  def step(self, state: line_lib.State, action: tf.Tensor, seed: tf.Tensor):
    del seed  # the rules are deterministic
    action = tf.maximum(action, vocabulary.BLANK)  # -1, where an episode was over already
    line = self._with(state, action)
    new = state._replace(line=line, time=state.time + 1)
    reward = self.side_reward(state, action[:, None])[:, 0]
    if self.rewards_target:
      reward += self.error(state.line, state.target) - self.error(line, state.target)
    return new, reward, (action == vocabulary.BLANK) | (new.time >= self.horizon)

  def observe(self, state: line_lib.State) -> dict[str, tf.Tensor]:
    return {
      'line': state.line,
      **({'target': state.target} if self.target == 'shown' else {}),
      **({'code': state.code} if self.code_size else {}),
      'label': state.label,
      'time_left': self.horizon - state.time,
    }

  def midway(self, concept: works_lib.Works, time: tf.Tensor, seed: tf.Tensor) -> line_lib.State:
    """Return the states after `time` steps; there is only one way to write a line."""
    start = self.start(concept, seed)
    length = tf.reduce_sum(tf.cast(concept.work > 0, tf.int32), 1)
    time = tf.clip_by_value(length - self.given, 0, time)  # a line that has ended stays as it is
    return start._replace(line=self._until(concept.work, time), time=time)

  def cell_values(self, goal: tf.Tensor) -> tf.Tensor:
    """Return the value of each word at each step, with `goal` as target: [B, MOST, words]."""
    return self.match * (tf.one_hot(goal, len(self.corpus.words)) - 1)

  def goal_values(self, state: line_lib.State) -> tf.Tensor:
    return self.cell_values(state.target) * (1.0 if self.target == 'shown' else 0.0)

  def action_rewards(self, state: line_lib.State, values: tf.Tensor) -> tf.Tensor:
    place = self._place(state)
    now = tf.gather(values, state.line[..., None], batch_dims=2)[..., 0]  # [B, MOST]
    # A word changes its own place; the end leaves blank all places from there on.
    later = tf.cast(tf.range(texts.MOST) >= place[:, None], tf.float32)
    ended = tf.reduce_sum(later * (values[..., vocabulary.BLANK] - now), 1, keepdims=True)
    words = tf.gather(values, place, batch_dims=1) - tf.gather(now, place, batch_dims=1)[:, None]
    return tf.concat([ended, words[:, 1:]], 1)

  def side_reward(self, state: line_lib.State, actions: tf.Tensor) -> tf.Tensor:
    reward = tf.zeros_like(actions, tf.float32)
    if self.theory:
      # Every action of every state is tried: [B x N] lines.
      count = actions.shape[1]
      tries = tf.nest.map_structure(lambda part: tf.repeat(part, count, 0), state)
      written = self._with(tries, tf.reshape(actions, [-1]))
      # What stands after the present word does not count: a rule would see no end in front of it.
      place = self._place(tries)
      written = tf.where(tf.range(texts.MOST) <= place[:, None], written, 0)
      said = rules.pay(written, self.metre, place)
      if self.rhymes:
        rhymed = rules.rhyme(written, tf.constant(self.rhymes.has), tries.label)
        said += rules.RHYME * tf.gather(rhymed, place, batch_dims=1)
      reward += self.theory * tf.reshape(said, [-1, count])
    if self.likelihood:
      known = self.model.scores(state.line, self._place(state))
      reward += self.likelihood * tf.gather(known, actions, batch_dims=1)
    return reward

  def action_features(self) -> tf.Tensor:
    """Return the words' vectors and, with rules, which of them have the same readings and rhyme."""
    end = tf.one_hot(tf.range(len(self.corpus.words)), 1)
    parts = [2 * self.vectors - 1, end]
    if self.theory and self.metre is not None:
      kinds = self.metre.kinds
      parts.append(tf.one_hot(kinds, int(kinds.max()) + 1))
    if self.rhymes:
      parts.append(tf.cast(self.rhymes.has[:, 1:], tf.float32))
    return tf.concat(parts, 1)

  def work(self, state: line_lib.State) -> tf.Tensor:
    return state.line

  def place(self, state: line_lib.State, work: tf.Tensor) -> line_lib.State:
    return state._replace(line=work)

  def allowed(self, state: line_lib.State, keep: tf.Tensor) -> tf.Tensor:
    """Allow only the present word at a kept place, and no end before one: bool [B, words]."""
    place, stands = self._place(state), keep & (state.line > 0)
    now = tf.one_hot(tf.gather(state.line, place, batch_dims=1), len(self.corpus.words)) > 0
    allowed = now | ~tf.gather(keep, place, batch_dims=1)[:, None]
    before = tf.reduce_any(stands & (tf.range(texts.MOST) >= place[:, None]), 1, keepdims=True)
    return tf.concat([allowed[:, :1] & ~before, allowed[:, 1:]], 1)

  def _with(self, state: line_lib.State, action: tf.Tensor) -> tf.Tensor:
    """Return the lines with the action's word written next; a blank ends them there."""
    words, place = tf.range(texts.MOST), self._place(state)[:, None]
    ended = (action == vocabulary.BLANK)[:, None] & (words >= place)
    line = tf.where(words == place, action[:, None], state.line)
    return tf.where(ended, vocabulary.BLANK, line)
