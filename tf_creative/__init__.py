"""A creative learner: a GAN that imagines works and a DQN agent that makes them.

TF-Agents needs Keras 2, so `TF_USE_LEGACY_KERAS=1` must be set before TensorFlow is imported. The
GAN uses Keras 3 in the same process.
"""

import importlib
import os
import sys
import time
import types
from typing import TYPE_CHECKING, Any

if 'tensorflow' in sys.modules and os.environ.get('TF_USE_LEGACY_KERAS') != '1':
  raise ImportError(
    'tf_creative must be imported before tensorflow: TF-Agents needs TF_USE_LEGACY_KERAS=1 from '
    'the start.\nEither import tf_creative first, or set TF_USE_LEGACY_KERAS=1 in the environment.'
  )
os.environ['TF_USE_LEGACY_KERAS'] = '1'
os.environ.setdefault('KERAS_BACKEND', 'tensorflow')
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')
# What gRPC itself logs holds bytes of the other side as they came, and as many as that likes.
os.environ.setdefault('GRPC_VERBOSITY', 'NONE')

__version__ = '0.1.0'
STARTED = time.monotonic()  # the log shows how long start-up takes

if TYPE_CHECKING:
  from tf_creative.api import parts
  from tf_creative.api.augmenting import Augmented as Augmented
  from tf_creative.api.augmenting import augment as augment
  from tf_creative.api.catalog import agents as agents
  from tf_creative.api.catalog import pipelines as pipelines
  from tf_creative.api.exported import Export as Export
  from tf_creative.api.exported import Remote as Remote
  from tf_creative.api.exported import Server as Server
  from tf_creative.api.opened import connect as connect
  from tf_creative.api.opened import load as load
  from tf_creative.api.parts import Callback as Callback
  from tf_creative.api.parts import UserError as UserError
  from tf_creative.api.run import Run as Run
  from tf_creative.api.training import train as train
  from tf_creative.api.works import Work as Work
  from tf_creative.api.works import Works as Works

  couplings: parts.Couplings
  worlds: parts.Worlds

# The Python API: what `import tf_creative as tc` has, each loaded when it is first used.
_API = {
  **dict.fromkeys(('agents', 'couplings', 'pipelines', 'worlds'), 'catalog'),
  **dict.fromkeys(('Augmented', 'augment'), 'augmenting'),
  **dict.fromkeys(('connect', 'load'), 'opened'),
  **dict.fromkeys(('Export', 'Remote', 'Server'), 'exported'),
  **dict.fromkeys(('Work', 'Works'), 'works'),
  **dict.fromkeys(('Callback', 'UserError'), 'parts'),
  'Run': 'run',
  'train': 'training',
}
_MODULES = ('augment', 'couplings', 'train', 'worlds')  # modules, too: these can be called


def _of_api(name: str) -> Any:
  return getattr(importlib.import_module(f'{__name__}.api.{_API[name]}'), name)


class _Called(types.ModuleType):
  """A module that can be called, as the function of its name in the API."""

  @property
  def __signature__(self) -> Any:
    import inspect  # here, because it takes longer than all else of this file

    return inspect.signature(_of_api(self.__name__.rpartition('.')[2]))

  def __call__(self, *arguments: Any, **named: Any) -> Any:
    return _of_api(self.__name__.rpartition('.')[2])(*arguments, **named)


class _Package(types.ModuleType):
  """The package, with its API."""

  def __getattr__(self, name: str) -> Any:
    if name in _MODULES:
      return importlib.import_module(f'{self.__name__}.{name}')
    if name in _API:
      return _of_api(name)
    raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")

  def __setattr__(self, name: str, value: Any) -> None:
    if name in _MODULES and type(value) is types.ModuleType:
      value.__class__ = _Called
    super().__setattr__(name, value)

  def __dir__(self) -> list[str]:
    return sorted({*super().__dir__(), *_API})


sys.modules[__name__].__class__ = _Package

importlib.import_module(f'{__name__}.worlds')  # registers the worlds with Gymnasium
