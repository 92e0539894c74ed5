"""What was foreseen is drawn beside what came, at its step and in its place."""

import types

import numpy as np
import pytest
import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.gan import transitions
from tf_creative.studio import foreseen

PICTURE = np.zeros((40, 40, 3), np.uint8)
RED = (255, 40, 40)


class Counting:
  """Foresees that each step adds its action."""

  key = 'seen'

  def __init__(self, shape, dtype=tf.float32, bits=False, newest=None):
    newest = shape[-1] if newest is None else newest
    self.part = works_lib.Bounded(shape, dtype, 0, 1)
    self.model = types.SimpleNamespace(kind=transitions.Kind(shape, newest, 3, bits))

  def ahead(self, observation, actions, seed):
    del seed
    seen = observation['seen']
    total = tf.reduce_sum(actions, 1)
    seen += tf.cast(tf.reshape(total, [-1, *[1] * (len(seen.shape) - 1)]), seen.dtype)
    none = tf.zeros([tf.shape(total)[0]])
    return {'seen': seen}, transitions.Foreseen(seen, none, none, none, none)


def moments(values, memory):
  """An episode in which so much is seen, with actions that tell the steps apart."""
  past = [({'seen': value[None]}, np.array([step % 3])) for step, value in enumerate(values)]
  return [
    foreseen.Moment(PICTURE, step, 0.0, past[step][0], tuple(past[max(0, step - memory) : step]))
    for step in range(len(values))
  ]


def test_rows_of_any_number_are_answered():
  ahead = foreseen.asked(Counting((2,)))
  for count in (1, 17, 40):
    seen, told = ahead({'seen': np.zeros((count, 2), np.float32)}, np.ones((count, 10)), 0)
    assert (seen['seen'] == 10).all() and told.end.shape == (count,)


def test_a_step_was_foreseen_from_ten_before():
  beside = foreseen.Beside(Counting((1,)))
  assert beside.memory == 39
  shown = moments(np.arange(50, dtype=np.float32)[:, None] ** 2, beside.memory)
  found = beside._foreseen(shown)
  assert set(found) == set(range(10, 50))
  for step in (10, 37, 49):
    did = sum(each % 3 for each in range(step - 10, step))
    assert found[step][0] == (step - 10) ** 2 + did
  late = beside._foreseen(shown[45:46])  # one moment has the steps of its own plot
  assert set(late) == set(range(16, 46)) and late[45] == found[45]
  assert beside._foreseen(shown[:10]) == {}


def test_lines_are_drawn_once_they_are_known():
  beside = foreseen.Beside(Counting((5,)))
  panels = beside.panels(moments(np.tile(np.arange(30.0)[:, None], 5).astype(np.float32), 39))
  assert len(panels) == 30 and {panel.shape for [panel] in panels} == {(58, 246, 3)}
  blue, orange = (
    [bool((panel[:40] == colour).all(-1).any()) for [panel] in panels]
    for colour in ((31, 95, 168), (200, 95, 10))
  )
  assert blue == [False] + [True] * 29 and orange == [False] * 11 + [True] * 19


@pytest.mark.parametrize('stack', [1, 2])
def test_cells_that_were_foreseen_wrongly_have_a_frame(stack):
  """Nothing changes, and nothing is foreseen to, but for a bit that is set at last."""
  shape = 4, 4, 3 * stack
  beside = foreseen.Beside(Counting(shape, tf.uint8, bits=True, newest=3))
  values = np.zeros((12, *shape), np.uint8)
  values[11, 1, 2, -2] = 1
  shown = moments(values, beside.memory)
  still = [
    one._replace(past=tuple((seen, 0 * action) for seen, action in one.past)) for one in shown
  ]
  panels = beside.panels(still)
  assert [len(each) for each in panels] == [2] * 12
  red = [(right[:40] == RED).all(-1) for _, right in panels]
  assert [bool(each.any()) for each in red] == [False] * 11 + [True]
  rows, columns = np.nonzero(red[11])
  assert (rows.min(), rows.max()) == (10, 19)  # the second row of four in forty pixels
  assert (columns.min() - 6, columns.max() - 6) == (20, 29)
  assert (panels[0][1][:40, 6:] == 70).all()  # not known yet
  left = panels[11][0][:40, 6:]
  assert left[15, 25].any() and not left[5, 5].any()


def test_frames_have_colours_or_are_grey():
  planes = np.zeros((2, 2, 3), np.uint8)
  planes[0, 0, :2], planes[1, 1, 0] = 1, 1
  drawn = foreseen.frame(planes, bits=True)
  assert not drawn[0, 1].any() and len({tuple(drawn[0, 0]), tuple(drawn[1, 1])}) == 2
  grey = foreseen.frame(np.full((2, 2, 1), 99, np.uint8), bits=False)
  assert grey.shape == (2, 2, 3) and (grey == 99).all()
