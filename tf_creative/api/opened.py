"""Opens what is there already: runs, exports, servers."""

from __future__ import annotations

import os
import pathlib
from typing import TYPE_CHECKING

from tf_creative.cli import quiet

if TYPE_CHECKING:
  from tf_creative.api import exported, run


def load(path: str | os.PathLike) -> run.Run | exported.Export:
  """Open a trained run, such as 'runs/pixel_art', or its exports, 'runs/pixel_art/exports'.

  Both make the same works from the same seeds. A run can also be evaluated and exported; exports
  can be served.
  """
  with quiet.quiet():  # imported here, because TensorFlow talks as it is loaded
    from tf_creative.api import exported, run
    from tf_creative.serving.exports import parameters

  path = pathlib.Path(path)
  if (path / parameters.MODELS).is_file() and not (path / 'run.flags').is_file():
    return exported.Export(path)
  return run.Run(path)


def connect(address: str) -> exported.Remote:
  """Connect to a model server, ours or TensorFlow Serving, that serves exports.

  The address is host:8500 for gRPC, or http://host:8501 for REST.
  """
  with quiet.quiet():
    from tf_creative.api import exported

    return exported.Remote(address)
