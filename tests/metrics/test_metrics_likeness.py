"""Near copies: moved, mirrored and changed works, worked by hand."""

import time
import tracemalloc

import numpy as np
import pytest

from tf_creative.metrics import likeness


def nearest(works, training, also=None):
  also = np.zeros((len(works), 0), int) if also is None else also
  values = [np.eye(16, dtype=np.float32)[part] for part in (works, training)]
  return likeness.nearest(works, values[0], training, values[1], also)


def test_likeness_worked_by_hand():
  # On a ground of zeros the training work has four cells 1 2 3 4; that of the other one is 9.
  learnt = np.zeros((2, 4, 4), np.uint8)
  learnt[0, 1, :], learnt[1, 3, 3] = [1, 2, 3, 4], 9
  works = learnt[[0, 0, 0, 1, 0]].copy()
  works[1, 1, 0] = 7  # three of four
  works[2, 1, :2] = 0  # two of four, for the other two are ground in one only
  works[4, 0, 0] = 5  # four of five: there it is ground in the other
  like, twin = nearest(works, learnt)
  assert like.tolist() == [1, 3 / 4, 2 / 4, 1, 4 / 5]
  assert twin.tolist() == [0, 0, 0, 1, 0]


def test_what_is_moved_and_mirrored_is_the_same_work():
  # A side of 16 may be moved by two cells, one of 8 by a single one, and one of 4 by none.
  for side, most in ((16, 2), (8, 1), (4, 0)):
    learnt = np.zeros((1, side, side), np.uint8)
    learnt[0, 3, 1:3], learnt[0, 2, 1] = [1, 2], 3
    for by in range(-3, 4):
      for seen in (learnt, learnt[..., ::-1]):
        (like,), _ = nearest(np.roll(seen, (by, 0), (1, 2))[:, :side], learnt)
        assert (like == 1) == (abs(by) <= most), (side, by)
  upside_down = learnt[:, ::-1]
  assert nearest(upside_down, learnt)[0][0] < 1


def test_tunes_are_moved_and_never_mirrored():
  tune = np.zeros((1, 32), np.uint8)
  tune[0, 10:14] = [1, 2, 3, 4]
  assert nearest(np.roll(tune, 2, 1), tune)[0] == [1]
  assert nearest(np.roll(tune, 5, 1), tune)[0] < 0.5
  assert nearest(tune[:, ::-1], tune)[0] < 0.5


def test_blank_works_are_copies_of_blank_ones_only():
  blank, drawn = np.zeros((1, 8, 8), np.uint8), np.zeros((1, 8, 8), np.uint8)
  drawn[0, 4, 4] = 1
  assert nearest(blank, np.concatenate([drawn, blank]))[0] == [1]
  assert nearest(blank, drawn)[0] == [0]


def test_the_likest_is_found_among_many_and_those_given_are_looked_at():
  rng = np.random.default_rng(0)
  learnt = rng.integers(0, 16, (300, 16, 16)).astype(np.uint8)
  works = np.roll(learnt[:100, :, ::-1], (1, -2), (1, 2))
  changed = rng.random(works.shape) < 0.05
  works[changed] = rng.integers(0, 16, changed.sum())
  like, twin = nearest(works, learnt)
  assert (twin == np.arange(100)).all()
  assert 0.9 < like.mean() < 0.98  # of .95 that were left alone and a sixteenth of the others
  # Of values that say nothing only a work that is given can be found.
  nothing = np.zeros((300, 16, 16, 1), np.float32)
  also = np.array([[250]])
  like, twin = likeness.nearest(learnt[250:251], nothing[:1], learnt, nothing, also)
  assert (like, twin) == ([1], [250])


@pytest.mark.parametrize('count', [1, 3])
def test_a_few_training_works_are_enough(count):
  learnt = np.arange(count * 64, dtype=np.uint8).reshape(count, 8, 8) % 16
  assert nearest(learnt, learnt)[0].tolist() == [1] * count


def test_it_takes_seconds_and_little_memory():
  rng = np.random.default_rng(0)
  works, learnt = (rng.integers(0, 16, (n, 32, 32), np.uint8) for n in (500, 1300))
  palette = rng.random((16, 4), np.float32)
  values = [palette[part] for part in (works, learnt)]
  tracemalloc.start()
  start = time.process_time()
  likeness.nearest(works, values[0], learnt, values[1], np.zeros((500, 1), int))
  assert time.process_time() - start < 10  # half a second, alone
  assert tracemalloc.get_traced_memory()[1] < 400e6
  tracemalloc.stop()
