"""Reads the head of an HTTP/1.1 request, strictly.

What a proxy in front could read in another way than we do is refused: otherwise a body could be run
as a second request that the proxy has never seen (request smuggling).
"""

from __future__ import annotations

import re
from typing import BinaryIO, NamedTuple

_MOST_BYTES = 1 << 16  # of all header lines together
_MOST_FIELDS = 100
_METHODS = 'GET HEAD POST PUT DELETE OPTIONS PATCH'.split()
_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_REQUEST = re.compile(rb'(' + _TOKEN + rb') ([!-~]+) HTTP/(\d)\.(\d)\r\n')
# Neither control characters nor a lone CR, which some read as the end of a line.
_FIELD = re.compile(rb'(' + _TOKEN + rb'):([\t -~\x80-\xff]*)\r\n')
_HOST = re.compile(r'(?:\[[0-9A-Fa-f:.]+\]|[\w.-]+)(?::\d{1,5})?', re.ASCII)


class Refused(Exception):
  """A request that is not answered: the status to send, and why."""

  def __init__(self, status: int, message: str):
    super().__init__(message)
    self.status, self.message = status, message


class Head(NamedTuple):
  """The head of a request; the names of `fields` are in lower case."""

  method: str
  target: str
  version: str  # e.g. 'HTTP/1.1'
  fields: dict[str, list[str]]

  @property
  def persistent(self) -> bool:
    """Whether another request may follow."""
    asked = self._words('connection')
    return 'close' not in asked and (self.version != 'HTTP/1.0' or 'keep-alive' in asked)

  @property
  def expects(self) -> bool:
    """Whether the client waits to be told to send its body."""
    return '100-continue' in self._words('expect') and self.version != 'HTTP/1.0'

  def length(self, most: int) -> int:
    """Return the size of the body in bytes; more than `most` is refused."""
    lengths = self.fields.get('content-length', ['0'])
    if 'transfer-encoding' in self.fields:
      if 'content-length' in self.fields:
        raise Refused(400, 'the body has a Transfer-Encoding and a Content-Length.')
      raise Refused(411, 'the body must come with its Content-Length.')
    if len(lengths) > 1 or not (lengths[0].isascii() and lengths[0].isdigit()):
      raise Refused(400, 'Content-Length must be one number.')
    if len(lengths[0]) > 18 or int(lengths[0]) > most:
      raise Refused(413, f'the body has {lengths[0]} bytes, more than the {most} that are taken.')
    return int(lengths[0])

  def _words(self, name: str) -> set[str]:
    """Return the words of a field whose values are lists, in lower case."""
    values = ','.join(self.fields.get(name, [])).lower()
    return {word.strip() for word in values.split(',')}


def read(lines: BinaryIO) -> Head:
  """Read a head, up to the empty line after it."""
  line = lines.readline(_MOST_BYTES + 1)
  if len(line) > _MOST_BYTES:
    raise Refused(414, f'the first line has more than {_MOST_BYTES} bytes.')
  request = _REQUEST.fullmatch(line)
  if not request:
    raise Refused(400, 'this is no HTTP request.')
  method, target, major, minor = (part.decode('ascii') for part in request.groups())
  if major != '1':
    raise Refused(505, f'HTTP/{major}.{minor} is not spoken here, only HTTP/1.1.')
  if method not in _METHODS:
    raise Refused(501, f'there is no method {method[:20]}.')
  fields = _fields(lines)
  hosts = fields.get('host', [])
  if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
    raise Refused(400, 'the request must name one Host.')
  return Head(method, target, f'HTTP/1.{minor}', fields)


def _fields(lines: BinaryIO) -> dict[str, list[str]]:
  fields: dict[str, list[str]] = {}
  left, count = _MOST_BYTES, 0
  while (line := lines.readline(left + 1)) != b'\r\n':
    left, count = left - len(line), count + 1
    if left < 0 or count > _MOST_FIELDS:
      raise Refused(431, f'the head has more than {_MOST_FIELDS} lines or {_MOST_BYTES} bytes.')
    field = _FIELD.fullmatch(line)
    if not field:
      raise Refused(400, f'line {count} of the headers is not "Name: value".')
    name, value = (part.decode('latin-1') for part in field.groups())
    fields.setdefault(name.lower(), []).append(value.strip(' \t'))
  return fields
