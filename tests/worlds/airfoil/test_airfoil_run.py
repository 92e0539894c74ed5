"""All commands on airfoils at toy size: what is asked for by briefs, what is improved."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tests.shared import runs, tiny
from tests.worlds.airfoil import wings
from tf_creative import create, evaluate, export, studio, train
from tf_creative.core import spec
from tf_creative.runs import run as run_lib
from tf_creative.worlds.airfoil import coordinates


@pytest.fixture(scope='module')
def run(tmp_path_factory):
  with pytest.MonkeyPatch.context() as patch:
    runs.hasty(patch)
    wings.with_network(patch)
    place = tmp_path_factory.mktemp('airfoil')
    wings.folder(place / 'own')
    world = f'airfoil(data={place}/own, horizon=5)'
    couplings = 'environment|guide|augment'
    config = tiny.config(run_dir=str(place / 'run'), world=world, rounds=4, couplings=couplings)
    agent = dataclasses.replace(config.agent, network='dense')
    gan = dataclasses.replace(config.gan, network='dense')
    assert train.train(dataclasses.replace(config, agent=agent, gan=gan)) == 0
    yield place / 'run'


def make(run_dir, out, **settings):
  assert create.create(create.CreateConfig(run_dir=str(run_dir), out=str(out), **settings)) == 0


def test_airfoils_are_made_for_a_brief_in_every_format(run, tmp_path):
  brief = 're=1e6, cl=0.8, thickness=.12'
  make(run, tmp_path, count=3, brief=brief, format=(*studio.FORMATS, 'dat', 'dxf'))
  _, learner = run_lib.load(run)
  with np.load(tmp_path / 'works.npz') as arrays:
    names = {learner.world.label_names[label] for label in arrays['label']}
    assert arrays['work'].shape == (3, 18) and arrays['low'].shape == (18,)
  assert names == {'re=1e+06 cl=0.8 thickness=0.12 moment=-0.1'}  # that nothing was trained on
  for kind in ('png', 'gif', 'svg', 'dat', 'dxf'):
    assert len(list((tmp_path / kind).iterdir())) == 3
  for path in (tmp_path / 'dat').iterdir():
    assert len(coordinates.read_one(path)) == 18


def test_a_given_airfoil_is_improved_for_several_briefs(run, tmp_path):
  (tmp_path / 'mine.dat').write_text(coordinates.written(wings.form(0.12, 0.02), 'mine'))
  labels = ('re=1e6 cl=0.6', 're=2e6 cl=0.9')
  make(run, tmp_path / 'out', start=str(tmp_path / 'mine.dat'), label=labels, format=('npz',))
  read, _ = run_lib.load(run)[1].world.media.read(tmp_path / 'mine.dat')
  with np.load(tmp_path / 'out/works.npz') as arrays:
    assert len(set(arrays['label'].tolist())) == 2
    np.testing.assert_array_equal(arrays['imagined'], [read, read])
    away = np.abs(arrays['work'].astype(int) - read)
  assert ((away > 0).sum(1) >= 1).all() and away.sum(1).max() <= 5 * 8
  assert (tmp_path / 'out/before-after.png').exists()


def test_a_brief_that_nothing_meets_is_told(run, tmp_path, capsys):
  make(run, tmp_path / 'out', count=3, brief='re=2e5 cl=1.2 thickness=.18 moment=-.03')
  said = capsys.readouterr().out
  assert '0 of 3 meet their brief' in said
  assert 'warning: 3 miss their brief: try another --seed' in said


@pytest.mark.parametrize(
  ('asked', 'said'),
  [
    ({'brief': 'cl=9'}, 'must be 0.2 to 1.2'),
    ({'brief': 'weight=3'}, "no 'weight'"),
    ({'brief': 'cl=.5', 'label': ('re=1e6',)}, 'ask for different things'),
    ({'label': ('flying',)}, "no 'flying'"),
  ],
)
def test_bad_briefs_are_told(run, tmp_path, asked, said):
  with pytest.raises(spec.UserError, match=said):
    make(run, tmp_path / 'out', count=1, **asked)


def test_the_report_has_another_judge(run):
  assert evaluate.evaluate(evaluate.EvaluateConfig(run_dir=str(run), works=20)) == 0
  text = (run / 'evaluation/report.html').read_text()
  for words in ('imagined and improved', 'lift over drag at lift .6', 'chords thick'):
    assert words in text
  assert 'held_out/lift_over_drag' in (run / 'metrics.jsonl').read_text()


def test_what_is_exported_makes_the_same(run):
  assert export.export(export.ExportConfig(run_dir=str(run))) == 0
  model = tf.saved_model.load(str(run / 'exports/creator/1'))
  seeds, labels = tf.range(4, dtype=tf.int64), tf.fill([4], 2000)
  answer = model.signatures['serving_default'](seed=seeds, label=labels)
  _, learner = run_lib.load(run)
  made = learner.creator.make(learner.creator.imagine(np.arange(4), np.full(4, 2000)))
  np.testing.assert_array_equal(answer['work'], made.work)
  np.testing.assert_array_equal(answer['strokes'][:, :5, 0], made.actions // 4)
  told = [coordinates.written(one, 'airfoil').splitlines()[0] for one in np.zeros((1, 18))]
  assert answer['dat_bytes'].numpy()[0].decode().splitlines()[0] == told[0]
