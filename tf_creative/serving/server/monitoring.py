"""Metrics in Prometheus' text format, under TensorFlow Serving's names where it has them."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping
import itertools
import threading

_MICROSECONDS = [10 * 1.8**power for power in range(33)]  # the same buckets as in Serving
_ROWS = [float(2**power) for power in range(13)]


class _Histogram:
  def __init__(self, bounds: list[float]):
    self._bounds, self._counts, self._sum = bounds, [0] * (len(bounds) + 1), 0.0

  def add(self, value: float) -> None:
    self._counts[bisect.bisect_left(self._bounds, value)] += 1
    self._sum += value

  def lines(self, name: str, labels: Mapping[str, str]) -> Iterable[str]:
    bounds = [f'{bound:g}' for bound in self._bounds] + ['+Inf']
    for bound, count in zip(bounds, itertools.accumulate(self._counts), strict=True):
      yield f'{name}_bucket{_labels(labels | {"le": bound})} {count}'
    yield f'{name}_sum{_labels(labels)} {self._sum:.10g}'
    yield f'{name}_count{_labels(labels)} {sum(self._counts)}'


class Metrics:
  """Counts requests, latencies, batches and loads; safe to call from all threads."""

  def __init__(self):
    self._lock = threading.Lock()
    self._requests: dict[tuple[str, str, str], int] = {}
    self._latencies: dict[tuple[str, str, str], _Histogram] = {}
    self._batches: dict[str, _Histogram] = {}
    self._loads: dict[tuple[str, str], int] = {}

  def request(self, model: str, method: str, entry: str, status: str, seconds: float) -> None:
    """Count an answered request; `entry` is gRPC or REST."""
    with self._lock:
      key = model, method, status
      self._requests[key] = self._requests.get(key, 0) + 1
      if (model, method, entry) not in self._latencies:
        self._latencies[model, method, entry] = _Histogram(_MICROSECONDS)
      self._latencies[model, method, entry].add(seconds * 1e6)

  def batch(self, model: str, rows: int) -> None:
    """Count a call of a model with this number of rows, from one or several requests."""
    with self._lock:
      self._batches.setdefault(model, _Histogram(_ROWS)).add(rows)

  def load(self, model: str, success: bool) -> None:
    """Count an attempt to load a version."""
    with self._lock:
      key = model, 'success' if success else 'fail'
      self._loads[key] = self._loads.get(key, 0) + 1

  def text(self, loaded: Iterable[tuple[str, int]]) -> str:
    """Return the page for Prometheus; `loaded` are the models and versions now served."""
    with self._lock:
      lines = ['# TYPE :tensorflow:serving:request_count counter']
      for (model, method, status), count in sorted(self._requests.items()):
        labels = {'model_name': model, 'method': method, 'status': status}
        lines.append(f':tensorflow:serving:request_count{_labels(labels)} {count}')
      lines.append('# TYPE :tensorflow:serving:request_latency histogram')
      for (model, method, entry), histogram in sorted(self._latencies.items()):
        labels = {'model_name': model, 'API': method, 'entrypoint': entry}
        lines += histogram.lines(':tensorflow:serving:request_latency', labels)
      name = ':tensorflow:serving:batching_session:processed_batch_size'
      lines.append(f'# TYPE {name} histogram')
      for model, histogram in sorted(self._batches.items()):
        lines += histogram.lines(name, {'model_name': model})
      lines.append('# TYPE :tensorflow:cc:saved_model:load_attempt_count counter')
      for (model, status), count in sorted(self._loads.items()):
        labels = _labels({'model_path': model, 'status': status})
        lines.append(f':tensorflow:cc:saved_model:load_attempt_count{labels} {count}')
    lines.append('# TYPE tf_creative:available_version gauge')
    for model, version in loaded:
      labels = _labels({'model_name': model, 'version': str(version)})
      lines.append(f'tf_creative:available_version{labels} 1')
    return '\n'.join(lines) + '\n'


def _labels(labels: Mapping[str, str]) -> str:
  escapes = str.maketrans({'\\': r'\\', '"': r'\"', '\n': r'\n'})
  pairs = (f'{name}="{value.translate(escapes)}"' for name, value in labels.items())
  return f'{{{",".join(pairs)}}}'
