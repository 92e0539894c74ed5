"""What can be named: the lists, pipelines by name, and that to ask costs nothing heavy."""

import inspect
import os
import pathlib
import subprocess
import sys

import pytest

import tf_creative as tc
from tf_creative import agent, couplings, worlds
from tf_creative.api import catalog
from tf_creative.cli import flags as flags_lib
from tf_creative.core import spec
from tf_creative.learner import config as config_lib

ROOT = pathlib.Path(__file__).parents[2]


@pytest.mark.parametrize(
  ('listed', 'table'),
  [(tc.couplings, couplings.COUPLINGS), (tc.agents, agent.AGENTS)],
)
def test_all_that_a_table_names_is_described_in_a_line(listed, table):
  shown = listed()
  assert shown['name'] == list(table)
  assert all(text and '\n' not in text for text in shown['what it is'])


def test_worlds_are_listed_with_their_options():
  shown = {row['name']: row for row in tc.worlds()}
  assert shown.keys() >= worlds.WORLDS.ours.keys() - {'bars', 'bar_digits', 'poisoned', 'tunes'}
  assert shown['pixel_art']['what it is'].startswith('Pictures in a few colours')
  assert 'size=8' in shown['pixel_art']['options'] and '<td' in tc.worlds()._repr_html_()


def test_pipelines_are_those_that_can_be_trained():
  shown = {row['name']: row for row in tc.pipelines()}
  assert {'pixel_art', 'glyphs', 'melody', 'debug'} <= shown.keys()
  assert not {'base', 'debug_ablation', 'level_ablation'} & shown.keys()
  assert shown['debug']['shows'].startswith('that everything works')
  assert all(row['shows'] and 'minute' in row['time'] for row in shown.values())


def test_a_pipeline_is_found_by_its_name_from_anywhere(tmp_path, monkeypatch):
  here = flags_lib.from_settings({}, catalog.flagfile('debug'))
  monkeypatch.chdir(tmp_path)
  there = flags_lib.from_settings({}, catalog.flagfile('debug'))  # which reads base.flags, too
  assert here == there and there.run.rounds == 40
  (tmp_path / 'mine.flags').write_text('--rounds=7\n')
  for path in ('mine.flags', tmp_path / 'mine.flags'):
    assert flags_lib.from_settings({'seed': 3}, catalog.flagfile(path)).run.rounds == 7
  with pytest.raises(spec.UserError, match=r"no pipeline 'pixelart'. Did you mean 'pixel_art'\?"):
    catalog.flagfile('pixelart')


def test_settings_are_the_flags_by_their_names():
  given = {
    'rounds': 5,
    'gan_width': 16,
    'export': False,
    'couplings': '',
    'agent_learning_rate': 1e-4,
  }
  config = flags_lib.from_settings(given)
  assert (config.run.rounds, config.run.export, config.run.couplings) == (5, False, '')
  assert (config.gan.width, config.agent.learning_rate) == (16, 1e-4)
  assert flags_lib.from_settings({}) == config_lib.Config()


@pytest.mark.parametrize(
  ('settings', 'words'),
  [
    ({'ruonds': 5}, "unknown setting 'ruonds'. Did you mean 'rounds'?"),
    ({'flagfile': 'x'}, "unknown setting 'flagfile'"),
    ({'rounds': 'many'}, "--rounds must be a whole number like 5000, not 'many'"),
    ({'rounds': 0.5}, "not '0.5'"),
    ({'rounds': -1}, '--rounds must be'),
    ({'world': 'pixl_art'}, "unknown world 'pixl_art'"),
    ({'agent': 'a\nb'}, 'agent'),
  ],
)
def test_a_mistake_is_answered_as_on_the_command_line(settings, words):
  with pytest.raises(tc.UserError) as caught:
    tc.train(**settings)
  assert words in str(caught.value)
  assert caught.value._render_traceback_() == [f'{type(caught.value).__name__}: {caught.value}']


def test_modules_that_are_functions_as_well_are_both():
  assert tc.worlds is worlds and worlds.WORLDS and callable(tc.train)
  assert list(inspect.signature(tc.train).parameters)[:2] == ['pipeline', 'on_log']
  assert {'train', 'load', 'connect', 'worlds', 'Callback', 'UserError'} <= set(dir(tc))
  with pytest.raises(AttributeError, match="no attribute 'trian'"):
    tc.trian  # noqa: B018


def test_nothing_heavy_is_loaded_before_it_is_used():
  code = (
    'import sys, tf_creative as tc; assert "absl" not in sys.modules; tc.worlds(); tc.couplings(); '
    'tc.agents(); tc.pipelines(); assert "tensorflow" not in sys.modules; '
    'assert "tensorflow_datasets" not in sys.modules'
  )
  environment = {**os.environ, 'PYTHONPATH': str(ROOT)}
  subprocess.run([sys.executable, '-c', code], check=True, env=environment, timeout=120)
