"""What all commands have in common: reading flags, and answering a user's mistake in one line."""

from __future__ import annotations

from collections.abc import Callable
import sys
from typing import Any

from absl import app

from tf_creative import config as config_lib
from tf_creative import spec


def run(command: Callable[[Any], int], usage: str, settings: type = config_lib.Config) -> None:
  """Ends the process with the exit code of `command`, which is given its settings."""

  def main(argv: list[str]) -> int:
    if len(argv) > 1:
      name = command.__name__
      print(f"{name} takes flags only, not '{argv[1]}': write --name=value.", file=sys.stderr)
      return 2
    try:
      return command(config_lib.from_flags(settings=settings))
    except spec.UserError as error:
      print(f'error: {error}', file=sys.stderr)
      return error.code
    except KeyboardInterrupt:
      print('stopped', file=sys.stderr)
      return 130

  config_lib.define_flags(settings=settings)
  app.run(main, flags_parser=config_lib.parser(usage, settings))
