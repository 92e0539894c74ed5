"""A plugin, installed for real in a place of its own, is as one of ours to every command."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

import pytest

ROOT = pathlib.Path(__file__).parents[1]
NAME = 'tf-creative-skylines'

# A command, with a judge that is made in a moment: here nobody trusts it.
RUN = """
import runpy, sys
import tf_creative
from tf_creative.evaluation import evaluator as eyes
from tf_creative.metrics import judge
judge._STEPS, eyes._VALIDATED, eyes._PLAYED = 20, 40, 8
sys.argv = sys.argv[1:]
runpy.run_module(f'tf_creative.{sys.argv[0]}', run_name='__main__')
"""
TRAIN = [
  *('--world=skyline(floors=3, horizon=8)', '--couplings=environment|tide(weight=0.2)'),
  *('--agent=patient', '--agent_network=linear', '--gan_network=plain', '--gan_loss=least_squares'),
  *('--agent_environments=4', '--agent_batch_size=8', '--agent_warmup=40', '--gan_width=8'),
  *('--gan_batch_size=8', '--gan_latent_size=4', '--works=20', '--rounds_per_call=2'),
  *('--evaluate_every=0', '--picture_every=0', '--noprogress'),
]


def install(place, folder, version='1.0'):
  """As pip does: a wheel, made by the plugin's own backend, is unpacked where Python looks."""
  source = folder / f'source-{version}'
  shutil.copytree(ROOT / 'tests' / 'plugin', source)
  project = source / 'pyproject.toml'
  project.write_text(project.read_text().replace('version = "1.0"', f'version = "{version}"'))
  build = "from setuptools import build_meta; build_meta.build_wheel('made')"
  python(folder, '-c', build, cwd=source)
  shutil.rmtree(place, ignore_errors=True)
  [wheel] = (source / 'made').glob('*.whl')
  zipfile.ZipFile(wheel).extractall(place)


def python(folder, *arguments, cwd=ROOT, code=0):
  """What Python says, on both screens, where it finds what is installed in folder/site."""
  env = {**os.environ, 'PYTHONPATH': f'{folder / "site"}{os.pathsep}{ROOT}'}
  env |= {'TFDS_DATA_DIR': str(folder / 'data'), 'COLUMNS': '100'}
  done = subprocess.run(
    [sys.executable, *arguments], capture_output=True, text=True, cwd=cwd, env=env
  )
  assert done.returncode == code, done.stderr
  return done.stdout + done.stderr


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
  made = tmp_path_factory.mktemp('plugin')
  install(made / 'site', made)
  return made


def test_help_lists_it_and_does_not_import_it(folder):
  code = """
import sys
from tf_creative.cli import command
from tf_creative.learner import config
from tf_creative import train
command.main(train.train, 'Usage.', config.Config, ['--help'])
heavy = {'skylines', 'skylines.world', 'tensorflow', 'tf_agents', 'tensorflow_datasets'}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""
  said = ' '.join(python(folder, '-c', code).split())
  for name in ('skyline', 'tide', 'waves'):
    assert f' {name} Of {NAME} 1.0.' in said
  for names in (
    'ppo, patient [',
    'strided, linear [',
    'tapered, plain [',
    'least_squares [',
  ):
    assert names in said


def test_help_tells_the_options_of_one_that_is_named(folder):
  given = ('--help', '--world=skyline', '--couplings=tide')
  said = ' '.join(python(folder, '-m', 'tf_creative.train', *given).split())
  assert (
    'skyline Rows of eight towers, built to a plan. (data=waves, floors=5, horizon=10) '
    f'Of {NAME} 1.0.'
  ) in said
  assert 'tide Pays for each step more or less, as the imagination learns. (weight=0.1, pe' in said
  said = ' '.join(python(folder, '-m', 'tf_creative.train', '--help=skyline').split())
  options = '(data=waves, floors=5, horizon=10)'
  told = f'Rows of eight towers, built to a plan. {options} Of {NAME} 1.0.'
  assert said == f'skyline, for --world: {told}'


TYPOS = [
  ('--world=skylin', "unknown world 'skylin'. Did you mean 'skyline'? Valid: airfoil, atari"),
  ('--couplings=tied', "unknown coupling 'tied'. Did you mean 'tide'?"),
  ('--agent=patent', "--agent cannot be 'patent'. Did you mean 'patient'?"),
  ('--agent_network=linea', "Did you mean 'linear'?"),
  ('--gan_network=plane', "Did you mean 'plain'?"),
  ('--gan_loss=squares', "Did you mean 'least_squares'?"),
  (
    '--world=skyline(flors=3)',
    "unknown option 'flors' of world 'skyline'. Did you mean 'floor",
  ),
  ('--world=skyline(floors=9)', "option 'floors' of world 'skyline' must be 1 to 8, not 9."),
  ('--couplings=tide(weight=2)', "option 'weight' of coupling 'tide' must be 0 to 1, not 2."),
  ('--world=skyline(data=wave)', "unknown data set 'wave'. Did you mean 'waves'?"),
]


def test_typos_are_answered_with_its_names(folder):
  code = f"""
from tf_creative.cli import command
from tf_creative.learner import config
from tf_creative import train
for argument, _ in {TYPOS!r}:
  arguments = ['--run_dir={folder}/never', argument]
  assert command.main(train.train, 'Usage.', config.Config, arguments) == 2
"""
  answers = f'\n{python(folder, "-c", code)}'.split('\nerror: ')[1:]
  assert len(answers) == len(TYPOS)
  for (argument, words), answer in zip(TYPOS, answers, strict=True):
    assert words in answer
    if '(' in argument and 'data=' not in argument:
      assert f'\n  {argument}\n' in answer and '^' in answer
  assert not (folder / 'never').exists()


def test_its_parts_keep_the_contracts_and_train(folder):
  code = """
import tf_creative.agent
from tf_creative import worlds
from tf_creative import testing
testing.check_data('waves')
testing.check_world(worlds.WORLDS.load('skyline')(floors=4))
testing.check_coupling('tide', weight=0.5)
"""
  run = folder / 'short'
  given = ('train', *TRAIN, f'--run_dir={run}', '--rounds=2', '--noexport')
  said = python(folder, '-c', code + RUN, *given)
  assert 'starting' in said
  [built] = json.loads((run / 'build.json').read_text())
  assert built['with'][NAME].startswith('1.')
  logged = [json.loads(line) for line in (run / 'metrics.jsonl').read_text().splitlines()]
  assert any('coupling/tide/level' in row for row in logged)


@pytest.mark.slow
def test_a_run_of_it_trains_resumes_evaluates_exports_and_says_what_it_was_made_with(folder):
  run = folder / 'run'
  flags = ('-c', RUN, 'train', *TRAIN, f'--run_dir={run}')
  said = python(folder, *flags, '--rounds=4', '--noexport')
  assert 'starting' in said and NAME not in said
  [built] = json.loads((run / 'build.json').read_text())
  assert built['with'][NAME] == '1.0'
  install(folder / 'site', folder, '1.1')
  said = python(folder, *flags, '--rounds=6')
  assert 'resuming' in said and 'at round 4' in said
  assert f'something else ({NAME}: 1.0, now 1.1): it goes on' in said
  built = json.loads((run / 'build.json').read_text())
  assert [(one['from round'], one['with'][NAME]) for one in built] == [(0, '1.0'), (4, '1.1')]
  card = (run / 'exports' / 'README.md').read_text()
  assert f'of {NAME} 1.1.' in card and '`skyline(floors=3, horizon=8)`' in card
  logged = [json.loads(line) for line in (run / 'metrics.jsonl').read_text().splitlines()]
  assert any('coupling/tide/level' in row for row in logged)
  said = python(folder, '-c', RUN, 'evaluate', f'--run_dir={run}', '--works=20')
  assert 'equal towers' in said or 'equal_towers' in said
  made = folder / 'made'
  given = (f'--run_dir={run}', '--count=3', '--format=png,towers', f'--out={made}')
  python(folder, '-m', 'tf_creative.create', *given)
  heights = [path.read_text().split() for path in sorted((made / 'towers').iterdir())]
  assert len(heights) == 3 and all(len(one) == 8 and max(map(int, one)) <= 3 for one in heights)


def test_one_that_cannot_be_imported_is_listed_and_told_when_it_is_asked_for(folder, tmp_path):
  shutil.copytree(folder / 'site', tmp_path / 'site')
  (tmp_path / 'site' / 'skylines' / 'world.py').write_text('import no_such_library\n')
  said = ' '.join(python(tmp_path, '-m', 'tf_creative.train', '--help').split())
  assert f' skyline Of {NAME} 1.' in said
  words = "ModuleNotFoundError: No module named 'no_such_library'): mend or uninstall"
  given = (f'--run_dir={tmp_path / "run"}', '--world=skyline')
  said = python(tmp_path, '-m', 'tf_creative.train', *given, code=2)
  assert words in said and 'Traceback' not in said
  assert words in ' '.join(python(tmp_path, '-m', 'tf_creative.train', *given, '--help').split())
  python(tmp_path, '-c', 'from tf_creative import worlds; worlds.WORLDS.load("level")')
