"""Versions of installed packages, of which TF-Agents has two names."""

from __future__ import annotations

from importlib import metadata

_AGENTS = 'tf-agents'
_COMPANION = 'tf-creative-agents'  # the same code with other metadata: .ci/companion.py packs it


def version(name: str) -> str:
  """Return the version of a package; of TF-Agents, whichever way it is installed."""
  if name == _AGENTS and not _is_there(_AGENTS):
    return metadata.version(_COMPANION).partition('.post')[0]
  return metadata.version(name)


def check_agents() -> None:
  """Raise an ImportError where TF-Agents is installed twice, one over the other."""
  if _is_there(_AGENTS) and _is_there(_COMPANION):
    raise ImportError(
      f'{_AGENTS} and {_COMPANION} are both installed, and both own the folder tf_agents/. Take '
      f'out both, and put one back:\n  pip uninstall --yes {_AGENTS} {_COMPANION}\n'
      f'  pip install {_COMPANION}=={metadata.version(_COMPANION)}  # or its wheel of `make dist`'
    )


def _is_there(name: str) -> bool:
  try:
    metadata.distribution(name)
  except metadata.PackageNotFoundError:
    return False
  return True
