"""Whole runs at toy size: the flags that make them small, and judges that are in a hurry."""

import functools
import json
import os
import pathlib
import subprocess
import sys

from absl import flags
import pytest

from tests.shared import tiny
from tests.worlds.pixel_art import painted
from tf_creative.cli import flags as flags_lib
from tf_creative.evaluation import baselines
from tf_creative.evaluation import evaluator as eyes_lib
from tf_creative.learner import config as config_lib
from tf_creative.learner import imaginer as imaginer_lib
from tf_creative.metrics import judge
from tf_creative.runs import checkpoints
from tf_creative.runs import run as run_lib
from tf_creative.serving.exports import verify

TOY = (
  '--rounds_per_call=2 --evaluate_every=4 --checkpoint_every=4 --checkpoint_seconds=0 --works=20 '
  '--gan_width=8 --gan_batch_size=8 --agent_width=8 --agent_batch_size=8 --agent_environments=4 '
  '--agent_warmup=20 --agent_replay_capacity=400 --agent_epochs=1 --noprogress'
).split()
ROOT = pathlib.Path(__file__).parents[2]
UNEXPORTED = [*TOY, '--works=40', '--noexport']
PIPELINES = sorted(
  path.stem
  for path in pathlib.Path('pipelines').glob('*.flags')
  if path.stem not in ('base', 'cartpole', 'control', 'foresight', 'imitation')
  and path.stem not in ('airfoil', 'minatar', 'mountaincar', 'verse')
  and not path.stem.endswith('_ablation')
)


def toy(pipeline: str, place: pathlib.Path, small: list[str] = TOY) -> list[str]:
  """The flags that train a pipeline at toy size; pictures of one's own are made at `place`."""
  given = [f'--flagfile=pipelines/{pipeline}.flags', *small]
  if pipeline == 'sprites':
    pictures = painted.folder(place / 'my_sprites', 'cat', 'dog')
    given.append(f'--world=pixel_art(data={pictures}, size=8, palette=auto, brush=square)')
  return given


# The command, with a judge that is made in a moment: here nobody trusts it.
RUN = """
import sys
import tf_creative
from tf_creative.cli import flags
from tf_creative.evaluation import evaluator as eyes
from tf_creative import train
from tf_creative.metrics import judge
judge._STEPS, eyes._VALIDATED, eyes._PLAYED = 20, 40, 8
sys.exit(train.train(flags.from_arguments(sys.argv[1:])))
"""


def small(code: str) -> str:
  """Code that trains for 500 rounds, at toy size."""
  settings = ', '.join(['rounds=4', *(flag[2:] for flag in TOY if '=' in flag)])
  return code.replace(', works=300', '').replace('rounds=500', settings)


def parse(*arguments: str) -> config_lib.Config:
  values = flags.FlagValues()
  flags_lib.define_flags(values)
  flags.DEFINE_string('flagfile', None, '', flag_values=values)
  values(['program', *values.read_flags_from_files(list(arguments))])
  return flags_lib.from_flags(values)


def tiny_config(run_dir: pathlib.Path, **settings) -> config_lib.Config:
  settings = {'rounds': 6, 'rounds_per_call': 2, 'evaluate_every': 4, **settings}
  return tiny.config(run_dir=str(run_dir), checkpoint_every=2, checkpoint_seconds=0, **settings)


def rows(run_dir: pathlib.Path) -> list[dict[str, float]]:
  return [json.loads(line) for line in (run_dir / 'metrics.jsonl').read_text().splitlines()]


def hurry(patch: pytest.MonkeyPatch) -> None:
  """Here it matters that there are numbers, not that they are good ones."""
  patch.setattr(judge, '_STEPS', 20)
  patch.setattr(eyes_lib, '_VALIDATED', 20)
  patch.setattr(eyes_lib, '_PLAYED', 20)
  patch.setattr(baselines, '_PLAIN_UPDATES', 5)
  patch.setattr(imaginer_lib, '_TRIES', 3)  # a generator that has learnt nothing needs them all


def verify_here(patch: pytest.MonkeyPatch) -> None:
  """Exports are asked in this process: for another TensorFlow has to be loaded once more."""

  def found(versions: list[pathlib.Path]) -> list[str]:
    return [f'{version}: {fault}' for version in versions for fault in verify.faults(version)]

  patch.setattr(verify, 'in_another_process', found)


def hasty(patch: pytest.MonkeyPatch) -> None:
  """For runs that are used as commands use them: poor judges, exports asked here, loads kept."""
  patch.setattr(judge, '_STEPS', 20)
  patch.setattr(baselines, '_PLAIN_UPDATES', 5)
  patch.setattr(run_lib, 'load', functools.cache(run_lib.load))
  verify_here(patch)


def start(
  pipeline: str, run_dir: pathlib.Path, *flags: str, **environment: str
) -> subprocess.Popen:
  """The command as a process, which saves every second round."""
  arguments = [
    *(f'--flagfile=pipelines/{pipeline}.flags', *UNEXPORTED, '--checkpoint_every=2'),
    *(f'--run_dir={run_dir}', '--rounds=16', '--picture_every=0'),
    *flags,
  ]
  return subprocess.Popen(
    [sys.executable, '-u', '-c', RUN, *arguments],
    stdout=subprocess.PIPE,
    stderr=subprocess.PIPE,
    text=True,
    cwd=ROOT,
    env={**os.environ, **environment},
  )


def in_a_save(run_dir: pathlib.Path) -> bool:
  """Whether there is something of a checkpoint that is not one yet."""
  for shelf in (run_dir / 'checkpoints', run_dir / 'best'):
    known = {f'ckpt-{number}' for number in checkpoints.numbers(shelf)} | {'checkpoint'}
    if shelf.is_dir() and any(path.stem not in known for path in shelf.iterdir()):
      return True
  return False
