"""Keeps TFDS from importing the code that a data set's files name.

A data set says in features.json which Python classes read it, and TFDS imports their modules. With
the working directory on `sys.path`, as with `python -m`, a folder of data could bring code that
runs. All ways to name a class end in `FeatureConnector.cls_from_name`: names are checked there.
"""

from __future__ import annotations

import re
from typing import Any

import tensorflow_datasets as tfds

_OURS = re.compile(r'tensorflow_datasets\.core\.features(\.[A-Za-z_]\w*)+', re.ASCII)
_Connector: Any = tfds.features.FeatureConnector
_from_name = _Connector.cls_from_name.__func__


class UntrustedError(ValueError):
  """A data set names a class that nothing has imported yet."""


def _checked(cls: type, python_class_name: str) -> type:
  """Find a class of TFDS, or one that is imported already, as by an installed plugin."""
  known = python_class_name in cls._registered_features
  if not known and not _OURS.fullmatch(python_class_name):
    raise UntrustedError(f'its features.json names code that is not run: {python_class_name!r}')
  return _from_name(cls, python_class_name)


_Connector.cls_from_name = classmethod(_checked)
