"""What a run has come to, in one line for each part: equal only if every bit is."""

import hashlib
import json
import pathlib

import numpy as np
import tensorflow as tf

from tf_creative.runs import checkpoints


def of_checkpoint(shelf: pathlib.Path) -> dict[str, list[str]]:
  """Of each part of the newest checkpoint the SHA-256 of all that it holds.

  Sorted, for what can be reached by several names goes by one of them, and not always the same.
  """
  reader = tf.train.load_checkpoint(str(shelf / f'ckpt-{checkpoints.numbers(shelf)[-1]}'))
  parts: dict[str, list[str]] = {}
  for name in reader.get_variable_to_shape_map():
    if name[0] != '_':  # the table of contents
      value = np.asarray(reader.get_tensor(name))
      found = f'{value.dtype} {value.shape}'.encode() + value.tobytes()
      part = parts.setdefault('/'.join(name.split('/')[:2]), [])
      part.append(hashlib.sha256(found).hexdigest())
  return {part: sorted(found) for part, found in parts.items()}


def of_run(run_dir: pathlib.Path) -> dict[str, list[str]]:
  """The same of the last and of the best checkpoint, of the metrics and of the gallery."""
  parts = {
    f'{shelf}/{part}': found
    for shelf in ('checkpoints', 'best')
    for part, found in of_checkpoint(run_dir / shelf).items()
  }
  for line in (run_dir / 'metrics.jsonl').read_text().splitlines():
    json.loads(line)  # whole
  for name in ('metrics.jsonl', 'gallery.png'):
    parts[name] = [hashlib.sha256((run_dir / name).read_bytes()).hexdigest()]
  return parts
