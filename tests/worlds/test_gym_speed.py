"""How quick the worlds are as environments of Gymnasium: rows of pipelines/RESULTS.md."""

import statistics
import time

import gymnasium
import pytest

WORLDS = ('PixelArt', 'Level', 'Melody')
_STEPS, _SIDE_BY_SIDE, _REPEATS = 1000, 64, 5


def rate(env, steps, worlds=1):
  """Steps a second of all worlds together, by actions of chance."""
  env.reset(seed=0)
  env.action_space.seed(0)
  actions = [env.action_space.sample() for _ in range(steps)]
  for action in actions[:50]:  # graphs are traced
    over = env.step(action)[2:4]
    if worlds == 1 and any(over):
      env.reset()
  began = time.perf_counter()
  for action in actions:
    over = env.step(action)[2:4]
    if worlds == 1 and any(over):
      env.reset()
  return worlds * steps / (time.perf_counter() - began)


@pytest.mark.slow
@pytest.mark.parametrize('world', WORLDS)
def test_worlds_side_by_side_are_quicker_than_one_after_the_other(world):
  single = gymnasium.make(f'tf_creative/{world}-v0')
  many = gymnasium.make_vec(f'tf_creative/{world}-v0', _SIDE_BY_SIDE)
  rates = [(rate(single, _STEPS), rate(many, _STEPS // 10, _SIDE_BY_SIDE)) for _ in range(_REPEATS)]
  one, all_ = (statistics.median(part) for part in zip(*rates, strict=True))
  quicker = [side / alone for alone, side in rates]
  print(
    f'\n{world}: {one:,.0f} steps a second of one, {all_:,.0f} of {_SIDE_BY_SIDE} side by side: '
    f'{statistics.median(quicker):.1f} times ({min(quicker):.1f} to {max(quicker):.1f})'
  )
  assert statistics.median(quicker) > 8
