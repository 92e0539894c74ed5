"""Trains runs: what the command and `tf_creative.train` have in common."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Mapping
import os
import time
from typing import TYPE_CHECKING, Any

from absl import logging

from tf_creative.api import catalog
from tf_creative.cli import command, quiet
from tf_creative.cli import flags as flags_lib
from tf_creative.experiments import callbacks as callbacks_lib
from tf_creative.learner import config as config_lib
from tf_creative.runs import progress

if TYPE_CHECKING:
  from tf_creative.api import run

OnLog = Callable[[int, Mapping[str, float]], 'bool | None']


def train(
  pipeline: str | os.PathLike = 'pixel_art',
  *,
  on_log: OnLog | None = None,
  callbacks: Iterable[callbacks_lib.Callback] = (),
  verbose: int = 1,
  **settings: Any,
) -> run.Run:
  """Train a run, or go on with one that was stopped; return it, as of its best round.

  An interrupt (Ctrl-C, or that of a notebook's kernel) saves and returns the run as it is; the
  same call goes on from there.

  Args:
    pipeline: one of `tf_creative.pipelines()`, or a flagfile; empty: the defaults.
    on_log: is called with each row of the log, as on_log(round, metrics), where metrics has the
      names of metrics.jsonl; the training ends if it returns True.
    callbacks: objects of classes of yours on `tf_creative.Callback`.
    verbose: 0: say nothing; 1: a live view on a terminal, a line for each log in a notebook.
    **settings: flags of the command by their names, over those of the pipeline, such as
      rounds=500, run_dir='runs/mine', gan_width=32 (`python -m tf_creative.train --help`).
  """
  began = time.monotonic()
  config = flags_lib.from_settings(settings, catalog.flagfile(pipeline) if pipeline else '')
  seconds = 0 if getattr(builtins, '__IPYTHON__', False) else progress.Screen().seconds
  screen = progress.Screen(config.run.progress, seconds, quiet=not verbose)
  heard = [*callbacks, *([callbacks_lib.OnLog(on_log)] if on_log else [])]
  _prepare(config)
  with quiet.quiet():
    from tf_creative.api import run
    from tf_creative.experiments import training

    code, learner = training.train(config, screen, heard, began)
  # What a signal stopped is at its last round; a run is shown as of its best one.
  return run.Run(config.run.run_dir, None if code else (config, learner), stopped=bool(code))


def by_config(config: config_lib.Config, verbosity: int = logging.ERROR) -> int:
  """Train by a whole config, as the command does; return the exit code."""
  _prepare(config)
  # Imported here, so that --help and a mistyped flag are answered at once, without TensorFlow.
  import rich.console

  with command.status(rich.console.Console(), 'loading TensorFlow'):
    from tf_creative.experiments import training

  logging.set_verbosity(verbosity)  # after the import, which sets a level of its own
  return training.train(config).code


def _prepare(config: config_lib.Config) -> None:
  """Check the folders of a run, and set what TensorFlow reads as it starts."""
  for folder in (config.run.run_dir, config.run.fork_from):
    command.check_prefix(folder)
  command.check_writable(config.run.run_dir, 'run_dir')
  here = config.run.replicas if config.run.strategy == 'mirrored' else 1
  os.environ['TF_NUM_INTRAOP_THREADS'] = str(max(1, command.threads() // here))
  if command.cores() == 1:  # an environment that is a graph is asked while the round's waits for it
    os.environ.setdefault('TF_NUM_INTEROP_THREADS', '2')
  if config.run.memory_growth:
    os.environ['TF_FORCE_GPU_ALLOW_GROWTH'] = 'true'
