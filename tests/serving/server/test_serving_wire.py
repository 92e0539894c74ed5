"""Raw HTTP: no body is run as a second request, and no other site's page reaches the server."""

import json
import socket

import pytest

from tests.shared import served

PREDICT = b'/v1/models/toy:predict'
HIDDEN = b'GET /v1/models/toy HTTP/1.1\r\nHost: localhost\r\n\r\n'
BODY = b'{"instances": [[1, 2, 3]]}'


@pytest.fixture(scope='module')
def client(tmp_path_factory):
  exports = served.folder(tmp_path_factory.mktemp('wire') / 'exports')
  with served.running(exports) as (_, client):
    yield client


def raw(client, data):
  """All that comes back for these bytes, until the server closes."""
  address = ('127.0.0.1', client._rest_port)
  with socket.create_connection(address, timeout=20) as connection:
    connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)
    got = b''
    while chunk := connection.recv(1 << 16):
      got += chunk
    return got


def statuses(answers):
  """The status of each of several answers."""
  return [int(part[:3]) for part in answers.split(b'HTTP/1.1 ')[1:]]


def post(*lines, body=HIDDEN, first=b'POST ' + PREDICT + b' HTTP/1.1'):
  """A request with the bytes of these lines, and a body."""
  return b'\r\n'.join([first, *lines, b'', b'']) + body


HOST, LENGTH = b'Host: localhost', b'Content-Length: %d' % len(HIDDEN)
SMUGGLED = {
  'a space before the colon': post(HOST, b'Foo : bar', LENGTH),
  'a tab before the colon': post(HOST, b'Foo\t: bar', LENGTH),
  'no colon': post(HOST, b'Foo', LENGTH),
  'no name': post(HOST, b': bar', LENGTH),
  'a NUL in a name': post(HOST, b'F\0o: bar', LENGTH),
  'a NUL in a value': post(HOST, b'Foo: b\0r', LENGTH),
  'a name beyond ASCII': post(HOST, b'F\xc3\xb6\xc3\xb6: bar', LENGTH),
  'brackets in a name': post(HOST, b'F(o): bar', LENGTH),
  'a folded first line': post(b' Foo: bar', HOST, LENGTH),
  'a folded line': post(HOST, b'Foo: bar', b' baz', LENGTH),
  'a folded length': post(HOST, b'Content-Length:', b' %d' % len(HIDDEN)),
  'an envelope': post(b'From someone', HOST, LENGTH),
  'a lone CR': post(HOST, b'Foo: bar\rContent-Length: 0', LENGTH),
  'a lone CR as an end': post(HOST, b'Foo: bar\r\r', LENGTH),
  'a lone LF': post(HOST, b'Foo: bar\nContent-Length: 0', LENGTH),
  'a vertical tab': post(HOST, b'Foo: bar\x0bbaz', LENGTH),
  'no Host': post(LENGTH),
  'two Hosts': post(HOST, HOST, LENGTH),
  'a Host that is none': post(b'Host: a/b', LENGTH),
  'an empty Host': post(b'Host:', LENGTH),
  'chunks and a length': post(HOST, b'Transfer-Encoding: chunked', LENGTH),
  'an encoding and a length': post(HOST, LENGTH, b'Transfer-Encoding: identity'),
  'two lengths': post(HOST, b'Content-Length: 0', LENGTH),
  'a length twice': post(HOST, LENGTH, LENGTH),
  'lengths in one line': post(HOST, b'Content-Length: 0, %d' % len(HIDDEN)),
  'a length with a sign': post(HOST, b'Content-Length: +%d' % len(HIDDEN)),
  'a length with an underscore': post(HOST, b'Content-Length: 1_0'),
  'a length in hexadecimal': post(HOST, b'Content-Length: 0x10'),
  'an empty length': post(HOST, b'Content-Length:'),
  'two words': post(HOST, LENGTH, first=b'POST /'),
  'four words': post(HOST, LENGTH, first=b'POST / x HTTP/1.1'),
  'two spaces': post(HOST, LENGTH, first=b'POST  / HTTP/1.1'),
  'a tab between words': post(HOST, LENGTH, first=b'POST\t/ HTTP/1.1'),
  'a NUL in the path': post(HOST, LENGTH, first=b'POST /\0 HTTP/1.1'),
  'an odd version': post(HOST, LENGTH, first=b'POST / HTTP/1.1.1'),
}


@pytest.mark.parametrize('data', SMUGGLED.values(), ids=SMUGGLED)
def test_nothing_is_smuggled(client, data):
  answer = raw(client, data)
  assert statuses(answer) == [400], answer
  assert json.loads(answer.partition(b'\r\n\r\n')[2])['error']
  assert b'Connection: close' in answer


GOOD = {
  'as browsers ask': post(HOST, b'Content-Length: 26', b'Accept: */*, a;q=0.1', body=BODY),
  'names in any case': post(b'HOST: localhost:8501', b'content-LENGTH: 26', body=BODY),
  'spaces around values': post(b'Host:\t localhost \t', b'Content-Length:26 ', body=BODY),
  'an empty value': post(HOST, b'Accept:', b'Content-Length: 26', body=BODY),
  'a value beyond ASCII': post(HOST, b'Foo: \xc3\xb6', b'Content-Length: 26', body=BODY),
  'every kind of token': post(HOST, b"!#$%&'*+-.^_`|~09aZ: 1", b'Content-Length: 26', body=BODY),
  'by address': post(b'Host: 127.0.0.1:8501', b'Content-Length: 26', body=BODY),
  'by an address of version 6': post(b'Host: [::1]:8501', b'Content-Length: 26', body=BODY),
}


@pytest.mark.parametrize('data', GOOD.values(), ids=GOOD)
def test_what_is_well_formed_is_answered_and_so_is_what_follows(client, data):
  assert statuses(raw(client, data + HIDDEN)) == [200, 200]


def test_connections_stay_open_and_close_as_they_are_asked_to(client):
  close = b'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: Close\r\n\r\n'
  old = b'GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n'
  kept = old.replace(b'\r\n\r\n', b'\r\nConnection: keep-alive\r\n\r\n')
  assert statuses(raw(client, close + HIDDEN)) == [200]
  assert statuses(raw(client, old + HIDDEN)) == [200]
  assert statuses(raw(client, kept + HIDDEN)) == [200, 200]


def test_a_client_that_asks_first_is_told_to_go_on(client):
  asks = post(HOST, b'Content-Length: 26', b'Expect: 100-continue', body=BODY)
  assert statuses(raw(client, asks)) == [100, 200]


def test_a_head_is_bounded(client):
  assert statuses(raw(client, post(HOST, *[b'A: 1'] * 101))) == [431]
  assert statuses(raw(client, post(HOST, *[b'A: ' + b'1' * 9000] * 9))) == [431]
  assert statuses(raw(client, post(HOST, b'A: ' + b'1' * (1 << 17)))) == [431]


FROM = {
  'itself': (b'localhost:1', b'http://localhost:1', 200),
  'its address': (b'127.0.0.1', b'http://127.0.0.1:8501', 200),
  'another loopback address': (b'127.0.0.2:8501', None, 200),
  'version 6': (b'[::1]:8501', b'http://[::1]:8501', 200),
  'another case and a dot': (b'LOCALHOST.', None, 200),
  'a name that is allowed': (b'Models.example', b'https://models.example', 200),
  'a name that was made to stand for this machine': (b'evil.example:8501', None, 403),
  'the same, by its page': (b'evil.example', b'http://evil.example', 403),
  'a page from elsewhere': (b'localhost', b'https://evil.example', 403),
  'a page from nowhere': (b'localhost', b'null', 403),
  'a page of a file': (b'localhost', b'file://', 403),
  'an address that is not ours': (b'192.0.2.1', None, 403),
  'any address': (b'0.0.0.0:8501', None, 403),
  'a name that looks like ours': (b'localhost.evil.example', None, 403),
  'a name that ends like ours': (b'evil-localhost', None, 403),
  'a number that stands for ours': (b'2130706433', None, 403),
  'a user before the name': (b'localhost', b'http://localhost@evil.example', 403),
}


@pytest.mark.parametrize(('host', 'origin', 'status'), FROM.values(), ids=FROM)
def test_no_other_site_is_answered(allowing, host, origin, status):
  lines = [b'Host: ' + host, b'Content-Length: 26']
  lines += [b'Origin: ' + origin] if origin else []
  assert statuses(raw(allowing, post(*lines, body=BODY))) == [status]


@pytest.fixture(scope='module')
def allowing(tmp_path_factory):
  exports = served.folder(tmp_path_factory.mktemp('wire') / 'exports')
  with served.running(exports, names=['models.example']) as (_, client):
    yield client


def test_who_is_not_answered_is_told_what_to_do(client):
  answer = raw(client, post(b'Host: models.example', LENGTH))
  assert b"'models.example': see --allow_host" in answer
