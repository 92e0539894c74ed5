"""All commands on levels at toy size: no command has a special case for them."""

import dataclasses
import json

import numpy as np
from PIL import Image
import pytest
import tensorflow as tf

from tests.shared import mazes, runs, tiny
from tf_creative import create, evaluate, export, studio, train
from tf_creative.learner import learner
from tf_creative.runs import run as run_lib
from tf_creative.studio import edit, inpainting, nearby
from tf_creative.worlds.level import tiles


@pytest.fixture(scope='module', autouse=True)
def _hasty():
  with pytest.MonkeyPatch.context() as patch:
    runs.hasty(patch)
    yield


@pytest.fixture(scope='module')
def run_dir(tmp_path_factory):
  path = tmp_path_factory.mktemp('runs') / 'level'
  config = tiny.config(
    run_dir=str(path),
    world='level(horizon=12)',
    couplings='curriculum(memory=32, after=0)',
    agent='survey',
    rounds=2,
  )
  agent = dataclasses.replace(config.agent, network='map', depth=4, n_step=4)
  assert train.train(dataclasses.replace(config, agent=agent)) == 0
  return path


def make(run_dir, out, **settings):
  assert create.create(create.CreateConfig(run_dir=str(run_dir), out=str(out), **settings)) == 0


def test_the_hand_is_looked_at_in_the_original_too(run_dir):
  rows = [json.loads(line) for line in (run_dir / 'metrics.jsonl').read_text().splitlines()]
  last = rows[-1]
  families = ('simple_crossing', 'lava_crossing', 'door_key')
  shares = [last[f'held_out/minigrid_{name}'] for name in families]
  # The test split has as many levels of each.
  assert last['held_out/minigrid'] == pytest.approx(np.mean(shares), abs=0.05)
  assert last['held_out/minigrid'] == last['held_out/solved']
  assert last['validation/failures'] == pytest.approx(1 - last['held_out/solved'], abs=0.5)


def test_works_are_written_in_every_format(run_dir, tmp_path):
  make(run_dir, tmp_path, count=3, format=(*studio.FORMATS, 'json', 'txt'))
  with np.load(tmp_path / 'works.npz') as arrays:
    works, imagined = arrays['work'], arrays['imagined']
    assert arrays['strokes'].shape == (3, arrays['steps'].max(), 1)
  for kind in ('png', 'gif', 'svg', 'json', 'txt'):
    assert len(list((tmp_path / kind).iterdir())) == 3
  for place, path in enumerate(sorted((tmp_path / 'json').iterdir())):
    told = json.loads(path.read_text())
    np.testing.assert_array_equal(mazes.parse(*told['map']), imagined[place])
    assert '\n'.join(told['played']) == tiles.ascii_map(works[place])
    text = path.parents[1] / 'txt' / path.with_suffix('.txt').name
    assert text.read_text().strip('\n').split('\n') == [*told['map'], '', *told['played']]
  with Image.open(tmp_path / 'sheet.gif') as animation:
    assert animation.n_frames > 1
  # What was made is somebody's data set.
  world = learner.build_world(f'level(data={tmp_path / "tfrecord"}, horizon=12)')
  stored = next(iter(world.works.real('train').batch(9)))
  assert {work.tobytes() for work in stored.work.numpy()} <= {
    work.astype(np.uint8).tobytes() for work in imagined
  }


def test_a_level_is_played_and_gaps_are_filled(run_dir, tmp_path):
  level = mazes.parse(*['#' * 11] * 5, '#SG########', *['#' * 11] * 5)
  (tmp_path / 'level.txt').write_text(tiles.ascii_map(level))
  make(run_dir, tmp_path / 'played', target=str(tmp_path / 'level.txt'), format=('npz', 'json'))
  with np.load(tmp_path / 'played/works.npz') as arrays:
    np.testing.assert_array_equal(arrays['imagined'][0], level)
  (tmp_path / 'gaps.txt').write_text(tiles.ascii_map(level).replace('G', '?'))
  make(run_dir, tmp_path / 'on', start=str(tmp_path / 'gaps.txt'), count=2, format=('npz',))
  with np.load(tmp_path / 'on/works.npz') as arrays:
    known = level != tiles.GOAL
    np.testing.assert_array_equal(arrays['imagined'][0][known], level[known])
    # The hand has begun at the start, which was given.
    assert tiles.trace(arrays['begun'][0][5, 1]) == 0 and tiles.trace(arrays['work'][0]).any()
  assert (tmp_path / 'on/before-after.png').exists()


def test_a_start_is_filled_by_levels_with_a_way_and_told_where_there_is_none(
  run_dir, tmp_path, capsys
):
  """Neither start nor goal is given: of a thousand codes some leave a way between walls."""
  hall = mazes.parse('#' * 11, *['#     #   #'] * 4, '# ### ### #', *['#   #     #'] * 4, '#' * 11)
  gaps = tiles.ascii_map(hall).split('\n')
  gaps[1:10] = [row[:1] + row[1:10].replace(' ', '?') + row[10:] for row in gaps[1:10]]
  (tmp_path / 'gaps.txt').write_text('\n'.join(gaps))
  make(run_dir, tmp_path / 'on', start=str(tmp_path / 'gaps.txt'), count=20, format=('npz', 'txt'))
  with np.load(tmp_path / 'on/works.npz') as arrays:
    level = arrays['imagined']
  assert ((level == tiles.START).sum((1, 2)) == 1).all()
  assert ((level == tiles.GOAL).sum((1, 2)) == 1).all()
  said = capsys.readouterr().out
  assert '20 of 20 have a way through' in said and 'warning' not in said
  assert len(list((tmp_path / 'on/txt').iterdir())) == 20
  shut = mazes.parse(*['#' * 11] * 5, '#S#G#######', *['#' * 11] * 5)
  (tmp_path / 'shut.txt').write_text(tiles.ascii_map(shut))
  make(run_dir, tmp_path / 'shut', target=str(tmp_path / 'shut.txt'), format=('txt',))
  said = capsys.readouterr().out
  assert '0 of 1 levels solved; 0 of 1 have a way through' in said
  assert 'warning: 1 without a way through' in said
  (again,) = (tmp_path / 'shut/txt').iterdir()
  make(run_dir, tmp_path / 'again', target=str(again), format=('npz',))
  with np.load(tmp_path / 'again/works.npz') as arrays:
    np.testing.assert_array_equal(arrays['imagined'][0], shut)


def test_only_the_nearest_codes_are_searched_for_a_way(run_dir, monkeypatch):
  """To search all 4,000 that are tried for a start took most of its forty seconds."""
  one = run_lib.load(run_dir)[1]
  asked, imagine = [], one.creator.imagine
  counted = lambda seed, label: asked.append(len(seed)) or imagine(seed, label)  # noqa: E731
  monkeypatch.setattr(one.creator, 'imagine', counted)
  level = one.real.work[0]
  whole = nearby.like(one, (level, np.ones_like(level, bool)), [0], 0, 4)
  assert asked == [inpainting.MOST]
  way = one.world.measures.describe(whole.concept.work)['solvable']
  assert (np.diff(way.astype(int)) <= 0).all()  # those with a way come first
  edit.go_on(one, level, level != tiles.GOAL, [0], 0, 4)
  assert asked == [inpainting.MOST]


def test_the_report_has_the_worlds_own_numbers(run_dir):
  config = evaluate.EvaluateConfig(run_dir=str(run_dir), works=40)
  assert evaluate.evaluate(config) == 0
  text = (run_dir / 'evaluation/report.html').read_text()
  for words in ('of levels solved', 'solvable', 'path length'):
    assert words in text


def test_what_is_exported_makes_the_same_and_tells_of_the_way(run_dir):
  assert export.export(export.ExportConfig(run_dir=str(run_dir))) == 0
  model = tf.saved_model.load(str(run_dir / 'exports/creator/1'))
  answer = model.signatures['serving_default'](
    seed=tf.constant([5, 6], tf.int64), label=tf.constant([1, 2])
  )
  _, loaded = run_lib.load(run_dir)
  concept = loaded.creator.imagine([5, 6], [1, 2])
  made = loaded.creator.make(concept)
  np.testing.assert_array_equal(answer['work'], made.work)
  told = loaded.world.measures.metrics(made.work, concept.work) | loaded.world.measures.describe(
    made.work
  )
  for name in ('solvable', 'path_length', 'solved'):
    np.testing.assert_array_equal(answer[name], told[name])
  assert answer['actions'].shape == (2, 12) and answer['png_bytes'][0].numpy()[1:4] == b'PNG'
