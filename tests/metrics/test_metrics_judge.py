"""The judge, and all measures together under its eyes."""

import io
import os
import pathlib
import tempfile
import time
import tracemalloc

import keras
import numpy as np
import pytest
from sklearn import datasets, model_selection
import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.metrics import frechet, judge, neighbours, summary

# The judge


def to_values(works):
  return np.asarray(works, np.float32)[..., None] / 1.5 - 1


@pytest.fixture(scope='module')
def digits():
  """Real digits in four greys: training and held-out works."""
  data = datasets.load_digits()
  works = np.clip(data.images // 4, 0, 3).astype(np.uint8)
  parts = model_selection.train_test_split(
    works, data.target, test_size=360, stratify=data.target, random_state=0
  )
  return works_lib.Works(parts[0], parts[2]), works_lib.Works(parts[1], parts[3])


@pytest.fixture(scope='module')
def eyes(digits):
  start = time.process_time()
  trained = judge.Judge.train(to_values(digits[0].work), digits[0].label)
  print(f'the judge of digits took {time.process_time() - start:.1f} CPU-seconds')
  return trained


@pytest.fixture
def quick(monkeypatch):
  monkeypatch.setattr(judge, '_STEPS', 20)


def test_judge_reads_held_out_digits(eyes, digits):
  _, held_out = digits
  assert np.mean(eyes.labels(to_values(held_out.work)) == held_out.label) >= 0.97
  assert eyes.features(to_values(held_out.work)).shape == (360, 64)


def test_judge_survives_saving_and_appears_whole(eyes, digits, tmp_path):
  values = to_values(digits[1].work)
  eyes.save(tmp_path / 'judge.npz')
  loaded = judge.Judge.load(tmp_path / 'judge.npz', values.shape[1:], 10)
  np.testing.assert_array_equal(loaded.features(values), eyes.features(values))
  np.testing.assert_array_equal(loaded.labels(values), eyes.labels(values))
  assert [path.name for path in tmp_path.iterdir()] == ['judge.npz']


def test_judge_does_not_depend_on_the_seed_of_the_run(quick, digits):
  training, held_out = digits
  answers = []
  for seed in (1, 2):
    keras.utils.set_random_seed(seed)
    answers.append(
      judge.Judge.train(to_values(training.work), training.label).features(to_values(held_out.work))
    )
  np.testing.assert_array_equal(*answers)


def test_judge_reads_sequences(quick):
  labels = np.arange(200) % 2  # rising or falling lines of 12 steps and 3 channels
  line = np.linspace(-1, 1, 12)[None, :, None] * np.where(labels, 1, -1)[:, None, None]
  values = line + 0.1 * np.random.default_rng(0).normal(size=(200, 12, 3))
  assert np.mean(judge.Judge.train(values, labels).labels(values) == labels) > 0.9


@pytest.fixture(scope='module')
def untaught(digits):
  training = to_values(digits[0].work)
  return judge.Judge.train(training, np.zeros(len(training), np.int32))


def test_judge_without_classes_sees_noise_and_what_is_missing(untaught, digits):
  learnt, held_out = digits
  real, other = (untaught.features(to_values(held_out.work[first::2])) for first in (0, 1))
  assert real.shape == (180, 128) and not untaught.labels(to_values(held_out.work)).any()
  # Both halves of the features vary as much.
  np.testing.assert_allclose(
    [part.var(0).sum() for part in np.split(np.concatenate([real, other]), 2, axis=1)], 1, atol=0.15
  )
  floor = frechet.distance(other, real)
  few = untaught.features(to_values(learnt.work[learnt.label < 5][:180]))
  rng = np.random.default_rng(0)
  works = held_out.work[1::2].copy()
  noisy = rng.random(works.shape) < 0.1
  works[noisy] = rng.integers(0, 4, noisy.sum())
  speckled = untaught.features(to_values(works))
  wild = untaught.features(to_values(rng.integers(0, 4, works.shape)))
  assert frechet.distance(few, real) > 1.5 * floor
  assert frechet.distance(speckled, real) > 3 * floor
  assert neighbours.fidelity_and_variety(wild, real)['precision'] < 0.05


def test_judge_without_classes_survives_saving(untaught, digits, tmp_path):
  values = to_values(digits[1].work)
  untaught.save(tmp_path / 'judge.npz')
  loaded = judge.Judge.load(tmp_path / 'judge.npz', values.shape[1:], 1)
  np.testing.assert_array_equal(loaded.features(values), untaught.features(values))
  assert (loaded.kind, judge.Judge((8, 8, 1), 10).kind) == ('self-supervised', 'classifier')


@pytest.mark.parametrize('shape', [(12, 3), (7, 5, 2)])
def test_works_of_any_form_are_posed(shape):
  works = np.arange(64 * np.prod(shape), dtype=np.float32).reshape(64, *shape)
  posed, named = judge._posed(tf.constant(works))
  assert np.bincount(named).tolist() == [22, 21, 21]
  np.testing.assert_array_equal(posed[:22], works[:22])
  np.testing.assert_array_equal(posed[22:43], works[22:43, ::-1])
  halves = [side // 2 for side in shape[:-1]]
  np.testing.assert_array_equal(
    posed[43:], np.roll(works[43:], halves, tuple(range(1, len(shape))))
  )


def test_judge_without_classes_reads_sequences_and_works_that_are_alike(quick):
  for values in (np.random.default_rng(0).normal(size=(30, 12, 3)), np.zeros((30, 8, 8, 4))):
    features = judge.Judge.train(values, np.zeros(30)).features(values)
    assert np.isfinite(features).all()


def test_judge_refuses_other_shapes(eyes):
  with pytest.raises(ValueError, match=r'reads \(8, 8, 1\), not \(9, 8, 1\)'):
    eyes.features(np.zeros((2, 9, 8, 1)))
  with pytest.raises(ValueError, match=r'\[H, W, C\] or \[T, C\]'):
    judge.Judge((8,), 2)


def archived(arrays, compress=False):
  file = io.BytesIO()
  (np.savez_compressed if compress else np.savez)(file, **arrays)
  return file.getvalue()


def another(content, **other):
  """The same file with other arrays in it."""
  with np.load(io.BytesIO(content)) as file:
    return archived({**file, **other})


def bomb(content):
  """A few kilobytes that unpack to a hundred times what a judge holds, all of it zeros."""
  with np.load(io.BytesIO(content)) as file:
    arrays = {name: np.zeros((1 << 24,), np.uint8) for name in file}
  return archived(arrays, compress=True)


def liar(content):
  """A header that says more than there is."""
  return content.replace(b"'shape': (64, 11)", b"'shape': (64, 9**9)".ljust(17)[:17])


DAMAGES = {
  'empty': lambda content: b'',
  'a byte': lambda content: b'P',
  'cut in half': lambda content: content[: len(content) // 2],
  'lacks a byte': lambda content: content[:-1],
  'all zero': lambda content: bytes(len(content)),
  'noise': lambda content: np.random.default_rng(0).bytes(len(content)),
  'a bit': lambda content: content[:9000] + bytes([content[9000] ^ 16]) + content[9001:],
  'words': lambda content: b'a judge\n',
  'longer': lambda content: content + bytes(1 << 20),
  'one array': lambda content: archived({'weight_00': np.zeros(3, np.float32)}),
  'more arrays': lambda content: another(content, other=np.zeros(3)),
  'other shapes': lambda content: another(content, weight_00=np.zeros((3, 3, 1, 31), np.float32)),
  'other types': lambda content: another(content, weight_01=np.zeros(32, np.float64)),
  'no numbers': lambda content: another(content, weight_01=np.full(32, np.nan, np.float32)),
  'of more classes': lambda content: another(content, classes=np.array(11)),
  'objects': lambda content: another(content, weight_01=np.array([{}] * 32)),
  'a bomb': bomb,
  'a header that lies': liar,
}


@pytest.mark.parametrize('kind', DAMAGES)
def test_what_is_no_judge_is_damaged_and_costs_little(kind, eyes, tmp_path):
  path = tmp_path / 'judge.npz'
  eyes.save(path)
  path.write_bytes(DAMAGES[kind](path.read_bytes()))
  tracemalloc.start()
  try:
    with pytest.raises(judge.Damaged, match='.'):
      judge.Judge.load(path, (8, 8, 1), 10)
    assert tracemalloc.get_traced_memory()[1] < 10e6
  finally:
    tracemalloc.stop()


def test_nor_is_a_folder_or_what_never_ends(tmp_path):
  os.mkfifo(tmp_path / 'fifo')
  for path in (tmp_path, tmp_path / 'fifo', pathlib.Path('/dev/zero'), tmp_path / 'gone'):
    with pytest.raises(judge.Damaged):
      judge.Judge.load(path, (8, 8, 1), 10)


def test_a_judge_is_trained_where_no_file_can_be_written(quick, digits, monkeypatch):
  """As on a disk that is full: AutoGraph writes files, and a loop that needs it would fail."""
  monkeypatch.setattr(tempfile, 'tempdir', '/nowhere')
  values = to_values(digits[0].work)
  judge.Judge.train(values, digits[0].label).labels(values[:2])


# All together


@pytest.fixture(scope='module')
def looks(eyes, digits):
  """The looks of training and held-out digits."""
  learnt = summary.look(digits[0], to_values, eyes)
  return learnt, summary.look(digits[1], to_values, eyes, learnt)


@pytest.fixture(scope='module')
def noise(eyes, looks):
  rng = np.random.default_rng(0)
  works = works_lib.Works(rng.integers(0, 4, (1437, 8, 8), np.uint8), rng.integers(0, 10, 1437))
  return summary.look(works, to_values, eyes, looks[0])


def test_look_is_what_the_judge_sees(eyes, digits, looks):
  learnt, real = looks
  np.testing.assert_array_equal(real.features, eyes.features(to_values(digits[1].work)))
  np.testing.assert_array_equal(real.seen, eyes.labels(to_values(digits[1].work)))
  away, place = neighbours.nearest(real.features, learnt.features)
  np.testing.assert_array_equal(real.away, away)
  np.testing.assert_array_equal(real.place, place)
  again = summary.look(digits[0], to_values, eyes, learnt)
  np.testing.assert_array_equal(learnt.away, again.away)
  np.testing.assert_array_equal(learnt.features[learnt.place], again.features[again.place])


def test_imagination_tells_real_works_from_noise(looks, noise):
  learnt, real = looks
  yardstick = summary.imagination(learnt, real, learnt)
  assert (yardstick['copies'], yardstick['novelty'], yardstick['authenticity']) == (1, 0, 0)
  assert min(yardstick[name] for name in ('label_accuracy', 'train_on_synthetic')) > 0.98
  assert min(yardstick[name] for name in ('precision', 'recall', 'coverage')) > 0.7
  assert yardstick['diversity'] == pytest.approx(1, abs=0.1)

  measured = summary.imagination(noise, real, learnt)
  assert measured.keys() == yardstick.keys()
  assert all(isinstance(value, float) for value in measured.values())
  assert measured['frechet'] > 20 * yardstick['frechet']
  assert measured['kernel'] > yardstick['kernel'] + 5 * measured['kernel_error']
  assert measured['precision'] < 0.1 and measured['coverage'] < 0.1
  assert measured['label_accuracy'] < 0.3 and measured['train_on_synthetic'] < 0.3
  assert measured['copies'] == 0 and measured['novelty'] > 1 and measured['authenticity'] > 0.9


def test_halves_set_real_works_near_the_floor_and_noise_far_above(looks, noise):
  learnt, real = looks
  floor, known, wild = (summary.halves(works, real) for works in (None, learnt, noise))
  assert floor.keys() == known.keys() == wild.keys()
  assert floor['frechet'] == pytest.approx(known['frechet'], rel=0.3)
  assert wild['frechet'] > 20 * floor['frechet']
  for name in ('precision', 'recall', 'coverage', 'recognised', 'in_distribution', 'valued'):
    assert known[name] == pytest.approx(floor[name], abs=0.05)
    assert wild[name] < 0.35 < 0.8 < floor[name]
  # What was learnt has value but is not new, noise is new without value; new real works are both.
  assert known['novel'] == known['creativity'] == 0
  assert wild['novel'] > 0.95 and wild['creativity'] < 0.05
  assert floor['novel'] == pytest.approx(0.9, abs=0.05) and floor['creativity'] > 0.75
