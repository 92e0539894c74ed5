"""All commands on melodies at toy size: no command has a special case for them."""

import dataclasses

import mido
import numpy as np
from PIL import Image
import pytest
import tensorflow as tf

from tests.shared import runs, tiny
from tf_creative import create, evaluate, export, studio, train
from tf_creative.core import spec
from tf_creative.runs import log as log_lib
from tf_creative.runs import run as run_lib
from tf_creative.worlds.melody import midi, scores

PLAYER = {'agent': 'ddqn', 'couplings': 'environment|reward|guide|augment'}
MAKER = {
  'world': 'tunes(target=none, given=8, code=4, theory=1, likelihood=0.1)',
  'agent': 'ppo',
  'couplings': 'environment|reward(real=data)',
}


@pytest.fixture(scope='module', autouse=True)
def _hasty():
  with pytest.MonkeyPatch.context() as patch:
    runs.hasty(patch)
    yield


def toy(path, **settings):
  config = tiny.config(**{'run_dir': str(path), 'world': 'tunes', 'rounds': 4, **settings})
  agent = dataclasses.replace(config.agent, network='dense', epochs=1)
  return dataclasses.replace(config, agent=agent)


@pytest.fixture(scope='module')
def player(tmp_path_factory):
  path = tmp_path_factory.mktemp('runs') / 'player'
  assert train.train(toy(path, **PLAYER)) == 0
  return path


def make(run_dir, out, **settings):
  assert create.create(create.CreateConfig(run_dir=str(run_dir), out=str(out), **settings)) == 0


def test_works_are_written_in_every_format(player, tmp_path):
  formats = (*studio.FORMATS, 'mid', 'wav')
  make(player, tmp_path, count=3, format=formats)
  with np.load(tmp_path / 'works.npz') as arrays:
    works, strokes = arrays['work'], arrays['strokes']
  assert strokes.shape == (3, scores.STEPS, 1)
  for kind in ('png', 'gif', 'svg', 'mid', 'wav'):
    assert len(list((tmp_path / kind).iterdir())) == 3
  for work, path in zip(works, sorted((tmp_path / 'mid').iterdir()), strict=True):
    struck = [m.note for m in mido.MidiFile(path) if m.type == 'note_on']
    assert struck == [note.pitch for note in scores.notes(work)]


def test_a_theme_is_played_and_a_beginning_gone_on_with(player, tmp_path):
  theme = tiny.tunes().work[0].copy()
  (tmp_path / 'theme.mid').write_bytes(midi.file(theme))
  make(player, tmp_path / 'played', target=str(tmp_path / 'theme.mid'), format=('npz', 'mid'))
  with np.load(tmp_path / 'played/works.npz') as arrays:
    assert scores.notes(arrays['imagined'][0]) == scores.notes(theme)
  theme[8:] = 0
  theme[8] = 1
  (tmp_path / 'begun.mid').write_bytes(midi.file(theme))
  make(player, tmp_path / 'on', start=str(tmp_path / 'begun.mid'), count=2, format=('npz',))
  with np.load(tmp_path / 'on/works.npz') as arrays:
    for name in ('imagined', 'work'):
      assert scores.notes(arrays[name][0][:8]) == scores.notes(theme[:8])
  assert (tmp_path / 'on/before-after.png').exists()


def test_a_world_without_a_format_says_so(tmp_path):
  path = tmp_path / 'bars'
  assert train.train(tiny.config(run_dir=str(path), rounds=2)) == 0
  with pytest.raises(spec.UserError, match="works of this world have no format 'mid'"):
    make(path, tmp_path / 'out', format=('mid',))


def test_the_report_has_the_worlds_own_numbers(player):
  config = evaluate.EvaluateConfig(run_dir=str(player), works=40)
  assert evaluate.evaluate(config) == 0
  text = (player / 'evaluation/report.html').read_text()
  for words in ('of steps equal', 'leaps resolved', 'lag 1', 'imagined and played'):
    assert words in text
  assert 'painted' not in text.replace('painted/', '')
  assert 'next-note_model/intervals' in log_lib.rows(player)[-1]


def test_what_is_exported_makes_the_same_and_has_midi(player):
  assert export.export(export.ExportConfig(run_dir=str(player))) == 0
  model = tf.saved_model.load(str(player / 'exports/creator/1'))
  answer = model.signatures['serving_default'](
    seed=tf.constant([5], tf.int64), label=tf.constant([1])
  )
  _, learner = run_lib.load(player)
  concept = learner.creator.imagine([5], [1])
  np.testing.assert_array_equal(answer['work'], learner.creator.make(concept).work)
  assert answer['midi_bytes'][0].numpy()[:4] == b'MThd'


@pytest.fixture(scope='module')
def maker(tmp_path_factory):
  path = tmp_path_factory.mktemp('runs') / 'maker'
  assert train.train(toy(path, **MAKER)) == 0
  return path


@pytest.mark.slow
def test_a_melody_is_gone_on_with_by_codes(maker, tmp_path, capsys):
  """What the world and the file give stays, and the codes of the seeds do the rest."""
  begun = tiny.tunes().work[0].copy()
  begun[11:] = 0
  begun[12] = 1  # it ends in the second bar
  (tmp_path / 'mine.mid').write_bytes(midi.file(begun))
  settings = {'start': str(tmp_path / 'mine.mid'), 'format': ('npz', 'mid', 'png')}
  make(maker, tmp_path / 'on', count=8, seed=3, **settings)
  assert 'what was to be made' not in capsys.readouterr().out
  with np.load(tmp_path / 'on/works.npz') as arrays:
    works, seeds, label = arrays['work'], arrays['seed'], arrays['label']
  given = midi.read(tmp_path / 'mine.mid')[:12]
  assert seeds.tolist() == list(range(3, 11)) and len(set(label)) == 1
  assert (works[:, :12] == given).all()
  assert len(np.unique(works[:, 12:], axis=0)) > 4
  assert (works[:, 12:] >= scores.FIRST).any(1).all()
  for work, path in zip(works, sorted((tmp_path / 'on/mid').iterdir()), strict=True):
    struck = [m.note for m in mido.MidiFile(path) if m.type == 'note_on']
    assert struck == [note.pitch for note in scores.notes(work)]
  make(maker, tmp_path / 'one', count=1, seed=5, **settings)
  with np.load(tmp_path / 'one/works.npz') as arrays:
    np.testing.assert_array_equal(arrays['work'][0], works[2])
  with Image.open(tmp_path / 'on/before-after.png') as picture:
    assert picture.width < 3 * picture.height  # what was given, and what was made: no goal
  # What is whole loses all but the bar that the world gives; a target is no work for codes.
  theme = tiny.tunes().work[0]
  (tmp_path / 'theme.mid').write_bytes(midi.file(theme))
  make(maker, tmp_path / 'bar', start=str(tmp_path / 'theme.mid'), count=8, format=('npz',))
  with np.load(tmp_path / 'bar/works.npz') as arrays:
    assert (arrays['work'][:, :8] == midi.read(tmp_path / 'theme.mid')[:8]).all()
    assert len(np.unique(arrays['work'], axis=0)) > 1
  with pytest.raises(spec.UserError, match='--start=.*goes on from it'):
    make(maker, tmp_path / 'no', target=str(tmp_path / 'theme.mid'))


@pytest.mark.slow
def test_melodies_are_made_up_by_a_policy(maker):
  config, learner = run_lib.load(maker)
  assert config.run.agent == 'ppo'
  made = learner.creator.make(learner.creator.imagine(np.arange(20))).work
  assert len(np.unique(made, axis=0)) > 5  # of a toy corpus of scales, which it begins by
