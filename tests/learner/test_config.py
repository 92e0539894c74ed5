"""Settings: the dataclasses are the flags, and what a run wrote down makes it again."""

import dataclasses
import pathlib
import re
import subprocess
import sys

from absl import flags
import pytest

from tests.shared.runs import parse
from tf_creative import couplings, create, evaluate, export, serve, train, worlds
from tf_creative.agent import AGENTS
from tf_creative.agent import NETWORKS as agent_networks
from tf_creative.api import asked
from tf_creative.cli import flags as flags_lib
from tf_creative.cli import manual
from tf_creative.core import spec
from tf_creative.couplings import options as coupling_options
from tf_creative.couplings import transition_reward
from tf_creative.gan import LOSSES
from tf_creative.gan import NETWORKS as gan_networks
from tf_creative.learner import config as config_lib
from tf_creative.worlds import options as world_options
from tf_creative.worlds.melody import scores
from tf_creative.worlds.pixel_art import brushes, palettes


def test_no_flags_make_the_default_config():
  assert parse() == config_lib.Config()


def test_what_a_run_wrote_down_makes_it_again(tmp_path):
  config = parse('--seed=3', '--gan_width=7', '--noprogress', '--couplings=', '--agent_discount=.9')
  assert (config.run.seed, config.gan.width, config.run.progress) == (3, 7, False)
  assert (config.run.couplings, config.agent.discount) == ('', 0.9)
  path = tmp_path / 'run.flags'
  path.write_text(flags_lib.to_text(config))
  assert parse(f'--flagfile={path}') == config


def test_help_shows_every_setting_with_its_default():
  text = manual.text('usage', full=True)
  values = flags.FlagValues()
  flags_lib.define_flags(values)
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
    if path.name != 'pixel_art.flags':  # which is the default
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
    ('--world=pixl_art', "unknown world 'pixl_art'. Did you mean 'pixel_art'?"),
    ('--couplings=enviroment', "Did you mean 'environment'?"),
    ('--gan_loss=r2gan', "Did you mean 'r3gan'?"),
    (
      '--world=pixel_art(siz=8)',
      "unknown option 'siz' of world 'pixel_art'. Did you mean 'size'?",
    ),
  ],
)
def test_a_wrong_name_is_answered_before_anything_is_written(argument, answer, tmp_path):
  with pytest.raises(spec.UserError, match=re.escape(answer)):
    train.train(parse(f'--run_dir={tmp_path / "run"}', argument))
  assert not (tmp_path / 'run').exists()


def test_no_flags_train_the_main_run():
  """And what the other commands look for without flags is what it leaves."""
  main = flags_lib.from_arguments(['--flagfile=pipelines/pixel_art.flags'])
  assert flags_lib.to_text(flags_lib.from_arguments([])) == flags_lib.to_text(main)
  folder = main.run.run_dir
  for other in (evaluate.EvaluateConfig, create.CreateConfig, export.ExportConfig):
    assert other().run_dir == folder
  assert serve.ServeConfig().export_dir == f'{folder}/exports'


def test_the_base_of_the_other_pipelines_does_not_move_with_the_defaults():
  base = flags_lib.from_arguments(['--flagfile=pipelines/base.flags'])
  pinned = base.run.rounds, base.run.evaluate_every, base.run.world, base.gan.decay_steps
  assert pinned == (8000, 2000, 'pixel_art', 0)
  assert (base.run.couplings, base.gan.learning_rate) == ('environment(real=0.25)', 1e-3)


@pytest.mark.parametrize(
  'table, options',
  [(worlds.WORLDS, world_options.OPTIONS), (couplings.COUPLINGS, coupling_options.OPTIONS)],
  ids=['worlds', 'couplings'],
)
def test_what_is_checked_at_once_is_what_is_built(table, options):
  """The light tables of options, and the classes that are made by them, are of one kind."""
  ours = {name: entry for name, entry in table.items() if entry.startswith('tf_creative.')}
  assert ours.keys() == options.keys()
  for name in ours:
    part = table.load(name)
    assert issubclass(getattr(part, 'Options', part), options[name])
  assert set(world_options.PALETTES) == {'grey', *palettes.NAMED, 'auto', 'FILE.hex'}
  assert world_options.MELODY_STEPS == scores.STEPS
  assert set(world_options.BRUSHES) == set(brushes.SHAPES)
  assert set(coupling_options.FORMS) == set(transition_reward.FORMS)


def test_help_names_all_that_the_tables_hold():
  text = ' '.join(manual.text('usage', full=True).split())
  for names in (AGENTS, agent_networks, LOSSES, gan_networks):
    assert f': {", ".join(names)} [' in text
  for options in (*world_options.OPTIONS.items(), *coupling_options.OPTIONS.items()):
    name, told = options
    assert f' {name} {told.__doc__} {spec.signature(told)}' in text
  formats = manual.text('usage', create.CreateConfig)
  assert all(f' {name}' in formats for name in asked.FORMATS)


TYPOS = [
  ('--world=pixl_art', "unknown world 'pixl_art'"),
  ('--world=pixel_art(siz=8)', "unknown option 'siz'"),
  ('--world=pixel_art(size=1)', 'must be 2 to 256'),
  ('--world=melody(given=32)', 'must be 0 to 31'),
  ('--couplings=enviroment', "Did you mean 'environment'?"),
  ('--couplings=guide(weight=2)', 'must be 0 to 1'),
  ('--couplings=guide|guide', 'is given twice'),
  ('--agent_network=covn', "Did you mean 'conv'?"),
]


def test_typos_are_answered_before_anything_heavy_is_imported(tmp_path):
  """Also in the folder of a run with other settings, where the typo is what is told."""
  (tmp_path / 'checkpoints').mkdir()
  (tmp_path / 'checkpoints' / 'ckpt-1.index').touch()
  (tmp_path / 'run.flags').write_text('--seed=1\n')
  code = f"""
import sys
from tf_creative.cli import command
from tf_creative.learner import config
from tf_creative import train
for argument, _ in {TYPOS!r}:
  arguments = ['--run_dir={tmp_path}', argument]
  assert command.main(train.train, 'Usage.', config.Config, arguments) == 2
heavy = {{'tensorflow', 'keras', 'tf_agents', 'tensorflow_datasets', 'sklearn', 'scipy'}}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""
  done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, timeout=60)
  assert done.returncode == 0, done.stderr
  answers = done.stderr.split('error: ')[1:]
  for (argument, words), answer in zip(TYPOS, answers, strict=True):
    assert words in answer and 'other settings' not in answer
    if not argument.startswith('--agent'):
      assert answer.endswith('^\n') and f'\n  {argument}\n' in answer
