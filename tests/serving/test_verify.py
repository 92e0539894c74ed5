"""What exports are asked before they are published; of whole ones see test_export."""

import pathlib
import subprocess
import sys

import tensorflow as tf

from tf_creative.serving.exports import ops, verify

ROOT = pathlib.Path(__file__).parents[2]


def test_what_trains_could_not_be_imported_where_exports_are_asked():
  code = verify.ALONE.replace(
    'sys.exit',
    """
for name in ('keras', 'tf_keras', 'tf_agents'):
  try:
    __import__(name)
  except ModuleNotFoundError:
    print('none of', name)
sys.exit""",
  )
  done = subprocess.run([sys.executable, '-c', code], capture_output=True, check=True, cwd=ROOT)
  assert done.stdout.split() == b'none of keras none of tf_keras none of tf_agents'.split()


def test_ops_that_reach_out_are_found(tmp_path):
  class Writer(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def run(self, x):
      tf.io.write_file('here', x[0])
      return {'y': x}

  class Compiled(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)], jit_compile=True)
    def run(self, x):
      return {'y': x + 1}

  for module, words in ((Writer(), 'WriteFile'), (Compiled(), 'XLA')):
    tf.saved_model.save(module, str(tmp_path), {'serving_default': module.run})
    assert words in ' '.join(ops.faults(tmp_path))
