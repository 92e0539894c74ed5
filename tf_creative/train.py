"""Trains a GAN that imagines works and a DQN agent that makes them.

  python -m tf_creative.train --flagfile=pipelines/pixel_art.flags

The same command resumes a stopped run. Later flags override earlier ones.
"""

from absl import logging

from tf_creative.cli import command
from tf_creative.learner import config as config_lib


def train(config: config_lib.Config, verbosity: int = logging.ERROR) -> int:
  """Train until the last round or a signal; return the exit code."""
  from tf_creative.api import training  # here, so that --help is answered at once

  return training.by_config(config, verbosity)


if __name__ == '__main__':
  command.run(train, __doc__)
