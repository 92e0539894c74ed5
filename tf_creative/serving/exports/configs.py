"""Writes TensorFlow Serving's configuration files next to the models."""

from __future__ import annotations

from collections.abc import Iterable
import json
import pathlib
from typing import Any

from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from tf_creative.core import storage
from tf_creative.serving.exports import parameters

ABOUT = 'assets.extra/about.json'  # in each version of the model 'creator'
_BATCHING = """\
max_batch_size { value: 64 }
batch_timeout_micros { value: 1000 }
max_enqueued_batches { value: 100 }
num_batch_threads { value: 2 }
"""
_MONITORING = f"""\
prometheus_config {{
  enable: true
  path: "{parameters.METRICS_PATH}"
}}
"""


def write(exports: pathlib.Path, names: Iterable[str]) -> None:
  """Write models.config, batching.config and monitoring.config for these models."""
  served = model_server_config_pb2.ModelServerConfig()  # pyright: ignore[reportAttributeAccessIssue]
  for name in names:
    served.model_config_list.config.add(
      name=name, base_path=f'{parameters.MOUNTED}/{name}', model_platform='tensorflow'
    )
  storage.write(exports / parameters.MODELS, text_format.MessageToString(served))
  storage.write(exports / parameters.BATCHING, _BATCHING)
  storage.write(exports / parameters.MONITORING, _MONITORING)


def to_json(about: dict[str, Any]) -> str:
  """Return what a client needs to know of the run, as compact JSON."""
  return json.dumps(about, separators=(',', ':')) + '\n'
