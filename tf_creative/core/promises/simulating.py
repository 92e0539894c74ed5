"""Rules for simulators: environments that step outside of the graph."""

from __future__ import annotations

import contextlib

import numpy as np
import tensorflow as tf

from tf_creative.core.promises.case import COUNT, STEPS, Case, hold, same

_MOST = 100_000  # steps in which an episode of random actions must have ended


def restarts_are_steps_of_their_own(case: Case) -> None:
  with contextlib.closing(case.world.simulator.vector(COUNT)) as envs:
    hold(envs.num_envs == COUNT, f'there are {envs.num_envs} environments, not {COUNT}')
    mode = envs.metadata.get('autoreset_mode')
    hold(getattr(mode, 'name', '') == 'NEXT_STEP', f'autoreset_mode is {mode}, not NEXT_STEP')


def seeds_make_episodes(case: Case) -> None:
  """Check that equal seeds and actions give equal episodes in two sets of environments."""
  one, other = case.simulated, case.simulate(STEPS)
  same(one, other, 'the same seeds and actions led elsewhere')


def stacks_are_of_frames(case: Case) -> None:
  """Check that older frames of an observation are those seen before, or the first one repeated.

  A replay that stores single frames composes the same stacks.
  """
  stack = case.world.play.stack
  if stack == 1:
    return
  before, over = case.simulated[0][0], np.ones(COUNT, bool)
  for now, _, ended, cut in case.simulated:
    for name, part in now.items():
      size = part.shape[-1] // stack
      hold(size * stack == part.shape[-1], f"'{name}' has not {stack} frames on its last axis")
      older, newest = np.split(part, [-size], -1)
      begins = over.reshape([-1] + [1] * (part.ndim - 1))
      right = np.where(begins, np.tile(newest, stack - 1), before[name][..., size:])
      same(older, right, f"the older frames of '{name}' are not those before")
    before, over = now, (ended | cut) & ~over


def rewards_are_numbers(case: Case) -> None:
  for _, reward, ended, cut in case.simulated[1:]:
    hold(reward.shape == (COUNT,) and np.isfinite(reward).all(), f'rewards are {reward}')
    hold({ended.dtype, cut.dtype} == {np.dtype(bool)}, 'ends are not told by bool')


def episodes_end(case: Case) -> None:
  """Check that random episodes end; an evaluation waits for the end of each."""
  over = False
  with contextlib.closing(case.world.simulator.vector(1)) as envs:
    envs.reset(seed=[0])
    rng, actions = np.random.default_rng(0), case.world.play.action_spec.maximum + 1
    for _ in range(_MOST):
      _, _, ended, cut, _ = envs.step(rng.integers(actions, size=1, dtype=np.int32))
      over = bool(ended[0] | cut[0])
      if over:
        break
  hold(over, f'an episode of random actions did not end in {_MOST:,} steps')


def environments_render(case: Case) -> None:
  if not case.world.simulator.renders:
    return
  with contextlib.closing(case.world.simulator.vector(1, render=True)) as envs:
    envs.reset(seed=[0])
    picture = np.asarray(envs.render()[0])
  right = picture.dtype == np.uint8 and tf.TensorShape([None, None, 3]).is_compatible_with(
    picture.shape
  )
  hold(right, f'a picture is {picture.dtype} {picture.shape}')
