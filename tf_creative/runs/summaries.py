"""Writes a run's summaries for TensorBoard: curves, pictures, histograms, settings, layout."""

# Protobuf makes its classes as it is imported.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
import contextlib
import pathlib

import numpy as np
from PIL import Image
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.custom_scalar import summary as layout_summary
from tensorboard.plugins.hparams import api_pb2
from tensorboard.plugins.hparams import summary as hparams_summary
import tensorflow as tf

from tf_creative.core import storage
from tf_creative.learner import learner as learner_lib

# Charts of the tab CUSTOM SCALARS: title -> tags, as regular expressions that match from the start.
CHARTS = {
  'Return of an episode': ['agent/return$'],
  'Losses of the GAN': ['gan/(critic|generator)_loss$'],
  'Imagination: distance from real works': ['(imagined|painted|training)/frechet$'],
}
# Columns of the tab HPARAMS; by default, TensorBoard shows five settings and five metrics.
TELLING = {'agent', 'couplings', 'world', 'gan_loss', 'seed'}
FINAL = (  # after the world's own
  'painted/frechet',
  'painted/coverage',
  'imagined/frechet',
  'painted/label_accuracy',
  'imagined/coverage',
  'imagined/label_accuracy',
  'agent/return',
)


class Board:
  """Writes event files; each method flushes to disk before it returns."""

  def __init__(self, path: pathlib.Path):
    self._path = path
    self._writer = tf.summary.create_file_writer(str(path))

  @contextlib.contextmanager
  def _at(self, round_: int) -> Iterator[None]:
    with storage.kept(self._path, 'Make room; the last checkpoint is whole.'):
      with self._writer.as_default(round_):
        yield
      self._writer.flush()

  def scalars(self, round_: int, numbers: Mapping[str, float]) -> None:
    with self._at(round_):
      for name, value in numbers.items():
        tf.summary.scalar(name, value)

  def picture(self, round_: int, name: str, picture: Image.Image) -> None:
    with self._at(round_):
      tf.summary.image(name, np.asarray(picture)[None])

  def histograms(self, round_: int, values: Mapping[str, tf.Tensor]) -> None:
    with self._at(round_):
      for name, value in values.items():
        tf.summary.histogram(name, value)

  def text(self, round_: int, name: str, lines: str) -> None:
    """Write lines that are shown verbatim."""
    # TensorBoard renders Markdown: four spaces make a code block.
    with self._at(round_):
      tf.summary.text(name, ''.join(f'    {line}\n' for line in lines.splitlines()))

  def hparams(
    self, run: str, settings: Mapping[str, bool | float | str], own: Collection[str] = ()
  ) -> None:
    """Write the run's row of the tab HPARAMS; call once, because TensorBoard uses the first only.

    TensorBoard takes the columns for all runs from any one of them. So every run must write all
    settings, defaults included. `own` are the names of the world's own numbers.
    """
    kinds = {bool: api_pb2.DATA_TYPE_BOOL, str: api_pb2.DATA_TYPE_STRING}
    columns = [
      api_pb2.HParamInfo(
        name=name,
        type=kinds.get(type(value), api_pb2.DATA_TYPE_FLOAT64),
        differs=name in TELLING,  # TensorBoard puts columns that differ first
      )
      for name, value in settings.items()
    ]
    final = [api_pb2.MetricInfo(name=api_pb2.MetricName(tag=tag)) for tag in (*own, *FINAL)]
    shown = {name: 'none' if value == '' else value for name, value in settings.items()}
    self._write(hparams_summary.experiment_pb(columns, final))
    self._write(hparams_summary.session_start_pb(shown, group_name=run))

  def layout(self, own: Collection[str] = ()) -> None:
    """Write the layout of the tab CUSTOM SCALARS; `own` names the world's own numbers."""
    making = {"Making: by the world's own measures": [f'{name}$' for name in own]} if own else {}
    charts = [
      layout_pb2.Chart(title=title, multiline=layout_pb2.MultilineChartContent(tag=tags))
      for title, tags in (CHARTS | making).items()
    ]
    category = layout_pb2.Category(title='Overview', chart=charts)
    self._write(layout_summary.pb(layout_pb2.Layout(category=[category])))

  def _write(self, summary: tf.compat.v1.Summary) -> None:
    with self._at(0):
      tf.summary.experimental.write_raw_pb(summary.SerializeToString())


def weights(learner: learner_lib.Learner) -> dict[str, tf.Tensor]:
  """Return all weights by name, and the hand's present values of all actions."""
  parts = {'gan': learner.imagination, 'agent': learner.agent}
  return {
    f'{part}/{name}': value
    for part, own in parts.items()
    if own
    for name, value in own.weights().items()
  }
