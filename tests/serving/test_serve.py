"""The command `serve`: what it says, what it refuses, and how it ends."""

import os
import signal
import time

import numpy as np
import pytest

from tests.shared import served
from tf_creative import serve
from tf_creative.core import spec

X = np.zeros((1, 3), np.float32)


@pytest.fixture(scope='module')
def exports(tmp_path_factory):
  return served.folder(tmp_path_factory.mktemp('serve') / 'exports')


@pytest.mark.parametrize(
  ('settings', 'said'),
  [
    ({'export_dir': 'nowhere'}, r'tf_creative\.export --run_dir=RUN --export_dir=nowhere'),
    ({'port': 8500, 'rest_port': 8500}, 'must differ'),
    ({'port': -1}, '--port must be'),
    ({'rest_port': 65536}, '--rest_port must be'),
    ({'poll_seconds': -1.0}, '--poll_seconds must be'),
    ({'max_body_mb': 0}, '--max_body_mb must be'),
    ({'host': 'no.such.host.invalid', 'binary': ''}, 'choose another --host'),
  ],
)
def test_wrong_settings_are_answered_in_a_line(exports, settings, said):
  with pytest.raises(spec.UserError, match=said):
    serve.serve(serve.ServeConfig(**{'export_dir': str(exports), **settings}))


def test_an_empty_folder_is_answered_with_the_command_that_fills_it(tmp_path):
  with pytest.raises(spec.UserError, match=r'tf_creative\.export --run_dir'):
    serve.serve(serve.ServeConfig(export_dir=str(tmp_path)))


def test_our_own_server_says_so_and_stops_by_a_signal(exports):
  with served.command(exports, '--binary=') as (process, client, text):
    assert "tf_creative's own model server" in text
    assert 'toy 1: loaded' in text
    assert client.predict({'x': X})['y'][0, 0] == 1
    assert client.ask({'instances': X.tolist()}).status == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 143


FAKE = """#!/bin/sh
printf '%s\\n' "$@" > "$(dirname "$0")/arguments"
for word in "$@"; do case "$word" in --model_config_file=*)
  cp "${word#--model_config_file=}" "$(dirname "$0")/models.config";; esac; done
echo up > "$(dirname "$0")/up"
exec sleep 30
"""


def test_tensorflow_serving_is_given_all_that_lies_there(exports, tmp_path):
  """A stand-in that notes what it is started with: paths are of this machine."""
  binary = tmp_path / 'stand-in'
  binary.write_text(FAKE)
  os.chmod(binary, 0o755)
  with served.command(exports, f'--binary={binary}') as (process, _, text):
    assert f'served by {binary}' in text
    deadline = time.monotonic() + 20
    while not (tmp_path / 'up').exists():
      assert time.monotonic() < deadline
      time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
  arguments = (tmp_path / 'arguments').read_text().split()
  assert '--enable_batching=true' in arguments
  assert f'--batching_parameters_file={exports / "batching.config"}' in arguments
  assert f'--monitoring_config_file={exports / "monitoring.config"}' in arguments
  assert f'base_path: "{exports.resolve() / "toy"}"' in (tmp_path / 'models.config').read_text()


def test_a_server_that_ends_by_itself_is_a_failure(exports, tmp_path, capfd):
  binary = tmp_path / 'stand-in'
  binary.write_text('#!/bin/sh\nexit 3\n')
  os.chmod(binary, 0o755)
  assert serve.serve(serve.ServeConfig(export_dir=str(exports), binary=str(binary))) == 1
  assert 'ended by itself with exit code 3' in capfd.readouterr().out
