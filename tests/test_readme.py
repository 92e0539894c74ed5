"""Every fenced block of the README and of docs/, run in its order: what is printed works.

Each command is made small by flags of its own, which come last and win. A line that trains one of
the pipelines as it is needs no second run here: test_pipelines takes each to its end, if asked to.
"""

import functools
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from typing import NamedTuple

import numpy as np
from PIL import Image
import pytest

from tests.shared import data_sets, tiny
from tests.shared.runs import PIPELINES, TOY, hurry, small, verify_here
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
from tf_creative.experiments import grid
from tf_creative.learner import config as config_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.runs import run as run_lib
from tf_creative.serving.server import server as server_lib
from tf_creative.worlds.melody import midi

ROOT = pathlib.Path(__file__).parents[1]
PAGES = [ROOT / 'README.md', *sorted((ROOT / 'docs').glob('*.md'))]
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
# Minutes; in short see test_benchmark, test_evaluate and test_melody_run.
LONG = re.compile(r'--sweep|--compare=runs/seed1|runs/melody_none')
NOT_HERE = re.compile(r'pip install|pip-audit|git clone|tensorboard|docker|python -m pytest')


class Block(NamedTuple):
  title: str  # of the section, with a number
  kind: str  # python, or nothing
  text: str


def read() -> list[Block]:
  blocks, title = [], ''
  text = '\n'.join(page.read_text() for page in PAGES)
  pieces = re.split(r'^(#+ [^\n]*|```\w*\n.*?^```)$', text, flags=re.MULTILINE | re.DOTALL)
  for piece in pieces:
    if piece.startswith('#'):
      title = piece.strip('# ')
    elif piece.startswith('```'):
      kind, _, text = piece.strip('`').partition('\n')
      blocks.append(Block(f'{len(blocks)} {title}', kind, text))
  return blocks


BLOCKS = read()


def lines(block: Block) -> list[str]:
  """The commands of a block without their remarks."""
  joined = block.text.replace('\\\n', ' ')
  bare = (re.sub(r'\s# .*', '', line).strip() for line in joined.split('\n'))
  return [line for line in bare if line]


def is_shown(block: Block) -> bool:
  """Whether it shows what a command has printed."""
  first = lines(block)[0]
  return not block.kind and not re.match(
    r'(python|make|pip|git|curl|docker|tensorboard|tf-creative) ', first
  )


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
  Image.fromarray(picture[..., :3]).save(folder / 'cat.jpg')
  picture[6:10, :, 3] = 0
  Image.fromarray(picture).save(folder / 'torn.png')
  Image.fromarray(255 - picture[..., 3]).save(folder / 'hole.png')
  (folder / 'FOLDER/train/cats').mkdir(parents=True)
  Image.fromarray(picture[..., :3]).save(folder / 'FOLDER/train/cats/cat.png')
  tune = np.zeros(32, np.uint8)
  tune[:16:2] = [22, 24, 26, 27, 29, 27, 26, 24]
  (folder / 'mine.mid').write_bytes(midi.file(tune))
  with pytest.MonkeyPatch.context() as patch:
    patch.chdir(folder)
    patch.setenv('PYTHONPATH', str(ROOT))  # for the processes that a command starts
    hurry(patch)
    verify_here(patch)
    patch.setattr(grid, 'TRAIN', [sys.executable, '-c', STUB])
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
  if name == 'seed1':  # nobody looks whether it is of another seed
    need('pixel_art')
    shutil.copytree('runs/pixel_art', 'runs/seed1')
    return
  pipeline = name if (ROOT / f'pipelines/{name}.flags').is_file() else 'pixel_art'
  arguments = [f'--flagfile=pipelines/{pipeline}.flags', f'--run_dir=runs/{name}']
  arguments += ['--couplings='] if name == 'control' else []
  # Only what the README goes on to export is worth the time of an export here.
  arguments += [] if name == 'pixel_art' else ['--noexport']
  run('train', arguments)


@functools.cache
def _run(name: str, arguments: tuple[str, ...]) -> None:
  function, settings, small = COMMANDS[name]
  assert command.main(function, '', settings, [*arguments, *small]) == 0


def taste(arguments: list[str]) -> None:
  """Builds and tries what train would train: `need` trains what another command goes on from."""

  def tried(config: config_lib.Config) -> int:
    tiny.taste(learner_lib.Learner(config))
    return 0

  assert command.main(tried, '', config_lib.Config, [*arguments, *TRAIN]) == 0


def run(name: str, arguments: list[str]) -> None:
  _run(name, tuple(arguments))


def shell(line: str, server) -> None:
  """Runs one line as a shell would, small."""
  words = shlex.split(line)
  if words[0] == 'make':
    target = subprocess.run(['make', '-n', *words[1:]], cwd=ROOT, capture_output=True, text=True)
    assert target.returncode == 0 and target.stdout, target.stderr
  elif words[0] == 'curl':
    here = line.replace(':8501', f':{server().rest_port}').replace(':8500', f':{server().port}')
    answer = subprocess.run(shlex.split(here), capture_output=True, text=True, check=True)
    assert '"outputs"' in answer.stdout
  elif words[:2] == ['python', '-m'] and words[2].startswith('tf_creative.'):
    python(words[2].removeprefix('tf_creative.'), words[3:], server)
  elif words[0] == 'tf-creative':
    python(words[1], words[2:], server)
  else:
    assert NOT_HERE.match(line), f'nobody knows how to try: {line}'
    if 'tensorflow/serving' in words:
      mounted = pathlib.Path('runs/pixel_art/exports')
      assert 'runs/pixel_art/exports:/models' in line
      for name in re.findall(r'/models/(\w+\.config)', line):
        assert (mounted / name).is_file()


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
    if any('data=mnist' in argument for argument in arguments):
      with data_sets.mock('mnist', pathlib.Path.cwd() / 'tfds', 60, train=60, test=60):
        taste(arguments)
      return
    taste(arguments)
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
  if any(argument.startswith('--peer') for argument in arguments):
    return  # other people's programs: pipelines/peers has an environment of its own
  run(name, arguments)


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
    text = small(block.text)
    if 'runs/pixel_art' in text:
      need('pixel_art')
    if ':8500' in text:
      text = text.replace(':8500', f':{server().port}')
    exec(compile(text, block.title, 'exec'), {})
  elif block.text.startswith('[project.entry-points'):
    [(section, told)] = tomllib.loads(block.text)['project']['entry-points'].items()
    tables = (worlds.WORLDS, worlds.DATA, couplings.COUPLINGS, agent.AGENTS, gan.NETWORKS)
    assert section in {table.group for table in tables} and all(
      ':' in target for target in told.values()
    )
  elif is_shown(block):
    assert not re.search(r'^\s*(python|make|pip) ', block.text, re.M)
  else:
    for line in lines(block):
      shell(line, server)


def test_there_is_something_to_try():
  tried = [block for block in BLOCKS if not is_shown(block)]
  assert len(tried) > 8 and len([block for block in tried if block.kind == 'python']) >= 2


def test_equal_works_are_promised_of_tensorflow_alone():
  """Conversions gave others: of eight works by ONNX none, by OpenVINO two were equal."""
  texts = [page.read_text() for page in (*PAGES, ROOT / 'tf_creative/serving/exports/card.py')]
  promises = [
    paragraph
    for paragraph in '\n\n'.join(texts).split('\n\n')
    if re.search(r'(same|equal)\s+(seeds?|works?)\b', paragraph) and 'batch' in paragraph
  ]
  assert len(promises) >= 2
  for promise in promises:
    assert 'TensorFlow' in promise and 'ONNX' in promise, promise


def test_a_newcomer_reads_a_page_and_every_link_leads_somewhere():
  assert len(PAGES) > 5 and PAGES[0].read_text().count('\n') <= 150
  for page in (*PAGES, ROOT / 'ARCHITECTURE.md', ROOT / 'CONTRIBUTING.md'):
    for link in re.findall(r'\]\((?!https?:)([^)#]+)', page.read_text()):
      assert (page.parent / link).exists(), f'{page.name}: {link}'
