"""A world in which the hand goes through imagined examples, and takes or leaves each of them.

What is taken changes a small classifier, the head: one gradient step of logistic regression on
fixed features, from where the real examples have left it. The reward is how far the loss falls on
validated examples, which are of the n labels, and of which the imagination has seen none.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib

WIDTH = 24  # numbers by which an example is described
_RATE = 0.02  # of a gradient step
_SCALE = 20.0  # of rewards
_BOUND = 1000  # of a weight
_TAKE = 1
_LEAST = 32  # walks in a list of all; some are twice in a short one


class Facts(NamedTuple):
  """What the world is about: one row for each part of the n labels that is validated."""

  features: np.ndarray  # float32 [parts, M, WIDTH] of the candidates
  labels: np.ndarray  # int32 [parts, M]
  told: np.ndarray  # float32 [parts, M, 3]: the critic's logit, nearness to own and other labels
  head: np.ndarray  # float32 [parts, WIDTH + 1, classes], as the real examples have left it
  asked: np.ndarray  # float32 [parts, V, WIDTH], features of what is validated
  truth: np.ndarray  # int32 [parts, V]
  weight: np.ndarray  # float32 [parts, V] that sum to 1; 0 of rows that only fill


class State(NamedTuple):
  part: tf.Tensor  # int32 [B]
  place: tf.Tensor  # int32 [B], of the next candidate
  head: tf.Tensor  # float32 [B, WIDTH + 1, classes]
  taken: tf.Tensor  # int32 [B, classes]
  time: tf.Tensor  # int32 [B]


class Walks(world_lib.Works):
  """The works of the world: numbers of walks, from 0 on."""

  walks: int

  @property
  def work_spec(self) -> works_lib.Bounded:
    return works_lib.Bounded((1,), tf.int32, 0, self.walks - 1)

  @property
  def value_shape(self) -> tuple[int, ...]:
    return (self.walks,)

  @property
  def label_names(self) -> list[str]:
    return ['']

  def real(self, split: str) -> tf.data.Dataset:
    del split  # all are learnt from
    work = np.arange(max(_LEAST, self.walks), dtype=np.int32)[:, None]
    work %= self.walks
    return tf.data.Dataset.from_tensor_slices(works_lib.Works(work, np.zeros(len(work), np.int32)))

  def legal(self, raw: tf.Tensor) -> tf.Tensor:
    soft = tf.nn.softmax(raw)
    return soft + tf.stop_gradient(tf.one_hot(tf.argmax(raw, -1), self.walks) - soft)

  def to_values(self, works: tf.Tensor) -> tf.Tensor:
    return tf.one_hot(works[:, 0], self.walks)

  def to_works(self, values: tf.Tensor) -> tf.Tensor:
    return tf.argmax(values, -1, tf.int32)[:, None]


class Candidates(Walks, world_lib.Play, world_lib.Rules, world_lib.Whole):
  """Candidates in their order; an episode is a walk past `horizon` of them.

  A work is the number of a walk: which part it is of, and where it begins. What the world is about
  can be replaced: it is held in variables, so that what was traced once serves for all splits.
  """

  name = 'candidates'
  horizon = 32

  def __init__(self, facts: Facts):
    self._facts: Any = Facts(*(tf.Variable(fact, trainable=False) for fact in facts))
    self._parts, self._count = facts.labels.shape
    self._classes = facts.head.shape[2]
    self._of_part = -(-self._count // self.horizon)  # walks
    self.walks = self._parts * self._of_part

  @property
  def size(self) -> tuple[int, int]:
    """Parts, and candidates of each."""
    return self._parts, self._count

  def replace(self, facts: Facts) -> None:
    """Let the world be about others from now on, of the same number."""
    for variable, fact in zip(self._facts, facts, strict=True):
      variable.assign(fact)

  # Play: what the hand sees and does.

  @property
  def observation_spec(self) -> dict[str, works_lib.Bounded]:
    bounded = works_lib.Bounded
    return {
      'part': bounded((), tf.int32, 0, self._parts - 1),
      'place': bounded((), tf.int32, 0, self._count - 1),
      'head': bounded((WIDTH + 1, self._classes), tf.float32, -_BOUND, _BOUND),
      'taken': bounded((self._classes,), tf.int32, 0, self.horizon),
      'time': bounded((), tf.int32, 0, self.horizon),
    }

  @property
  def action_spec(self) -> works_lib.Bounded:
    return works_lib.Bounded((), tf.int32, 0, _TAKE)

  @property
  def reward_bound(self) -> float:
    return 1.0

  def features(self, observation: dict[str, tf.Tensor]) -> tf.Tensor:
    """Describe the candidate, what the head thinks of it, and what was taken: [B, N]."""
    at = tf.stack([observation['part'], observation['place']], 1)
    seen, label = tf.gather_nd(self._facts.features, at), tf.gather_nd(self._facts.labels, at)
    hot = tf.one_hot(label, self._classes)
    said = tf.nn.softmax(_logits(seen[:, None], observation['head'])[:, 0])
    time = tf.cast(observation['time'], tf.float32)[:, None]
    taken = tf.cast(observation['taken'], tf.float32) / (time + 1)
    own = tf.reduce_sum(hot * said, 1, keepdims=True)
    other = tf.reduce_max(said - 2 * hot, 1, keepdims=True)
    return tf.concat(
      [seen, hot, said, own, other, tf.gather_nd(self._facts.told, at), taken, time / self.horizon],
      1,
    )

  # Rules: what follows.

  def start(self, concept: works_lib.Works, seed: tf.Tensor) -> State:
    del seed  # nothing is left to chance
    return self.begin(concept.work[:, 0])

  def begin(self, walk: tf.Tensor) -> State:
    """Begin walks [B] by their numbers."""
    part = walk // self._of_part
    head = tf.gather(self._facts.head, part)
    taken = tf.zeros([tf.shape(part)[0], self._classes], tf.int32)
    place = walk % self._of_part * self.horizon
    return State(part, place, head, taken, tf.zeros_like(part))

  def step(self, state: State, action: tf.Tensor, seed: tf.Tensor):
    del seed
    at = tf.stack([state.part, state.place], 1)
    hot = tf.one_hot(tf.gather_nd(self._facts.labels, at), self._classes)
    takes = action == _TAKE
    moved = self._learnt(state.head, tf.gather_nd(self._facts.features, at), hot)
    head = tf.where(takes[:, None, None], moved, state.head)
    gain = self._loss(state.part, state.head) - self._loss(state.part, head)
    new = State(
      state.part,
      (state.place + 1) % self._count,
      head,
      state.taken + tf.cast(hot, tf.int32) * tf.cast(takes, tf.int32)[:, None],
      state.time + 1,
    )
    reward = tf.clip_by_value(_SCALE * gain, -self.reward_bound, self.reward_bound)
    return new, reward, new.time >= self.horizon

  def observe(self, state: State) -> dict[str, tf.Tensor]:
    return state._asdict()

  def resume(self, observation: dict[str, tf.Tensor]) -> State:
    return State(**observation)

  def work(self, state: State) -> tf.Tensor:
    begun = (state.place - state.time) % self._count
    return (state.part * self._of_part + begun // self.horizon)[:, None]

  def place(self, state: State, work: tf.Tensor) -> State:
    begun = self.begin(work[:, 0])
    place = (begun.place + state.time) % self._count
    return state._replace(part=begun.part, place=place)

  def allowed(self, state: State, keep: tf.Tensor) -> tf.Tensor:
    del keep  # no action changes the walk
    return tf.ones([tf.shape(state.part)[0], _TAKE + 1], tf.bool)

  def prospect(self, values: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    state = self.begin(tf.argmax(values, -1, tf.int32))
    features = self.features(self.observe(state))
    most = tf.fill(tf.shape(labels), float(self.horizon) * self.reward_bound)
    return features + 0 * tf.reduce_sum(values, 1, keepdims=True), most

  def _learnt(self, head: tf.Tensor, seen: tf.Tensor, hot: tf.Tensor) -> tf.Tensor:
    """Take a gradient step of each head [B, WIDTH + 1, K] on an example."""
    wrong = tf.nn.softmax(_logits(seen[:, None], head)[:, 0]) - hot
    extended = tf.concat([seen, tf.ones_like(seen[:, :1])], 1)
    moved = head - _RATE * extended[:, :, None] * wrong[:, None]
    return tf.clip_by_value(moved, -float(_BOUND), float(_BOUND))

  def _loss(self, part: tf.Tensor, head: tf.Tensor) -> tf.Tensor:
    """Return the log loss of heads on what is validated: [B]."""
    asked, truth, weight = (
      tf.gather(fact, part) for fact in (self._facts.asked, self._facts.truth, self._facts.weight)
    )
    lost = tf.nn.sparse_softmax_cross_entropy_with_logits(truth, _logits(asked, head))
    return tf.reduce_sum(weight * lost, 1)


def _logits(seen: tf.Tensor, head: tf.Tensor) -> tf.Tensor:
  """Return the logits [B, V, K] of examples [B, V, WIDTH] by heads [B, WIDTH + 1, K]."""
  return seen @ head[:, :-1] + head[:, -1:]
