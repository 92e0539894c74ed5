"""Joins models, gRPC and REST into one server."""

from __future__ import annotations

from collections.abc import Callable, Collection
import pathlib
import threading

from tf_creative.core import spec
from tf_creative.serving.exports import parameters
from tf_creative.serving.server import models, monitoring, rpc
from tf_creative.serving.server.http import rest, web

_SECONDS = 30.0  # time for requests in flight to end when the server stops


class Server:
  """Serves exports from `start` to `stop`; `port` and `rest_port` are its actual ports.

  `names` are those that REST may be asked by, besides `host` and this machine's own.
  """

  def __init__(
    self,
    exports: str | pathlib.Path,
    host: str = '127.0.0.1',
    port: int = 0,
    rest_port: int = 0,
    poll_seconds: float = 1.0,
    most_bytes: int = 8 << 20,
    say: Callable[[str], None] = lambda text: None,
    names: Collection[str] = (),
  ):
    exports = pathlib.Path(exports)
    metrics = monitoring.Metrics()
    self._poll_seconds = poll_seconds
    self.models = models.Models(
      parameters.models(parameters.read(exports)), parameters.limits(exports), metrics, say
    )
    self._receiver = rpc.Receiver(say)
    self._api = rest.Api(self.models, metrics, parameters.metrics_path(exports))
    address = f'[{host}]:{port}' if ':' in host else f'{host}:{port}'
    try:
      self._rest = web.Server(host, rest_port, self._api.answer, most_bytes, {*names, host})
    except (OSError, OverflowError) as error:
      raise spec.UserError(
        f'cannot listen on {host}:{rest_port} ({error}): choose another --host or --rest_port.'
      ) from error
    try:
      self._rpc, self.port = rpc.server(self.models, metrics, address, most_bytes, self._receiver)
    except RuntimeError as error:
      self._rest.server_close()
      raise spec.UserError(
        f'cannot listen on {address}: choose another --host or --port.'
      ) from error
    self.rest_port = self._rest.server_address[1]

  def start(self, cancelled: threading.Event | None = None) -> None:
    """Load all models, then start to answer; does not wait for them once `cancelled` is set."""
    self.models.poll(cancelled)
    self.models.start(self._poll_seconds)
    self._receiver.start()
    self._rpc.start()
    self._rest.start()

  def stop(self, seconds: float = _SECONDS) -> None:
    """Take no more requests, wait up to `seconds` for those in flight, and unload the models."""
    self._api.stopping = True
    ended = self._rpc.stop(seconds)
    self._rest.stop(seconds)
    ended.wait(seconds)
    self._receiver.stop()
    self.models.stop()
