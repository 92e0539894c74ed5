"""Exports: what is in them, and that every loader of TensorFlow answers as training does."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import grpc
import numpy as np
import pytest
import tensorflow as tf

from tests.shared import capi, runs, served, tiny
from tf_creative import export
from tf_creative.core import spec, storage
from tf_creative.core import works as works_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.serving.exports import lite, verify, versions, warmup
from tf_creative.serving.server import server
from tf_creative.studio import portfolio, publishing, remote

ROOT = pathlib.Path(__file__).parents[1]
SEEDS = np.array([3, 2**47, 0], np.int64)
LABELS = np.array([-1, 1, 0], np.int32)
DRAWN = {'seed': SEEDS, 'label': LABELS}


@pytest.fixture(scope='module')
def config():
  return tiny.config()


@pytest.fixture(scope='module')
def learner(config):
  return learner_lib.Learner(config)


@pytest.fixture(scope='module')
def exports(learner, config, tmp_path_factory):
  folder = tmp_path_factory.mktemp('exports')
  publishing.publish(learner, config, folder, 2, {'painted/frechet': 1.25}, litert=True)
  return folder


@pytest.fixture(scope='module')
def made(learner):
  """What the learner itself makes of DRAWN."""
  concept = learner.creator.imagine(SEEDS, LABELS)
  return concept, learner.creator.make(concept)


def by_python(version, signature, inputs):
  function = tf.saved_model.load(str(version)).signatures[signature]
  outputs = function(**{name: tf.constant(value) for name, value in inputs.items()})
  return {name: value.numpy() for name, value in outputs.items()}


def by_command(version, signature, inputs, folder):
  """saved_model_cli, as a user would ask it."""
  for name, value in inputs.items():
    np.save(folder / f'{name}-given', value)
  given = ';'.join(f'{name}={folder}/{name}-given.npy' for name in inputs)
  subprocess.run(
    [sys.executable, '-m', 'tensorflow.python.tools.saved_model_cli', 'run', '--dir', str(version)]
    + ['--tag_set', 'serve', '--signature_def', signature, '--inputs', given]
    + ['--outdir', str(folder)],
    check=True,
    capture_output=True,
  )
  return {path.stem: np.load(path, allow_pickle=True) for path in folder.glob('*.npy')}


def assert_made(answer, made):
  concept, hand = made
  count = len(concept.label)
  np.testing.assert_array_equal(answer['imagined'], concept.work)
  np.testing.assert_array_equal(answer['label'], concept.label)
  np.testing.assert_array_equal(answer['work'], hand.work)
  np.testing.assert_array_equal(answer['steps'], hand.steps)
  np.testing.assert_allclose(answer['returns'], hand.returns, atol=1e-5)
  happened = np.arange(answer['actions'].shape[1]) < hand.steps[:, None]
  assert (answer['actions'] >= 0).tolist() == happened.tolist()
  assert answer['strokes'].shape == (*answer['actions'].shape, 3)
  width = hand.actions.shape[1]
  np.testing.assert_array_equal(answer['actions'][:, :width], hand.actions)
  if 'png_bytes' in answer:
    assert [bytes(file)[:4] for file in answer['png_bytes']] == [b'\x89PNG'] * count


def test_an_export_has_all_that_a_server_looks_for(exports):
  for name in publishing.WHAT:
    assert versions.numbers(exports / name) == [1]
    assert (exports / name / '1' / 'assets.extra' / 'tf_serving_warmup_requests').is_file()
    assert not [path for path in (exports / name).iterdir() if path.name != '1']
  assert 'base_path: "/models/creator"' in (exports / 'models.config').read_text()
  assert 'max_batch_size' in (exports / 'batching.config').read_text()
  assert 'prometheus' in (exports / 'monitoring.config').read_text()
  card = (exports / 'README.md').read_text()
  assert 'painted/frechet: 1.25' in card
  assert '| `agent` | `sample` | `canvas` uint8 [B, 4, 4], ' in card
  about = json.loads((exports / 'creator/1/assets.extra/about.json').read_text())
  assert about['labels'] == ['horizontal', 'vertical'] and about['horizon'] == 10


def test_python_answers_as_training_does(exports, made):
  assert_made(by_python(exports / 'creator/1', 'serving_default', DRAWN), made)


def test_the_command_line_answers_as_training_does(exports, made, tmp_path):
  assert_made(by_command(exports / 'creator/1', 'serving_default', DRAWN, tmp_path), made)


@pytest.mark.parametrize('name', publishing.WHAT)
def test_the_c_api_answers_as_training_did(exports, name):
  """All examples of a model, by the interface that other languages build on."""
  version = exports / name / '1'
  with capi.Session(version) as session:
    for example in warmup.read(version):
      if example.signature == 'about':
        continue
      answer = session.run(example.signature, example.inputs, example.outputs)
      for key, value in answer.items():
        np.testing.assert_allclose(value, example.outputs[key], rtol=1e-5, atol=1e-5)
        if value.dtype.kind != 'f':
          np.testing.assert_array_equal(value, example.outputs[key])


def test_a_process_without_training_answers_the_same(exports):
  """The session loader of TensorFlow 1: the path that TensorFlow Serving takes."""
  paths = [exports / name / '1' for name in publishing.WHAT]
  assert verify.in_another_process(paths) == []


@pytest.mark.parametrize('lost', ['variables/variables.index', 'saved_model.pb', str(warmup.FILE)])
def test_a_version_that_cannot_even_be_loaded_is_no_good(exports, tmp_path, lost):
  shutil.copytree(exports / 'critic/1', tmp_path / '1')
  (tmp_path / '1' / lost).unlink()
  with pytest.raises(Exception, match=lost.split('/')[0]):  # which ends the process that checks
    verify.main([str(tmp_path / '1')])


def test_a_version_that_ends_the_process_that_checks_it_is_no_good(exports, tmp_path):
  shutil.copytree(exports / 'critic/1', tmp_path / '1')
  (tmp_path / '1/saved_model.pb').unlink()
  assert verify.in_another_process([tmp_path / '1'])


def test_the_other_models_answer_as_the_learner_does(exports, learner, made):
  concept, hand = made
  imagined = by_python(exports / 'generator/1', 'serving_default', DRAWN)
  np.testing.assert_array_equal(imagined['work'], concept.work)
  code = {'z': learner.creator.latents(SEEDS), 'label': concept.label}
  decoded = by_python(exports / 'generator/1', 'decode', code)
  np.testing.assert_array_equal(decoded['work'], concept.work)
  judged = {'work': hand.work, 'label': concept.label}
  logit = by_python(exports / 'critic/1', 'as_label', judged)['logit']
  score = learner.creator.score(works_lib.Works(hand.work, concept.label))
  np.testing.assert_allclose(logit, score, atol=1e-5)
  scores = [
    learner.creator.score(works_lib.Works(hand.work, np.full(3, i, np.int32))) for i in (0, 1)
  ]
  best = by_python(exports / 'critic/1', 'serving_default', {'work': hand.work})
  np.testing.assert_allclose(best['logit'], np.max(scores, 0), atol=1e-5)
  np.testing.assert_array_equal(best['label'], np.argmax(scores, 0))
  painted = by_python(exports / 'creator/1', 'paint', {'target': concept.work})
  np.testing.assert_array_equal(painted['work'], hand.work)


def test_a_full_folder_for_temporary_files_is_named(monkeypatch):
  monkeypatch.setattr(tempfile, 'tempdir', '/nowhere')
  with pytest.raises(storage.StorageError, match='cannot write /nowhere/.*TMPDIR'):
    lite.convert(lambda z, label: z, 4, 2)


def test_litert_answers_as_the_learner_does(exports, learner):
  file = (exports / 'generator/1' / lite.FILE).read_bytes()
  works, codes = learner.creator.imagine(np.arange(40)), learner.creator.latents(np.arange(40))
  equal = lite.run(file, codes, works.label) == works.work
  assert equal.mean() > 0.99
  assert len(np.unique(works.work, axis=0)) > 1


@pytest.mark.parametrize('label', [-1, 2, 99, 2**31 - 1, -(2**31)])
def test_litert_refuses_labels_that_there_are_not(exports, label):
  file = (exports / 'generator/1' / lite.FILE).read_bytes()
  with pytest.raises(RuntimeError, match='GATHER'):
    lite.run(file, np.zeros([1, 4], np.float32), np.array([label], np.int32))


def test_a_cold_hand_is_greedy_and_a_warm_one_varies(exports, learner):
  seen = next(e for e in warmup.read(exports / 'agent/1') if len(e.inputs['label']) > 1).inputs
  seen = {name: np.repeat(part[:1], 400, 0) for name, part in seen.items() if name != 'seed'}
  seen.pop('temperature', None)
  greedy = by_python(exports / 'agent/1', 'serving_default', seen)
  seeds = {'seed': np.arange(400, dtype=np.int64)}

  def sampled(temperature):
    warm = {'temperature': np.full(400, temperature, np.float32)}
    return by_python(exports / 'agent/1', 'sample', {**seen, **seeds, **warm})['action']

  assert (greedy['action'] == greedy['q_values'].argmax(1)).all()
  np.testing.assert_array_equal(sampled(1e-6), greedy['action'])
  q_values = greedy['q_values'][0]
  share = np.bincount(sampled(0.2), minlength=len(q_values)) / 400
  chance = np.exp(q_values / 0.2) / np.exp(q_values / 0.2).sum()
  assert np.abs(share - chance).max() < 0.06  # three standard deviations of a share of a fifth
  np.testing.assert_array_equal(sampled(0.2), sampled(0.2))


def test_a_work_does_not_depend_on_its_company(exports, made):
  function = tf.saved_model.load(str(exports / 'creator/1')).signatures['serving_default']
  _, hand = made
  for count in (1, 40):
    seed = tf.concat([SEEDS[1:2], np.arange(count - 1)], 0)
    label = tf.concat([LABELS[1:2], np.full(count - 1, -1, np.int32)], 0)
    np.testing.assert_array_equal(function(seed=seed, label=label)['work'][0], hand.work[1])
  empty = function(seed=tf.zeros([0], tf.int64), label=tf.zeros([0], tf.int32))
  assert empty['work'].shape == (0, 4, 4)


WRONG = [
  ('creator', 'serving_default', {'label': [2]}, 'label must be -1 to 1'),
  ('creator', 'paint', {'target': np.full([1, 4, 4], 4)}, 'target must be 0 to 3'),
  ('generator', 'decode', {'z': np.full([1, 4], np.nan)}, 'z must be -10 to 10'),
  ('generator', 'decode', {'label': [-1]}, 'label must be 0 to 1'),
  ('critic', 'serving_default', {'work': np.full([1, 4, 4], 9)}, 'work must be 0 to 3'),
  ('critic', 'as_label', {'label': [2]}, 'label must be 0 to 1'),
  ('agent', 'serving_default', {'time_left': [11]}, 'time_left must be 0 to 10'),
  ('agent', 'sample', {'temperature': [0]}, 'temperature must be above 0'),
]


def wrong(exports, model, signature, change):
  """The inputs of an example, but for what is wrong in them."""
  example = next(e for e in warmup.read(exports / model / '1') if e.signature == signature)
  inputs = {name: part[:1] for name, part in example.inputs.items()}
  return inputs | {name: np.asarray(v, inputs[name].dtype) for name, v in change.items()}


@pytest.mark.parametrize(('model', 'signature', 'change', 'words'), WRONG)
def test_what_cannot_be_is_refused_by_the_graph(exports, model, signature, change, words):
  inputs = wrong(exports, model, signature, change)
  with pytest.raises(tf.errors.InvalidArgumentError, match=words):
    by_python(exports / model / '1', signature, inputs)


def test_what_cannot_be_is_answered_in_one_line(exports):
  with served.running(exports) as (_, client):
    for model, signature, change, words in WRONG:
      inputs = wrong(exports, model, signature, change)
      body = {'signature_name': signature, 'inputs': {k: v.tolist() for k, v in inputs.items()}}
      answer = client.ask(body, model)
      assert (answer.status, answer.json['error']) == (400, words)
      with pytest.raises(grpc.RpcError) as raised:
        client.predict(inputs, signature, model=model)
      assert (raised.value.code().name, raised.value.details()) == ('INVALID_ARGUMENT', words)


def test_a_version_that_answers_otherwise_is_not_published(exports, learner, config, monkeypatch):
  write = warmup.write

  def lie(version, name, examples):
    if name == 'critic':
      examples = [
        e._replace(outputs={**e.outputs, 'logit': e.outputs['logit'] + 1}) for e in examples
      ]
    write(version, name, examples)

  monkeypatch.setattr(warmup, 'write', lie)
  runs.verify_here(monkeypatch)
  with pytest.raises(spec.UserError, match="critic/.*: 'logit' of signature 'serving_default'"):
    publishing.publish(learner, config, exports, 2, {})
  assert all(versions.numbers(exports / name) == [1] for name in publishing.WHAT)


@pytest.mark.parametrize('way', ['{}', 'http://{}'])
def test_a_server_makes_what_the_learner_makes(exports, learner, way):
  served = server.Server(exports)
  served.start()
  try:
    port = served.rest_port if 'http' in way else served.port
    studio = remote.Studio(way.format(f'127.0.0.1:{port}'))
    ours, theirs = (portfolio.imagined(learner, [-1, 1], 5, 70), studio.imagined([-1, 1], 5, 70))
  finally:
    served.stop(0)
  for one, other in zip(tf.nest.flatten(ours), tf.nest.flatten(theirs), strict=True):
    np.testing.assert_allclose(one, other, atol=1e-5)
    if one.dtype.kind != 'f':
      np.testing.assert_array_equal(one, other)
    assert one.dtype == other.dtype
  with pytest.raises(spec.UserError, match='no model server answers at'):
    remote.Studio(way.format(f'127.0.0.1:{port}'))


def test_mistakes_are_answered(tmp_path):
  with pytest.raises(spec.UserError, match='--keep_versions must be 1 or more'):
    export.export(export.ExportConfig(keep_versions=0))
  with pytest.raises(spec.UserError, match='holds no trained run'):
    export.export(export.ExportConfig(run_dir=str(tmp_path)))
  with pytest.raises(spec.UserError, match='write host:8500 for gRPC'):
    remote.Studio('ftp://host')
