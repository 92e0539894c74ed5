"""The base of the options of worlds; this file imports nothing heavy."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from tf_creative.core import spec


class Options:
  """Checks options also when the class is used directly, without a spec."""

  # The world's own file formats, for `--help`: the names of its `media.files`.
  formats: ClassVar[tuple[str, ...]] = ()

  def _check(self, world: str) -> None:
    for field in dataclasses.fields(self):
      if wrong := spec.fault(field, getattr(self, field.name)):
        raise spec.SpecError(f"option '{field.name}' of {world} {wrong}", f'{field.name}=')
