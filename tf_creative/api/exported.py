"""Exported models: what a run exports is loaded here, served from here, or asked on a server."""

from __future__ import annotations

from collections.abc import Sequence
import functools
import html
import os
import pathlib

from tf_creative.api import maker, tables
from tf_creative.api import run as run_lib
from tf_creative.api import works as works_lib
from tf_creative.cli import quiet
from tf_creative.core import spec
from tf_creative.core import world as world_lib
from tf_creative.runs import log as log_lib
from tf_creative.serving.exports import lite, parameters, versions
from tf_creative.serving.server import client
from tf_creative.serving.server import server as server_lib
from tf_creative.studio import portfolio, publishing, remote

_MODEL = 'creator'  # of an export: it makes works
_LITE = 'the generator for LiteRT: z and label in, work out'


class _Exported(maker.Maker):
  """Makes works by exported models, wherever they are."""

  _studio: remote.Studio  # of a server that is asked, or of a folder, once it is needed

  @property
  def world(self) -> world_lib.World:
    return self._studio.world

  @property
  def round(self) -> int:
    return self._studio.round

  def _known_labels(self) -> Sequence[int]:
    return self._studio.known_labels

  def _imagined(self, labels: list[int], seed: int, count: int) -> portfolio.Portfolio:
    return self._studio.imagined(labels, seed, count)

  def _vary(self, picture, labels, seed, count, strength) -> works_lib.Works:
    work, given = self._read(picture)
    made = self._studio.varied((work, given), labels, seed, count, strength)
    return self._works(made)


class Remote(_Exported):
  """Makes works by the models of a server, ours or TensorFlow Serving."""

  def __init__(self, address: str):
    """Take host:8500 for gRPC, or http://host:8501 for REST; the server must answer."""
    self.address, self.what = address, f'the server at {address}'
    self._studio = remote.Studio(address)

  def __repr__(self) -> str:
    return f"Remote('{self.address}')"


class Export(_Exported):
  """Makes works by the newest models in a folder, which are loaded when they are first needed."""

  def __init__(self, path: str | os.PathLike):
    self.path, self.what = pathlib.Path(path), str(path)

  @property
  def versions(self) -> dict[str, list[int]]:
    """The versions of each model, the newest last."""
    models = (name for name in publishing.WHAT if (self.path / name).is_dir())
    return {name: versions.numbers(self.path / name) for name in models}

  @property
  def models(self) -> tables.Table:
    """The newest version of each model: its name, folder, and what it is."""
    rows = [
      {'name': name, 'path': str(self.path / name / str(numbers[-1])), 'what it is': what}
      for name, what in publishing.WHAT.items()
      if (numbers := self.versions.get(name))
    ]
    small = [pathlib.Path(row['path']) / lite.FILE for row in rows]
    rows += [
      {'name': 'LiteRT', 'path': str(path), 'what it is': _LITE} for path in small if path.is_file()
    ]
    return tables.Table(rows, str(self.path))

  @functools.cached_property
  def _studio(self) -> remote.Studio:
    numbers = self.versions.get(_MODEL)
    if not numbers:
      raise spec.UserError(f"{self.path} has no model '{_MODEL}', which makes works.")
    folder = self.path / _MODEL / str(numbers[-1])
    return remote.Studio(str(folder), client.of_version(folder))

  def serve(self, port: int = 0, rest_port: int = 0, host: str = '127.0.0.1') -> Server:
    """Serve the models from this process until `stop`; a port of 0 is a free one."""
    return Server(self.path, host, port, rest_port)

  def __repr__(self) -> str:
    return f"Export('{self.path}')"


class Server:
  """A model server in this process; `with` stops it at the end of the block."""

  def __init__(self, exports: pathlib.Path, host: str, port: int, rest_port: int):
    if not (exports / parameters.MODELS).is_file():
      raise spec.UserError(f'there is nothing to serve in {exports}: run.export() writes it.')
    self._server = server_lib.Server(exports, host, port, rest_port)
    with quiet.quiet():
      self._server.start()
    self.address = f'{host}:{self._server.port}'  # for gRPC, and for tf_creative.connect
    self.url = f'http://{host}:{self._server.rest_port}/'  # of REST, and of a page to play with

  def stop(self) -> None:
    """Answer what has been asked, then stop."""
    self._server.stop()

  def __enter__(self) -> Server:
    return self

  def __exit__(self, *_: object) -> None:
    self.stop()

  def __repr__(self) -> str:
    return f'<server: gRPC {self.address}, page and REST {self.url}>'

  def _repr_html_(self) -> str:
    url = html.escape(self.url, quote=True)
    return f'<p>gRPC: {html.escape(self.address)}, page and REST: <a href="{url}">{url}</a></p>'


def export(
  run: run_lib.Run, folder: str | os.PathLike = '', keep_versions: int = 3, litert: bool = False
) -> Export:
  """Export a run's models; see `Run.export`."""
  exports = pathlib.Path(folder or run.path / 'exports')
  numbers = log_lib.newest_numbers(run.path)
  publishing.publish(run.learner, run.config, exports, keep_versions, numbers, litert)
  return Export(exports)
