"""What pipelines/RESULTS.md claims, run and held: minutes a test, on a machine otherwise idle.

  python -m pytest -m slow tests/test_results.py -s
  PICTURES='pixel_art(data=MY/, size=32, palette=auto, colors=16, brush=square, pay=pixels)' ...

Each run stays in runs/results/ and prints its row of the table; a run that is already there is
only shown and judged again.
"""

import functools
import importlib.util
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf
from tf_agents.trajectories import trajectory

from tf_creative.learner import config as config_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.learner import loop as loop_lib
from tf_creative.runs import run as run_lib
from tf_creative.studio import edit

SEEDS = [0, 1, 2]
# Of Young and Tian 2019, after as many steps.
DQN_ON_MINATAR = {
  'breakout': 10,
  'freeway': 50,
  'asterix': 17,
  'seaquest': 20,
  'space_invaders': 44,
}
COLUMNS = ('frechet', 'coverage', 'precision', 'recall', 'label_accuracy', 'copies', 'novelty')

pytestmark = pytest.mark.slow


@functools.cache
def run(pipeline: str, seed: int, *flags: str) -> dict[str, float]:
  """The last numbers of a run, with the minutes that it took."""
  told = (flag.strip('-').replace('=', '_').replace('/', '+') for flag in flags)
  name = '-'.join([pipeline, str(seed), *told])
  run_dir = pathlib.Path('runs/results', name)
  minutes = run_dir / 'minutes'
  if not minutes.exists():
    began = time.monotonic()
    flagfile = f'--flagfile=pipelines/{pipeline}.flags'
    command = [sys.executable, '-m', 'tf_creative.train', flagfile, f'--seed={seed}', *flags]
    subprocess.run([*command, '--noexport', f'--run_dir={run_dir}'], check=True)
    minutes.write_text(f'{(time.monotonic() - began) / 60:.2f}')
  rows = (run_dir / 'metrics.jsonl').read_text().splitlines()
  numbers = {'minutes': float(minutes.read_text()), **json.loads(rows[-1])}
  cells = [f'{numbers["minutes"]:.1f}']
  for split in ('held_out', 'unseen'):
    if f'{split}/equal_pixels' in numbers:  # a world has one of the two
      cells += [f'{numbers[f"{split}/{k}"]:.2%}' for k in ('equal_pixels', 'perfect_pictures')]
  if 'held_out/return' in numbers and 'painted/frechet' not in numbers:  # nothing is imagined
    cells += [f'{numbers[f"held_out/return{end}"]:.1f}' for end in ('', '_low', '_high')]
  else:
    cells += [f'{numbers[f"painted/{column}"]:.3f}' for column in COLUMNS]
    cells.append(f'{numbers["painted/frechet"] / numbers["training/frechet"]:.2f}')
  print(f'\n| {name} | ' + ' | '.join(cells) + ' |')
  return numbers


@pytest.mark.parametrize('seed', SEEDS)
def test_digits_are_imagined_and_painted(seed):
  numbers = run('pixel_art', seed)
  assert numbers['minutes'] <= 6
  assert numbers['held_out/equal_pixels'] >= 0.995
  assert numbers['held_out/perfect_pictures'] >= 0.9
  # The aim is 1.2; what was reached is 1.39 on average of three seeds (RESULTS.md).
  assert numbers['painted/frechet'] <= 1.7 * numbers['training/frechet']
  assert numbers['painted/coverage'] >= 0.8
  assert numbers['painted/precision'] >= 0.65
  assert numbers['painted/label_accuracy'] >= 0.95
  assert numbers['painted/copies'] <= numbers['training/copies']


@pytest.mark.parametrize('seed', SEEDS)
def test_the_control_run_paints_as_well_without_any_coupling(seed):
  assert run('pixel_art', seed, '--couplings=')['held_out/equal_pixels'] >= 0.995


@pytest.mark.parametrize('seed', SEEDS)
def test_characters_never_seen_are_painted(seed):
  numbers = run('glyphs', seed)
  assert numbers['minutes'] <= 4
  assert numbers['unseen/equal_pixels'] >= 0.99
  assert numbers['painted/label_accuracy'] >= 0.85
  assert numbers['painted/frechet'] <= 1.1 * numbers['training/frechet']


@pytest.mark.skipif('PICTURES' not in os.environ, reason="set PICTURES='pixel_art(data=MY/, ...)'")
@pytest.mark.parametrize('seed', SEEDS)
def test_sprites_are_imagined_and_painted(seed):
  numbers = run('sprites', seed, f'--world={os.environ["PICTURES"]}')
  assert numbers['held_out/equal_pixels'] >= 0.99
  assert numbers['painted/near_copies'] <= 0.05
  assert numbers['painted/frechet'] <= 2 * numbers['training/frechet']


@pytest.mark.skipif(not importlib.util.find_spec('minatar'), reason='run pip install MinAtar')
@pytest.mark.parametrize('seed', SEEDS)
@pytest.mark.parametrize(('game', 'least'), DQN_ON_MINATAR.items())
def test_games_of_minatar_are_played(game, least, seed):
  assert run('minatar', seed, f'--world=minatar(game={game})')['held_out/return'] >= least


@pytest.mark.parametrize('seed', SEEDS)
def test_codes_are_painted_by_heart(seed):
  numbers = run('freehand', seed)
  assert numbers['minutes'] <= 15
  assert numbers['painted/frechet'] <= 2.5 * numbers['training/frechet']
  assert numbers['painted/label_accuracy'] >= 0.93
  assert numbers['painted/recall'] >= 0.8


@pytest.mark.parametrize('seed', SEEDS)
def test_codes_are_painted_where_only_a_critic_pays(seed):
  numbers = run('freehand_none', seed)
  # The aim is 5 times the training split; what was reached stands in RESULTS.md.
  assert numbers['painted/frechet'] <= 10 * numbers['training/frechet']
  assert numbers['painted/label_accuracy'] >= 0.85


@pytest.mark.parametrize('seed', SEEDS)
def test_a_critic_of_canvases_makes_better_sketches(seed):
  ours, control = run('sketch', seed), run('sketch', seed, '--couplings=environment')
  # The aim is .75 on average; what was reached stands in RESULTS.md.
  assert ours['painted/frechet'] < 0.95 * control['painted/frechet']
  assert ours['held_out/equal_pixels'] >= control['held_out/equal_pixels'] - 0.05


@pytest.mark.parametrize('seed', SEEDS)
def test_what_is_imagined_need_not_be_lived(seed):
  ours = run('few_steps', seed)
  control = run('few_steps', seed, '--couplings=environment', '--rounds=2700')
  assert ours['held_out/equal_pixels'] >= 0.97
  assert control['held_out/equal_pixels'] < 0.97


def seconds(*command: str) -> float:
  began = time.monotonic()
  subprocess.run([sys.executable, '-m', *command], check=True)
  return time.monotonic() - began


def test_the_default_run_is_evaluated_within_a_minute(tmp_path):
  run('pixel_art', 0)
  run_dir = 'runs/results/pixel_art-0'
  took = seconds('tf_creative.evaluate', f'--run_dir={run_dir}', f'--out={tmp_path}')
  rows = [json.loads(line) for line in (tmp_path / 'metrics.jsonl').read_text().splitlines()]
  sources = {row['source']: row for row in rows if 'source' in row}
  painted, floor = sources['painted'], sources['held_out']
  print(f'\nevaluated in {took:.0f} s')
  assert took < 60
  assert painted['halves/frechet'] < sources['gaussian_mixture']['halves/frechet']
  assert painted['halves/frechet'] < 0.25 * sources['dense_gan']['halves/frechet']
  assert painted['halves/creativity'] >= floor['halves/creativity'] - 0.1
  assert painted['copies'] <= floor['copies']


def test_a_thousand_pictures_take_less_than_twenty_seconds(tmp_path):
  run('pixel_art', 0)
  command = 'tf_creative.create', '--run_dir=runs/results/pixel_art-0', '--format=png'
  one = seconds(*command, '--count=1', f'--out={tmp_path / "one"}')
  many = seconds(*command, '--count=1000', f'--out={tmp_path / "many"}')
  print(f'\none work in {one:.1f} s, a thousand in {many:.1f} s')
  assert len(list((tmp_path / 'many').glob('sheet-*.png'))) == 10
  assert many - one < 20


def test_holes_are_filled_better_than_by_the_nearest_training_digit():
  """4x4 holes in the middle of a hundred held-out digits of unknown label."""
  run('pixel_art', 0)
  _, learner = run_lib.load(pathlib.Path('runs/results/pixel_art-0'))
  held_out = learner.works('test').work
  held_out = held_out[np.linspace(0, len(held_out) - 1, 100).round().astype(int)]
  given = np.ones(held_out.shape[1:], bool)
  given[2:6, 2:6] = False
  known = learner.real.work
  filled = {'blank': held_out * given, 'nearest': [], 'ours': []}
  for work in held_out:
    near = (np.square(known.astype(int) - work) * given).sum((1, 2)).argmin()
    filled['nearest'].append(known[near])
    filled['ours'].append(edit.go_on(learner, work, given, [-1], 0, 1).made.work[0])
  values = learner.world.works.to_values
  right, errors = {}, {}
  for name, works in filled.items():
    works = np.array(works)
    right[name] = float((works == held_out)[:, ~given].mean())
    squares = np.square(values(works) - values(held_out))[..., 0]
    errors[name] = float(squares[:, ~given].mean())
    print(f'\n{name}: {right[name]:.3f} of hole pixels right, squared error {errors[name]:.3f}')
  assert right['ours'] > right['nearest'] > right['blank']
  assert errors['ours'] < errors['nearest'] < errors['blank']


def test_the_driver_costs_less_than_a_twentieth_of_a_round():
  """TF-Agents' driver against the same steps written by hand, alternating in one process."""
  learner = learner_lib.Learner(config_lib.Config())
  learner.loop.warm_up()
  agent = learner.agent

  def by_hand():
    for _ in range(agent.config.collect_steps):
      time_step = agent.episodes.current_time_step()
      action_step = agent.explorer.action(time_step)
      next_step = agent.episodes.step(action_step.action)
      agent.replay.add_batch(trajectory.from_transition(time_step, action_step, next_step))
    return {'reward': tf.reduce_mean(next_step.reward)}

  count, seconds = tf.constant(50), {}
  steps = {'driver': agent.collect, 'hand': by_hand, 'round': learner.loop._round}
  loops = {name: _loop(step) for name, step in steps.items()}
  for repeat in range(11):
    for name, loop in loops.items():
      began = time.perf_counter()
      loop(count)
      if repeat:  # the first one traces
        seconds.setdefault(name, []).append((time.perf_counter() - began) / 50)
  medians = {name: statistics.median(times) for name, times in seconds.items()}
  print('\n' + ', '.join(f'{name} {1e3 * median:.2f} ms' for name, median in medians.items()))
  assert medians['driver'] - medians['hand'] < 0.05 * medians['round']


def _loop(step):
  return tf.function(lambda count: loop_lib.repeat(step, count), autograph=False)
