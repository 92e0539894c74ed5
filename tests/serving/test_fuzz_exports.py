"""Every file of an export, damaged in every way: what is served goes on, or a line says why not."""

import contextlib
import io
import shutil

import numpy as np
import pytest

from tests.shared import damages, served
from tf_creative import serve
from tf_creative.cli import command
from tf_creative.serving.exports import warmup

X = np.array([[1, 2, 3.5]], np.float32)
OF_VERSION = [
  *('saved_model.pb', 'fingerprint.pb', str(warmup.FILE)),
  *('variables/variables.index', 'variables/variables.data-00000-of-00001'),
]
CONFIGS = ['models.config', 'batching.config', 'monitoring.config']


@pytest.fixture(scope='module')
def sound(tmp_path_factory):
  exports = served.folder(tmp_path_factory.mktemp('sound') / 'exports')
  served.add(exports, 2, warm_up=[served.request({'x': X})])
  (exports / 'toy/2').rename(exports / 'toy/.staged')
  return exports


@pytest.fixture
def damaged(sound, tmp_path):
  """Damages a file of a copy of the folder. Nothing outside may be touched."""
  exports, outside = shutil.copytree(sound, tmp_path / 'exports'), tmp_path / 'outside'
  outside.mkdir()
  (outside / 'precious').write_text('keep me')

  def damage(file, kind):
    damages.DAMAGES[kind](exports / file, outside)
    return exports

  yield damage
  assert damages.contents(outside) == {outside / 'precious': b'keep me'}


def waiting(path, kind):
  return damages.opened_at_last(path) if kind == 'a pipe' else contextlib.nullcontext([])


@pytest.mark.slow
@pytest.mark.parametrize('kind', damages.DAMAGES)
@pytest.mark.parametrize('file', OF_VERSION)
def test_the_version_before_goes_on(file, kind, damaged, capfd):
  exports, said = damaged(f'toy/.staged/{file}', kind), []
  with served.running(exports, say=said.append) as (server, client):
    (exports / 'toy/.staged').rename(exports / 'toy/2')
    with waiting(exports / 'toy/2' / file, kind) as waited:
      server.models.poll()
    states, number = client.status(), int(client.predict({'x': X * 0})['y'][0, 0])
    assert client.ask({'instances': X.tolist()}).status == 200
  # The new one is not served, and says why; or what is damaged does not matter.
  state, error = states[2]
  assert (state, number) in (('END', 1), ('AVAILABLE', 2)), (states, said)
  assert state == 'AVAILABLE' or error
  assert not waited, 'waited for a pipe'
  assert all(len(line) < 2000 for line in said)
  assert 'Traceback' not in capfd.readouterr().err


def answer(exports, monkeypatch):
  """The exit code of the command, which stops as soon as it serves, and what it says to stderr."""
  enter = serve._Stop.__enter__
  monkeypatch.setattr(serve._Stop, '__enter__', lambda stop: stop.event.set() or enter(stop))
  flags = [f'--export_dir={exports}', '--binary=', '--port=0', '--rest_port=0']
  said = io.StringIO()
  with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
    code = command.main(serve.serve, '', serve.ServeConfig, flags)
  return code, said.getvalue()


@pytest.mark.parametrize('kind', damages.DAMAGES)
@pytest.mark.parametrize('file', CONFIGS)
def test_a_configuration_is_taken_or_it_is_said_why_not(file, kind, damaged, monkeypatch):
  exports = damaged(file, kind)
  with waiting(exports / file, kind) as waited:
    code, said = answer(exports, monkeypatch)
  assert not waited, 'waited for a pipe'
  assert (code, said) == (128, '') or (code == 2 and said.startswith('error: ')), said
  assert 'Traceback' not in said
