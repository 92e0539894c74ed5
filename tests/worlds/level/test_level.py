"""The world of levels: its data, what is legal, what is seen, and what is written of it."""

import json
from unittest import mock

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from tests.shared import mazes
from tf_creative.core import spec
from tf_creative.core import works as works_lib
from tf_creative.worlds.level import rules as level_rules
from tf_creative.worlds.level import tiles
from tf_creative.worlds.level import world as level_lib
from tf_creative.worlds.level.minigrid_levels import minigrid_levels_dataset_builder as builder

FEW = [
  builder.Config(name='small', families=('simple_crossing', 'door_key'), size=11,
                 counts=(('train', 20), ('test', 5))),
]  # fmt: skip


class LevelsTest(tfds.testing.DatasetBuilderTestCase):
  DATASET_CLASS = builder.Builder
  BUILDER_CONFIG_NAMES_TO_TEST = ['small', 'multi_room']
  SPLITS = {'train': 60, 'test': 15}

  def setUp(self):
    super().setUp()
    counts = (('train', 20), ('test', 5))
    for config in builder.Builder.BUILDER_CONFIGS:
      self.enter_context(mock.patch.object(config, 'counts', counts))
      if config.name == 'multi_room':
        self.enter_context(mock.patch.object(config, 'counts', (('train', 60), ('test', 15))))


@pytest.fixture(scope='module')
def world():
  return level_lib.Level()


@pytest.fixture(scope='module')
def real(world):
  return {split: next(iter(world.works.real(split).batch(10**6))) for split in ('train', 'test')}


def test_no_level_occurs_twice_in_either_split(real):
  everything = np.concatenate([real['train'].work, real['test'].work]).reshape(4200, -1)
  families = np.concatenate([real['train'].label, real['test'].label])
  assert len(np.unique(everything, axis=0)) == 4200
  np.testing.assert_array_equal(np.bincount(families), [1400] * 3)


def test_every_level_has_one_start_one_goal_and_a_way(world, real):
  for works in real.values():
    for tile in (tiles.START, tiles.GOAL):
      assert ((works.work == tile).numpy().sum((1, 2)) == 1).all()
    keys = (works.work == tiles.KEY).numpy().sum((1, 2))
    np.testing.assert_array_equal(keys, works.label == 2)
  assert world.measures.describe(real['test'].work)['solvable'].all()


def test_a_level_is_what_its_seed_makes_of_minigrid():
  env = builder.DoorKeyEnv(size=8)
  env.reset(seed=4)  # 4 % 3 is the second of the sizes
  row = next(builder.Builder._levels(mock.Mock(builder_config=FEW[0]), 'door_key', 4, 1, set()))
  assert (row['seed'], row['direction']) == (4, env.agent_dir)
  np.testing.assert_array_equal(row['tiles'][:8, :8], builder.tile_map(env))
  assert (row['tiles'][8:] == tiles.WALL).all() and (row['tiles'][:, 8:] == tiles.WALL).all()


def test_a_work_is_its_own_legal_form(world, real):
  works = real['test'].work
  np.testing.assert_array_equal(world.works.to_works(world.works.to_values(works)), works)
  np.testing.assert_array_equal(
    world.works.legal(world.works.to_values(works)), world.works.to_values(works)
  )


def test_the_legal_form_has_one_start_one_goal_and_at_most_one_key_where_wanted_most(world):
  raw = tf.random.stateless_normal([50, 11, 11, 7], [0, 1])
  works = world.works.to_works(raw).numpy()
  for tile, least in ((tiles.START, 1), (tiles.GOAL, 1), (tiles.KEY, 0)):
    count = (works == tile).sum((1, 2))
    assert (count <= 1).all() and (count >= least).all()
  border = np.ones([11, 11], bool)
  border[1:-1, 1:-1] = False
  assert (works[:, border] == tiles.WALL).all()
  # A start is wanted most where it is most ahead of what may stand there otherwise: 2 - 1 < 1 - -1.
  raw = np.full([1, 11, 11, 7], -1.0, np.float32)
  raw[0, 3, 3, [tiles.FLOOR, tiles.START]] = 1, 2
  raw[0, 5, 7, tiles.START] = 1
  raw[0, 0, 0, [tiles.START, tiles.GOAL]] = 9  # nothing but wall can be at the border
  raw[0, 8, 8, tiles.GOAL] = 0
  found = world.works.to_works(tf.constant(raw)).numpy()[0]
  assert np.argwhere(found == tiles.START).tolist() == [[5, 7]]
  assert np.argwhere(found == tiles.GOAL).tolist() == [[8, 8]]
  assert not (found == tiles.KEY).any()


def test_gradients_pass_straight_through_inside_the_walls(world):
  raw = tf.random.stateless_normal([2, 11, 11, 7], [3, 1])
  with tf.GradientTape() as tape:
    tape.watch(raw)
    loss = tf.reduce_sum(world.works.legal(raw)[..., tiles.LAVA])
  slope = tape.gradient(loss, raw).numpy()
  soft = tf.nn.softmax(raw).numpy()[..., tiles.LAVA]
  # d softmax_lava / d raw_lava = p (1 - p)
  inner = (slice(None), slice(1, -1), slice(1, -1))
  np.testing.assert_allclose(slope[inner][..., tiles.LAVA], (soft * (1 - soft))[inner], atol=1e-6)
  assert not slope[:, 0].any() and not slope[:, :, -1].any()


def test_the_prospect_is_what_is_seen_as_an_episode_begins(world, real):
  some = tf.nest.map_structure(lambda part: part[::40], real['test'])
  seen = world.play.features(world.rules.observe(world.rules.start(some, None)))
  features, owed = world.works.prospect(world.works.to_values(some.work), some.label)
  np.testing.assert_array_equal(features, seen)
  steps = [len(mazes.shortest(level)) for level in some.work.numpy()]
  np.testing.assert_allclose(owed, 1 - 0.9 * np.array(steps) / 100, rtol=1e-6)


HALL = mazes.parse(*['#' * 11] * 4, '#SK D   G##', *['#' * 11] * 6)


def test_features_tell_doors_keys_and_where_the_agent_looks(world):
  state = world.rules.start(works_lib.Works(tf.constant(HALL[None]), tf.constant([2])), None)
  planes = world.play.features(world.rules.observe(state)).numpy()[0]
  assert planes.shape == (11, 11, 12)
  assert np.argwhere(planes[..., :4]).tolist() == [[4, 1, 0]]  # the first: to the right
  assert planes[4, 2, 7] == planes[4, 4, 8] == planes[4, 4, 9] == 1  # key, door, locked
  assert planes[..., 10].sum() == 0 and (planes[..., 11] == 1).all()
  for action in (level_rules.PICKUP, level_rules.RIGHT):
    state, _, _ = world.rules.step(state, tf.constant([action]), None)
  planes = world.play.features(world.rules.observe(state)).numpy()[0]
  assert np.argwhere(planes[..., :4]).tolist() == [[4, 1, 1]]
  assert planes[..., 7].sum() == planes[..., 9].sum() == 0  # nothing to take; the key fits
  assert (planes[..., 10] == 1).all() and np.allclose(planes[..., 11], 0.98)


def test_text_tells_the_level_and_the_play(world, tmp_path):
  state = world.rules.start(works_lib.Works(tf.constant(HALL[None]), tf.constant([2])), None)
  actions = [3, 2, 2, 4, 2, 2, 2, 2, 2]  # the key, two steps, the door, five steps: 9
  for action in actions:
    state, _, _ = world.rules.step(state, tf.constant([action]), None)
  work = world.rules.work(state)[0].numpy()
  told = json.loads(world.media.files['json'](work))
  assert told['map'][4] == '#SK D   G##' and told['played'][4] == '#S......>##'
  assert (told['solved'], told['solvable'], told['path_length']) == (True, True, 9)
  lines = world.media.files['txt'](work).decode().split('\n')
  assert (lines[4], lines[11], lines[16]) == ('#SK D   G##', '', '#S......>##')
  assert lines[:11] == told['map'] and lines[12:23] == told['played']
  path = tmp_path / 'level.json'
  path.write_bytes(world.media.files['json'](work))
  level, given = world.media.read(path)
  np.testing.assert_array_equal(level, HALL)
  assert given.all()
  path.write_text(tiles.ascii_map(HALL).replace('#S', '??'))
  level, given = world.media.read(path)
  assert (~given).sum() == 2 and level[4, 1] == tiles.FLOOR
  path.write_text('#SG#')
  with pytest.raises(spec.UserError, match='not of'):
    world.media.read(path)


@pytest.mark.parametrize('kind', ['txt', 'json'])
@pytest.mark.parametrize('actions', [[], [0], [3, 2, 2, 4, 2, 2, 2, 2, 2]])
def test_what_is_written_is_read_again_with_its_start(world, tmp_path, kind, actions):
  """The agent stands on the start, looks up on it, or has gone by key and door to the goal."""
  state = world.rules.start(works_lib.Works(tf.constant(HALL[None]), tf.constant([2])), None)
  for action in actions:
    state, _, _ = world.rules.step(state, tf.constant([action]), None)
  path = tmp_path / f'level.{kind}'
  path.write_bytes(world.media.files[kind](world.rules.work(state)[0].numpy()))
  level, given = world.media.read(path)
  np.testing.assert_array_equal(level, HALL)
  assert given.all()


def test_gaps_are_filled_by_what_goes_with_the_rest(world):
  """A start, a goal and at most one key, of which those that are given come first."""
  given = HALL != tiles.GOAL
  given[4, 5:7] = False
  other = np.full_like(HALL, tiles.WALL)
  other[4, 6], other[4, 5], other[4, 1] = tiles.START, tiles.KEY, tiles.GOAL
  filled = world.works.filled(HALL, given, np.stack([other, HALL]))
  assert (filled[:, given] == HALL[given]).all()
  for tile in (tiles.START, tiles.GOAL, tiles.KEY):
    assert (filled == tile).sum((1, 2)).tolist() == [1, 1]
  np.testing.assert_array_equal(filled[1], HALL)


def test_an_svg_draws_the_way(world):
  svg = world.media.drawing(HALL, np.array([3, 2, 2, 4, 2]), 4)
  assert svg.count('--t:') == 5 and 'M2,4' in svg and 'M4,4' in svg


def test_every_code_has_a_picture_and_works_are_shown_tile_by_tile(world):
  shown = world.media.render(HALL[None])
  assert shown.shape == (1, 88, 88, 3)
  pictures = tiles.pictures()
  np.testing.assert_array_equal(shown[0, 32:40, 8:16], pictures[tiles.START])
  assert len({pictures[code].tobytes() for code in range(7)}) == 7
  agents = {pictures[7 * (tiles.HERE + direction)].tobytes() for direction in range(4)}
  assert len(agents) == 4
  # Looking right the agent's tip is on the right, looking down it is below.
  right, down = pictures[14], pictures[21]
  np.testing.assert_array_equal(np.rot90(right, -1), down)
