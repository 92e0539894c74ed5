"""The hand that chooses among imagined examples: double DQN in the world of candidates."""

from __future__ import annotations

from collections.abc import Callable
import pathlib
import tempfile
from typing import Any

import numpy as np
from sklearn import linear_model
import tensorflow as tf

from tf_creative.agent import build
from tf_creative.agent import config as agent_config
from tf_creative.core import works as works_lib
from tf_creative.labelled import candidates, features
from tf_creative.labelled.classifiers import Recipe, Task
from tf_creative.labelled.imagining import Imagined

_EPISODES, _NEW = 32, 4  # at once; walks that are begun anew at each update
_UPDATES, _FIRST = 300, 40  # of the hand; collections before the first of them
_AGENT = agent_config.AgentConfig(
  network='dense',
  width=64,
  depth=2,
  batch_size=64,
  environments=_EPISODES,
  collect_steps=1,
  epsilon_decay=200,
  target_period=50,
  replay_capacity=_EPISODES * 200,
)


class Sight:
  """Fixed features of examples, of a recipe: principal components, as the n labels have them."""

  def __init__(self, task: Task, recipe: Recipe):
    self._columns, self._reads = task.columns, recipe.reads
    self._encoding = features.Encoding.of(task.columns, task.values) if task.columns else None
    seen = self._read(task.values)
    self._middle = seen.mean(0)
    _, sizes, directions = np.linalg.svd(seen - self._middle, full_matrices=False)
    known = min(candidates.WIDTH, len(sizes))
    self._basis = np.zeros([candidates.WIDTH, seen.shape[1]], np.float32)
    # The root mean square of the largest component becomes 1.
    self._basis[:known] = directions[:known] * len(seen) ** 0.5 / max(sizes[0], 1e-6)

  def __call__(self, values: np.ndarray) -> np.ndarray:
    """Describe examples as numbers: [N, WIDTH]."""
    return ((self._read(values) - self._middle) @ self._basis.T).astype(np.float32)

  def _read(self, values: np.ndarray) -> np.ndarray:
    if self._encoding:
      return self._encoding.encoded(values)
    return features.of_pictures(values, self._reads)


def facts(task: Task, recipe: Recipe, pools: list[Imagined]) -> candidates.Facts:
  """Describe the candidates of each part, and what is validated in it."""
  see, taught = Sight(task, recipe), task.taught()
  rows = []
  most = max(len(part) for _, part in task.parts())
  for pool, (rest, part) in zip(pools, task.parts(), strict=True):
    code, real, asked = see(pool.values), see(task.values[rest]), see(task.values[part])
    head = linear_model.LogisticRegression(C=1.0, max_iter=200, tol=1e-3)
    head.fit(real, task.labels[rest])
    fill = most - len(part)
    rows.append(
      candidates.Facts(
        code,
        pool.labels.astype(np.int32),
        _told(pool, code, real, task.labels[rest]),
        _weights(head, task.classes),
        np.pad(asked, ((0, fill), (0, 0))),
        np.pad(task.labels[part], (0, fill)).astype(np.int32),
        np.pad(taught[part] / max(taught[part].sum(), 1), (0, fill)).astype(np.float32),
      )
    )
  return candidates.Facts(*(np.stack(one) for one in zip(*rows, strict=True)))


def _told(pool: Imagined, code: np.ndarray, real: np.ndarray, labels: np.ndarray) -> np.ndarray:
  """Return the critic's logits and the nearness to real ones of the same and of other labels."""
  apart = (code**2).sum(1)[:, None] + (real**2).sum(1) - 2 * code @ real.T
  apart = np.sqrt(np.maximum(apart, 0))
  same = pool.labels[:, None] == labels
  near = [np.where(one, apart, np.inf).min(1) for one in (same, ~same)]
  told = np.stack([pool.logits, *near], 1)
  return ((told - told.mean(0)) / (told.std(0) + 1e-6)).astype(np.float32)


def _weights(head: Any, classes: int) -> np.ndarray:
  """Return the weights of a classifier: [WIDTH + 1, classes]."""
  weights = np.concatenate([head.coef_, head.intercept_[:, None]], 1)
  if len(weights) == 1:  # of two classes, only those of the second are told
    weights = np.concatenate([-weights, weights]) / 2
  full = np.zeros([classes, weights.shape[1]], np.float32)
  full[head.classes_] = weights
  return full.T


class Chooser:
  """A hand that is built and traced once, and learns anew to choose for each set of labels."""

  def __init__(self, known: candidates.Facts, seed: int):
    self._candidates = candidates.Candidates(known)
    self.shapes = [fact.shape for fact in known]
    hand = build.hand('ddqn', self._candidates, _AGENT, seed)
    self._hand: Any = hand
    self._episodes: Any = hand.episodes
    self._begun = tf.Variable(0, trainable=False)  # walks
    self._learn = tf.function(self._learnt, autograph=False)
    self._walk = tf.function(self._walked, autograph=False)
    self._folder = tempfile.TemporaryDirectory(prefix='tf_creative-')
    self._born = tf.train.Checkpoint(hand=hand, episodes=hand.episodes, begun=self._begun)
    self._path = self._born.write(str(pathlib.Path(self._folder.name) / 'born'))

  def learn(self, known: candidates.Facts) -> None:
    """Forget everything, and learn to choose among these."""
    self._born.read(self._path).assert_existing_objects_matched()
    self._candidates.replace(known)
    self._learn()

  def choose(self, known: candidates.Facts) -> np.ndarray:
    """Return which of the candidates are taken: bool [parts, M]."""
    self._candidates.replace(known)
    return self._walk().numpy()

  def _learnt(self) -> None:
    hand = self._hand
    walks = self._candidates.value_shape[0]

    def renew(count: int) -> None:
      walk = (self._begun.assign_add(count) + tf.range(count)) % walks
      self._episodes.refresh(works_lib.Works(walk[:, None], tf.zeros([count], tf.int32)))

    renew(_EPISODES)
    _repeat(hand.collect, _FIRST)

    def update() -> None:
      renew(_NEW)
      batch = hand.sample()
      hand.collect()
      hand.learn(batch)

    _repeat(update, _UPDATES)

  def _walked(self) -> tf.Tensor:
    """Walk past all candidates, in episodes as they were learnt from, without exploring."""
    world, (parts, count) = self._candidates, self._candidates.size
    state = world.begin(tf.range(world.value_shape[0]))
    actions = []
    for _ in range(world.horizon):
      action = tf.argmax(self._hand.values(world.observe(state)), -1, tf.int32)
      actions.append(action > 0)
      state, _, _ = world.step(state, action, tf.zeros([2], tf.int32))
    taken = tf.reshape(tf.stack(actions, 1), [parts, -1])  # the last episode may go round
    return taken[:, :count]


def _repeat(step: Callable[[], object], count: int) -> None:
  """Make steps in a loop in the graph."""

  def body(number: tf.Tensor) -> tuple[tf.Tensor]:
    step()
    return (number + 1,)

  tf.while_loop(lambda number: number < count, body, (tf.constant(0),))
