"""Every pipeline to its end at toy size: trained, exported, drawn from, judged, and served."""

import numpy as np
from PIL import Image
import pytest

from tests.shared.runs import PIPELINES, TOY, hurry, parse, toy
from tf_creative import create, evaluate, train
from tf_creative.core import spec
from tf_creative.runs import log as log_lib
from tf_creative.serving.exports import ops
from tf_creative.serving.server import client
from tf_creative.serving.server import server as server_lib


@pytest.fixture(autouse=True, scope='module')
def _hasty():
  with pytest.MonkeyPatch.context() as patch:
    hurry(patch)
    yield


@pytest.mark.slow  # by default the main one, in test_readme
@pytest.mark.parametrize('name', PIPELINES)
def test_a_pipeline_runs_to_its_end(name, tmp_path_factory, tmp_path, capsys):
  arguments = [*toy(name, tmp_path_factory.mktemp('own')), f'--run_dir={tmp_path}']
  assert train.train(parse(*arguments, '--rounds=4')) == 0
  said = capsys.readouterr().out
  assert 'starting' in said and 'right label' in said and 'python -m tf_creative.serve' in said
  assert {path.parent.name for path in tmp_path.glob('exports/*/1')} == {
    'creator', 'generator', 'critic', 'agent'
  }  # fmt: skip
  assert {'gallery.png', 'metrics.jsonl', 'tensorboard'} <= {p.name for p in tmp_path.iterdir()}
  with Image.open(tmp_path / 'painting.gif') as animation:
    assert animation.n_frames > 2
  assert parse(f'--flagfile={tmp_path / "run.flags"}').run.rounds == 4

  drawn = create.CreateConfig(run_dir=str(tmp_path), count=4, format=('png', 'npz'))
  assert create.create(drawn) == 0
  assert '4 made as of round 4' in capsys.readouterr().out
  [folder] = (tmp_path / 'created').iterdir()
  with np.load(folder / 'works.npz') as arrays:
    made = arrays['work']

  judged = evaluate.EvaluateConfig(run_dir=str(tmp_path), works=20)
  assert evaluate.evaluate(judged) == 0
  assert 'nearest training works' in capsys.readouterr().out
  assert (tmp_path / 'evaluation/report.html').stat().st_size > 10_000

  server = server_lib.Server(tmp_path / 'exports', poll_seconds=0)
  server.start()
  try:
    ask = client.connect(f'127.0.0.1:{server.port}')
    wish = {'seed': np.arange(4), 'label': np.full(4, -1, np.int32)}
    answer = ask('creator', 'serving_default', wish)
  finally:
    server.stop()
  np.testing.assert_array_equal(answer['work'], made)


def test_a_refused_export_does_not_swallow_the_numbers(tmp_path, monkeypatch, capsys):
  monkeypatch.setattr(ops, '_ALLOWED', frozenset())

  def refuse(paths):
    return [fault for path in paths for fault in ops.faults(path)]

  monkeypatch.setattr('tf_creative.serving.exports.verify.in_another_process', refuse)
  arguments = ['--flagfile=pipelines/debug.flags', *TOY, f'--run_dir={tmp_path}', '--rounds=2']
  with pytest.raises(spec.UserError, match='nothing is published'):
    train.train(parse(*arguments))
  said = capsys.readouterr().out
  assert 'right label' in said and str(tmp_path / 'metrics.jsonl') in said
  assert 'best/round' in log_lib.newest_numbers(tmp_path)
