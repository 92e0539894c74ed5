"""The blocks of README.md and of all pages, and why some of their commands are not tried."""

from __future__ import annotations

import functools
import pathlib
import re
import shlex
from typing import NamedTuple

ROOT = pathlib.Path(__file__).parents[2]
# Pages that only show a document of another folder.
SHOWN = ('architecture.md', 'changelog.md', 'contributing.md', 'peers.md', 'results.md')
PAGES = [
  ROOT / 'README.md',
  *(
    page
    for page in sorted((ROOT / 'docs').rglob('*.md'))
    if page.name not in SHOWN and '_build' not in page.parts
  ),
  ROOT / 'CONTRIBUTING.md',
  ROOT / 'pipelines/peers/README.md',
]
COMMANDS = 'train evaluate create export serve ablate benchmark augment bulk'.split()
# What is not tried here, and why; a pattern is looked for in a command or a block of Python.
WHY = {
  r'^(python3? -m )?pip(-audit)? |/pip ': 'it needs a network; CI installs everything anew',
  r'^python3 -m venv': 'it makes an environment for other programs',
  r'^git (clone|worktree)': 'it needs another repository, or a folder beside this one',
  r'^tensorboard': 'it runs until it is stopped; test_board reads what it would show',
  r'^docker': 'there is no container engine; the files that it is given are looked at',
  r'^(\.venv/bin/)?python -m pytest': 'it is what runs this',
  r'^\.ci/(run|dist)': 'it is what runs this, or what is packed, from nothing',
  r'^python tests/same_numbers': 'it compares two checkouts, for minutes',
  r'--peer': 'it times programs of others, in an environment of their own',
  r'=multiworker': 'it is for several hosts; see tests/runs/test_replica_runs.py',
  r'skyline': 'it needs the plugin of tests/plugin, which test_plugin installs and runs',
  r'(minatar|atari)\(': 'it needs a package under the GPL, which its user installs; see test_games',
  r'verse\(|/verse|runs/rhyme': 'it needs a package that its user installs; see tests/worlds/verse',
  r'airfoil': 'it needs packages that its user installs; see tests/worlds/airfoil',
  r'thrift\(': 'it needs a plugin; test_plugin installs and runs one',
  r'dask|--(cluster|search)=': 'it needs packages that its user installs; see tests/experiments',
  r'tf_creative\.bulk': 'it needs a package that its user installs; see tests/api/test_bulk.py',
  r'augment( --data=|\()': 'it needs data of a user, or minutes; see tests/labelled',
  r'^(tf-creative )?(eval|source) ': 'it is for the shell of a user',
}


class Block(NamedTuple):
  title: str  # of the section, with a number
  kind: str  # python, or nothing
  text: str
  page: str


def read(pages: list[pathlib.Path]) -> list[Block]:
  """All fenced blocks, but for directives, which a page draws by."""
  blocks: list[Block] = []
  for page in pages:
    title, name = '', str(page.relative_to(ROOT))
    pieces = re.split(r'^(#+ [^\n]*|```[^\n]*\n.*?^```)$', page.read_text(), flags=re.M | re.S)
    for piece in pieces:
      if piece.startswith('#'):
        title = piece.strip('# ')
      elif piece.startswith('```') and not piece.startswith('```{'):
        kind, _, text = piece.strip('`').partition('\n')
        blocks.append(Block(f'{len(blocks)} {title}', kind, text, name))
  return blocks


@functools.cache
def blocks() -> list[Block]:
  return read(PAGES)


def lines(block: Block) -> list[str]:
  """The commands of a block without their remarks."""
  joined = block.text.replace('\\\n', ' ')
  bare = (re.sub(r'(^|\s)# .*', '', line).strip() for line in joined.split('\n'))
  return [line for line in bare if line]


def is_shown(block: Block) -> bool:
  """Whether it shows what a command has printed, or what a file holds."""
  first = lines(block)[0]
  commands = r'(python3?|make|pip|git|curl|docker|tensorboard|tf-creative|eval|\.ci/run|--\w) ?'
  return not block.kind and not re.match(commands, first)


def why_not(text: str) -> str:
  """Why a command or a block of Python is not tried; empty if it is."""
  return next((why for pattern, why in WHY.items() if re.search(pattern, text, re.M)), '')


def command_of(line: str) -> tuple[str, list[str]] | None:
  """The command of ours that a line runs, with its arguments; those of make are in ARGS."""
  words = shlex.split(line)
  if words[0] == 'make' and words[1] in COMMANDS:
    given = [word.partition('=')[2] for word in words if word.startswith('ARGS=')]
    return words[1], [word for text in given for word in shlex.split(text)]
  if words[0].startswith('--'):
    return 'train', words
  if words[0] == 'tf-creative' and len(words) > 1 and not words[1].startswith('-'):
    return words[1], words[2:]
  if words[:2] == ['python', '-m'] and words[2].startswith('tf_creative.'):
    return words[2].removeprefix('tf_creative.'), words[3:]
  return None


def told() -> list[str]:
  """All commands of all pages, each once, but for those that nobody tries."""
  found = [line for block in blocks() if not is_shown(block) for line in lines(block)]
  return [line for line in dict.fromkeys(found) if not why_not(line) and command_of(line)]
