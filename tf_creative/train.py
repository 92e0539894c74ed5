"""Trains a GAN that imagines works and a DQN agent that makes them.

  python -m tf_creative.train --flagfile=pipelines/pixel_art.flags

The same command resumes a stopped run. Later flags override earlier ones.
"""

import os

from absl import logging

from tf_creative.cli import command
from tf_creative.learner import config as config_lib


def train(config: config_lib.Config, verbosity: int = logging.ERROR) -> int:
  """Train until the last round or a signal; return the exit code."""
  for folder in (config.run.run_dir, config.run.fork_from):
    command.check_prefix(folder)
  command.check_writable(config.run.run_dir, 'run_dir')
  os.environ['TF_NUM_INTRAOP_THREADS'] = str(command.threads())  # read as TensorFlow starts
  # Imported here, so that --help and a mistyped flag are answered at once, without TensorFlow.
  import rich.console

  with command.status(rich.console.Console(), 'loading TensorFlow'):
    from tf_creative.experiments import training

  logging.set_verbosity(verbosity)  # after the import, which sets a level of its own
  return training.train(config)


if __name__ == '__main__':
  command.run(train, __doc__)
