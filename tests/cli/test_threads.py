"""No thread of rich redraws the screen: an import of TFDS in another thread can end it.

TFDS patches `__import__` for all threads while it loads a part of itself, and rich imports while it
draws. So whoever draws does it in the thread that works. The live view of train is held to that in
tests/runs/test_progress.py.
"""

import ast
import io
import pathlib
import threading

import pytest
import rich.console
import rich.live

from tf_creative.cli import command

ROOT = pathlib.Path(__file__).parents[2]
FILES = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob('tf_creative/**/*.py'))
DRAWING = {'Live', 'Progress', 'track', 'wrap_file', 'open'}  # of rich.live and rich.progress
STARTING = {'status', 'Status', 'prompt', 'screen', 'pager'}  # of a console, which start one


def threads(source: str) -> list[str]:
  """The calls in a file that start a thread of rich."""
  found = []
  for node in ast.walk(ast.parse(source)):
    if not isinstance(node, ast.Call):
      continue
    name = ast.unparse(node.func)
    stem, _, last = name.rpartition('.')
    still = [
      k for k in node.keywords if k.arg == 'auto_refresh' and ast.unparse(k.value) == 'False'
    ]
    if stem in ('rich.live', 'rich.progress') and last in DRAWING and not still:
      found.append(name)
    if (stem.endswith('console') or stem == 'rich.status') and last in STARTING:
      found.append(name)
  return found


def test_no_file_starts_a_thread_of_rich():
  found = {path: threads((ROOT / path).read_text()) for path in FILES}
  assert not {path: calls for path, calls in found.items() if calls}


@pytest.mark.parametrize(
  'source',
  [
    'rich.live.Live(view)',
    'rich.live.Live(view, auto_refresh=True)',
    "with console.status('loading'): pass",
    'rich.status.Status(1)',
    'for x in rich.progress.track(xs): pass',
    'rich.progress.Progress()',
  ],
)
def test_a_thread_is_seen(source):
  assert len(threads(source)) == 1


def test_what_is_still_passes():
  assert not threads('rich.live.Live(view, auto_refresh=False)\ncommand.status(console, 1)')


@pytest.fixture
def terminal(monkeypatch):
  """A terminal, beside which no thread may start."""

  def refuse(thread):
    raise AssertionError(f'{thread} starts')

  monkeypatch.setattr(threading.Thread, 'start', refuse)
  monkeypatch.setenv('TERM', 'xterm-256color')
  options = {'force_terminal': True, 'color_system': 'truecolor'}
  return rich.console.Console(file=io.StringIO(), width=80, height=40, **options)


def test_such_a_terminal_tells_of_a_thread(terminal):
  with pytest.raises(AssertionError, match='_RefreshThread'):
    rich.live.Live('view', console=terminal).start()


def test_a_status_line_draws_where_it_is_changed(terminal):
  with command.status(terminal, 'loading') as tell:
    tell('making')
  assert terminal.file.getvalue() == '\r\x1b[2Kloading\r\x1b[2Kmaking\r\x1b[2K'
