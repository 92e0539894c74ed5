"""Imagination and hand as one maker of works, by the same pure functions that train."""

from __future__ import annotations

from collections.abc import Callable
import functools
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_creative.core import coupling as coupling_lib
from tf_creative.core import streams
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.learner import batches

_TOLD = 4 * batches.SIZE  # works after which it is told how far the making is
_TRIES = 64  # codes that a seed has for a work that is to be walked through

# What is done of what is seen, the code, the time, and which actions are allowed.
Act = Callable[[Any, Any, tf.Tensor, tf.Tensor | None], tf.Tensor]


class Made(NamedTuple):
  """Works and how the hand made them."""

  work: np.ndarray  # uint8 [B, ...]
  steps: np.ndarray  # int32 [B], actions until the episode was over
  returns: np.ndarray  # float32 [B], what they were paid in all
  actions: np.ndarray  # int32 [B, T]; what stands after `steps` had no effect, or is -1


class Creator(tf.Module):
  """Imagines and makes; the same seed gives the same work.

  The hand is greedy here; one that is drawn from, a policy or Boltzmann's, is drawn from here, too,
  where there are codes, with them as its chance.

  What ends in `_graph` is made of tensors alone, for exports; a work never depends on those that
  happen to be asked for with it.
  """

  def __init__(self, parts: coupling_lib.Parts, labels: np.ndarray):
    """`labels` are those that were trained on: what a work without a wish may be of."""
    super().__init__(name='creator')
    self._world, self._gan, self._agent = parts.world, parts.gan, parts.agent
    self.known_labels = np.unique(labels)
    graph = functools.partial(tf.function, autograph=False, reduce_retracing=True)
    self._latents, self._decode = graph(self.latents_graph), graph(self.decode_graph)
    self._imagine, self._score = graph(self.imagine_graph), graph(self.score_graph)
    self._first = graph(self.first_graph)
    self._make, self._make_around = graph(self.make_graph), graph(self._make_around_graph)
    self._make_nearer = graph(functools.partial(self._episodes, self._greedy, nearer=True))
    self._act = graph(batches.in_batches(self._best))
    self._scribble = graph(functools.partial(self._episodes, self._random))

  @property
  def drawn(self) -> bool:
    """Whether actions are drawn, with the code as the chance, instead of being the best."""
    return bool(self._agent.temperature and self._world.play.code_size)

  def latents_graph(self, seed: tf.Tensor, turn: tf.Tensor | int = 0) -> tf.Tensor:
    """The code that each seed int64 [B] stands for, or another one of it."""
    size = self._gan.code_size
    return tf.map_fn(
      lambda one: tf.random.stateless_normal([size], tf.stack([one, turn])),
      seed,
      fn_output_signature=tf.TensorSpec([size], tf.float32),
    )

  def decode_graph(self, latents: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
    """The imagined work, as stored, of each code and label."""
    works = batches.in_batches(
      lambda *codes: self._world.works.to_works(self._gan.generate(*codes))
    )
    return works(latents, label)

  def imagine_graph(self, seed: tf.Tensor, label: tf.Tensor) -> works_lib.Works:
    """An imagined work for each seed and label int32 [B]; where that is -1, the seed draws it."""
    first = self.first_graph(seed, label)
    if self._world.making:
      return first
    return first._replace(work=self._with_a_way(first.work, seed, first.label))

  def first_graph(self, seed: tf.Tensor, label: tf.Tensor) -> works_lib.Works:
    """The same by each seed's first code, whether or not there is a way through the work."""
    # Hashed, so that neighbouring seeds get unlike labels, and each the same in every company.
    place = tf.math.floormod(streams.hashed(seed), tf.constant(len(self.known_labels), tf.uint64))
    drawn = tf.gather(tf.constant(self.known_labels, tf.int32), tf.cast(place, tf.int32))
    label = tf.where(label < 0, drawn, label)
    code = self.latents_graph(seed)
    work = self.decode_graph(code, label)
    return works_lib.Works(work, label, code if self._world.play.code_size else ())

  def _with_a_way(self, work: tf.Tensor, seed: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
    """Other works of the same seeds and labels in place of those in which nothing can be earned."""
    owed = batches.in_batches(
      lambda *of: self._world.works.prospect(self._world.works.to_values(of[0]), of[1])[1]
    )

    def another(turn: tf.Tensor, work: tf.Tensor, found: tf.Tensor) -> tuple[tf.Tensor, ...]:
      other = self.decode_graph(self.latents_graph(seed, turn), label)
      work = works_lib.select(found, work, other)
      return turn + 1, work, owed(work, label) > 0

    _, work, _ = tf.while_loop(
      lambda turn, _, found: (turn < _TRIES) & ~tf.reduce_all(found),
      another,
      [tf.constant(1, tf.int64), work, owed(work, label) > 0],
    )
    return work

  def make_graph(self, concept: works_lib.Works, begun: Any = None) -> tuple[tf.Tensor, ...]:
    """What the hand makes of each concept, from `begun` on: the parts of `Made`."""
    begun = blank(self._world, concept) if begun is None else begun
    return self._episodes(self._greedy, concept, begun)

  def score_graph(self, work: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
    """The critic's logits: the higher, the more like a real work of that label."""
    score = lambda work, label: self._gan.score(self._world.works.to_values(work), label)  # noqa: E731
    return batches.in_batches(score)(work, label)

  def best_label_graph(self, work: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The critic's highest logit of each work among all labels, and that label."""
    labels = tf.constant(self.known_labels, tf.int32)
    each = tf.tile(labels, [tf.shape(work)[0]])
    logits = self.score_graph(tf.repeat(work, len(self.known_labels), 0), each)
    logits = tf.reshape(logits, [-1, len(self.known_labels)])
    return tf.reduce_max(logits, 1), tf.gather(labels, tf.argmax(logits, 1))

  def values_graph(self, observation: Any) -> tf.Tensor:
    """What each action is worth to the hand: [B, actions]."""
    return batches.in_batches(self._agent.values)(observation)

  def _make_around_graph(self, concept: works_lib.Works, begun: tf.Tensor, keep: tf.Tensor):
    return self._episodes(self._greedy, concept, begun, keep)

  def _episodes(self, act: Act, *given: Any, nearer: bool = False) -> tuple[tf.Tensor, ...]:
    return batches.in_batches(functools.partial(self._episode, act, nearer=nearer))(*given)

  def _episode(
    self,
    act: Act,
    concept: works_lib.Works,
    begun: tf.Tensor,
    keep: tf.Tensor | None = None,
    nearer: bool = False,
  ) -> tuple[tf.Tensor, ...]:
    world = self._world
    state = world.rules.place(world.rules.start(concept, _still()), begun)
    over = tf.zeros_like(concept.label, tf.bool)
    steps, returns = tf.zeros_like(concept.label), tf.zeros_like(concept.label, tf.float32)
    actions = tf.TensorArray(tf.int32, world.rules.horizon, element_shape=over.shape)
    actions = actions.unstack(tf.fill([world.rules.horizon, over.shape[0]], -1))

    def step(time, state, over, steps, returns, actions):
      allowed = None if keep is None else world.rules.allowed(state, keep)
      if nearer:
        allowed = world.rules.allowed(state, keep | (world.rules.work(state) == concept.work))
        better = allowed & (
          world.making.action_rewards(state, world.making.cell_values(concept.work)) > 0
        )
        allowed = tf.where(tf.reduce_any(better, 1, keepdims=True), better, allowed)
      action = act(world.rules.observe(state), concept.code, time, allowed)
      moved, pay, done = world.rules.step(state, action, _still())
      state = works_lib.select(over, state, moved)
      steps += tf.cast(~over, tf.int32)
      returns += tf.where(over, 0.0, pay)
      actions = actions.write(time, tf.where(over, -1, action))
      return time + 1, state, over | done, steps, returns, actions

    _, state, _, steps, returns, actions = tf.while_loop(
      lambda time, state, over, *_: (time < world.rules.horizon) & ~tf.reduce_all(over),
      step,
      [0, state, over, steps, returns, actions],
    )
    return world.rules.work(state), steps, returns, tf.transpose(actions.stack())

  def _best(self, observation: Any) -> tf.Tensor:
    return tf.argmax(self._agent.values(observation), -1, self._world.play.action_spec.dtype)

  def _greedy(self, observation: Any, code: Any, time: tf.Tensor, allowed: Any) -> tf.Tensor:
    """The hand at its best."""
    if allowed is None and not self.drawn:
      return self._best(observation)
    values = self._agent.values(observation)
    if allowed is not None:
      values = tf.where(allowed, values, values.dtype.min)
    dtype = self._world.play.action_spec.dtype
    if not self.drawn:
      return tf.argmax(values, -1, dtype)
    # A code is normal, and one of its numbers at a time is enough to draw one action by.
    number = tf.gather(code, time % self._world.play.code_size, axis=1)
    chance = tf.math.erfc(-number / np.sqrt(2).astype(np.float32))[:, None] / 2
    passed = tf.cumsum(tf.nn.softmax(values / self._agent.temperature), 1)[:, :-1] < chance
    return tf.reduce_sum(tf.cast(passed, dtype), 1)

  def _random(self, observation: Any, code: Any, time: tf.Tensor, allowed: Any) -> tf.Tensor:
    """Any action, whatever is seen: what every hand must beat."""
    del code, allowed
    count = tf.shape(tf.nest.flatten(observation)[0])[0]
    actions = self._world.play.action_spec
    return tf.random.stateless_uniform(
      [count], tf.stack([time, 0]), maxval=actions.maximum + 1, dtype=actions.dtype
    )

  def imagine(self, seed: Any, label: Any = None) -> works_lib.Works:
    """An imagined work for each seed and label; where a label is -1 or none, the seed draws it."""
    return _of_seeds(self._imagine, seed, label)

  def first(self, seed: Any, label: Any = None) -> works_lib.Works:
    """The same, quicker, for who does not ask whether there is a way through a work."""
    return _of_seeds(self._first, seed, label)

  def latents(self, seed: Any) -> np.ndarray:
    return self._latents(tf.constant(np.asarray(seed, np.int64))).numpy()

  def decode(self, latents: np.ndarray, label: np.ndarray) -> works_lib.Works:
    label = np.asarray(label, np.int32)
    code = np.asarray(latents, np.float32)
    works = works_lib.Works(self._decode(tf.constant(code), tf.constant(label)).numpy(), label)
    return works._replace(code=code) if self._world.play.code_size else works

  def score(self, works: works_lib.Works) -> np.ndarray:
    """The critic's logits: the higher, the more like a real work of that label."""
    return self._score(tf.constant(works.work), tf.constant(works.label)).numpy()

  def act(self, observation: Any) -> np.ndarray:
    """What the greedy hand does next, of what it sees."""
    return self._act(tf.nest.map_structure(tf.constant, observation)).numpy()

  def make(
    self,
    concept: works_lib.Works,
    begun: np.ndarray | None = None,
    random: bool = False,
    keep: np.ndarray | None = None,
    nearer: bool = False,
    tell: Callable[[int, int], None] | None = None,
  ) -> Made:
    """What the hand makes of each concept, from `begun` on if that is given.

    Where `keep` [B, ...] holds, the greedy hand leaves the work as it was begun; with `nearer` it
    also leaves what is right, and chooses among the actions that come nearer, if there are any.
    `tell` hears now and then how many of how many are made; what is made is the same.
    """
    make = self._scribble if random else self._make if keep is None else self._make_around
    make = self._make_nearer if nearer else make
    begun = self.blank(concept) if begun is None else begun
    given = (concept, begun) if keep is None else (concept, begun, keep)
    count = len(concept.label)
    parts, size = [], _TOLD if tell else max(count, 1)
    for start in range(0, max(count, 1), size):
      if tell:
        tell(start, count)
      some = tf.nest.map_structure(lambda part: tf.constant(part[start : start + size]), given)  # noqa: B023
      parts.append([part.numpy() for part in make(*some)])
    made = Made(*map(np.concatenate, zip(*parts, strict=True)))
    return made._replace(actions=made.actions[:, : made.steps.max(initial=0)])

  def blank(self, concept: works_lib.Works) -> np.ndarray:
    """What stands on the easel when an episode about each concept begins."""
    return blank(self._world, tf.nest.map_structure(tf.constant, concept)).numpy()


def blank(world: world_lib.World, concept: works_lib.Works) -> tf.Tensor:
  """What stands on the easel when an episode about each concept begins."""
  return world.rules.work(world.rules.start(concept, _still()))


def frames(
  world: world_lib.World, concept: works_lib.Works, made: Made, begun: np.ndarray | None = None
) -> np.ndarray:
  """The works as they came about, the start first: uint8 [T + 1, B, ...]."""
  state = world.rules.start(tf.nest.map_structure(tf.constant, concept), _still())
  if begun is not None:
    state = world.rules.place(state, tf.constant(begun))
  step = tf.function(world.rules.step, autograph=False)
  shown = [world.rules.work(state)]
  for time, action in enumerate(made.actions.T):
    moved, _, _ = step(state, tf.constant(action), _still())
    state = works_lib.select(tf.constant(made.steps <= time), state, moved)
    shown.append(world.rules.work(state))
  return np.stack(shown)


def _of_seeds(imagine: Callable, seed: Any, label: Any) -> works_lib.Works:
  seed = np.asarray(seed, np.int64)
  label = np.full(seed.shape, -1) if label is None else label
  works = imagine(tf.constant(seed), tf.constant(np.asarray(label, np.int32)))
  return tf.nest.map_structure(lambda part: part.numpy(), works)


def _still() -> tf.Tensor:
  """The seed of a world that is not left to chance."""
  return tf.zeros([2], tf.int32)
