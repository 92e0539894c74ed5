"""A creative learner: a GAN that imagines works and a DQN agent that makes them.

  tf-creative train                        the main run: handwritten digits
  tf-creative train --help                 its flags; so for every command
  eval "$(tf-creative --completion bash)"  completes commands, flags and specs

In a checkout, `python -m tf_creative` is the same as `tf-creative`.
"""

from __future__ import annotations

import importlib
import sys

import tf_creative
from tf_creative.cli import command, completion, manual
from tf_creative.core import plugins, spec
from tf_creative.learner import config as config_lib

# In the order in which a person needs them: each is a module with a function of its name.
COMMANDS = (
  'train',
  'evaluate',
  'create',
  'export',
  'serve',
  'ablate',
  'benchmark',
  'augment',
  'bulk',
)
_HELP = ('', '--help', '-help', '-h', '--helpshort', '--helpfull')


def main() -> None:
  """Run the command that the first argument names, and exit with its exit code."""
  first, *rest = sys.argv[1:] or ['']
  name, _, value = first.partition('=')
  if first in COMMANDS:
    sys.argv = [f'tf-creative {first}', *rest]
    module = importlib.import_module(f'tf_creative.{first}')
    command.run(getattr(module, first), module.__doc__ or '', settings(first))
  elif first in _HELP:
    print(contents())
  elif first in ('--version', '-version'):
    print(f'tf_creative {tf_creative.__version__}')
  elif name in ('--completion', '-completion'):
    sys.exit(_complete(value or ' '.join(rest)))
  else:
    sys.exit(_refuse(first))


def contents() -> str:
  """Return the text of `tf-creative` alone: what it is, and a line on each command."""
  rows = {name: plugins.described(f'tf_creative.{name}') for name in COMMANDS}
  return manual.listing(__doc__ or '', 'Commands', rows)


def settings(name: str) -> type:
  """Return the dataclass of a command's settings."""
  module = importlib.import_module(f'tf_creative.{name}')
  return getattr(module, f'{name.title()}Config', config_lib.Config)


def _complete(shell: str) -> int:
  """Print the script that completes in this shell; return the exit code."""
  if shell not in completion.SHELLS:
    return _error(f"--completion cannot be '{shell}'.{spec.nearest(shell, completion.SHELLS)}")
  print(completion.script({name: settings(name) for name in COMMANDS}), end='')
  return 0


def _refuse(word: str) -> int:
  """Print what is wrong with the first word; return the exit code."""
  if word.startswith('-'):
    return _error(f"'{word}' must follow a command, as in `tf-creative train {word}`.")
  return _error(f"unknown command '{word}'.{spec.nearest(word, COMMANDS)}")


def _error(text: str) -> int:
  print(f'error: {text}', file=sys.stderr)
  return spec.UserError.code


if __name__ == '__main__':
  main()
