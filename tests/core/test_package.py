"""What others install: the wheel is whole, and TF-Agents comes with it under another name."""

from importlib import metadata
import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import tomllib
import zipfile

import pytest

import tf_creative
from tf_creative.runs import provenance

ROOT = pathlib.Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / 'pyproject.toml').read_text())
# Imported by nobody who only imports the package; the first takes most of its time.
HEAVY = ('gymnasium', 'numpy', 'tensorflow', 'keras', 'tf_agents', 'rich', 'absl')


@pytest.fixture(scope='module')
def tools():
  """The scripts of .ci, which are no package."""
  with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(ROOT / '.ci')
    yield {name: importlib.import_module(name) for name in ('build', 'companion')}


@pytest.fixture(scope='module')
def built(tools, tmp_path_factory):
  """The folder of sdist and wheel, and the wheel unpacked."""
  folder = tmp_path_factory.mktemp('dist')
  sdist, wheel = tools['build'].build(folder)
  assert sdist.name == f'tf_creative-{tf_creative.__version__}.tar.gz'
  zipfile.ZipFile(wheel).extractall(folder / 'site')
  return folder


def elsewhere(built, *arguments, code=0):
  """What Python says in a folder where nothing is, with the package from the wheel."""
  place = built / 'elsewhere'
  place.mkdir(exist_ok=True)
  env = os.environ | {'PYTHONPATH': str(built / 'site')}
  line = [sys.executable, *arguments]
  done = subprocess.run(line, cwd=place, env=env, capture_output=True, text=True, timeout=120)
  assert done.returncode == code, done.stderr
  return done.stdout + done.stderr


def test_the_wheel_is_called_as_its_version_says_and_asks_for_what_pyproject_lists(built):
  [info] = (built / 'site').glob('*.dist-info')
  told = metadata.Distribution.at(info)
  assert (told.metadata['Name'], told.version) == ('tf-creative', tf_creative.__version__)
  assert told.metadata['Requires-Python'] == '<3.14,>=3.11'
  assert [(e.name, e.value) for e in told.entry_points] == [
    ('tf-creative', 'tf_creative.__main__:main')
  ]
  asked = [line.partition(';')[0].strip() for line in told.requires or [] if 'extra' not in line]
  assert len(asked) == len(PROJECT['project']['dependencies']) > 20
  assert 'tf-creative-agents==0.19.0.post1' in asked


def test_every_version_is_the_same():
  module = re.search(
    r'name = "tf_creative",\s+version = "(.*)"', (ROOT / 'MODULE.bazel').read_text()
  )
  assert module and module[1] == tf_creative.__version__


def test_every_file_that_is_read_is_in_the_wheel(built):
  """Those of the tests of TFDS, which no program reads, are not."""
  held = {str(path.relative_to(built / 'site')) for path in (built / 'site').rglob('*')}
  files = [path for path in ROOT.glob('tf_creative/**/*') if path.is_file()]
  names = {str(path.relative_to(ROOT)) for path in files if path.suffix != '.pyc'}
  names = {name for name in names if '/dummy_data/' not in name and '/.' not in name}
  names |= {f'tf_creative/pipelines/{path.name}' for path in ROOT.glob('pipelines/*.flags')}
  assert not names - held, sorted(names - held)
  assert not [name for name in held if name.startswith(('tests', 'pipelines', '.ci'))]


def test_the_list_of_packages_is_that_of_the_folders():
  folders = {
    '.'.join(path.parent.relative_to(ROOT).parts) for path in ROOT.glob('tf_creative/**/*.py')
  }
  assert set(PROJECT['tool']['setuptools']['packages']) == folders | {'tf_creative.pipelines'}


def test_the_lock_holds_what_pyproject_asks_for():
  """By names: `make lock` asks an index for the versions."""
  project = PROJECT['project']
  asked = [*project['dependencies'], *project['optional-dependencies']['dev']]
  names = {re.split(r'[=<>]', line)[0].lower().replace('_', '-') for line in asked}
  pinned = set(re.findall(r'^([a-z0-9._-]+)==', (ROOT / 'requirements.txt').read_text(), re.M))
  assert names - pinned == set(PROJECT['tool']['uv']['exclude-dependencies'])


def test_a_pipeline_is_found_from_anywhere_and_a_file_of_ones_own_wins(built):
  train = ('-m', 'tf_creative', 'train')
  ours = '--flagfile=pipelines/debug.flags'
  said = elsewhere(built, *train, ours, '--no_such_flag', code=2)
  assert "unknown flag '--no_such_flag'" in said  # so the files, one within the other, were read
  said = elsewhere(built, *train, '--flagfile=pipelines/debg.flags', code=2)
  assert 'cannot read pipelines/debg.flags (No such file or directory): name a flagfile' in said
  assert "Did you mean 'pipelines/debug.flags'?" in said
  (built / 'elsewhere' / 'pipelines').mkdir()
  (built / 'elsewhere' / 'pipelines' / 'debug.flags').write_text('--mine=1\n')
  said = elsewhere(built, *train, ours, code=2)
  assert "unknown flag '--mine' (pipelines/debug.flags, line 1)" in said


def test_importing_is_quick_and_gymnasium_knows_our_worlds_in_any_order(built):
  code = f'import tf_creative, sys; assert not set({HEAVY!r}) & set(sys.modules)\n'
  ids = "print(sorted(name for name in gymnasium.registry if name.startswith('tf_creative/')))\n"
  names = ('Airfoil', 'Level', 'Melody', 'PixelArt', 'Verse')
  ours = f'{[f"tf_creative/{name}-v0" for name in names]}\n'
  looked = 'import importlib.util\nassert importlib.util.find_spec("gymnasium")\n'
  assert elsewhere(built, '-c', f'{code}{looked}import gymnasium\n{ids}') == ours
  assert elsewhere(built, '-c', f'import gymnasium, tf_creative\n{ids}') == ours


METADATA = """Metadata-Version: 2.1
Name: tf-agents
Version: 0.19.0
Summary: A library
License-File: LICENSE
Requires-Dist: absl-py >=0.6.1
Requires-Dist: gym <=0.23.0,>=0.17.0
Requires-Dist: typing-extensions ==4.5.0
Requires-Dist: pygame ==2.1.3
Requires-Dist: tensorflow-probability ~=0.23.0
Provides-Extra: reverb
Requires-Dist: rlds ; extra == 'reverb'

# Requires-Dist: gym
"""


@pytest.fixture(scope='module')
def repacked(tools, tmp_path_factory):
  """A wheel like that of TF-Agents, packed anew, and the path of the first."""
  folder = tmp_path_factory.mktemp('companion')
  info = 'tf_agents-0.19.0.dist-info'
  with zipfile.ZipFile(folder / 'tf_agents-0.19.0-py3-none-any.whl', 'w') as wheel:
    for name, text in {
      'tf_agents/__init__.py': 'x = 1\n',
      f'{info}/METADATA': METADATA,
      f'{info}/LICENSE': 'Apache',
      f'{info}/WHEEL': 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
      f'{info}/RECORD': '',
    }.items():
      wheel.writestr(name, text)
  source = pathlib.Path(wheel.filename)
  made = tools['companion'].repack(source, folder / 'made')
  zipfile.ZipFile(made).extractall(folder / 'site')
  return made, source, folder / 'site'


def test_the_companion_has_the_code_as_it_is_and_other_requirements(repacked):
  made, _, site = repacked
  assert made.name == 'tf_creative_agents-0.19.0.post1-py3-none-any.whl'
  assert (site / 'tf_agents/__init__.py').read_text() == 'x = 1\n'
  info = site / 'tf_creative_agents-0.19.0.post1.dist-info'
  told = metadata.Distribution.at(info)
  assert (told.metadata['Name'], told.version) == ('tf-creative-agents', '0.19.0.post1')
  assert told.requires == [
    'absl-py >=0.6.1',
    'tensorflow-probability==0.25.*',
    'tf-keras==2.21.*',
  ]
  assert told.metadata.get_all('Provides-Extra') is None
  assert told.metadata.get_payload() == '# Requires-Dist: gym\n'
  notice = (info / 'NOTICE').read_text()
  assert 'Apache License 2.0' in notice and 'No file of the folder' in notice
  for name in ('gym', 'pygame', 'typing-extensions', 'tensorflow-probability'):
    assert name in notice


def test_its_record_names_every_file_with_its_hash_and_the_same_source_gives_the_same(
  repacked, tools, tmp_path
):
  made, source, site = repacked
  info = site / 'tf_creative_agents-0.19.0.post1.dist-info'
  listed = {file.as_posix(): file for file in metadata.Distribution.at(info).files or []}
  assert listed.keys() == set(zipfile.ZipFile(made).namelist())
  for name, file in listed.items():
    content = (site / name).read_bytes()
    if name.endswith('/RECORD'):
      assert not file.hash
      continue
    digest = tools['companion'].hashlib.sha256(content).digest()
    told = tools['companion'].base64.urlsafe_b64encode(digest).rstrip(b'=').decode()
    assert (file.hash.value, file.size) == (told, len(content))
  assert tools['companion'].repack(source, tmp_path).read_bytes() == made.read_bytes()


def test_both_at_once_are_refused(repacked, tmp_path):
  _, source, site = repacked
  zipfile.ZipFile(source).extractall(tmp_path / 'other')
  env = os.environ | {'PYTHONPATH': os.pathsep.join(map(str, (site, tmp_path / 'other', ROOT)))}
  line = [sys.executable, '-c', 'import tf_creative.agent']
  done = subprocess.run(line, env=env, capture_output=True, text=True)
  assert done.returncode == 1
  assert 'both own the folder tf_agents/' in done.stderr
  assert 'pip uninstall --yes tf-agents tf-creative-agents' in done.stderr


@pytest.mark.parametrize('name', ['tf-agents', 'tf-creative-agents'])
def test_either_is_taken_and_noted_with_a_run_as_the_same(name, repacked, tmp_path, monkeypatch):
  _, source, site = repacked
  zipfile.ZipFile(source).extractall(tmp_path / 'other')
  place = {'tf-agents': tmp_path / 'other', 'tf-creative-agents': site}[name]
  monkeypatch.setattr(sys, 'path', [str(place)])
  assert provenance.version('tf-agents') == '0.19.0'
  with pytest.raises(metadata.PackageNotFoundError):
    provenance.version('no-such-package')


def test_keras_3_before_us_is_told_how_to_mend():
  code = "import sys, types; sys.modules['tensorflow'] = types.ModuleType('tensorflow')\n"
  env = {name: value for name, value in os.environ.items() if name != 'TF_USE_LEGACY_KERAS'}
  done = subprocess.run(
    [sys.executable, '-c', code + 'import tf_creative'], env=env, capture_output=True, text=True
  )
  assert done.returncode == 1
  assert 'Either import tf_creative first, or set TF_USE_LEGACY_KERAS=1' in done.stderr
