"""An HTTP/1.1 server for the REST API, with persistent connections and limits on all input."""

from __future__ import annotations

from collections.abc import Callable
import contextlib
import http.server
import socket
import sys
import threading
import time

from tf_creative.serving.server.http import rest

_SECONDS = 30.0  # timeout of a body, and of an idle connection
_DRAIN_SECONDS = 2.0  # time to read the rest of a refused body
_MOST_CONNECTIONS = 256
_CHUNK = 1 << 20


class _Handler(http.server.BaseHTTPRequestHandler):
  """Handles one connection, in a thread of its own."""

  protocol_version = 'HTTP/1.1'
  disable_nagle_algorithm = True
  wbufsize = 1 << 16  # sends head and body in one packet
  timeout = _SECONDS
  server: Server
  busy = False  # whether it answers a request, rather than waiting for the next one

  def handle(self) -> None:
    self.close_connection = True
    if not self.server.join(self):
      self.requestline = self.request_version = self.command = ''
      self._send(rest.refusal(503, 'too many connections: try again later.'))
      return
    try:
      super().handle()
    finally:
      self.server.leave(self)

  def _answer(self) -> None:
    self.server.begin(self)
    try:
      body, refusal = self._body()
      method = 'GET' if self.command == 'HEAD' else self.command
      if refusal:
        self._send(refusal, close=True)
        self._drain()
      else:
        self._send(self.server.answer(method, self.path, body))
    finally:
      if self.server.end(self):
        self.close_connection = True

  do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = _answer

  def _body(self) -> tuple[bytes, rest.Answer | None]:
    """Read the body; return it, or an answer that refuses it."""
    if 'Transfer-Encoding' in self.headers:
      return b'', rest.refusal(411, 'the body must come with its Content-Length.')
    lengths = set(self.headers.get_all('Content-Length', ['0']))
    length = lengths.pop()
    if lengths or not (length.isascii() and length.isdigit()):
      return b'', rest.refusal(400, 'Content-Length must be one number.')
    if len(length) > 18 or int(length) > self.server.most_bytes:
      return b'', rest.refusal(
        413, f'the body has {length} bytes, more than the {self.server.most_bytes} that are taken.'
      )
    chunks, left = [], int(length)
    deadline = time.monotonic() + _SECONDS
    while left:
      try:
        chunk = self.rfile.read1(min(left, _CHUNK))
      except TimeoutError:
        chunk, deadline = b'', 0
      if time.monotonic() > deadline:
        return b'', rest.refusal(408, f'the body did not come within {_SECONDS:g} s.')
      if not chunk:
        return b'', rest.refusal(400, f'the body ended {left} bytes before its Content-Length.')
      chunks.append(chunk)
      left -= len(chunk)
    return b''.join(chunks), None

  def _send(self, answer: rest.Answer, close: bool = False) -> None:
    self.close_connection = self.close_connection or close or self.server.stopping
    self.send_response(answer.status)
    self.send_header('Content-Type', answer.kind)
    self.send_header('Content-Length', str(len(answer.body)))
    self.send_header('X-Content-Type-Options', 'nosniff')
    if self.close_connection:
      self.send_header('Connection', 'close')
    self.end_headers()
    if self.command != 'HEAD':
      self.wfile.write(answer.body)
    self.wfile.flush()

  def _drain(self) -> None:
    """Read the rest of a refused body: a client that is cut off while writing sees no answer."""
    self.connection.shutdown(socket.SHUT_WR)
    deadline = time.monotonic() + _DRAIN_SECONDS
    self.connection.settimeout(_DRAIN_SECONDS)
    while time.monotonic() < deadline and self.rfile.read1(_CHUNK):
      pass

  def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
    """Answer a request that is not valid HTTP; the base class calls this."""
    self.request_version = self.protocol_version  # may not have been parsed yet
    self._send(rest.refusal(code, message or 'this is no HTTP request.'), close=True)

  def version_string(self) -> str:
    return 'tf_creative'

  def log_message(self, format: str, *args) -> None:
    """Log nothing; requests are counted in the metrics instead."""


class Server(http.server.ThreadingHTTPServer):
  """Answers requests by calling `answer(method, path, body)`; port 0 takes a free port."""

  daemon_threads = True
  request_queue_size = 128

  def __init__(
    self,
    host: str,
    port: int,
    answer: Callable[[str, str, bytes], rest.Answer],
    most_bytes: int,
  ):
    self.address_family = socket.AF_INET6 if ':' in host else socket.AF_INET
    super().__init__((host, port), _Handler)
    self.answer, self.most_bytes, self.stopping = answer, most_bytes, False
    self._handlers: set[_Handler] = set()
    self._connections = 0  # includes those whose thread has just started
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
    with self._changed:
      for handler in self._handlers:
        if not handler.busy:
          _shut(handler, socket.SHUT_RD)
      self._changed.wait_for(lambda: not self._connections, deadline - time.monotonic())
      for handler in self._handlers:
        _shut(handler, socket.SHUT_RDWR)

  def join(self, handler: _Handler) -> bool:
    """Add a connection; return False if there are too many."""
    with self._changed:
      if self._connections > _MOST_CONNECTIONS:
        return False
      self._handlers.add(handler)
      if self.stopping:
        _shut(handler, socket.SHUT_RD)
      return True

  def leave(self, handler: _Handler) -> None:
    with self._changed:
      self._handlers.discard(handler)

  def begin(self, handler: _Handler) -> None:
    with self._changed:
      handler.busy = True

  def end(self, handler: _Handler) -> bool:
    """Mark a request as answered; return whether the connection should close."""
    with self._changed:
      handler.busy = False
      return self.stopping

  def handle_timeout(self) -> None:
    self._backlog = False

  def process_request(self, request, client_address) -> None:
    with self._changed:
      self._connections += 1
    super().process_request(request, client_address)

  def process_request_thread(self, request, client_address) -> None:
    try:
      super().process_request_thread(request, client_address)
    finally:
      with self._changed:
        self._connections -= 1
        self._changed.notify_all()

  def handle_error(self, request, client_address) -> None:
    """Ignore clients that go away; report anything else, because it is a bug of ours."""
    if not isinstance(sys.exception(), OSError):
      super().handle_error(request, client_address)


def _shut(handler: _Handler, how: int) -> None:
  """Shut down one or both directions of a connection; data that has arrived stays readable."""
  with contextlib.suppress(OSError):
    handler.connection.shutdown(how)
