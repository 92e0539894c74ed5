"""The form of an airfoil: 18 numbers after Kulfan, fitted to coordinates, and back.

They are eight weights of Bernstein polynomials for the upper side and eight for the lower one, from
the nose on, a weight of the nose's own term, and the thickness of the trailing edge, in chords
(Kulfan 2008, 'Universal parametric geometry representation method', with the term for the nose of
her note of 2020). NeuralFoil reads the same numbers.
"""

from __future__ import annotations

import math

import numpy as np

SIDE = 8  # weights of a side
NUMBERS = 2 * SIDE + 2
NOSE, EDGE = 2 * SIDE, 2 * SIDE + 1  # places of the last two numbers
_LEAST_POINTS = 10  # of a side
_WORST = 0.005  # root mean square distance of coordinates to the fitted form, in chords
_TIE = 1e-9  # pull towards 0, which decides where points leave a number open
_LARGEST = 3.0  # a weight beyond is that of no airfoil


def sides(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Return the matrices [points, NUMBERS] that make heights of both sides at x of the numbers."""
  x = np.asarray(x, np.float64)[:, None]
  order = np.arange(SIDE)
  bernstein = np.array([math.comb(SIDE - 1, i) for i in order]) * (
    x**order * (1 - x) ** (SIDE - 1 - order)
  )
  side, none = np.sqrt(x) * (1 - x) * bernstein, np.zeros([len(x), SIDE])
  nose, edge = x * (1 - x) ** (SIDE + 0.5), x / 2
  upper = np.concatenate([side, none, nose, edge], 1)
  lower = np.concatenate([none, side, nose, -edge], 1)
  return upper, lower


def stations(count: int) -> np.ndarray:
  """Return places along the chord, closer to each other near both ends: float64 [count]."""
  return (1 - np.cos(np.linspace(0, np.pi, count))) / 2


def around(count: int = 100) -> tuple[np.ndarray, np.ndarray]:
  """Return places x from the trailing edge over the upper side and back, [P], and what makes y.

  That is a matrix [P, NUMBERS], of the numbers.
  """
  x = stations(count)
  upper, lower = sides(x)
  return np.concatenate([x[::-1], x[1:]]), np.concatenate([upper[::-1], lower[1:]])


def outline(numbers: np.ndarray, count: int = 100) -> np.ndarray:
  """Return a form's coordinates around it: float64 [2 count - 1, 2]."""
  x, matrix = around(count)
  return np.stack([x, matrix @ np.asarray(numbers, np.float64)], 1)


def fitted(points: np.ndarray) -> np.ndarray:
  """Fit the numbers to coordinates [N, 2] by least squares; a ValueError says why it cannot."""
  upper, lower = _parted(_upright(points))
  if min(len(upper), len(lower)) < _LEAST_POINTS:
    raise ValueError(f'a side has fewer than {_LEAST_POINTS} points')
  matrix = np.concatenate([sides(upper[:, 0])[0], sides(lower[:, 0])[1]])
  height = np.concatenate([upper[:, 1], lower[:, 1]])
  numbers = _solved(matrix, height)
  if numbers[EDGE] < 0:  # the sides would cross: without a thickness, they meet
    numbers = np.append(_solved(matrix[:, :EDGE], height), 0.0)
  away = float(np.sqrt(np.mean((matrix @ numbers - height) ** 2)))
  if not away < _WORST:
    raise ValueError(f'its points are {away:.3f} chords away from any form')
  if np.abs(numbers).max() > _LARGEST:
    raise ValueError('its points leave the form open')
  return numbers


def _solved(matrix: np.ndarray, height: np.ndarray) -> np.ndarray:
  pull = math.sqrt(_TIE) * np.eye(matrix.shape[1])
  rows = np.concatenate([matrix, pull]), np.concatenate([height, np.zeros(len(pull))])
  return np.linalg.lstsq(*rows, rcond=None)[0]


def _upright(points: np.ndarray) -> np.ndarray:
  """Move, turn and scale coordinates so that the chord leads from 0 to 1 on the x-axis."""
  end = (points[0] + points[-1]) / 2
  nose = points[np.argmax(((points - end) ** 2).sum(1))]
  chord = end - nose
  length = float(np.hypot(*chord))
  if not length > 0:
    raise ValueError('it has no chord')
  along = chord / length
  return (points - nose) @ np.stack([along, [-along[1], along[0]]], 1) / length


def _parted(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Return the points of the upper and of the lower side, without those past an end."""
  nose = int(np.argmin(points[:, 0]))
  one, other = points[: nose + 1], points[nose:]
  within = lambda side: side[(side[:, 0] >= 0) & (side[:, 0] <= 1)]  # noqa: E731
  one, other = within(one), within(other)
  if min(len(one), len(other)) == 0:
    raise ValueError('it has one side only')
  if _mean_height(one) < _mean_height(other):
    one, other = other, one
  return one, other


def _mean_height(side: np.ndarray) -> float:
  order = np.argsort(side[:, 0], kind='stable')
  return float(np.trapezoid(side[order, 1], side[order, 0]))
