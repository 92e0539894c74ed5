"""Recorded play as it is read: from files, from data sets of Minari, and from what is neither."""

import re
import sys
import types as python_types

import numpy as np
import pytest

from tests.shared import toys
from tf_creative.core import spec
from tf_creative.couplings import demonstrations
from tf_creative.worlds import simulated

POLE = simulated.Gym('CartPole-v1')


def play(**changes):
  """Two episodes of three and two steps: the first ends, the second is cut short."""
  seen = np.arange(20, dtype=np.float32).reshape(5, 4)
  arrays = {
    'observations': seen,
    'next_observations': seen + 0.5,
    'actions': np.array([0, 1, 1, 0, 1]),
    'rewards': np.ones(5),
    'terminations': np.array([False, False, True, False, False]),
    'truncations': np.array([False, False, False, False, True]),
  }
  changed = arrays | changes
  return {name: values for name, values in changed.items() if values is not None}


def file(folder, **changes):
  np.savez(folder / 'play.npz', **play(**changes))
  return str(folder / 'play.npz')


def frames(batch, time):
  return {name: part.numpy()[:, time] for name, part in batch.observation.items()}


def test_steps_are_read_as_they_were_recorded(tmp_path):
  batch, told = demonstrations.read(file(tmp_path), POLE), play()
  np.testing.assert_array_equal(frames(batch, 0)['seen'], told['observations'])
  np.testing.assert_array_equal(frames(batch, 1)['seen'], told['next_observations'])
  np.testing.assert_array_equal(batch.action[:, 0], told['actions'])
  np.testing.assert_array_equal(batch.discount[:, 0], [1, 1, 0, 1, 1])  # what is cut goes on
  assert not batch.reward.numpy().any() and not batch.last.numpy()[:, 0].any()


def test_what_follows_is_the_next_row_of_an_episode(tmp_path):
  """The last rows of both episodes are followed by nothing that is known."""
  batch = demonstrations.read(file(tmp_path, next_observations=None, rewards=None), POLE)
  seen = play()['observations']
  np.testing.assert_array_equal(frames(batch, 0)['seen'], seen[[0, 1, 3]])
  np.testing.assert_array_equal(frames(batch, 1)['seen'], seen[[1, 2, 4]])
  np.testing.assert_array_equal(batch.action[:, 0], [0, 1, 0])
  assert batch.discount.numpy().all()


def test_several_things_that_are_seen_have_names(tmp_path):
  world = toys.Given(toys.dice())
  throw, action = np.zeros((5, 2)), np.full((5, 1, 2, 1), 7, np.uint8)
  parts = {'observations/throw': throw, 'observations/action': action[..., 0]}
  parts |= {f'next_{name}': values + 1 for name, values in parts.items()}
  name = file(tmp_path, observations=None, next_observations=None, **parts)
  batch = demonstrations.read(name, world)
  assert (
    frames(batch, 0)['action'].shape == (5, 1, 2, 1)
    and batch.observation['action'].dtype == 'uint8'
  )
  assert (frames(batch, 1)['throw'] == 1).all() and (frames(batch, 1)['action'] == 8).all()


@pytest.mark.parametrize(
  ('changes', 'words'),
  [
    ({'actions': None}, "it lacks the array 'actions'"),
    ({'observations': None}, "it lacks the array 'observations'"),
    ({'truncations': None}, "it lacks the array 'truncations'"),
    ({'observations': np.zeros((5, 3))}, r"'observations' has the shape \(5, 3\), .*\(5, 4\)"),
    ({'terminations': np.zeros(4, bool)}, r"'terminations' has the shape \(4,\)"),
    ({'actions': np.zeros((5, 1), int)}, r"'actions' has the shape \(5, 1\)"),
    ({'actions': np.array([0, 1, 2, 0, 1])}, "'actions' has 0 to 2, and here are 0 to 1"),
    ({'actions': np.zeros(5)}, "'actions' has the type float64, and here int32 is needed"),
    ({'actions': np.array(1)}, r"'actions' has the shape \(\)"),
    ({'observations': np.full((5, 4), np.nan)}, "'observations' has numbers that are not finite"),
    ({'observations': np.full((5, 4), 'x')}, "'observations' has the type <U1"),
    ({'observations': np.array([{}] * 5)}, 'Object arrays cannot be loaded'),
    ({'terminations': np.full(5, 2)}, "'terminations' has 2 to 2"),
    (
      {name: values[:0] for name, values in play().items()},
      'there is no step in it of which is known what followed',
    ),
  ],
)
def test_what_cannot_be_play_here_is_said_in_a_line(tmp_path, changes, words):
  with pytest.raises(spec.SpecError, match=f'play.npz is no recorded play: .*{words}') as caught:
    demonstrations.read(file(tmp_path, **changes), POLE)
  assert '\n' not in str(caught.value) and caught.value.about == 'demonstrations='


def test_files_that_are_none_are_said_in_a_line(tmp_path, monkeypatch):
  whole = tmp_path / 'whole.npz'
  np.savez_compressed(whole, **play())
  half = tmp_path / 'half.npz'
  half.write_bytes(whole.read_bytes()[:-100])
  text = tmp_path / 'text.npz'
  text.write_text('no zip')
  spoiled = bytearray(whole.read_bytes())
  spoiled[80:90] = bytes(10)
  broken = tmp_path / 'broken.npz'
  broken.write_bytes(spoiled)
  # Zip's own fields: a password is wanted, and a way of packing that nobody knows.
  locked, packed = bytearray(whole.read_bytes()), bytearray(whole.read_bytes())
  for begins, flags, method in ((b'PK\x03\x04', 6, 8), (b'PK\x01\x02', 8, 10)):
    for at in [part.start() for part in re.finditer(re.escape(begins), whole.read_bytes())]:
      locked[at + flags] |= 1
      packed[at + method] = 77
  for path, content in ((tmp_path / 'l.npz', locked), (tmp_path / 'p.npz', packed)):
    path.write_bytes(content)
    with pytest.raises(spec.SpecError, match='no whole .npz'):
      demonstrations.read(str(path), POLE)
  for path in (half, text, broken, tmp_path, tmp_path / 'missing.npz'):
    with pytest.raises(spec.SpecError, match='is no recorded play'):
      demonstrations.read(str(path), POLE)
  monkeypatch.setattr(demonstrations, '_MOST', 1500)  # more than the file, less than its arrays
  np.savez_compressed(whole, observations=np.zeros(1000))
  with pytest.raises(spec.SpecError, match='its arrays have more than 1,500 bytes'):
    demonstrations.read(str(whole), POLE)
  monkeypatch.setattr(demonstrations, '_MOST', 10)
  with pytest.raises(spec.SpecError, match='more than 10 bytes'):
    demonstrations.read(str(whole), POLE)


class Minari(python_types.ModuleType):
  """What we use of Minari 0.5: an episode has one observation more than steps."""

  action_space = python_types.SimpleNamespace(start=3)

  def load_dataset(self, name):
    if name != 'D4RL/pole/expert-v0':
      raise FileNotFoundError(f'Dataset {name} not found locally at\n/somewhere')
    return self

  def iterate_episodes(self):
    for length, ended in ((3, True), (2, False)):
      last = np.arange(length) == length - 1
      yield python_types.SimpleNamespace(
        observations=np.arange(4 * length + 4).reshape(length + 1, 4) / 10,
        actions=3 + np.arange(length) % 2,
        rewards=np.ones(length),
        terminations=last & ended,
        truncations=last & (not ended),
      )


def test_data_sets_of_minari_are_read(monkeypatch):
  monkeypatch.setitem(sys.modules, 'minari', Minari('minari'))
  batch = demonstrations.read('minari:D4RL/pole/expert-v0', POLE)
  np.testing.assert_allclose(frames(batch, 0)['seen'][:, 0], [0, 0.4, 0.8, 0, 0.4])
  np.testing.assert_allclose(frames(batch, 1)['seen'][:, 0], [0.4, 0.8, 1.2, 0.4, 0.8])
  np.testing.assert_array_equal(batch.action[:, 0], [0, 1, 0, 0, 1])
  np.testing.assert_array_equal(batch.discount[:, 0], [1, 1, 0, 1, 1])
  with pytest.raises(spec.SpecError, match='no such data here .Dataset other not found') as caught:
    demonstrations.read('minari:other', POLE)
  assert '\n' not in str(caught.value)


def test_without_minari_the_package_is_named(monkeypatch):
  monkeypatch.setitem(sys.modules, 'minari', None)
  with pytest.raises(spec.SpecError, match='pip install minari'):
    demonstrations.read('minari:D4RL/pole/expert-v0', POLE)
