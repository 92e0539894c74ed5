"""Reads the configuration next to the exports: TensorFlow Serving's own files."""

from __future__ import annotations

from collections.abc import Iterator
import dataclasses
import os
import pathlib
import re
from typing import Any

from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from tf_creative.core import spec, storage

MODELS, BATCHING, MONITORING = 'models.config', 'batching.config', 'monitoring.config'
MOUNTED = '/models'  # path of the exports in Serving's docker image, and so in models.config
_MOST_BYTES = 1 << 20  # of a file; a pipe would be waited for
METRICS_PATH = '/monitoring/prometheus/metrics'
_TOKEN = re.compile(r'\s+|#[^\n]*|(?P<token>"[^"\n]*"|\'[^\'\n]*\'|[\w.+-]+|[{}:])|[,;]')


@dataclasses.dataclass(frozen=True)
class Model:
  """A model to serve: the folder of its versions, and which of them to serve."""

  name: str
  path: pathlib.Path
  latest: int = 1  # number of newest versions; 0: all
  only: frozenset[int] = frozenset()  # if not empty, these versions only
  labels: dict[str, int] = dataclasses.field(default_factory=dict)

  def wanted(self, found: set[int]) -> set[int]:
    """Choose the versions to serve from those found."""
    if self.only:
      return found & self.only
    return set(sorted(found)[-self.latest :])


@dataclasses.dataclass(frozen=True)
class Limits:
  """TensorFlow Serving's BatchingParameters with its defaults; threads are per queue."""

  max_batch_size: int = 1000
  batch_timeout_micros: int = 0
  max_enqueued_batches: int = 10
  num_batch_threads: int = os.cpu_count() or 1


def read(exports: pathlib.Path) -> model_server_config_pb2.ModelServerConfig:  # pyright: ignore[reportAttributeAccessIssue]
  """Read models.config, and replace Serving's paths by those on this machine."""
  path, config = exports / MODELS, model_server_config_pb2.ModelServerConfig()  # pyright: ignore[reportAttributeAccessIssue]
  try:
    text_format.Parse(storage.read(path, _MOST_BYTES).decode(), config)
  except (OSError, text_format.ParseError, UnicodeDecodeError) as error:
    raise spec.UserError(f'{path} cannot be read: {error}. Export anew.') from error
  for model in config.model_config_list.config:
    inside = re.fullmatch(rf'{MOUNTED}/(.+)', model.base_path)
    if inside:
      model.base_path = os.fspath(exports.resolve() / inside[1])
    if not model.name or not model.base_path:
      raise spec.UserError(f'{path}: every model must have a name and a base_path.')
  if not config.model_config_list.config:
    raise spec.UserError(f'{path} names no model. Export anew.')
  return config


def models(config: model_server_config_pb2.ModelServerConfig) -> list[Model]:  # pyright: ignore[reportAttributeAccessIssue]
  """Return the models of a models.config."""
  found = []
  for model in config.model_config_list.config:
    policy, latest, only = model.model_version_policy, 1, frozenset()
    if policy.WhichOneof('policy_choice') == 'all':
      latest = 0
    elif policy.WhichOneof('policy_choice') == 'specific':
      only = frozenset(policy.specific.versions)
    else:
      latest = policy.latest.num_versions or 1
    path = pathlib.Path(model.base_path)
    found.append(Model(model.name, path, latest, only, dict(model.version_labels)))
  return found


def limits(exports: pathlib.Path) -> Limits | None:
  """Read batching.config; None if there is none: then every request is a batch."""
  fields = _fields(exports / BATCHING)
  if fields is None:
    return None
  known = {field.name for field in dataclasses.fields(Limits)}
  values = {}
  for name, content in fields.items():
    if name in known:
      try:
        values[name] = int(content['value'])
      except (TypeError, KeyError, ValueError) as error:
        raise spec.UserError(
          f'{exports / BATCHING}: {name} must be written {name} {{ value: 64 }}.'
        ) from error
  return Limits(**values)


def metrics_path(exports: pathlib.Path) -> str | None:
  """Return the URL path of metrics from monitoring.config; None if they are off."""
  content = (_fields(exports / MONITORING) or {}).get('prometheus_config', {})
  if not isinstance(content, dict) or content.get('enable') != 'true':
    return None
  return content.get('path', '') or METRICS_PATH


def _fields(path: pathlib.Path) -> dict[str, Any] | None:
  """Parse a text proto to nested dicts; of a repeated field the last one counts.

  The installed package has no schema for these files, so protobuf cannot parse them.
  """
  try:
    text = storage.read(path, _MOST_BYTES).decode()
  except FileNotFoundError:
    return None
  except (OSError, UnicodeDecodeError) as error:
    raise spec.UserError(f'{path} cannot be read: {error}.') from error
  tokens, at = [], 0
  while at < len(text):
    match = _TOKEN.match(text, at)
    if not match:
      raise spec.UserError(f'{path} cannot be read from {text[at : at + 20]!r} on.')
    tokens += [match['token']] if match['token'] else []
    at = match.end()
  try:
    left = iter([*tokens, '}'])
    fields = _message(left)
    if any(left):
      raise ValueError('a brace too many')
    return fields
  except (StopIteration, ValueError) as error:
    raise spec.UserError(f'{path} cannot be read: are all braces closed?') from error


def _message(tokens: Iterator[str]) -> dict[str, Any]:
  """Read all fields up to the closing brace."""
  fields: dict[str, Any] = {}
  while (name := next(tokens)) != '}':
    if not name.isidentifier():
      raise ValueError(name)
    value = next(tokens)
    if value == ':':
      value = next(tokens)
    if value in ('}', ':'):
      raise ValueError(value)
    fields[name] = _message(tokens) if value == '{' else value.strip('"\'')
  return fields
