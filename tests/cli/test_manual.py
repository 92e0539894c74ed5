"""What `--help`, `--helpfull` and `--help=NAME` say of each command."""

import dataclasses
import sys

import pytest

from tf_creative import __main__ as door
from tf_creative import agent, couplings, gan, worlds
from tf_creative.cli import command, manual
from tf_creative.cli import flags as flags_lib
from tf_creative.core import plugins, spec
from tf_creative.couplings import options as coupling_options
from tf_creative.learner import config as config_lib
from tf_creative.worlds import options as world_options

TABLES = (
  worlds.WORLDS,
  couplings.COUPLINGS,
  agent.AGENTS,
  agent.NETWORKS,
  gan.NETWORKS,
  gan.LOSSES,
)


@pytest.mark.parametrize('full', [False, True])
@pytest.mark.parametrize('name', door.COMMANDS)
def test_it_fits_a_terminal_of_80_columns(name, full, monkeypatch):
  monkeypatch.setenv('COLUMNS', '80')
  module = door.importlib.import_module(f'tf_creative.{name}')
  text = manual.text(module.__doc__, door.settings(name), full=full)
  assert max(map(len, text.splitlines())) <= 80
  assert text.startswith(module.__doc__.partition('\n')[0])
  for word in ('--flagfile', '--help=NAME', '--debug', '--version'):
    assert f'\n  {word} ' in text


def test_what_is_rarely_needed_is_told_by_helpfull():
  short, full = (manual.text('Usage.', full=full) for full in (False, True))
  flags = [flag for flag, _, _ in flags_lib.flag_fields(config_lib.Config)]
  shown = [flag for flag in flags if f'  --{flag} ' in short]
  assert 10 <= len(shown) <= 25 and {'world', 'agent', 'couplings', 'rounds', 'seed'} <= {*shown}
  assert all(f'  --{flag} ' in full for flag in flags)
  assert f'--helpfull               all {len(flags)} settings' in short and '--helpfull' not in full
  assert len(short.splitlines()) < 100
  for name in PARTS:
    assert f'\n  {name} ' in short
  assert all(name in short for name in agent.AGENTS)


def test_a_command_of_few_settings_shows_them_all():
  assert manual.text('Usage.', door.settings('create')) == manual.text(
    'Usage.', door.settings('create'), full=True
  )


PARTS = {*world_options.OPTIONS, *coupling_options.OPTIONS}  # other tests add worlds of their own


@pytest.mark.parametrize('name', sorted(PARTS.union(*(table.ours for table in TABLES[2:]))))
def test_every_part_has_a_page(name):
  text = manual.about(name)
  for table in TABLES:
    assert (name in table) <= (f'{name}, for --' in text)
  assert len(text.splitlines()[0]) > len(name) + 20  # and says something
  for options in (world_options.OPTIONS, coupling_options.OPTIONS):
    for field in dataclasses.fields(options[name]) if name in options else ():
      assert f'\n  {field.name} ' in text
      assert field.metadata['help']
  assert ('--agent_learning_rate' in text) == (name in agent.AGENTS)


def test_a_page_is_read_from_docstrings_and_comments():
  assert 'Double DQN (van Hasselt et al. 2016).' in manual.about('ddqn')
  assert 'Huang et al. 2024' in manual.about('r3gan')
  [first, second] = manual.about('conv').split('\n\n')
  assert first.startswith('conv, for --gan_network: Convolutional networks for works of any size')
  assert second.startswith('conv, for --agent_network: A fully convolutional network for painting')
  assert manual.about('seed', door.settings('create')).startswith('  --seed')
  assert manual.about('--seed') == manual.about('seed')


def test_nothing_heavy_is_imported_for_a_description():
  before = set(sys.modules)
  for table in TABLES[2:]:
    for name in table.ours:
      assert plugins.described(table[name])
  assert set(sys.modules) <= before


def test_what_has_no_page_is_told_with_the_nearest():
  with pytest.raises(
    spec.SpecError, match="no help on 'gide'. Did you mean 'guide'.* any flag, and"
  ):
    manual.about('gide')


def test_the_command_line_takes_all_forms(capsys):
  def told(*arguments):
    assert command.main(lambda settings: 1, 'Usage.', config_lib.Config, arguments) == 0
    return capsys.readouterr().out

  assert told('--help') == told('-h') == f'{manual.text("Usage.")}\n'
  assert told('--seed=3', '--helpfull') == f'{manual.text("Usage.", full=True)}\n'
  assert told('--help=guide') == f'{manual.about("guide")}\n'
