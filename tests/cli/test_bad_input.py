"""Whatever a user gets wrong: exit code 2, an answer that names the cure, and no traceback.

A row is a command, its arguments and words of the answer. Rows run in this process, by the way that
the command line takes; a few at the end are processes of their own.
"""

import functools
import importlib
import re
import socket
import subprocess
import sys

import pytest
import requests

from tests.shared import bad_places, bad_rows
from tf_creative.cli import command
from tf_creative.learner import config as config_lib
from tf_creative.runs import run as run_lib
from tf_creative.worlds import folders


@pytest.fixture(scope='module')
def place(tmp_path_factory):
  """The folder of all that is wrong, where nothing can be downloaded."""
  folder = tmp_path_factory.mktemp('bad')
  bad_places.make(folder)

  def head(*_, **__):
    raise requests.ConnectionError('no network')

  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(requests, 'head', head)
    patch.setattr(run_lib, 'load', functools.cache(run_lib.load))  # loading takes seconds
    yield folder


def answer(name, arguments, capsys):
  """The exit code of a command and what it says to stderr."""
  module = importlib.import_module(f'tf_creative.{name}')
  settings = getattr(module, f'{name.title()}Config', config_lib.Config)
  capsys.readouterr()
  code = command.main(getattr(module, name), module.__doc__, settings, arguments)
  return code, capsys.readouterr().err


TRAIN = [('train', *row) for row in bad_rows.TRAIN]
ROWS = TRAIN + bad_rows.OTHERS


@pytest.mark.parametrize('row', ROWS, ids=[' '.join(row[:-1]).replace('\a', '?') for row in ROWS])
def test_a_mistake_is_answered_with_its_cure(row, place, capsys, tmp_path, monkeypatch):
  name, *arguments, words = (word.replace('{place}', str(place)) for word in row)
  if name == 'train' and not any(argument.startswith('--run_dir') for argument in arguments):
    arguments.insert(0, f'--run_dir={tmp_path / "run"}')
  if name == 'train':  # should the mistake pass, there is little to wait for
    arguments = ['--rounds=0', '--works=12', '--noexport', *arguments]
  code, said = answer(name, arguments, capsys)
  assert code == 2, said
  assert 'Traceback' not in said
  assert said.startswith('error: ')
  assert words in said
  assert not (tmp_path / 'run').exists()  # nothing is left behind


def test_there_are_many_ways_to_be_wrong():
  assert len(set(ROWS)) == len(ROWS) >= 60
  assert {row[0] for row in ROWS} == {'train', 'create', 'evaluate', 'export', 'serve', 'ablate'}


@pytest.mark.parametrize(
  ('argument', 'under'),
  [
    ('--world=pixel_art(size=8', '('),
    ('--world=pixel_art(sise=8)', 'sise'),
    ('--world=pixel_art(size=one)', 'one'),
    ('--world=pixel_art(data=digits, palette=gray)', 'gray'),
    ('--couplings=environment|rewrad(weight=1)', 'rewrad'),
    ('--couplings=environment|reward(weight=)', ')'),
    ('--couplings=environment|guide(weight=2)', '2'),
    ('--couplings=environment|environment', 'environment'),
  ],
)
def test_a_caret_stands_under_the_place(argument, under, capsys, tmp_path):
  _, said = answer('train', [f'--run_dir={tmp_path / "run"}', argument], capsys)
  shown, caret = re.search(r'\n  (--\w+=.*)\n  ( *)\^\n', said).groups()
  assert shown == argument
  assert len(caret) == argument.rindex(under)


def test_a_mistake_in_a_run_that_is_good_otherwise_comes_before_its_work(place, capsys):
  before = sorted(place.rglob('*'))
  answer('create', [f'--run_dir={place}/run', '--label=cat'], capsys)
  assert sorted(place.rglob('*')) == before


def test_a_port_that_is_taken_is_named(place, capsys):
  with socket.socket() as taken:
    taken.bind(('127.0.0.1', 0))
    taken.listen()
    (place / 'nothing' / 'models.config').write_text(
      'model_config_list { config { name: "a" base_path: "/nowhere" } }'
    )
    port = f'--rest_port={taken.getsockname()[1]}'
    code, said = answer(
      'serve', [f'--export_dir={place}/nothing', '--binary=', port, '--port=0'], capsys
    )
  assert code == 2
  assert 'choose another --host or --rest_port' in said


def test_more_data_than_fit_are_refused(place, capsys, tmp_path, monkeypatch):
  monkeypatch.setattr(folders, '_MOST_WORKS', 100)
  code, said = answer('train', [f'--run_dir={tmp_path / "run"}'], capsys)
  assert code == 2
  assert "data set 'digits' has 1,437 pictures" in said and 'choose a smaller one' in said


@pytest.mark.parametrize(
  ('row', 'words'),
  [
    ('train --flagfile={place}/itself.flags', 'includes itself'),
    ('evaluate --works=5', '--works must be 12 or more'),
    ('ablate --case=a --debug', 'Traceback'),
  ],
)
def test_the_same_from_the_command_line(row, words, place):
  name, *arguments = row.replace('{place}', str(place)).split()
  line = [sys.executable, '-m', f'tf_creative.{name}', *arguments]
  done = subprocess.run(line, capture_output=True, text=True, timeout=120)
  assert done.returncode == 2
  assert words in done.stderr
  assert 'error: ' in done.stderr
  assert ('Traceback' in done.stderr) == ('--debug' in arguments)
