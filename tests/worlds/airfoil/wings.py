"""Airfoils of our own and a network whose answers can be worked out by hand."""

import numpy as np
import pytest

from tests.shared import toys
from tf_creative.worlds.airfoil import coordinates, package, section

needs_airfoils = pytest.mark.skipif(
  toys.is_missing('airfoil'),
  reason='needs pip install --no-deps aerosandbox==4.2.10 neuralfoil==0.3.3',
)
_LINEAR = 4  # answers of our network that are linear in what it reads


def arrays() -> dict[str, np.ndarray]:
  """Weights as in NeuralFoil's files. Each answer is linear, for silu(z) - silu(-z) is z.

  Lift is pi sin 2a + 2 camber, drag exp(-5 + 2 (thickness + 4 sin^2 a)), moment -camber / 2, where
  camber and thickness are the sum and the difference of the sides' mean weights. The network is
  sure of all.
  """
  up, low = np.zeros(25), np.zeros(25)
  up[:8], low[8:16] = 1 / 8, 1 / 8
  turn, square = np.eye(25)[18], np.eye(25)[20]
  camber, thickness = up + low, up - low
  rows = np.stack(
    [np.zeros(25), 2 * (np.pi * turn + 2 * camber), thickness + 4 * square, -10 * camber]
  )
  last = np.zeros([198, 2 * _LINEAR])
  last[:_LINEAR] = np.concatenate([np.eye(_LINEAR), -np.eye(_LINEAR)], 1)
  bias = np.zeros(198)
  bias[0], bias[2] = 6, -0.5
  found = {
    'net.0.weight': np.concatenate([rows, -rows]),
    'net.0.bias': np.zeros(2 * _LINEAR),
    'net.2.weight': last,
    'net.2.bias': bias,
    'mean_inputs_scaled': np.zeros(25),
    'inv_cov_inputs_scaled': np.zeros([25, 25]),
  }
  return {name: part.astype(np.float32) for name, part in found.items()}


def form(thickness: float = 0.12, camber: float = 0.0) -> np.ndarray:
  """Numbers of a form whose sides have equal weights; 0.12 is about as thick as a NACA 0012."""
  numbers = np.zeros(section.NUMBERS)
  numbers[:8], numbers[8:16] = 1.35 * thickness + camber, -1.35 * thickness + camber
  return numbers


def folder(place, families: str = 'aa bb cc', each: int = 3):
  """Write files of coordinates: of each family some, thicker from one to the next."""
  place.mkdir(exist_ok=True)
  for family, name in enumerate(families.split()):
    for number in range(each):
      numbers = form(0.09 + 0.02 * number, 0.02 * family + 0.01)
      text = coordinates.written(numbers, name)
      (place / f'{name}{number}.dat').write_text(text)
  return place


def with_network(patch: pytest.MonkeyPatch) -> None:
  """Takes our network for that of the package."""
  patch.setattr(package, 'network', lambda size: arrays())
