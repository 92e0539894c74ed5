"""Library versions and hardware of a run; bit-exact repeats need equal ones."""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
import json
import os
import pathlib
import platform
from typing import Any

import tensorflow as tf

import tf_creative
from tf_creative.cli import command
from tf_creative.core import plugins, storage

_MOST_BYTES = 1 << 20  # of the file
_LIBRARIES = ('tensorflow', 'keras', 'tf-keras', 'tf-agents', 'tensorflow-probability', 'numpy')
_SWITCHES = ('TF_ENABLE_ONEDNN_OPTS', 'OMP_NUM_THREADS', 'TF_DETERMINISTIC_OPS')


def facts() -> dict[str, str]:
  """Return versions, hardware and settings that can change the last bits of a result."""
  threading = tf.config.threading
  return {
    'tf_creative': tf_creative.__version__,
    'python': platform.python_version(),
    **{name: version(name) for name in _LIBRARIES},
    **plugins.used(),
    'machine': f'{platform.system()} {platform.machine()}',
    'cores': str(command.cores()),
    'threads within an op': str(
      threading.get_intra_op_parallelism_threads() or os.environ.get('TF_NUM_INTRAOP_THREADS', 0)
    ),
    'threads between ops': str(
      threading.get_inter_op_parallelism_threads() or os.environ.get('TF_NUM_INTEROP_THREADS', 0)
    ),
    **{name: os.environ[name] for name in _SWITCHES if name in os.environ},
  }


def version(name: str) -> str:
  """Return the version of a package; of TF-Agents also where .ci/companion.py has packed it."""
  try:
    return metadata.version(name)
  except metadata.PackageNotFoundError:
    if name != 'tf-agents':
      raise
    return metadata.version('tf-creative-agents').partition('.post')[0]


def _known(path: pathlib.Path, warn: Callable[[str], None]) -> list[dict[str, Any]]:
  """Read what has been noted before; what cannot be read is told, and begun anew."""
  try:
    known = json.loads(storage.read(path, _MOST_BYTES))
    if not known or not all(isinstance(entry['with'], dict) for entry in known):
      raise ValueError
  except (OSError, ValueError, TypeError, KeyError, RecursionError):
    warn(f'{path} cannot be read: what the run was made with so far is not known any more')
    return []
  return known


def note(path: pathlib.Path, round_: int, warn: Callable[[str], None]) -> None:
  """Append the facts from this round on to the file, and warn if they have changed."""
  now = facts()
  known = _known(path, warn) if round_ and path.exists() else []
  before = known[-1]['with'] if known else now
  if before == now and known:
    return
  differ = [
    f'{name}: {before.get(name, "none")}, now {now.get(name, "none")}'
    for name in dict.fromkeys([*before, *now])
    if before.get(name) != now.get(name)
  ]
  if differ:
    warn(
      f'from here on, the run uses other versions or hardware ({"; ".join(differ)}): it goes on, '
      'but its numbers may differ from those of an uninterrupted run'
    )
  storage.write(path, json.dumps([*known, {'from round': round_, 'with': now}], indent=1) + '\n')
