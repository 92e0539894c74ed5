"""Settings: the dataclasses are the flags, and what a run wrote down makes it again."""

import dataclasses
import pathlib
import re
import subprocess
import sys

from absl import flags
import pytest

from tf_creative import config as config_lib
from tf_creative import spec, train


def parse(*arguments: str) -> config_lib.Config:
  values = flags.FlagValues()
  config_lib.define_flags(values)
  flags.DEFINE_string('flagfile', None, '', flag_values=values)
  values(['program', *values.read_flags_from_files(list(arguments))])
  return config_lib.from_flags(values)


def test_no_flags_make_the_default_config():
  assert parse() == config_lib.Config()


def test_what_a_run_wrote_down_makes_it_again(tmp_path):
  config = parse('--seed=3', '--gan_width=7', '--noprogress', '--couplings=', '--agent_discount=.9')
  assert (config.run.seed, config.gan.width, config.run.progress) == (3, 7, False)
  assert (config.run.couplings, config.agent.discount) == ('', 0.9)
  path = tmp_path / 'run.flags'
  path.write_text(config_lib.to_text(config))
  assert parse(f'--flagfile={path}') == config


def test_help_shows_every_setting_with_its_default():
  text = config_lib.help_text('usage')
  values = flags.FlagValues()
  config_lib.define_flags(values)
  for name in values:
    assert f'--{name} ' in text
    assert values[name].help
  assert '[0.998]' in text
  assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize(
  'path',
  [
    path
    for path in sorted(pathlib.Path('pipelines').glob('*.flags'))
    if not path.name.endswith('ablation.flags')  # read by another command: see test_ablate
  ],
  ids=str,
)
def test_every_pipeline_is_read_and_says_what_it_shows(path):
  config = parse(f'--flagfile={path}')
  assert dataclasses.is_dataclass(config)
  head = path.read_text()
  assert head.startswith('#')
  if path.name != 'base.flags':
    assert config.run.run_dir != config_lib.RunConfig().run_dir
    assert all(word in head for word in ('# Shows:', '# Command:', '# Time:', 'Expect:'))
    assert f'--flagfile={path.as_posix()}' in head


@pytest.mark.parametrize(
  'argument, answer',
  [
    ('--agnt=ddqn', "unknown flag '--agnt'. Did you mean '--agent'?"),
    ('--rounds=many', 'rounds'),
    ('stray', "'stray' is no flag"),
    ('--flagfile=missing.flags', 'missing.flags'),
  ],
)
def test_a_mistake_is_answered_without_a_traceback(argument, answer, tmp_path):
  command = [sys.executable, '-m', 'tf_creative.train', f'--run_dir={tmp_path / "run"}', argument]
  done = subprocess.run(command, capture_output=True, text=True, timeout=120)
  assert done.returncode == 2
  assert answer in done.stderr
  assert 'Traceback' not in done.stderr


@pytest.mark.parametrize(
  'argument, answer',
  [
    ('--domain=pixl_art', "unknown domain 'pixl_art'. Did you mean 'pixel_art'?"),
    ('--couplings=enviroment', "Did you mean 'environment'?"),
    ('--gan_loss=r2gan', "Did you mean 'r3gan'?"),
    (
      '--domain=pixel_art(siz=8)',
      "unknown option 'siz' of domain 'pixel_art'. Did you mean 'size'?",
    ),
  ],
)
def test_a_wrong_name_is_answered_before_anything_is_written(argument, answer, tmp_path):
  with pytest.raises(spec.UserError, match=re.escape(answer)):
    train.train(parse(f'--run_dir={tmp_path / "run"}', argument))
  assert not (tmp_path / 'run').exists()
