"""An HTTP/1.1 server for the REST API, with persistent connections and limits on all input."""

from __future__ import annotations

from collections.abc import Callable, Collection
import contextlib
from email import utils
import http.client
import socket
import socketserver
import sys
import threading
import time

from tf_creative.serving.server.http import connections, heads, hosts, rest
from tf_creative.serving.server.http.connections import Doing

_SECONDS = 30.0  # time of an idle connection, of a head with its body, and of sending an answer
_DRAIN_SECONDS = 2.0  # time to read the rest of a refused request
_MOST_CONNECTIONS = 256
_SPARE_CONNECTIONS = 64  # beyond those, to be told how it stands
_BODIES = 4  # of the largest size, that are held at once
_SMALL = 1 << 16  # bytes of each body that always find room
_CHUNK = 1 << 20
_HEALTH = '/healthz'


class _Handler(socketserver.BaseRequestHandler):
  """Handles one connection, in a thread of its own."""

  server: Server

  def handle(self) -> None:
    self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
    self.connection = connections.Connection(self.request)
    spare = not self.server.connections.join(self.connection)
    try:
      while self._next(spare):
        pass
    except TimeoutError:
      pass  # nothing has come, or an answer is not taken
    finally:
      self.server.connections.leave(self.connection)

  def _next(self, spare: bool) -> bool:
    """Answer the next request; return whether another one may follow."""
    connection, move = self.connection, self.server.connections.move
    move(connection, Doing.WAITING)
    connection.until(_DRAIN_SECONDS if spare else _SECONDS)
    if not connection.lines.peek(1):
      return False
    move(connection, Doing.READING)
    connection.until(_DRAIN_SECONDS if spare else _SECONDS)
    held: list[int] = []
    refusal = None
    try:
      head = heads.read(connection.lines)
      hosts.check(head, self.request.getsockname()[0], self.server.names)
      length = head.length(self.server.most_bytes)
      if spare and head.target != _HEALTH:
        raise heads.Refused(503, 'too many connections: try again later.')
      body = self._body(head, length, held)
      move(connection, Doing.ANSWERING)
      method = 'GET' if head.method == 'HEAD' else head.method
      answer = self.server.answer(method, head.target, body)
    except TimeoutError:
      refusal = heads.Refused(408, f'the request did not come within {_SECONDS:g} s.')
    except heads.Refused as refused:
      refusal = refused
    finally:  # before a refused client is read to its end, which may take a while
      self.server.budget.give(sum(held))
    if refusal:
      return self._refuse(refusal)
    keeps = head.persistent and not spare and not self.server.stopping
    self._send(answer, keeps, head.method != 'HEAD')
    return keeps

  def _body(self, head: heads.Head, length: int, held: list[int]) -> bytes:
    """Read the body; `held` becomes what it takes of the budget."""
    if head.expects:
      self.connection.send(b'HTTP/1.1 100 Continue\r\n\r\n')
    chunks, read = [], 0
    while read < length:
      chunk = self.connection.lines.read1(min(length - read, _CHUNK))
      if not chunk:
        raise heads.Refused(400, f'the body ended {length - read} bytes before its Content-Length.')
      if read + len(chunk) > _SMALL:
        if not self.server.budget.take(len(chunk)):
          raise heads.Refused(503, 'too many large requests at once: try again later.')
        held.append(len(chunk))
      chunks.append(chunk)
      read += len(chunk)
    return b''.join(chunks)

  def _refuse(self, refused: heads.Refused) -> bool:
    """Say why a request is not answered, and read what is left of it.

    A client that is cut off while it writes would see no answer.
    """
    self._send(rest.refusal(refused.status, refused.message), keeps=False)
    self.connection.shut(socket.SHUT_WR)
    self.connection.until(_DRAIN_SECONDS)
    with contextlib.suppress(TimeoutError):
      while self.connection.lines.read1(_CHUNK):
        pass
    return False

  def _send(self, answer: rest.Answer, keeps: bool, with_body: bool = True) -> None:
    lines = [
      f'HTTP/1.1 {answer.status} {http.client.responses.get(answer.status, "")}',
      'Server: tf_creative',
      f'Date: {utils.formatdate(usegmt=True)}',
      f'Content-Type: {answer.kind}',
      f'Content-Length: {len(answer.body)}',
      'X-Content-Type-Options: nosniff',
      f'Connection: {"keep-alive" if keeps else "close"}',
    ]
    data = '\r\n'.join([*lines, '', '']).encode()
    self.connection.until(_SECONDS)
    self.connection.send(data + answer.body if with_body else data)


class Server(socketserver.ThreadingTCPServer):
  """Answers requests by calling `answer(method, path, body)`; port 0 takes a free port.

  `names` are those that it may be asked by, besides this machine's own.
  """

  allow_reuse_address = True
  daemon_threads = True
  request_queue_size = 128

  def __init__(
    self,
    host: str,
    port: int,
    answer: Callable[[str, str, bytes], rest.Answer],
    most_bytes: int,
    names: Collection[str] = (),
  ):
    self.address_family = socket.AF_INET6 if ':' in host else socket.AF_INET
    super().__init__((host, port), _Handler)
    self.answer, self.most_bytes, self.names = answer, most_bytes, names
    self.stopping = False
    self.connections = connections.Connections(_MOST_CONNECTIONS)
    self.budget = connections.Budget(_BODIES * most_bytes)
    self._count = 0  # of connections, those included whose thread has just started
    self._changed = threading.Condition()
    self._backlog = True
    self._thread = threading.Thread(
      target=self.serve_forever, args=(0.1,), name='rest', daemon=True
    )

  def start(self) -> None:
    self._thread.start()

  def stop(self, seconds: float) -> None:
    """Take no more connections, and wait up to `seconds` for requests in progress."""
    deadline = time.monotonic() + seconds
    self.stopping = True
    self.shutdown()
    self.timeout = 0
    # Accepts the connections that wait in the socket's backlog: they came before the end.
    for _ in range(self.request_queue_size):
      if self._backlog:
        self.handle_request()
    self.server_close()
    self.connections.finish()
    with self._changed:
      self._changed.wait_for(lambda: not self._count, deadline - time.monotonic())
    self.connections.cut()

  def handle_timeout(self) -> None:
    self._backlog = False

  def verify_request(self, request, client_address) -> bool:
    """Return whether there may be a thread for this connection; it is closed otherwise."""
    return self._count < _MOST_CONNECTIONS + _SPARE_CONNECTIONS

  def process_request(self, request, client_address) -> None:
    with self._changed:
      self._count += 1
    super().process_request(request, client_address)

  def process_request_thread(self, request, client_address) -> None:
    try:
      super().process_request_thread(request, client_address)
    finally:
      with self._changed:
        self._count -= 1
        self._changed.notify_all()

  def handle_error(self, request, client_address) -> None:
    """Ignore clients that go away; report anything else, because it is a bug of ours."""
    if not isinstance(sys.exception(), OSError):
      super().handle_error(request, client_address)
