"""Files and folders that a user may point at by mistake, made for the tests."""

from __future__ import annotations

import os
import pathlib

import numpy as np
from PIL import Image

from tests.shared import tiny
from tf_creative.learner import learner as learner_lib
from tf_creative.runs import run as run_lib

_ABSENT_DATA = '{"name": "x", "moduleName": 3, "splits": [{"nam'


def make(folder: pathlib.Path) -> None:
  """Everything that the rows of test_bad_input name as {place}/..."""
  (folder / 'empty').mkdir()
  (folder / 'file').write_text('only a file')
  _flagfiles(folder)
  _pictures(folder)
  _runs(folder)
  (folder / 'data').mkdir()
  (folder / 'data' / 'dataset_info.json').write_text(_ABSENT_DATA)
  for name, text in (('exports', 'model_config_list {'), ('nothing', '')):
    (folder / name).mkdir()
    (folder / name / 'models.config').write_text(text)
  (folder / 'grid' / 'a-0').mkdir(parents=True)
  (folder / 'grid' / 'a-0' / 'cell.json').write_text('{"exit": 0, "minu')


def _flagfiles(folder: pathlib.Path) -> None:
  files = {
    'empty.flags': b'',
    'comments.flags': b'# nothing\n\n// at all\n',
    'binary.flags': bytes(range(128, 256)),
    'words.flags': b'--rounds=3\nrounds = 4\n',
    'typo.flags': b'# a typo\n--seed=1\n--ruonds=3\n',
    'value.flags': b'--seed=1\n\n--rounds=few\n',
    'itself.flags': f'--seed=1\n--flagfile={folder}/itself.flags\n'.encode(),
    'first.flags': f'--flagfile={folder}/second.flags\n'.encode(),
    'second.flags': f'--flagfile={folder}/first.flags\n'.encode(),
    'nested.flags': f'--flagfile={folder}/nowhere.flags\n'.encode(),
    'nul.flags': b'--flagfile=a\0b\n',
    'large.flags': b'#' * (1 << 20) + b'\n--seed=1\n',
    'many.flags': b'--seed=1\n' * 10_001,
    'spec.flags': b'--couplings=environment|rewrad\n--world=pixel_art(size 8)\n',
  }
  for name, content in files.items():
    (folder / name).write_bytes(content)


def _pictures(folder: pathlib.Path) -> None:
  grey = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8))
  grey.save(folder / 'good.png')
  whole = (folder / 'good.png').read_bytes()
  (folder / 'short.png').write_bytes(whole[:-30])
  (folder / 'none.png').write_bytes(b'')
  (folder / 'text.png').write_text('no picture')
  (folder / 'program.eps').write_text('%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\nshowpage\n')
  Image.new('1', (8000, 8000)).save(folder / 'bomb.png')  # 8 kB
  with (folder / 'heavy.png').open('wb') as file:
    file.write(whole)
    file.truncate(65 << 20)
  grey.save(folder / 'moving.gif', save_all=True, append_images=[grey.rotate(90)])
  Image.fromarray(np.zeros((8, 8), np.float32)).save(folder / 'float.tiff')
  Image.new('L', (8, 4)).save(folder / 'wide.png')
  Image.new('L', (8, 8)).save(folder / 'black.png')
  Image.new('RGBA', (8, 8)).save(folder / 'clear.png')


def _runs(folder: pathlib.Path) -> None:
  """A run that was hardly begun, and others with its checkpoint and something wrong."""
  learner = learner_lib.Learner(tiny.config(world='bar_digits'))
  for name in ('run', 'binary', 'lost', 'other', 'hollow', 'cut', 'torn', 'fifo'):
    config = tiny.config(run_dir=str(folder / name), world='bar_digits')
    run = run_lib.Run(config)
    if name == 'run':
      run.attach(learner)
      run.save(0)
    else:
      (folder / name / 'checkpoints').mkdir(parents=True)
      for path in (folder / 'run' / 'checkpoints').iterdir():
        (folder / name / 'checkpoints' / path.name).write_bytes(path.read_bytes())
  (folder / 'binary' / 'run.flags').write_bytes(bytes(range(128, 256)))
  (folder / 'other' / 'run.flags').write_text('--rounds=3\n--gan_sparkle=7\n')
  (folder / 'hollow' / 'run.flags').write_text('')
  whole = (folder / 'run' / 'run.flags').read_text()
  (folder / 'cut' / 'run.flags').write_text(''.join(whole.splitlines(keepends=True)[:31]))
  (folder / 'torn' / 'run.flags').write_text(whole[:-2])
  os.mkfifo(folder / 'fifo' / 'run.flags')
