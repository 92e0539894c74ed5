"""Asks whether what was said to be so probable happened so often."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

BINS = 10  # of probabilities, of equal width


class Bin(NamedTuple):
  """What happened where about this was foreseen."""

  low: float
  high: float
  count: int
  foreseen: float  # the mean probability
  real: float  # the share that happened


def bins(chance: np.ndarray, happened: np.ndarray) -> list[Bin]:
  """Sort probabilities [N] into bins, and compare with what happened [N]; leave out empty ones."""
  place = place_of(chance)
  return [
    Bin(
      number / BINS,
      (number + 1) / BINS,
      int((place == number).sum()),
      float(chance[place == number].mean()),
      float(happened[place == number].mean()),
    )
    for number in np.unique(place)
  ]


def place_of(chance: np.ndarray) -> np.ndarray:
  """Return the bin of each probability: int [N]."""
  return np.minimum((np.asarray(chance) * BINS).astype(int), BINS - 1)


def gaps(chance: np.ndarray, happened: np.ndarray, part: np.ndarray) -> np.ndarray:
  """Sum up by how much probabilities were too high, for each part and bin: float64 [parts, BINS].

  `aggregate.ratio` makes the expected calibration error of them.
  """
  found = np.zeros((part.max() + 1, BINS))
  np.add.at(found, (part, place_of(chance)), np.float64(chance) - happened)
  return found
