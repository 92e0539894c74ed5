"""Asks XFoil 6.99 for lift over drag of an airfoil at a lift: apt-get install xfoil."""

import atexit
import functools
import os
import pathlib
import re
import subprocess
import tempfile

import numpy as np

from tf_creative.worlds.airfoil import coordinates

_POINT = r'CL =\s*(-?[\d.]+)\s+Cm =\s*-?[\d.]+\s+CD =\s*([\d.]+)'
_NEAR = 0.01  # of the lift that was asked for
_SECONDS = 60  # for one search


@functools.cache
def untrapped() -> dict[str, str]:
  """Return what XFoil's environment needs so that it goes on after a division by zero.

  Debian's build asks Fortran's library to end it there, which it does in the middle of most
  searches: a library of ours answers in its place. Without a C compiler they end so.
  """
  made = pathlib.Path(tempfile.mkdtemp(), 'untrapped.so')
  code = 'void _gfortran_set_fpe(int which) { (void)which; }'
  build = ['cc', '-shared', '-fPIC', '-x', 'c', '-', '-o', str(made)]
  try:
    subprocess.run(build, input=code, text=True, check=True)
  except (OSError, subprocess.CalledProcessError):
    return {}
  atexit.register(made.unlink)
  return {'LD_PRELOAD': str(made)}


def ratio(numbers: np.ndarray, reynolds: float, lift: float) -> float:
  """Return lift over drag at a lift; not a number where XFoil does not converge.

  It comes to the lift at once, or, where that fails, by smaller ones.
  """
  for shares in ((1,), (0.5, 1), (0.25, 0.5, 0.75, 0.9, 1)):
    found = _search(numbers, reynolds, [share * lift for share in shares])
    if np.isfinite(found):
      return found
  return np.nan


def _search(numbers: np.ndarray, reynolds: float, lifts: list[float]) -> float:
  asked = ''.join(f'CL {lift:.3f}\n' for lift in lifts)
  orders = f'PLOP\nG F\n\nLOAD form.dat\nPANE\nOPER\nVISC {reynolds:.0f}\nITER 100\n{asked}\nQUIT\n'
  with tempfile.TemporaryDirectory() as folder:
    pathlib.Path(folder, 'form.dat').write_text(coordinates.written(numbers, 'form'))
    how = {'cwd': folder, 'env': os.environ | untrapped(), 'timeout': _SECONDS}
    try:
      said = subprocess.run(['xfoil'], input=orders, capture_output=True, text=True, **how).stdout
    except subprocess.TimeoutExpired:
      return np.nan
  found = re.findall(_POINT, said)
  failed = 'VISCAL:  Convergence failed' in said[said.rfind('CL =') :]  # of the last lift
  if failed or not found or abs(float(found[-1][0]) - lifts[-1]) > _NEAR:
    return np.nan
  return float(found[-1][0]) / float(found[-1][1])
