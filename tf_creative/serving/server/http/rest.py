"""TensorFlow Serving's REST API without sockets: a request in, an answer out."""

from __future__ import annotations

import json
import mimetypes
import pathlib
import re
import time
from typing import NamedTuple
import urllib.parse

from google.protobuf import json_format
import grpc
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2

from tf_creative.serving.exports import configs
from tf_creative.serving.server import errors, monitoring, rpc
from tf_creative.serving.server import models as models_lib
from tf_creative.serving.server.http import text

PAGE = pathlib.Path(__file__).parents[1] / 'page'
_CREATOR = 'creator'
_WHICH = r'(?:/versions/(?P<number>\d{1,19})|/labels/(?P<label>[^/:]+))?'
_MODEL = re.compile(rf'(?i)/v1/models/(?P<name>[^/:]+){_WHICH}(?P<metadata>/metadata)?')
_CALL = re.compile(rf'(?i)/v1/models/(?P<name>[^/:]+){_WHICH}:(?P<method>predict|classify|regress)')
_FILE = re.compile(r'/(?P<name>(?:\w+/)?\w[\w.-]*)?')
_JSON = 'application/json'


class Answer(NamedTuple):
  status: int
  kind: str
  body: bytes


def refusal(status: int, message: str) -> Answer:
  """Return an error as JSON, in Serving's format."""
  return Answer(status, _JSON, json.dumps({'error': message}).encode())


class Api:
  """Answers REST requests, and serves health, metrics and the page."""

  def __init__(
    self,
    models: models_lib.Models,
    metrics: monitoring.Metrics,
    metrics_path: str | None = None,
    page: pathlib.Path = PAGE,
  ):
    self._models, self._metrics = models, metrics
    self._metrics_path, self._page = metrics_path, page
    self.stopping = False

  def answer(self, method: str, target: str, body: bytes) -> Answer:
    """Answer any request; never raises."""
    begun, path = time.monotonic(), target.split('?')[0]
    forms = {'POST': _CALL, 'GET': _MODEL}
    asked = forms[method].fullmatch(path) if method in forms else None
    status = 'OK'
    try:
      answer = self._asked(method, asked, body) if asked else self._other(method, path)
    except Exception as error:
      refused = errors.of(error)
      answer, status = refusal(refused.http, refused.message), refused.code.name
    if asked:
      call = asked.groupdict().get('method') or ''
      name = call.title() or ('GetModelMetadata' if asked['metadata'] else 'GetModelStatus')
      model = self._models.counted(urllib.parse.unquote(asked['name']))
      self._metrics.request(model, name, 'REST', status, time.monotonic() - begun)
    return answer

  def _asked(self, method: str, asked: re.Match, body: bytes) -> Answer:
    """Answer a request to a model or for its status or metadata."""
    number = int(asked['number']) if asked['number'] else None
    if number is not None and number >= 2**63:
      raise errors.bad(f'there can be no version {number}.')
    label = urllib.parse.unquote(asked['label']) if asked['label'] else None
    which = {'name': urllib.parse.unquote(asked['name']), 'number': number, 'label': label}
    if method == 'POST':
      if asked['method'].lower() != 'predict':
        raise errors.ServingError(
          grpc.StatusCode.UNIMPLEMENTED,
          f'there is no {asked["method"]} here, only predict; TensorFlow Serving itself has more.',
        )
      return Answer(200, _JSON, self._predict(which, body))
    if asked['metadata']:
      content = _described(rpc.metadata(self._models, **which))
    else:
      states = self._models.status(**which)
      content = _plain(get_model_status_pb2.GetModelStatusResponse(model_version_status=states))  # pyright: ignore[reportAttributeAccessIssue]
    return Answer(200, _JSON, json.dumps(content, indent=1).encode())

  def _predict(self, which: dict, body: bytes) -> bytes:
    document = text.parse(body, self._models.most_values(**which) or text.MOST_VALUES)
    with self._models.lease(**which) as version:
      signature = version.servable.signature(document.get('signature_name', ''))
      arrays, by_row = text.to_arrays(document, signature.dtypes())
      signature.check(arrays)
      outputs = version.predict(signature, arrays)
    return text.from_arrays(outputs, by_row)

  def _other(self, method: str, path: str) -> Answer:
    """Answer a request outside Serving's API: health, metrics, or a file of the page."""
    if path.lower().startswith('/v1/') or method != 'GET':
      raise errors.bad(f'malformed request: {method} {path}.')
    if path == '/healthz':
      served = self._models.available()
      well = all(served.values()) and not self.stopping
      content = {'status': 'ok' if well else 'unavailable', 'models': served}
      return Answer(200 if well else 503, _JSON, json.dumps(content).encode())
    if path == self._metrics_path:
      served = self._models.available()
      loaded = [(name, number) for name, numbers in served.items() for number in numbers]
      return Answer(200, 'text/plain; version=0.0.4', self._metrics.text(loaded).encode())
    if path == '/about.json':
      with self._models.lease(_CREATOR) as version:
        return _file(version.path / configs.ABOUT, _JSON)
    named = _FILE.fullmatch(path)
    if not named:
      raise errors.missing(f'there is no {path}.')
    name = named['name'] or 'index.html'
    return _file(self._page / name, mimetypes.guess_type(name)[0] or 'application/octet-stream')


def _file(path: pathlib.Path, kind: str) -> Answer:
  try:
    return Answer(200, kind, path.read_bytes())
  except OSError as error:
    raise errors.missing(f'there is no {path.name}.') from error


def _described(response: get_model_metadata_pb2.GetModelMetadataResponse) -> dict:  # pyright: ignore[reportAttributeAccessIssue]
  """Convert metadata to JSON; the signatures are packed in an Any, which must be unpacked first."""
  definitions = get_model_metadata_pb2.SignatureDefMap()  # pyright: ignore[reportAttributeAccessIssue]
  response.metadata[rpc.SIGNATURES].Unpack(definitions)
  return {
    'model_spec': _plain(response.model_spec),
    'metadata': {rpc.SIGNATURES: _plain(definitions)},
  }


def _plain(message) -> dict:
  return json_format.MessageToDict(
    message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
  )
