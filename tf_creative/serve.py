"""Serves exported models by gRPC and REST until it is stopped.

  python -m tf_creative.serve --export_dir=runs/pixel_art/exports
  curl http://127.0.0.1:8501/v1/models/creator

Starts tensorflow_model_server if that is on the PATH, and otherwise a small server of our own with
the same protocols. New versions are loaded while it runs.
"""

from __future__ import annotations

import dataclasses
import math
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

from absl import logging

from tf_creative.cli import command
from tf_creative.cli import flags as flags_lib
from tf_creative.core.spec import UserError, setting

_MOST_PORT = 65535


@dataclasses.dataclass(frozen=True)
class ServeConfig:
  export_dir: str = setting('runs/pixel_art/exports', 'folder that `export` has written')
  host: str = setting(
    '127.0.0.1', 'address to listen on; 0.0.0.0: all addresses of this machine (own server only)'
  )
  port: int = setting(8500, 'port for gRPC; 0: a free one', at_least=0, at_most=_MOST_PORT)
  rest_port: int = setting(
    8501, 'port for REST, metrics and the page; 0: a free one', at_least=0, at_most=_MOST_PORT
  )
  poll_seconds: float = setting(
    1.0, 'seconds between checks for new versions; 0: check only at the start', at_least=0
  )
  max_body_mb: int = setting(
    8, 'largest request in MB that our own server takes', at_least=1, at_most=4096
  )
  allow_host: tuple[str, ...] = setting(
    (), 'further names that REST may be asked by, such as those of a proxy (own server only)'
  )
  binary: str = setting(
    'tensorflow_model_server', "TensorFlow Serving's program; empty: always our own server"
  )


def serve(settings: ServeConfig) -> int:
  """Serve until a signal comes; return the exit code."""
  exports = pathlib.Path(settings.export_dir)
  _check(settings, exports)
  with _Stop() as stop:
    binary = shutil.which(settings.binary) if settings.binary else None
    if binary:
      return _serve_by(binary, settings, exports, stop)
    # Heavy imports stand inside functions, so that --help and a mistyped flag are answered at once.
    from tf_creative.serving.server import server as server_lib

    logging.set_verbosity(logging.ERROR)  # the libraries' imports have raised it
    missing = f'there is no {settings.binary} on the PATH' if settings.binary else 'as asked for'
    _say(f"{exports}: served by tf_creative's own model server ({missing})")
    server = server_lib.Server(
      exports,
      settings.host,
      settings.port,
      settings.rest_port,
      settings.poll_seconds,
      settings.max_body_mb << 20,
      _say,
      settings.allow_host,
    )
    server.start(stop.event)
    page = (exports / 'creator').is_dir()  # the page needs the model 'creator'
    _say(_where(settings.host, server.port, server.rest_port, page))
    stop.event.wait()
    _say('stopping; requests in progress are still answered')
    server.stop()
  return 128 + stop.signal


class _Stop:
  """Catches the first SIGTERM or Ctrl-C; a second one ends the process at once."""

  def __init__(self):
    self.event, self.signal = threading.Event(), 0
    self._former = {}

  def __enter__(self) -> _Stop:
    for number in (signal.SIGINT, signal.SIGTERM):
      self._former[number] = signal.signal(number, self._note)
    return self

  def __exit__(self, *_) -> None:
    for number, former in self._former.items():
      signal.signal(number, former)

  def _note(self, number: int, frame) -> None:
    self.signal = number
    self.event.set()
    self.__exit__()


def _serve_by(binary: str, settings: ServeConfig, exports: pathlib.Path, stop: _Stop) -> int:
  """Run TensorFlow Serving until it ends or a signal comes; return the exit code."""
  from tf_creative.serving.exports import parameters

  port, rest_port = (_free(port) for port in (settings.port, settings.rest_port))
  with tempfile.TemporaryDirectory() as folder:
    config = pathlib.Path(folder) / parameters.MODELS
    config.write_text(str(parameters.read(exports)))
    arguments = [
      binary,
      f'--port={port}',
      f'--rest_api_port={rest_port}',
      f'--model_config_file={config}',
      f'--file_system_poll_wait_seconds={math.ceil(settings.poll_seconds)}',
      # Without this, Serving refuses labels for versions that are not loaded yet: all of them here.
      '--allow_version_labels_for_unavailable_models=true',
    ]
    if (exports / parameters.BATCHING).is_file():
      arguments += [
        '--enable_batching=true',
        f'--batching_parameters_file={exports / parameters.BATCHING}',
      ]
    if (exports / parameters.MONITORING).is_file():
      arguments.append(f'--monitoring_config_file={exports / parameters.MONITORING}')
    _say(f'{exports}: served by {binary}, which listens on all addresses and has no page')
    _say(_where('127.0.0.1', port, rest_port, page=False))
    # In its own session, so that Ctrl-C reaches only us; `terminate` passes it on, once.
    with subprocess.Popen(arguments, stderr=sys.stderr, start_new_session=True) as process:
      while process.poll() is None and not stop.event.wait(0.2):
        pass
      if stop.signal:
        process.terminate()
        process.wait()
        return 128 + stop.signal
    _say(f'{binary} has ended by itself with exit code {process.returncode}')
    return 1


def _check(settings: ServeConfig, exports: pathlib.Path) -> None:
  """Raise a UserError for wrong settings."""
  flags_lib.check(settings)
  command.check_prefix(exports.resolve())  # for it is by this name that models are loaded
  if not (exports / 'models.config').is_file():
    raise UserError(
      f'there is nothing to serve in {exports}: export a run by '
      f'`python -m tf_creative.export --run_dir=RUN --export_dir={exports}`.'
    )
  if settings.port and settings.port == settings.rest_port:
    raise UserError('--port and --rest_port must differ: one speaks gRPC and the other HTTP.')


def _where(host: str, port: int, rest_port: int, page: bool = True) -> str:
  host = {'0.0.0.0': '127.0.0.1', '::': '[::1]'}.get(host, f'[{host}]' if ':' in host else host)
  lines = [f'gRPC: {host}:{port}', f'REST: http://{host}:{rest_port}/v1/models/NAME']
  if page:
    lines.append(f'Page: http://{host}:{rest_port}/')
  return '\n'.join([*lines, 'Ctrl-C stops it.'])


def _free(port: int) -> int:
  """Return the port, or a free one for 0."""
  if port:
    return port
  with socket.socket() as probe:
    probe.bind(('127.0.0.1', 0))
    return probe.getsockname()[1]


def _say(text: str) -> None:
  print(text, flush=True)


if __name__ == '__main__':
  command.run(serve, __doc__, ServeConfig)
