"""Plays episodes with the hand, in the graph: how `create`, `evaluate` and exports make works."""

from __future__ import annotations

from collections.abc import Callable
import functools
from typing import Any

import numpy as np
import tensorflow as tf

from tf_creative.core import coupling as coupling_lib
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.learner import batches

# (observation, code, time, allowed actions) -> actions [B].
Act = Callable[[Any, Any, tf.Tensor, tf.Tensor | None], tf.Tensor]
STILL = (0, 0)  # seed for the rules: episodes are repeatable


class Actor(tf.Module):
  """Plays one episode about each concept, greedily or at random.

  A greedy hand takes its best action. If actions are sampled (from a policy, or by Boltzmann's
  rule) and the hand is told codes, the code replaces random numbers: equal codes, equal works.
  """

  def __init__(self, parts: coupling_lib.Parts):
    super().__init__(name='actor')
    self._world, self._agent = parts.world, parts.agent

  @property
  def drawn(self) -> bool:
    """Whether actions are sampled, by the code, instead of being the best."""
    return bool(self._agent.temperature and self._world.play.code_size)

  def values(self, observation: Any) -> tf.Tensor:
    """Evaluate each action: float32 [B, actions]."""
    return batches.in_batches(self._agent.values)(observation)

  def best(self, observation: Any) -> tf.Tensor:
    """Return the action with the highest value: [B]."""
    return batches.in_batches(self._best)(observation)

  def make(self, concept: works_lib.Works, begun: Any = None) -> tuple[tf.Tensor, ...]:
    """Make a work of each concept, from `begun` on if given: work, steps, returns, actions."""
    begun = blank(self._world, concept) if begun is None else begun
    return self._episodes(self._greedy, concept, begun, stops=not self.drawn)

  def make_around(self, concept: works_lib.Works, begun: tf.Tensor, keep: tf.Tensor):
    """Make works as `make` does, but leave them as begun where `keep` [B, ...] holds."""
    return self._episodes(self._greedy, concept, begun, keep)

  def make_nearer(self, concept: works_lib.Works, begun: tf.Tensor, keep: tf.Tensor):
    """Also leave what is right already, and prefer actions that come nearer to the concept."""
    return self._episodes(self._greedy, concept, begun, keep, nearer=True)

  def scribble(self, concept: works_lib.Works, begun: tf.Tensor):
    """Act at random: the baseline that every hand must beat."""
    return self._episodes(self._random, concept, begun)

  def _episodes(self, act: Act, *given: Any, **how: bool) -> tuple[tf.Tensor, ...]:
    return batches.in_batches(functools.partial(self._episode, act, **how))(*given)

  def _episode(
    self,
    act: Act,
    concept: works_lib.Works,
    begun: tf.Tensor,
    keep: tf.Tensor | None = None,
    nearer: bool = False,
    stops: bool = False,
  ) -> tuple[tf.Tensor, ...]:
    """Play one episode in the graph; return work, steps [B], returns [B], actions [B, horizon].

    With `stops`, a step that is idle ends it: the best action would be so again, to the end.
    """
    rules = self._world.rules
    state = rules.place(rules.start(concept, tf.constant(STILL)), begun)
    over = tf.zeros_like(concept.label, tf.bool)
    steps, returns = tf.zeros_like(concept.label), tf.zeros_like(concept.label, tf.float32)
    actions = tf.TensorArray(tf.int32, rules.horizon, element_shape=over.shape)
    # The loop may end early: -1 stands where no action was written.
    actions = actions.unstack(tf.fill([rules.horizon, over.shape[0]], -1))

    def step(time, state, over, steps, returns, actions):
      allowed = self._allowed(state, concept, keep, nearer)
      action = act(rules.observe(state), concept.code, time, allowed)
      moved, reward, done = rules.step(state, action, tf.constant(STILL))
      if stops:
        done |= rules.idle(state, moved)
      state = works_lib.select(over, state, moved)
      steps += tf.cast(~over, tf.int32)
      returns += tf.where(over, 0.0, reward)
      actions = actions.write(time, tf.where(over, -1, action))
      return time + 1, state, over | done, steps, returns, actions

    _, state, _, steps, returns, actions = tf.while_loop(
      lambda time, state, over, *_: (time < rules.horizon) & ~tf.reduce_all(over),
      step,
      [0, state, over, steps, returns, actions],
    )
    return rules.work(state), steps, returns, tf.transpose(actions.stack())

  def _allowed(self, state: Any, concept: works_lib.Works, keep: Any, nearer: bool) -> Any:
    """Return the actions to choose from: bool [B, A], or None for all."""
    rules = self._world.rules
    if keep is None:
      return None
    if not nearer:
      return rules.allowed(state, keep)
    making = self._world.making
    allowed = rules.allowed(state, keep | (rules.work(state) == concept.work))
    better = allowed & (making.action_rewards(state, making.cell_values(concept.work)) > 0)
    return tf.where(tf.reduce_any(better, 1, keepdims=True), better, allowed)

  def _best(self, observation: Any) -> tf.Tensor:
    return tf.argmax(self._agent.values(observation), -1, self._world.play.action_spec.dtype)

  def _greedy(self, observation: Any, code: Any, time: tf.Tensor, allowed: Any) -> tf.Tensor:
    if allowed is None and not self.drawn:
      return self._best(observation)
    values = self._agent.values(observation)
    if allowed is not None:
      values = tf.where(allowed, values, values.dtype.min)
    dtype = self._world.play.action_spec.dtype
    if not self.drawn:
      return tf.argmax(values, -1, dtype)
    # Sample by the inverse of the cumulative distribution: a code's numbers are normal, so that the
    # normal distribution function makes one of them, in turn, a uniform number for each step.
    number = tf.gather(code, time % self._world.play.code_size, axis=1)
    chance = tf.math.erfc(-number / np.sqrt(2).astype(np.float32))[:, None] / 2
    passed = tf.cumsum(tf.nn.softmax(values / self._agent.temperature), 1)[:, :-1] < chance
    return tf.reduce_sum(tf.cast(passed, dtype), 1)

  def _random(self, observation: Any, code: Any, time: tf.Tensor, allowed: Any) -> tf.Tensor:
    del code, allowed
    count = tf.shape(tf.nest.flatten(observation)[0])[0]
    actions = self._world.play.action_spec
    return tf.random.stateless_uniform(
      [count], tf.stack([time, 0]), maxval=actions.maximum + 1, dtype=actions.dtype
    )


def blank(world: world_lib.World, concept: works_lib.Works) -> tf.Tensor:
  """Return the unfinished works with which episodes about the concepts begin."""
  return world.rules.work(world.rules.start(concept, tf.constant(STILL)))
