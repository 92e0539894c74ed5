"""Briefs: what an airfoil is to do, each a label of the world."""

from __future__ import annotations

import functools
import itertools
import re
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_creative.core import spec
from tf_creative.core import works as works_lib

REYNOLDS = (2e5, 3e5, 5e5, 7e5, 1e6, 1.5e6, 2e6, 3e6, 5e6)
LIFT = tuple(tenths / 10 for tenths in range(2, 13))
THICKNESS = tuple(hundredths / 100 for hundredths in range(6, 19))  # at least, in chords
MOMENT = (-0.15, -0.1, -0.06, -0.03)  # at least: a wing that pitches down wants a tail
PARTS = {'re': REYNOLDS, 'cl': LIFT, 'thickness': THICKNESS, 'moment': MOMENT}
SIZES = tuple(map(len, PARTS.values()))
COUNT = int(np.prod(SIZES))
_USUAL = {'re': 1e6, 'cl': 0.6, 'thickness': 0.1, 'moment': -0.1}


class Brief(NamedTuple):
  """What is wanted: each float32 [B]."""

  reynolds: tf.Tensor
  lift: tf.Tensor
  thickness: tf.Tensor
  moment: tf.Tensor


def of(labels: tf.Tensor) -> Brief:
  """Return the briefs that labels [B] stand for."""
  places = tf.unravel_index(tf.reshape(labels, [-1]), SIZES)
  shape = tf.shape(labels)
  parts = zip(PARTS.values(), tf.unstack(places), strict=True)
  return Brief(
    *(tf.reshape(tf.gather(np.array(known, np.float32), at), shape) for known, at in parts)
  )


def label(places: Any) -> np.ndarray:
  """Return the labels of places [..., 4] in the PARTS."""
  by_part = np.moveaxis(np.asarray(places), -1, 0)
  return np.asarray(np.ravel_multi_index(tuple(by_part), SIZES), np.int32)


@functools.cache
def names() -> works_lib.Described:
  """Return the names of all labels, and four numbers for each, by which networks read it."""
  text = lambda re, cl, t, cm: f're={re:g} cl={cl:g} thickness={t:g} moment={cm:g}'  # noqa: E731
  numbers = np.indices(SIZES).reshape(len(SIZES), -1).T / (np.array(SIZES) - 1) * 2 - 1
  return works_lib.Described(
    (text(*parts) for parts in itertools.product(*PARTS.values())),
    numbers.astype(np.float32),
    named,
  )


def named(text: str) -> str:
  """Return the name of the brief that is nearest to what is asked for: 're=1e6, cl=0.8'.

  What is not said is usual; a SpecError tells what is no brief, or beyond all.
  """
  asked = dict(_USUAL)
  for part in filter(None, re.split(r'[\s,]+', re.sub(r'\s*=\s*', '=', text))):
    key, _, value = part.partition('=')
    if key not in PARTS:
      raise spec.SpecError(f"a brief has no '{key}'.{spec.nearest(key, PARTS)}", part)
    try:
      asked[key] = float(value)
    except ValueError as error:
      raise spec.SpecError(f"'{part}' in a brief is no number.", part) from error
    low, high = PARTS[key][0], PARTS[key][-1]
    if not low <= asked[key] <= high:
      raise spec.SpecError(f'{key} in a brief must be {low:g} to {high:g}, not {value}.', part)
  places = []
  for key, known in PARTS.items():
    scale = np.log if key == 're' else np.asarray
    places.append(int(np.abs(scale(known) - scale(asked[key])).argmin()))
  return names()[int(label(places))]
