"""Gymnasium's vector environments as a world: they step in a thread while the graph learns.

As EnvPool does (Weng et al. 2022), a step is split into `send` and `receive`. A round first waits
for the step that the last one began, remembers it, decides and begins the next step; then the agent
samples and learns while the environments move. So what is learnt from is always one step behind,
whatever takes longer: the same seed is the same run.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent import futures
import math
from typing import Any

import gymnasium
import numpy as np
import tensorflow as tf
from tf_agents.policies import tf_policy
from tf_agents.specs import tensor_spec
from tf_agents.trajectories import policy_step, trajectory
from tf_agents.trajectories import time_step as ts

from tf_creative import spec
from tf_creative.agent import graph_world
from tf_creative.core import batch as batch_lib
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib

_KINDS = ('dqn', 'ddqn', 'c51')  # who need no more of a world than what is seen and paid


class Play(world_lib.Play):
  """What an agent needs of a world, read from the spaces of an environment."""

  observation_spec, action_spec, reward_bound = {}, None, 1.0

  def __init__(self, envs: gymnasium.vector.VectorEnv, reward_bound: float):
    space, actions = envs.single_observation_space, envs.single_action_space
    if not isinstance(actions, gymnasium.spaces.Discrete):
      raise spec.SpecError(f'the hand picks one of some actions: it takes Discrete, not {actions}.')
    parts = space.spaces if isinstance(space, gymnasium.spaces.Dict) else {'seen': space}
    for name, part in parts.items():
      if not isinstance(part, (gymnasium.spaces.Box, gymnasium.spaces.Discrete)):
        raise spec.SpecError(
          f"the hand sees a Box, a Discrete or a Dict of them, and '{name}' is {part}: wrap the "
          'environment, as with gymnasium.wrappers.FlattenObservation.'
        )
    self.observation_spec = {name: _bounded(parts[name]) for name in sorted(parts)}
    self.action_spec = works_lib.Bounded((), tf.int32, 0, int(actions.n) - 1)
    self.reward_bound = reward_bound

  def features(self, observation: dict[str, tf.Tensor]) -> tf.Tensor:
    """Numbers as they are, bytes as shares of their bound, classes one-hot; parts in one row."""
    parts = []
    for name, bounded in self.observation_spec.items():
      if bounded.dtype == tf.int32:  # a class
        count = bounded.maximum - bounded.minimum + 1
        parts.append(tf.one_hot(observation[name] - bounded.minimum, count))
        continue
      scale = bounded.maximum if bounded.dtype == tf.uint8 else 1
      parts.append(tf.cast(observation[name], tf.float32) / scale)
    rows = [tf.reshape(part, [tf.shape(part)[0], -1]) for part in parts]
    return tf.concat(rows, 1) if len(parts) > 1 else parts[0]


class World:
  """Episodes side by side that restart by themselves, stepped outside of the graph.

  No tf.Module: what environments hold is out of a checkpoint's reach, so a resumed run has its
  weights and its replay and begins new episodes. Who is done with a world calls `close`.

  A graph calls Python in the order in which it was traced (TensorFlow chains such ops, as it does
  the reads and writes of a variable); two steps that were begun at once would be told.
  """

  def __init__(self, envs: gymnasium.vector.VectorEnv, seed: int, reward_bound: float = 1.0):
    mode = envs.metadata.get('autoreset_mode')
    if mode is not gymnasium.vector.AutoresetMode.NEXT_STEP:
      raise spec.SpecError(
        f'a restart is to be a step of its own, and this environment has {mode}: make it with '
        'autoreset_mode=gymnasium.vector.AutoresetMode.NEXT_STEP.'
      )
    self.domain = world_lib.World()
    self.domain.name = envs.spec.id if envs.spec else 'gym'
    self.domain.play = Play(envs, reward_bound)
    self.batch_size = envs.num_envs
    self.time_step_spec = ts.time_step_spec(
      {
        name: graph_world.to_spec(part, name)
        for name, part in self.domain.play.observation_spec.items()
      }
    )
    self.returns = tf.Variable(tf.zeros([self.batch_size]), trainable=False)  # as in graph_world
    self._paid = tf.Variable(tf.zeros([self.batch_size]), trainable=False)
    self._envs, self._first = envs, int(envs.single_action_space.start)
    self._over, self._steps = np.zeros(self.batch_size, bool), 0
    self._worker = futures.ThreadPoolExecutor(1, 'environments')
    self._begun: futures.Future | None = self._worker.submit(self._reset, seed)

  def check(self, kind: str, environments: int) -> None:
    """That such an agent can act here."""
    if kind not in _KINDS:
      use = ', '.join(_KINDS)
      raise spec.SpecError(f'--agent={kind} does not learn in environments of others: use {use}.')
    if environments != self.batch_size:
      raise spec.SpecError(
        f'--agent_environments={environments}, and there are {self.batch_size}: give that.'
      )

  def receive(self) -> ts.TimeStep:
    """Waits for the step that was begun last."""
    parts = tf.nest.flatten(self.time_step_spec)
    flat = tf.numpy_function(self._wait, [], [part.dtype for part in parts], name='receive')
    for tensor, part in zip(flat, parts, strict=True):
      tensor.set_shape([self.batch_size, *part.shape])
    now = tf.nest.pack_sequence_as(self.time_step_spec, flat)
    self._paid.assign(tf.where(now.is_first(), 0.0, self._paid + now.reward))
    self.returns.assign(tf.where(now.is_last(), self._paid, self.returns))
    return now

  def send(self, action: tf.Tensor) -> None:
    """Begins a step, and does not wait for it."""
    tf.numpy_function(self._begin, [action], [], name='send')

  def close(self) -> None:
    """Waits for the step that is under way, then ends the environments and their thread."""
    if self._worker is not None:
      worker, self._worker, self._begun = self._worker, None, None
      closing = worker.submit(self._envs.close)
      worker.shutdown()
      closing.result()

  def _wait(self) -> list[np.ndarray]:
    if self._begun is None:
      why = 'the last round broke off, begin anew' if self._worker else 'the world is closed'
      raise RuntimeError(f'no step is under way: {why}.')
    if error := self._begun.exception():  # it stays, for whoever asks again
      raise RuntimeError(
        f'an environment failed at step {self._steps}: {type(error).__name__}: {error}'
      ) from error
    begun, self._begun = self._begun, None
    return begun.result()

  def _begin(self, action: np.ndarray) -> None:
    if self._begun is not None:
      raise RuntimeError("a step is under way already: a world is one agent's, one call at a time.")
    self._steps += 1
    self._begun = self._worker.submit(self._step, action + self._first)  # a copy, to keep

  def _reset(self, seed: int) -> list[np.ndarray]:
    seen, _ = self._envs.reset(seed=seed)
    none = np.zeros(self.batch_size)
    return self._told(np.full(self.batch_size, ts.StepType.FIRST), none, none + 1, seen)

  def _step(self, action: np.ndarray) -> list[np.ndarray]:
    seen, reward, terminated, truncated, _ = self._envs.step(action)
    restarted, self._over = self._over, (terminated | truncated) & ~self._over
    step_type = np.where(self._over, ts.StepType.LAST, ts.StepType.MID)
    step_type = np.where(restarted, ts.StepType.FIRST, step_type)
    # An episode that is cut short would have gone on to be paid: only a true end is worth nothing.
    discount = np.where(self._over & terminated, 0, 1)
    return self._told(step_type, np.where(restarted, 0, reward), discount, seen)

  def _told(self, step_type, reward, discount, seen: Any) -> list[np.ndarray]:
    """As the graph takes it, in copies: it goes on reading them while the environments write."""
    seen = seen if isinstance(seen, dict) else {'seen': seen}
    told = ts.TimeStep(step_type, reward, discount, seen)
    pairs = zip(tf.nest.flatten(told), tf.nest.flatten(self.time_step_spec), strict=True)
    return [np.array(value, part.dtype.as_numpy_dtype) for value, part in pairs]


class Driver:
  """As rollout.Driver, with the step of an environment where the round is over."""

  def __init__(self, world: World, policy: tf_policy.TFPolicy, observer: Callable, frames: int):
    self._world, self._policy = world, policy
    self._observer, self._frames = observer, frames
    specs, count = (world.time_step_spec, policy.action_spec), world.batch_size
    blank = tensor_spec.zero_spec_nest(specs, outer_dims=[count])
    self._seen, self._action = graph_world.variables(blank)
    # As if an episode had just ended, so that the first step is a reset.
    self._seen.step_type.assign(tf.fill([count], ts.StepType.LAST))

  def run(self) -> tuple[ts.TimeStep, tuple]:
    tf.while_loop(lambda count: count < self._frames, self._step, [0])
    return tf.nest.map_structure(tf.convert_to_tensor, self._seen), ()

  def _step(self, count: tf.Tensor) -> list[tf.Tensor]:
    before, action = tf.nest.map_structure(tf.convert_to_tensor, (self._seen, self._action))
    now = self._world.receive()
    self._observer(trajectory.from_transition(before, policy_step.PolicyStep(action), now))
    decided = self._policy.action(now).action
    self._world.send(decided)
    self._action.assign(decided)
    tf.nest.map_structure(lambda variable, value: variable.assign(value), self._seen, now)
    return [count + 1]


def whole(batch: batch_lib.Batch) -> tf.Tensor:
  """1 for runs of n steps within an episode, 0 for those that lead on from one that was cut short.

  TF-Agents adds up the n pays; it stops at true ends, whose discount is 0, and nowhere else.
  """
  leads_on = batch.last[:, 1:-1] & (batch.discount[:, :-2] > 0)
  return tf.cast(~tf.reduce_any(leads_on, 1), tf.float32)


def _bounded(box: gymnasium.spaces.Box | gymnasium.spaces.Discrete) -> works_lib.Bounded:
  """Bytes and classes stay, all else becomes floats; where there are no bounds, the type's."""
  if isinstance(box, gymnasium.spaces.Discrete):
    return works_lib.Bounded((), tf.int32, int(box.start), int(box.start + box.n) - 1)
  kind = tf.uint8 if box.dtype == np.uint8 else tf.float32
  low, high = max(box.low.min(), kind.min), min(box.high.max(), kind.max)
  return works_lib.Bounded(box.shape, kind, math.floor(low), math.ceil(high))
