"""Imagination and hand as one maker of works, by the same pure functions that train."""

from __future__ import annotations

from collections.abc import Callable
import functools
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_creative import types

_BATCH = 100  # every network sees batches of this size: another one would round otherwise


class Made(NamedTuple):
  """Works and how the hand made them."""

  work: np.ndarray  # uint8 [B, ...]
  steps: np.ndarray  # int32 [B], actions until the episode was over
  returns: np.ndarray  # float32 [B], what they were paid in all
  actions: np.ndarray  # int32 [B, T]; what stands after `steps` had no effect


class Creator(tf.Module):
  """Imagines and makes; the same seed gives the same work, for the hand is greedy here."""

  def __init__(self, parts: types.Parts, labels: np.ndarray):
    """`labels` are those that were trained on: what a work without a wish may be of."""
    super().__init__(name='creator')
    self._domain, self._gan, self._agent = parts.domain, parts.gan, parts.agent
    self.known_labels = np.unique(labels)
    graph = functools.partial(tf.function, autograph=False, reduce_retracing=True)
    self._latents, self._decode = graph(self.latents_graph), graph(self.decode_graph)
    self._make = graph(functools.partial(self.make_graph, self.greedy))
    self._make_around = graph(self._make_around_graph)
    self._scribble = graph(functools.partial(self.make_graph, self.random))
    self._score = graph(self._score_graph)
    self._step = graph(self._domain.step)

  def latents_graph(self, seed: tf.Tensor) -> tf.Tensor:
    """The code that each seed [B] stands for."""
    size = self._gan.config.latent_size
    return tf.map_fn(
      lambda one: tf.random.stateless_normal([size], tf.stack([one, 0])),
      tf.cast(seed, tf.int64),
      fn_output_signature=tf.TensorSpec([size], tf.float32),
    )

  def decode_graph(self, latents: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
    """The imagined work, as stored, of each code and label."""
    return self._domain.to_works(self._gan.generate(latents, label))

  def make_graph(
    self, act: Callable[[Any, tf.Tensor], tf.Tensor], concept: types.Works, begun: tf.Tensor
  ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """Episodes about each concept, from `begun` on: works, steps, returns, actions [T, B]."""
    domain = self._domain
    state = domain.place(domain.start(concept, _still()), begun)
    over = tf.zeros_like(concept.label, tf.bool)
    steps, returns = tf.zeros_like(concept.label), tf.zeros_like(concept.label, tf.float32)
    actions = tf.TensorArray(tf.int32, 0, dynamic_size=True, element_shape=over.shape)

    def step(time, state, over, steps, returns, actions):
      action = act(domain.observe(state), time)
      moved, pay, done = domain.step(state, action, _still())
      state = types.select(over, state, moved)
      steps += tf.cast(~over, tf.int32)
      returns += tf.where(over, 0.0, pay)
      return time + 1, state, over | done, steps, returns, actions.write(time, action)

    _, state, _, steps, returns, actions = tf.while_loop(
      lambda time, state, over, *_: (time < domain.horizon) & ~tf.reduce_all(over),
      step,
      [0, state, over, steps, returns, actions],
    )
    return domain.work(state), steps, returns, actions.stack()

  def greedy(self, observation: Any, time: tf.Tensor) -> tf.Tensor:
    """The hand at its best."""
    del time
    return self._agent.act(observation)

  def random(self, observation: Any, time: tf.Tensor) -> tf.Tensor:
    """Any action, whatever is seen: what every hand must beat."""
    count = tf.shape(tf.nest.flatten(observation)[0])[0]
    actions = self._domain.action_spec
    return tf.random.stateless_uniform(
      [count], tf.stack([time, 0]), maxval=actions.maximum + 1, dtype=actions.dtype
    )

  def imagine(self, seed: Any, label: Any = None) -> types.Works:
    """An imagined work for each seed and label; where a label is -1 or none, the seed draws it."""
    seed = np.asarray(seed, np.int64)
    label = np.full(seed.shape, -1) if label is None else np.asarray(label)
    # Hashed, so that neighbouring seeds get unlike labels, and each the same in every company.
    drawn = self.known_labels[_hash(seed) % np.uint64(len(self.known_labels))]
    label = np.where(label < 0, drawn, label).astype(np.int32)
    return self.decode(self.latents(seed), label)

  def latents(self, seed: Any) -> np.ndarray:
    return _in_batches(self._latents, np.asarray(seed, np.int64))

  def decode(self, latents: np.ndarray, label: np.ndarray) -> types.Works:
    label = np.asarray(label, np.int32)
    code = np.asarray(latents, np.float32)
    works = types.Works(_in_batches(self._decode, code, label), label)
    return works._replace(code=code) if self._domain.code_size else works

  def score(self, works: types.Works) -> np.ndarray:
    """The critic's logits: the higher, the more like a real work of that label."""
    return _in_batches(self._score, works.work, works.label)

  def make(
    self,
    concept: types.Works,
    begun: np.ndarray | None = None,
    random: bool = False,
    keep: np.ndarray | None = None,
  ) -> Made:
    """What the hand makes of each concept, from `begun` on if that is given.

    Where `keep` [B, ...] holds, the greedy hand leaves the work as it was begun.
    """
    make = self._scribble if random else self._make if keep is None else self._make_around
    begun = self.blank(concept) if begun is None else begun
    parts = []
    given = (concept, begun) if keep is None else (concept, begun, keep)
    for count, batch in _batches(*tf.nest.flatten(given)):
      *made, actions = make(*tf.nest.pack_sequence_as(given, batch))
      parts.append([part[:count].numpy() for part in (*made, tf.transpose(actions))])
    longest = max(actions.shape[1] for *_, actions in parts)
    for part in parts:
      part[-1] = np.pad(part[-1], [(0, 0), (0, longest - part[-1].shape[1])])
    return Made(*map(np.concatenate, zip(*parts, strict=True)))

  def frames(self, concept: types.Works, made: Made, begun: np.ndarray | None = None) -> np.ndarray:
    """The works as they came about, the start first: uint8 [T + 1, B, ...]."""
    state = self._domain.start(tf.nest.map_structure(tf.constant, concept), _still())
    if begun is not None:
      state = self._domain.place(state, tf.constant(begun))
    frames = [self._domain.work(state)]
    for time, action in enumerate(made.actions.T):
      moved, _, _ = self._step(state, tf.constant(action), _still())
      state = types.select(tf.constant(made.steps <= time), state, moved)
      frames.append(self._domain.work(state))
    return np.stack(frames)

  def blank(self, concept: types.Works) -> np.ndarray:
    """What stands on the easel when an episode about each concept begins."""
    start = self._domain.start(tf.nest.map_structure(tf.constant, concept), _still())
    return self._domain.work(start).numpy()

  def _make_around_graph(self, concept: types.Works, begun: tf.Tensor, keep: tf.Tensor):
    allowed = self._domain.allowed(keep)

    def act(observation: Any, time: tf.Tensor) -> tf.Tensor:
      del time
      values = self._agent.values(observation)
      values = tf.where(allowed, values, values.dtype.min)
      return tf.argmax(values, -1, self._domain.action_spec.dtype)

    return self.make_graph(act, concept, begun)

  def _score_graph(self, work: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
    return self._gan.score(self._domain.to_values(work), label)


def _still() -> tf.Tensor:
  """The seed of a world that is not left to chance."""
  return tf.zeros([2], tf.int32)


def _hash(seed: np.ndarray) -> np.ndarray:
  """Splitmix64's finish: 64 bits that look random, of each seed."""
  x = seed.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
  x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
  x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
  return x ^ (x >> np.uint64(31))


def _in_batches(function: Callable, *arrays: np.ndarray) -> np.ndarray:
  return np.concatenate([function(*batch)[:count] for count, batch in _batches(*arrays)])


def _batches(*arrays: np.ndarray):
  """Batches of one size, the last filled up by repeating its first rows, and their true sizes."""
  for start in range(0, len(arrays[0]), _BATCH):
    parts = [array[start : start + _BATCH] for array in arrays]
    rows = np.arange(_BATCH) % len(parts[0])
    yield len(parts[0]), [tf.constant(part[rows]) for part in parts]
