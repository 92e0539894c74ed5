"""What users of the API name besides its functions, and what type checkers know of its modules."""

from __future__ import annotations

from typing import Protocol

from tf_creative.api import tables
from tf_creative.core import plugins
from tf_creative.core.spec import UserError as UserError
from tf_creative.experiments.callbacks import Callback as Callback


class Worlds(Protocol):
  """The module `tf_creative.worlds`, which can be called: see tf_creative/__init__.py."""

  WORLDS: plugins.Table
  DATA: plugins.Table

  def __call__(self) -> tables.Table:
    """List the worlds that `world=` takes, with their options."""
    ...


class Couplings(Protocol):
  """The module `tf_creative.couplings`, which can be called, too."""

  COUPLINGS: plugins.Table

  def __call__(self) -> tables.Table:
    """List the couplings that `couplings=` takes, joined by |, with their options."""
    ...
