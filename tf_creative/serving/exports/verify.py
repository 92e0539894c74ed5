"""Checks that exported versions give the same answers without the training code.

  python -m tf_creative.serving.exports.verify EXPORTS/creator/1 ...

Loads each version into a graph, as TensorFlow Serving does, replays its examples, and looks for ops
that a served model must not have.
"""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import numpy as np
import tensorflow as tf

from tf_creative.serving.exports import ops, warmup

# TensorFlow imports Keras by itself, and could hide that a model depends on it: block the import.
ALONE = """
import sys
for name in ('keras', 'tf_keras', 'tf_agents'):
  sys.modules[name] = None
from tf_creative.serving.exports import verify
sys.exit(verify.main(sys.argv[1:]))
"""
_TOLERANCE = 1e-5  # for floats; everything else must be equal


def in_another_process(versions: list[pathlib.Path]) -> list[str]:
  """Verify versions in a new process; return the faults found, empty if there are none."""
  command = [sys.executable, '-c', ALONE, *map(str, versions)]
  # Found there as it is here: whoever put it on sys.path need not have installed it.
  package = os.fspath(pathlib.Path(__file__).parents[3])
  paths = os.pathsep.join(filter(None, [package, os.environ.get('PYTHONPATH')]))
  done = subprocess.run(
    command, capture_output=True, text=True, check=False, env={**os.environ, 'PYTHONPATH': paths}
  )
  if not done.returncode:
    return []
  # A crash of Python ends with exit code 1, too; the last line of its traceback is the reason then.
  return done.stdout.splitlines() or done.stderr.splitlines()[-1:] or ['the check crashed']


def faults(version: pathlib.Path) -> list[str]:
  """Return what is wrong with a version; empty if it is fine."""
  found = ops.faults(version)
  if found:
    return found  # must not even be loaded
  with tf.Graph().as_default(), tf.compat.v1.Session() as session:
    meta = tf.compat.v1.saved_model.load(session, ['serve'], str(version))
    examples = warmup.read(version)
    for name in sorted(set(meta.signature_def) - {'__saved_model_init_op'}):
      if name not in {example.signature for example in examples}:
        found.append(f"signature '{name}' has no example")
    for example in examples:
      signature = meta.signature_def[example.signature]
      feed = {signature.inputs[name].name: value for name, value in example.inputs.items()}
      answer = session.run({name: info.name for name, info in signature.outputs.items()}, feed)
      if set(answer) != set(example.outputs):
        found.append(f"signature '{example.signature}' answers {sorted(answer)}")
        continue
      found += [
        f"'{name}' of signature '{example.signature}' is not what it was"
        for name, value in example.outputs.items()
        if not _same(answer[name], value)
      ]
  return found


def _same(one: np.ndarray, other: np.ndarray) -> bool:
  if one.dtype.kind != 'f':
    return np.array_equal(one, other)
  return one.shape == other.shape and np.allclose(one, other, _TOLERANCE, _TOLERANCE)


def main(paths: list[str]) -> int:
  found = [f'{path}: {fault}' for path in paths for fault in faults(pathlib.Path(path))]
  print('\n'.join(found), end='\n' if found else '')
  return bool(found)


if __name__ == '__main__':
  sys.exit(main(sys.argv[1:]))
