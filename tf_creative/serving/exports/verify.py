"""Whether versions answer as when they were made, where nothing of the training is at hand.

  python -m tf_creative.serving.exports.verify EXPORTS/creator/1 ...

Loads each through the graph, as TensorFlow Serving does, replays its examples, and looks for ops
that a served model has no need of.
"""

from __future__ import annotations

import pathlib
import subprocess
import sys

import numpy as np
import tensorflow as tf

from tf_creative.serving.exports import ops, warmup

# TensorFlow would bring its own Keras along; a model that needs one must not get by.
ALONE = """
import sys
for name in ('keras', 'tf_keras', 'tf_agents'):
  sys.modules[name] = None
from tf_creative.serving.exports import verify
sys.exit(verify.main(sys.argv[1:]))
"""
_TOLERANCE = 1e-5  # of floats; everything else must be equal


def in_another_process(versions: list[pathlib.Path]) -> list[str]:
  """What is wrong with the versions; nothing if all is well."""
  command = [sys.executable, '-c', ALONE, *map(str, versions)]
  done = subprocess.run(command, capture_output=True, text=True, check=False)
  if not done.returncode:
    return []
  # Python itself ends with 1, too: without a word of ours it is what it said last that tells why.
  return done.stdout.splitlines() or done.stderr.splitlines()[-1:] or ['the check crashed']


def faults(version: pathlib.Path) -> list[str]:
  found = ops.faults(version)
  if found:
    return found  # not to be run
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
