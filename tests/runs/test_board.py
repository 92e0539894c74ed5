"""TensorBoard: what was written is read back as TensorBoard reads it."""

import io
import itertools
import pathlib

import numpy as np
from PIL import Image, ImageDraw
import pytest
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.hparams import metadata
import tensorflow as tf

from tests.shared import tiny
from tf_creative.runs import summaries as board_lib
from tf_creative.studio import pictures


def read(path: pathlib.Path) -> event_accumulator.EventAccumulator:
  return event_accumulator.EventAccumulator(str(path)).Reload()


def image(event) -> np.ndarray:
  return np.asarray(Image.open(io.BytesIO(event.tensor_proto.string_val[2])))


def test_numbers_pictures_histograms_and_text_come_back(tmp_path):
  board = board_lib.Board(tmp_path)
  picture = np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8)
  board.text(3, 'flags', '--seed=1\n--gan_width=8')
  board.scalars(5, {'agent/return': 0.5, 'gan/critic_gap': float('nan')})
  board.picture(6, 'imagined', Image.fromarray(picture))
  board.histograms(7, {'agent/q_values': tf.constant([0.0, 1.0, 1.0, np.nan])})
  events = read(tmp_path)
  assert set(events.Tags()['tensors']) == {
    'flags', 'agent/return', 'gan/critic_gap', 'imagined', 'agent/q_values',
  }  # fmt: skip
  (flags,), (number,), (shown,) = map(events.Tensors, ('flags', 'agent/return', 'imagined'))
  assert (flags.step, number.step, shown.step) == (3, 5, 6)
  assert flags.tensor_proto.string_val[0] == b'    --seed=1\n    --gan_width=8\n'
  assert tf.make_ndarray(number.tensor_proto) == 0.5
  assert np.array_equal(image(shown), picture)


def test_a_run_is_one_row_of_the_table_under_columns_that_all_runs_share(tmp_path):
  settings = {'couplings': '', 'agent_dueling': True, 'seed': 3, 'gan_r1': 0.5}
  board_lib.Board(tmp_path).hparams('runs/mine', settings, ['held_out/own'])
  content = {
    tag: read(tmp_path).SummaryMetadata(tag).plugin_data.content
    for tag in (metadata.EXPERIMENT_TAG, metadata.SESSION_START_INFO_TAG)
  }
  table = metadata.parse_experiment_plugin_data(content[metadata.EXPERIMENT_TAG])
  assert [info.name for info in table.hparam_infos] == list(settings)
  assert [info.name for info in table.hparam_infos if info.differs] == ['couplings', 'seed']
  assert [info.name.tag for info in table.metric_infos] == ['held_out/own', *board_lib.FINAL]
  row = metadata.parse_session_start_info_plugin_data(content[metadata.SESSION_START_INFO_TAG])
  assert row.group_name == 'runs/mine'
  values = {name: getattr(value, value.WhichOneof('kind')) for name, value in row.hparams.items()}
  assert values == {'couplings': 'none', 'agent_dueling': True, 'seed': 3.0, 'gan_r1': 0.5}


def test_the_layout_is_read_as_charts(tmp_path):
  board_lib.Board(tmp_path).layout(['held_out/own'])
  (event,) = read(tmp_path).Tensors('custom_scalars__config__')
  layout = layout_pb2.Layout.FromString(event.tensor_proto.string_val[0])
  (category,) = layout.category
  charts = {chart.title: list(chart.multiline.tag) for chart in category.chart}
  assert charts == board_lib.CHARTS | {"Making: by the world's own measures": ['held_out/own$']}


def test_the_strip_goes_from_the_target_to_what_the_hand_made():
  learner = tiny.learner()
  strip = np.asarray(pictures.strip(learner, rows=2, moments=3))
  imagined = learner.creator.imagine(np.arange(2))
  made = learner.creator.make(imagined)
  # A pixel is 9 screen pixels, hence a work 36 and a cell 40 with its gap of 4; the first column
  # has a sheet of its own, 44 wide, and 12 more of paper after it.
  assert strip.shape == (4 + 2 * 40, 44 + 12 + 4 + 3 * 40, 3)
  for row in range(2):
    line = strip[4 + row * 40 :][:36]
    for left, work in ((4, imagined.work[row]), (44 + 12 + 4 + 2 * 40, made.work[row])):
      shown = line[4::9, left + 4 : left + 36 : 9]  # the middle of each pixel
      assert np.array_equal(shown, learner.world.media.render(work[None])[0])


def test_all_weights_have_a_name_of_their_own():
  learner = tiny.learner()
  learner.loop.warm_up()
  weights = board_lib.weights(learner)
  q_network = learner.agent.learner.policy.variables()
  networks = (learner.gan.generator.variables, learner.gan.critic.network.variables, q_network)
  assert len(weights) == sum(map(len, networks)) + 1
  for room in ('gan/generator/', 'gan/critic/', 'agent/QNetwork/'):
    assert any(name.startswith(room) and name.endswith('/kernel') for name in weights)
  assert weights['agent/q_values'].shape == (tiny.AGENT.environments, 4 * 4 * 4)


@pytest.fixture(scope='module')
def learner():
  return tiny.learner()


@pytest.mark.parametrize(
  ('names', 'lines'),
  [
    (['0', '1'], ['0', '1']),
    (['simple_crossing', 'major'], ['simple\ncrossing', 'major']),
    (['', ''], ['', '']),
    (['a name of many more words than fit', 'x'], ['a name of many\nmore words…', 'x']),
  ],
)
def test_a_gallery_has_room_for_the_names_of_its_rows(learner, names, lines, monkeypatch):
  written = []
  monkeypatch.setattr(type(learner.world), 'label_names', names)
  text = ImageDraw.ImageDraw.text

  def watched(draw, place, words, *rest, **options):
    written.append((words, draw.textbbox(place, words, rest[1], **options)))
    text(draw, place, words, *rest, **options)

  monkeypatch.setattr(ImageDraw.ImageDraw, 'text', watched)
  page = np.asarray(pictures.gallery(learner, 2))
  monkeypatch.undo()
  assert [words for words, _ in written] == ['imagined', 'painted', *lines]
  boxes = [box for words, box in written[2:] if words]
  first = written[0][1][0]
  assert all(left >= 0 and right < first for left, _, right, _ in boxes)
  for (_, _, _, bottom), (_, top, _, _) in itertools.pairwise(boxes):
    assert bottom <= top
  assert bool((page[40:, : int(first) - 8].min(-1) < 100).any()) == any(names)
