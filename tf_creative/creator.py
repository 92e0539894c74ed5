"""Imagination and hand as one maker of works, by the same pure functions that train."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_creative import types


class Made(NamedTuple):
  """Works and how the hand made them."""

  work: np.ndarray  # uint8 [B, ...]
  steps: np.ndarray  # int32 [B], actions until the episode was over
  actions: np.ndarray  # int32 [B, T]; what stands after `steps` had no effect


class Creator(tf.Module):
  """Imagines and makes; the same seed gives the same work, for the hand is greedy here."""

  def __init__(self, parts: types.Parts):
    super().__init__(name='creator')
    self._domain, self._gan, self._agent = parts
    self._imagine = tf.function(self.imagine_graph, autograph=False, reduce_retracing=True)
    self._make = tf.function(self.make_graph, autograph=False, reduce_retracing=True)
    self._step = tf.function(self._domain.step, autograph=False)

  def imagine_graph(self, seed: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
    """One imagined work, as stored, for each seed [B] and label [B]."""
    size = self._gan.config.latent_size
    latents = tf.map_fn(
      lambda one: tf.random.stateless_normal([size], tf.stack([one, 0])),
      tf.cast(seed, tf.int64),
      fn_output_signature=tf.TensorSpec([size], tf.float32),
    )
    return self._domain.to_works(self._gan.generate(latents, label))

  def make_graph(self, concept: types.Works) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Every concept worked on until its episode is over: works, steps, actions [T, B]."""
    domain = self._domain
    state = domain.start(concept, _still())
    over = tf.zeros_like(concept.label, tf.bool)
    steps = tf.zeros_like(concept.label)
    actions = tf.TensorArray(tf.int32, 0, dynamic_size=True, element_shape=over.shape)

    def step(time, state, over, steps, actions):
      action = self._agent.act(domain.observe(state))
      moved, _, done = domain.step(state, action, _still())
      state = types.select(over, state, moved)
      steps += tf.cast(~over, tf.int32)
      return time + 1, state, over | done, steps, actions.write(time, action)

    _, state, _, steps, actions = tf.while_loop(
      lambda time, state, over, *_: (time < domain.horizon) & ~tf.reduce_all(over),
      step,
      [0, state, over, steps, actions],
    )
    return domain.work(state), steps, actions.stack()

  def imagine(self, seed: Any, label: Any) -> types.Works:
    """An imagined work for each seed and label."""
    seed, label = np.asarray(seed, np.int64), np.asarray(label, np.int32)
    works = [self._imagine(*map(tf.constant, batch)) for batch in _batches(seed, label)]
    return types.Works(np.concatenate(works), label)

  def make(self, concept: types.Works) -> Made:
    """What the hand makes of each concept."""
    parts = [self._make(types.Works(*map(tf.constant, batch))) for batch in _batches(*concept)]
    works, steps, actions = zip(*parts, strict=True)
    longest = max(len(a) for a in actions)
    actions = [np.pad(a, [(0, longest - len(a)), (0, 0)]).T for a in actions]
    return Made(*map(np.concatenate, (works, steps, actions)))

  def frames(self, concept: types.Works, made: Made) -> np.ndarray:
    """The works as they came about, the blank start first: uint8 [T + 1, B, ...]."""
    state = self._domain.start(types.Works(*map(tf.constant, concept)), _still())
    frames = [self._domain.work(state)]
    for time, action in enumerate(made.actions.T):
      moved, _, _ = self._step(state, tf.constant(action), _still())
      state = types.select(tf.constant(made.steps <= time), state, moved)
      frames.append(self._domain.work(state))
    return np.stack(frames)


def _still() -> tf.Tensor:
  """The seed of a world that is not left to chance."""
  return tf.zeros([2], tf.int32)


def _batches(*arrays: np.ndarray, size: int = 500):
  for start in range(0, len(arrays[0]), size):
    yield [array[start : start + size] for array in arrays]
