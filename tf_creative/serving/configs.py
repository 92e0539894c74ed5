"""What TensorFlow Serving is told beside the models, in its own words."""

from __future__ import annotations

from collections.abc import Iterable
import json
import pathlib
from typing import Any

from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from tf_creative.serving import versions

_BASE = '/models'  # where the Docker image of TensorFlow Serving looks for models
_BATCHING = """\
max_batch_size { value: 64 }
batch_timeout_micros { value: 1000 }
max_enqueued_batches { value: 100 }
num_batch_threads { value: 2 }
"""
_MONITORING = """\
prometheus_config {
  enable: true
  path: "/monitoring/prometheus/metrics"
}
"""


def write(exports: pathlib.Path, names: Iterable[str]) -> None:
  served = model_server_config_pb2.ModelServerConfig()
  for name in names:
    served.model_config_list.config.add(
      name=name, base_path=f'{_BASE}/{name}', model_platform='tensorflow'
    )
  versions.write(exports / 'models.config', text_format.MessageToString(served))
  versions.write(exports / 'batching.config', _BATCHING)
  versions.write(exports / 'monitoring.config', _MONITORING)


def to_json(about: dict[str, Any]) -> str:
  return json.dumps(about, separators=(',', ':')) + '\n'
