"""Two folders of anybody through every command: like photographs, and twenty sprites; no classes.

No command has a special case for either. What so few works cannot tell is left out, and said.
"""

import json
import math
import pathlib
import re

import numpy as np
from PIL import Image
import pytest
from scipy import ndimage

from tests.shared import runs, served, tiny
from tests.worlds.pixel_art import painted
from tf_creative import create, evaluate, export, train
from tf_creative.evaluation import evaluator
from tf_creative.learner import learner as learner_lib


def photographs(top: pathlib.Path, count: int = 40) -> pathlib.Path:
  """Smooth fields of random colours, as JPEG files."""
  for number in range(count):
    waves = np.random.default_rng(number).normal(size=(36, 48, 3))
    field = ndimage.gaussian_filter(waves, (5, 5, 0), mode='wrap')
    shown = np.clip(128 + 50 * field / field.std(), 0, 255).astype(np.uint8)
    painted.save(top / f'{number}.jpg', shown, quality=92)
  return top


FOLDERS = {
  'photographs': (photographs, 'size=16, palette=auto, colors=16, fit=crop, horizon=40'),
  'sprites': (
    lambda top: painted.folder(top, count=20),
    'size=8, palette=auto, colors=6, horizon=20',
  ),
}


@pytest.fixture(params=FOLDERS)
def world(request, tmp_path, monkeypatch):
  """The spec of a world that such a folder is the data of."""
  runs.hurry(monkeypatch)
  runs.verify_here(monkeypatch)
  painted.keep_at(monkeypatch, tmp_path / 'kept')
  make, how = FOLDERS[request.param]
  return f"pixel_art(data='{make(tmp_path / 'my')}/', {how})"


@pytest.mark.parametrize('world', ['sprites'], indirect=True)
def test_few_works_are_measured_as_far_as_they_can_tell(world, tmp_path):
  config = tiny.config(run_dir=str(tmp_path), world=world, works=9)
  learner = learner_lib.Learner(config)
  eyes = evaluator.Eyes(learner, tmp_path, 9)
  numbers = eyes.look() | eyes.yardstick()
  assert all(math.isfinite(value) for value in numbers.values())
  assert numbers['held_out/equal_pixels'] <= 1 and 'imagined/frechet' in numbers
  held_out = len(eyes.held_out.label)
  assert 2 <= held_out < 12 and eyes.remarks
  told = evaluator.headlines(numbers, learner.world)
  assert 'nan' not in told and 'imagined' in told


@pytest.mark.slow  # in short above, and in test_pictures_run
def test_every_command_serves_a_folder_of_anybody(world, tmp_path, capsys):
  run, exports, out = (str(tmp_path / name) for name in ('run', 'exports', 'out'))
  arguments = [*runs.TOY, f'--world={world}', f'--run_dir={run}', '--rounds=4', '--noexport']
  assert train.train(runs.parse(*arguments)) == 0
  said = capsys.readouterr().out
  assert 'right label' in said and 'at equal size' in said and 'nan' not in said
  assert evaluate.evaluate(evaluate.EvaluateConfig(run_dir=run, works=20)) == 0
  said = capsys.readouterr().out
  assert 'near copies' in said and 'at equal size' in said and 'nan' not in said
  page = (tmp_path / 'run/evaluation/report.html').read_text()
  words = re.sub('base64,[^")]*', '', page)
  assert 'at equal size' in words and 'there are no classes' in words
  assert ('class="rows"' in words) == ('size=16' in world)
  assert not re.search(r'\bnan\b', words, re.IGNORECASE)
  lines = (tmp_path / 'run/evaluation/metrics.jsonl').read_text().splitlines()
  for row in map(json.loads, lines):
    assert all(math.isfinite(value) for value in row.values() if not isinstance(value, str))

  told = create.CreateConfig(run_dir=run, count=3, out=out, format=('png', 'npz', 'gif', 'sheet'))
  assert create.create(told) == 0
  with np.load(f'{out}/works.npz') as arrays:
    made, palette = arrays['work'], arrays['palette']
  shown = np.asarray(Image.open(f'{out}/sheet.png').convert('RGBA'))
  assert shown.shape[0] == made.shape[1] and palette[made].shape[-1] in (3, 4)

  assert export.export(export.ExportConfig(run_dir=run, export_dir=exports)) == 0
  with served.running(pathlib.Path(exports)) as (_, client):
    answer = client.ask({'inputs': {'seed': [0, 1, 2], 'label': [-1] * 3}}, 'creator')
  assert answer.status == 200
  assert np.array_equal(json.loads(answer.body)['outputs']['work'], made)
