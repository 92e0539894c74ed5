"""All commands on verse at toy size: no command has a special case for it."""

import dataclasses
import runpy
import sys

import numpy as np
import pytest
import tensorflow as tf

from tests.shared import runs, tiny
from tests.worlds.verse import verses
from tf_creative import create, evaluate, export, studio, train
from tf_creative.runs import run as run_lib

PLAYER = {'agent': 'ddqn', 'couplings': 'environment|reward|guide|augment'}
MAKER = {'agent': 'ppo', 'couplings': 'environment|reward(real=data)'}
OPTIONS = 'target=none, given=2, code=4, theory=1, likelihood=1'


@pytest.fixture(scope='module', autouse=True)
def _hasty():
  with pytest.MonkeyPatch.context() as patch:
    runs.hasty(patch)
    verses.with_table(patch)
    yield


def trained(folder, options, **settings):
  (folder / 'own.txt').write_text(verses.text())
  world = f'verse(data={folder}/own.txt, {options})'
  config = tiny.config(run_dir=str(folder / 'run'), world=world, rounds=4, **settings)
  agent = dataclasses.replace(config.agent, network='dense', epochs=1)
  assert train.train(dataclasses.replace(config, agent=agent)) == 0
  return folder / 'run'


@pytest.fixture(scope='module')
def maker(tmp_path_factory):
  return trained(tmp_path_factory.mktemp('maker'), OPTIONS, **MAKER)


def make(run_dir, out, **settings):
  assert create.create(create.CreateConfig(run_dir=str(run_dir), out=str(out), **settings)) == 0


def test_lines_are_written_in_every_format(maker, tmp_path):
  make(maker, tmp_path, count=3, format=(*studio.FORMATS, 'txt', 'json', 'ssml'))
  _, learner = run_lib.load(maker)
  with np.load(tmp_path / 'works.npz') as arrays:
    works, words = arrays['work'], arrays['words']
  assert works.dtype == np.int32 and tuple(words) == learner.world.corpus.words.words
  for kind in ('png', 'gif', 'svg', 'txt', 'json', 'ssml'):
    assert len(list((tmp_path / kind).iterdir())) == 3
  for work, path in zip(works, sorted((tmp_path / 'txt').iterdir()), strict=True):
    assert path.read_text() == f'{" ".join(words[work[work > 0]])}\n'
  assert 'extra_nll' in (tmp_path / 'works.csv').read_text()


def test_a_beginning_is_gone_on_with(maker, tmp_path):
  (tmp_path / 'begun.txt').write_text('We see the red\n')
  make(maker, tmp_path / 'on', start=str(tmp_path / 'begun.txt'), count=6, format=('txt',))
  made = [path.read_text() for path in sorted((tmp_path / 'on/txt').iterdir())]
  assert all(text.startswith('we see the red') for text in made)
  assert len(set(made)) > 1


def test_the_report_has_the_worlds_own_numbers(maker):
  assert evaluate.evaluate(evaluate.EvaluateConfig(run_dir=str(maker), works=40)) == 0
  text = (maker / 'evaluation/report.html').read_text()
  for words in ('of lines in metre', 'by a held-out model', 'imagined and written', 'next-word'):
    assert words in text


def test_a_curve_has_each_way_at_each_temperature(maker, monkeypatch, capsys):
  given = [f'--run_dir={maker},{maker}', '--works=12', '--temperatures=0.5,1', '--lines=2']
  monkeypatch.setattr(sys, 'argv', ['verse_curve.py', *given])
  runpy.run_path('pipelines/verse_curve.py', run_name='__main__')
  table, *lines = capsys.readouterr().out.split('\n\n')
  rows = [[cell.strip() for cell in row.split('|')[1:-1]] for row in table.splitlines()]
  titles, heats = [row[0] for row in rows[2:]], [row[1] for row in rows[2:]]
  ways = ['the hand', 'next-word model', 'rejection sampling', 'constrained decoding']
  assert titles == [*ways, *ways, 'real, training', 'real, held out (validation)']
  assert heats == [*['0.5'] * 4, *['1'] * 4, '', '']
  in_metre = rows[0].index('in metre')
  assert rows[4][in_metre] == rows[5][in_metre] == '100.0%'
  assert rows[2][in_metre].endswith(' ± 0.0%')  # the same run twice
  assert len(lines) == 2 * 6 and lines[0].startswith('the hand:')


def test_what_is_exported_makes_the_same_and_is_read_as_text(maker):
  assert export.export(export.ExportConfig(run_dir=str(maker))) == 0
  model = tf.saved_model.load(str(maker / 'exports/creator/1'))
  seeds, labels = tf.range(4, dtype=tf.int64), tf.zeros(4, tf.int32)
  answer = model.signatures['serving_default'](seed=seeds, label=labels)
  _, learner = run_lib.load(maker)
  made = learner.creator.make(learner.creator.imagine(np.arange(4), np.zeros(4, np.int32))).work
  np.testing.assert_array_equal(answer['work'], made)
  told = [learner.world.corpus.words.text(line) for line in made]
  assert [text.decode() for text in answer['text_bytes'].numpy()] == [f'{text}\n' for text in told]


@pytest.mark.slow
def test_a_line_that_is_shown_is_written(tmp_path):
  run = trained(tmp_path, 'theory=1', **PLAYER)
  line = 'we see the leaf above on my old day'
  (tmp_path / 'line.txt').write_text(line)
  make(run, tmp_path / 'out', target=str(tmp_path / 'line.txt'), format=('npz', 'txt'))
  _, learner = run_lib.load(run)
  with np.load(tmp_path / 'out/works.npz') as arrays:
    assert learner.world.corpus.words.text(arrays['imagined'][0]) == line
