"""Loads airfoils as works, each with briefs that it meets."""

from __future__ import annotations

import functools
import os
from typing import Any

from absl import logging
import numpy as np
import tensorflow as tf

from tf_creative.core import spec
from tf_creative.core.works import Works
from tf_creative.worlds import images
from tf_creative.worlds.airfoil import brief as brief_lib
from tf_creative.worlds.airfoil import coordinates, flight, forms, neural, package, section

OURS = 'airfoils'  # the name of the data set of the package
_SPLITS = ('train', 'validation', 'test')
_BRIEFS = 4  # that are tried for each airfoil
_SEED = 22  # of the briefs: all runs have the same
_BATCH = 512  # forms whose flow is computed at once


def load(data: str, judge: str) -> dict[str, Works]:
  """Load the works of `data` by split; a judge, a network of NeuralFoil, finds their briefs."""
  files = coordinates.files(data) if data != OURS else []
  stamp = tuple((path, path.stat().st_mtime_ns) for path in files if path.exists())
  return _load(data, judge, stamp, os.environ.get('TFDS_DATA_DIR'))


@functools.lru_cache(8)
def _load(data: str, judge: str, *changed: Any) -> dict[str, Works]:
  del changed  # what else the works depend on
  files = coordinates.files(data) if data != OURS else []
  read = _own(data) if files else _stored(data)
  network, found = neural.Network(package.network(judge)), {}
  for split, rows in read.items():
    kept = [row for row in rows if forms.fits(row)]
    if len(kept) < len(rows):
      logging.info(
        '%d of %d forms of %s are out of bounds.', len(rows) - len(kept), len(rows), split
      )
    met = _briefed(network, np.array(kept).reshape(-1, section.NUMBERS))
    if len(met.label):
      found[split] = met
  few = [split for split in ('train', 'test') if split not in found]
  if few:
    raise images.DataError(
      f"{data} has no airfoils that meet a brief for '{few[0]}': wanted are .dat files of "
      'coordinates, of two families of names (as in naca2412, e387) or more.'
    )
  return found


def real(data: str, judge: str, split: str) -> Works:
  """Return the real works of a split, or raise a DataError."""
  found = load(data, judge)
  if split not in found:
    raise images.DataError(f"{data} has no split '{split}'.{spec.nearest(split, found)}")
  return found[split]


def _own(data: str) -> dict[str, list[np.ndarray]]:
  """Read a user's files, split by family."""
  read, broken = coordinates.forms(coordinates.files(data))
  if not read:
    name, why = next(iter(broken.items()))
    raise images.DataError(f'no file of {data} is an airfoil; of {name}.dat: {why}.')
  turns = coordinates.splits([coordinates.family(name) for name in read])
  rows: dict[str, list[np.ndarray]] = {split: [] for split in _SPLITS}
  for name, form in read.items():
    rows[turns[coordinates.family(name)]].append(form)
  return rows


def _stored(data: str) -> dict[str, list[np.ndarray]]:
  """Read a data set of TFDS whose examples have a `kulfan`."""
  if data == OURS:
    package.airfoils()  # so that a missing package is told in its own words
  features: Any = images.find(data).info.features
  if 'kulfan' not in features or tuple(features['kulfan'].shape) != (section.NUMBERS,):
    raise images.DataError(
      f"data set '{data}' has no airfoils; there are: {OURS}, or a folder of .dat files."
    )
  rows = {}
  for split in _SPLITS:
    if split == 'validation' and split not in images.splits(data):
      continue
    read: Any = images.examples(data, split, ['kulfan'], pixels=4 * section.NUMBERS)
    rows[split] = [row['kulfan'] for row in read.as_numpy_iterator()]
    if not np.isfinite(rows[split]).all():
      raise images.DataError(f"data set '{data}' has forms that are no numbers.")
  return rows


def _briefed(network: neural.Network, rows: np.ndarray) -> Works:
  """Pair forms [N, NUMBERS] with briefs that they meet, as hindsight has it.

  Reynolds number and lift are drawn; thickness and moment are the strictest that are met.
  """
  works = np.repeat(forms.levels(rows), _BRIEFS, 0)
  places = np.random.default_rng(_SEED).integers(brief_lib.SIZES, size=(len(works), 4))
  places[:, 2:] = 0  # the mildest
  flown = tf.function(
    lambda work, label: flight.flown(network, forms.numbers(work), brief_lib.of(label)),
    reduce_retracing=True,
  )
  met = np.zeros(len(works), bool)
  for at in range(0, len(works), _BATCH):
    here = slice(at, at + _BATCH)
    seen = flown(tf.constant(works[here]), tf.constant(brief_lib.label(places[here])))
    met[here] = seen.feasible
    for part, known, has in (
      (2, brief_lib.THICKNESS, seen.thickness),
      (3, brief_lib.MOMENT, seen.aero.moment),
    ):
      places[here, part] = np.maximum(np.searchsorted(known, has, 'right') - 1, 0)
  return Works(works[met], brief_lib.label(places[met]))
