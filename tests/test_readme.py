"""Every fenced block of the README and of all pages, run in its order: what is printed works.

Each command is made small by flags of its own, which come last and win. A line that trains one of
the pipelines as it is needs no second run here: test_pipelines takes each to its end, if asked to.
"""

import contextlib
import functools
import importlib.util
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tomllib

import numpy as np
from PIL import Image
import pytest

from tests.docs import pages
from tests.shared import browser, data_sets, tiny
from tests.shared.runs import PIPELINES, TOY, hurry, rows, small, verify_here
from tests.worlds.pixel_art import painted
from tf_creative import (
  ablate,
  agent,
  benchmark,
  couplings,
  create,
  evaluate,
  export,
  gan,
  serve,
  train,
  worlds,
)
from tf_creative.cli import command
from tf_creative.cli import flags as flags_lib
from tf_creative.experiments.ablation import watched
from tf_creative.learner import config as config_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.runs import run as run_lib
from tf_creative.serving.server import server as server_lib
from tf_creative.worlds.melody import midi

ROOT = pages.ROOT
TRAIN = [*TOY, '--rounds=2', '--evaluate_every=0']
COMMANDS = {  # the function, its settings, and what makes it small
  'train': (train.train, config_lib.Config, TRAIN),
  'evaluate': (evaluate.evaluate, evaluate.EvaluateConfig, ['--works=20']),
  'create': (create.create, create.CreateConfig, ['--count=4']),
  'export': (export.export, export.ExportConfig, []),
  'ablate': (
    ablate.ablate,
    ablate.AblateConfig,
    ['--pipeline=toy.flags', '--seeds=0', '--out=runs/toy_ablation'],
  ),
  'benchmark': (
    benchmark.benchmark,
    benchmark.BenchmarkConfig,
    ['--pipeline=toy.flags', '--turns=1', '--seconds=0.1'],
  ),
}
# What stands in for the train of a grid: see test_ablate.
STUB = """
import pathlib, sys
[path] = [flag.partition('=')[2] for flag in sys.argv if flag.startswith('--run_dir=')]
pathlib.Path(path).mkdir(parents=True)
row = '{"round": 2, "painted/frechet": 0.5, "held_out/equal_pixels": 0.5}'
(pathlib.Path(path) / 'metrics.jsonl').write_text(row)
"""
# Minutes, or seconds for what another block of the same kind shows; in short see test_benchmark,
# test_evaluate and test_melody_run, and `test_a_command_can_be_read`.
LONG = re.compile(
  r'--sweep|--compare=runs/seed1|debug_ablation|tc\.train\(|'
  r'runs/(melody_none|my_\w+|small|sprites|tuning)'
)
COPIES = {'seed1': 'pixel_art', 'cartpole_1': 'cartpole', 'cartpole_2': 'cartpole'}
BLOCKS = pages.blocks()


@pytest.fixture(scope='module', autouse=True)
def place(tmp_path_factory):
  """A folder in which a reader stands who has what the README speaks of."""
  folder = tmp_path_factory.mktemp('reader')
  (folder / 'pipelines').symlink_to(ROOT / 'pipelines')
  toy = [line for line in TRAIN if not line.startswith('--noprogress')]
  (folder / 'toy.flags').write_text('\n'.join(['--flagfile=pipelines/pixel_art.flags', *toy]))
  picture = np.zeros([16, 16, 4], np.uint8)
  picture[..., 3], picture[2:14, 6:10, :3] = 255, 250
  Image.fromarray(picture).save(folder / 'cat.jpg.png')
  for name in ('cat.jpg', 'sprite.png', 'other.png'):
    Image.fromarray(picture[..., :3]).save(folder / name)
  picture[6:10, :, 3] = 0
  Image.fromarray(picture).save(folder / 'torn.png')
  Image.fromarray(255 - picture[..., 3]).save(folder / 'hole.png')
  tune = np.zeros(32, np.uint8)
  tune[:16:2] = [22, 24, 26, 27, 29, 27, 26, 24]
  (folder / 'mine.mid').write_bytes(midi.file(tune))
  painted.folder(folder / 'my_sprites', 'cat', 'dog')
  (folder / 'TUNES').mkdir()
  for number in range(4):
    tune[16:20] += 1
    (folder / f'TUNES/{number}.mid').write_bytes(midi.file(tune))
  with pytest.MonkeyPatch.context() as patch:
    patch.chdir(folder)
    painted.keep_at(patch, folder / 'kept')
    patch.setenv('PYTHONPATH', str(ROOT))  # for the processes that a command starts
    hurry(patch)
    verify_here(patch)
    patch.setattr(watched, 'TRAIN', [sys.executable, '-c', STUB])
    patch.setattr(run_lib, 'load', functools.cache(run_lib.load))  # which takes seconds
    yield folder


@pytest.fixture(scope='module')
def served(place):
  """The server that the README starts."""
  need('pixel_art')
  server = server_lib.Server(place / 'runs/pixel_art/exports', poll_seconds=0)
  server.start()
  yield server
  server.stop()


@functools.cache
def need(name: str) -> None:
  """A trained run of the pipeline, or of its recipe under another name."""
  if name in COPIES:  # nobody looks whether it is of another seed
    need(COPIES[name])
    shutil.copytree(f'runs/{COPIES[name]}', f'runs/{name}')
    return
  likely = {'my_tunes': 'melody_none'}.get(name, name)
  pipeline = likely if (ROOT / f'pipelines/{likely}.flags').is_file() else 'pixel_art'
  arguments = [f'--flagfile=pipelines/{pipeline}.flags', f'--run_dir=runs/{name}']
  arguments += ['--couplings='] if name == 'control' else []
  # Only what the README goes on to export is worth the time of an export here.
  arguments += [] if name == 'pixel_art' else ['--noexport']
  run('train', arguments)


@functools.cache
def _run(name: str, arguments: tuple[str, ...]) -> None:
  function, settings, small = COMMANDS[name]
  assert command.main(function, '', settings, [*arguments, *small]) == 0


@functools.cache
def taste(arguments: tuple[str, ...]) -> None:
  """Builds and tries what train would train: `need` trains what another command goes on from."""

  def tried(config: config_lib.Config) -> int:
    tiny.taste(learner_lib.Learner(config))
    return 0

  with contextlib.ExitStack() as stack:
    if any('data=mnist' in argument for argument in arguments):
      folder = pathlib.Path.cwd() / 'tfds'
      stack.enter_context(data_sets.mock('mnist', folder, 60, train=60, test=60))
    assert command.main(tried, '', config_lib.Config, [*arguments, *TRAIN]) == 0


def run(name: str, arguments: list[str]) -> None:
  _run(name, tuple(arguments))


def shell(line: str, server) -> None:
  """Runs one line as a shell would, small."""
  words, ours = shlex.split(line), pages.command_of(line)
  if why := pages.why_not(line):
    if words[:2] == ['docker', 'run'] and 'exports:/models' in line:
      need('pixel_art')
      mounted = pathlib.Path('runs/pixel_art/exports')
      assert 'runs/pixel_art/exports:/models' in line
      for name in re.findall(r'/models/(\w+\.config)', line):
        assert (mounted / name).is_file()
    assert why
  elif words[0] == 'make':
    target = subprocess.run(['make', '-n', *words[1:]], cwd=ROOT, capture_output=True, text=True)
    assert target.returncode == 0 and target.stdout, target.stderr
  elif words[0] == 'curl':
    here = line.replace(':8501', f':{server().rest_port}').replace(':8500', f':{server().port}')
    answer = subprocess.run(shlex.split(here), capture_output=True, text=True, check=True)
    assert ('"outputs"' if ':predict' in line else '"model_version_status"') in answer.stdout
  elif ours and not words[0].startswith('--'):
    python(*ours, server)
  else:
    assert ours, f'nobody knows how to try: {line}'


def python(name: str, arguments: list[str], server) -> None:
  """Runs a command of ours, once the runs are there that it speaks of."""
  if '--help' in arguments:
    function, settings, _ = COMMANDS[name]
    assert command.main(function, 'usage', settings, arguments) == 0
    return
  if name == 'serve':
    assert flags_lib.from_arguments(arguments, serve.ServeConfig).export_dir
    server()
    return
  if name == 'train':
    flagfile = [a.partition('=')[2] for a in arguments if a.startswith('--flagfile=')]
    if len(arguments) == 1 and pathlib.Path(*flagfile[:1]).stem in PIPELINES:
      assert pathlib.Path(flagfile[0]).is_file()
      return
    for path in flagfile:
      if path.startswith('runs/'):
        need(path.split('/')[1])
    taste(tuple(arguments))
    return
  for argument in arguments:
    if argument.startswith(('--run_dir=', '--compare=')):
      for path in argument.partition('=')[2].split(','):
        if path.startswith('runs/') and path.endswith('.json'):
          continue
        need(path.split('/')[1])
  if any(argument.startswith('--compare=') and '.json' in argument for argument in arguments):
    run('benchmark', [])
    for path in arguments[0].partition('=')[2].split(','):
      os.makedirs(os.path.dirname(path), exist_ok=True)
      if not os.path.exists(path):
        shutil.copy('runs/benchmark/benchmark.json', path)
  arguments = (
    [argument.replace('localhost:8500', f'localhost:{server().port}') for argument in arguments]
    if any('--server' in argument for argument in arguments)
    else arguments
  )
  run(name, arguments)


def program(block: pages.Block, server) -> None:
  """Runs a block of Python, once what it speaks of is there."""
  if pages.why_not(block.text):
    return
  if 'runs/pixel_art' in block.text:
    need('pixel_art')
  text = small(block.text)
  text = text.replace(':8500', f':{server().port}') if 'localhost:8500' in text else text
  exec(compile(text, block.title, 'exec'), {'__name__': '__main__'})


@pytest.mark.parametrize(
  'block',
  [
    pytest.param(block, id=block.title, marks=[pytest.mark.slow] if LONG.search(block.text) else [])
    for block in BLOCKS
  ],
)
def test_a_block_of_the_readme_runs(block, request, capsys):
  server = lambda: request.getfixturevalue('served')  # noqa: E731
  if block.kind == 'python':
    program(block, server)
  elif block.text.startswith('[project.entry-points'):
    [(section, told)] = tomllib.loads(block.text)['project']['entry-points'].items()
    tables = (worlds.WORLDS, worlds.DATA, couplings.COUPLINGS, agent.AGENTS, gan.NETWORKS)
    assert section in {table.group for table in tables} and all(
      ':' in target for target in told.values()
    )
  elif pages.is_shown(block):
    assert not re.search(r'^\s*(python|make|pip) ', block.text, re.M)
  else:
    for line in pages.lines(block):
      shell(line, server)


@pytest.mark.slow
@pytest.mark.skipif(not browser.BINARY, reason='there is no Chromium on the PATH')
def test_the_pictures_are_made_by_a_command(place, capsys):
  need('pixel_art')
  found = importlib.util.spec_from_file_location('pictures', ROOT / 'docs/pictures.py')
  pictures = importlib.util.module_from_spec(found)
  found.loader.exec_module(pictures)
  assert pictures.main(['--run_dir=runs/pixel_art', f'--out={place}/drawn']) == 0
  for name in ('docs/pictures/page.png', 'pipelines/gallery.png', 'pipelines/painting.gif'):
    with Image.open(place / 'drawn' / name) as picture, Image.open(ROOT / name) as kept:
      assert picture.width > 100 and len(picture.convert('RGB').getcolors()) > 3
      assert kept.format == picture.format
  assert pictures.main(['--run_dir=runs/nowhere', f'--out={place}/drawn']) == 2
  assert 'make train' in capsys.readouterr().err


def test_there_is_something_to_try():
  tried = [block for block in BLOCKS if not pages.is_shown(block)]
  assert len(tried) > 8 and len([block for block in tried if block.kind == 'python']) >= 2


def test_all_that_a_run_logs_is_explained(place, monkeypatch):
  """Each number of metrics.jsonl, and of what evaluate writes, stands in the page on metrics."""
  monkeypatch.syspath_prepend(str(ROOT / 'docs/_extensions'))
  explained = importlib.import_module('metrics_told').explains
  need('pixel_art')
  logged = {name for row in rows(place / 'runs/pixel_art') for name in row}
  assert len(logged) > 40 and not [name for name in logged if not explained(name)]
  assert not explained('agent/nonsense') and not explained('nonsense/frechet')


def test_the_signatures_are_those_of_the_page(place):
  """As a model card has them; tests/docs looks at those of other worlds."""
  need('pixel_art')
  told = (ROOT / 'docs/reference/serving.md').read_text()
  card = (place / 'runs/pixel_art/exports/README.md').read_text()
  signatures = re.findall(r'^\| `\w+` \| `\w+` \|.*$', card, re.MULTILINE)
  assert len(signatures) == 11
  for line in signatures:
    assert line in told


def test_a_newcomer_reads_a_page_and_every_link_leads_somewhere():
  assert len(pages.PAGES) > 5 and pages.PAGES[0].read_text().count('\n') <= 150
  for page in (*pages.PAGES, ROOT / 'ARCHITECTURE.md', ROOT / 'pipelines/RESULTS.md'):
    for link in re.findall(r'\]\((?!https?:|#)([^)#\s]+)', page.read_text()):
      assert (page.parent / link).exists(), f'{page.name}: {link}'
