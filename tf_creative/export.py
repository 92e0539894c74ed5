"""Exports a run as SavedModels, which TensorFlow Serving picks up.

  python -m tf_creative.export --run_dir=runs/pixel_art

Each export adds a new version of four models: creator, generator, critic and agent. Before it is
published, a version is loaded and tested in another process.
"""

from __future__ import annotations

import dataclasses

from absl import logging

from tf_creative.cli import command, quiet
from tf_creative.cli import flags as flags_lib
from tf_creative.core.spec import setting


@dataclasses.dataclass(frozen=True)
class ExportConfig:
  run_dir: str = setting(
    'runs/pixel_art', 'directory of the trained run; its best checkpoint is exported'
  )
  export_dir: str = setting('', 'folder to write to; empty: RUN/exports')
  keep_versions: int = setting(3, 'versions of each model to keep', at_least=1)
  litert: bool = setting(False, 'also write a LiteRT file of the generator, for small devices')


def export(config: ExportConfig, verbosity: int = logging.ERROR) -> int:
  """Export the run; return the exit code."""
  quiet.off()
  flags_lib.check(config)
  command.check_prefix(config.export_dir)
  command.check_writable(config.export_dir or config.run_dir, 'export_dir')
  # Heavy imports stand inside functions, so that --help and a mistyped flag are answered at once.
  import rich.console

  console = rich.console.Console()
  logging.set_verbosity(verbosity)
  with command.status(console, 'starting'):
    from tf_creative.api import run as api

    logging.set_verbosity(verbosity)  # the libraries' imports have raised it
    run = api.Run(config.run_dir)
    run.learner  # noqa: B018  (loads it)
  with command.status(console, 'exporting, and testing the exports in another process'):
    exported = run.export(config.export_dir, config.keep_versions, config.litert)
  models = exported.models
  width = max(map(len, models['path']))
  for model in models:
    print(f'{model["path"]:<{width}}  {model["what it is"]}')
  print(f'\nserve them: python -m tf_creative.serve --export_dir={exported.path}')
  return 0


if __name__ == '__main__':
  command.run(export, __doc__, ExportConfig)
