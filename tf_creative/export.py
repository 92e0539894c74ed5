"""Publishes a trained run as SavedModels that TensorFlow Serving picks up while it runs.

  python -m tf_creative.export --run_dir=runs/pixel_art

Each time a new version of four models: creator, generator, critic and agent. A version is loaded
and asked in a process of its own before anybody sees it.
"""

from __future__ import annotations

import dataclasses
import pathlib

from absl import logging

from tf_creative.cli import command
from tf_creative.cli import flags as flags_lib
from tf_creative.core.spec import setting


@dataclasses.dataclass(frozen=True)
class ExportConfig:
  run_dir: str = setting('runs/pixel_art', 'the trained run, of which the best round is taken')
  export_dir: str = setting('', "where to; empty: `exports` in the run's directory")
  keep_versions: int = setting(3, 'how many versions of each model stay', at_least=1)
  litert: bool = setting(False, 'a LiteRT file of the generator, too, for small devices')


def export(config: ExportConfig, verbosity: int = logging.ERROR) -> int:
  """Publishes; the exit code."""
  flags_lib.check(config)
  command.check_writable(config.export_dir or config.run_dir, 'export_dir')
  # Imported here, so that --help and a mistyped flag are answered at once.
  import rich.console

  console = rich.console.Console()
  with command.status(console, 'starting'):
    from tf_creative.runs import run as run_lib
    from tf_creative.serving.exports import lite
    from tf_creative.studio import publishing

    logging.set_verbosity(verbosity)  # importing the libraries has turned their chatter on
    run_dir = pathlib.Path(config.run_dir)
    run_config, learner = run_lib.load(run_dir)
  exports = pathlib.Path(config.export_dir or run_dir / 'exports')
  with command.status(console, 'exporting, and asking what was exported in another process'):
    published = publishing.publish(
      learner,
      run_config,
      exports,
      config.keep_versions,
      run_lib.newest_numbers(run_dir),
      config.litert,
    )
  width = max(len(str(path)) for path in published.values())
  for name, path in published.items():
    print(f'{path!s:<{width}}  {publishing.WHAT[name]}')
  if config.litert:
    print(published['generator'] / lite.FILE, ' the generator for LiteRT: z and label in, work out')
  print(f'\nserve them: python -m tf_creative.serve --export_dir={exports}')
  return 0


if __name__ == '__main__':
  command.run(export, __doc__, ExportConfig)
