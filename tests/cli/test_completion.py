"""Completion in bash, asked of bash itself: as its function answers, and by TAB on a terminal."""

import os
import pathlib
import pty
import re
import select
import subprocess
import time

import pytest

from tf_creative import __main__ as door
from tf_creative import agent, couplings, worlds
from tf_creative.cli import completion
from tf_creative.cli import flags as flags_lib

ROOT = pathlib.Path(__file__).parents[2]
# What Readline asks: the line up to the cursor. Each answer on a line, its end marked.
ASK = """
. "$1"
COMP_LINE=$2 COMP_POINT=${#2}
_tf_creative
printf '%s\\n' "${COMPREPLY[@]/%/|}"
"""


@pytest.fixture(scope='module')
def script(tmp_path_factory):
  path = tmp_path_factory.mktemp('completion') / 'tf-creative.bash'
  path.write_text(completion.script({name: door.settings(name) for name in door.COMMANDS}))
  return path


@pytest.fixture
def answers(script, tmp_path):
  (tmp_path / 'runs' / 'one').mkdir(parents=True)
  (tmp_path / 'mine.flags').touch()
  (tmp_path / 'mine.png').touch()

  def ask(line):
    done = subprocess.run(
      ['bash', '--norc', '-uc', ASK, 'bash', script, line],
      cwd=tmp_path,
      capture_output=True,
      text=True,
      timeout=60,
    )
    assert done.stderr == ''
    return [word.removesuffix('|') for word in done.stdout.splitlines() if word not in ('', '|')]

  return ask


def test_commands_and_their_flags(answers):
  assert answers('tf-creative e') == ['evaluate ', 'export ']
  assert {f'{name} ' for name in door.COMMANDS} < set(answers('tf-creative '))
  assert answers('tf-creative train --agent_le') == ['--agent_learning_rate=']
  assert answers('tf-creative train --seed=3 --exp') == ['--export']
  assert answers('tf-creative create --cou') == ['--count=']
  for name in door.COMMANDS:
    told = {word.rstrip('=') for word in answers(f'tf-creative {name} --')}
    flags = {f'--{flag}' for flag, _, _ in flags_lib.flag_fields(door.settings(name))}
    assert flags | {'--help', '--helpfull', '--version', '--debug', '--flagfile'} <= told


@pytest.mark.parametrize(
  ('line', 'words'),
  [
    ('--agent=', [f'{name} ' for name in agent.AGENTS]),
    ('--agent=pp', ['ppo ']),
    ('--gan_loss=w', ['wgan_gp ']),
    ('--couplings=gu', ['guide ']),
    ('--world=pi', ['pixel_art ']),
    ('--help=pix', ['pixel_art ']),
    ('--flagfile=pipelines/deb', ['pipelines/debug.flags ', 'pipelines/debug_ablation.flags ']),
    ('--flagfile=mi', ['mine.flags ']),
    ('--run_dir=ru', ['runs/']),
    ('--run_dir=runs/o', ['runs/one/']),
    # In quotes, a part may go on with options.
    ("--world='mel", ['melody', 'melody(']),
    ("--world='pixel_art(pal", ['pixel_art(palette=', 'pixel_art(palette=grey']),
    (
      "--world='pixel_art(size=8, palette=g",
      [f'pixel_art(size=8, palette={name}{end}' for end in '),' for name in ('grey', 'gameboy')],
    ),
    ('--world="pixel_art(size=8,brush=l', [f'pixel_art(size=8,brush=line{end}' for end in '),']),
    (
      "--couplings='environment(real=0.25)|augment(ga",
      [f'environment(real=0.25)|augment(gate={end}' for end in ('', 'false')],
    ),
    ("--couplings='environment|gu", ['environment|guide', 'environment|guide(']),
    ("--couplings='guide(weight=0.3)", []),
    ("--world='pixel_art(nothing=", []),
    ('--agent_width=', ['32 ']),
  ],
)
def test_values(line, words, answers):
  assert answers(f'tf-creative train {line}') == words


def test_all_names_of_the_tables_are_there(answers):
  assert [word.strip() for word in answers('tf-creative train --couplings=')] == list(
    couplings.COUPLINGS
  )
  told = set(answers("tf-creative train --world='pixel_art(data="))
  assert {f'pixel_art(data={name})' for name in worlds.DATA} <= told


class Terminal:
  """An interactive bash, in which tf-creative shows its arguments."""

  def __init__(self, script):
    pid, self._screen = pty.fork()
    if not pid:
      os.environ |= {'PS1': '$ ', 'TERM': 'dumb', 'INPUTRC': os.devnull}
      os.execvp('bash', ['bash', '--norc', '--noprofile', '-i'])
    self._pid = pid
    self.type("bind 'set enable-bracketed-paste off'\n", '')
    self.type(f'. {script}\n', '')
    self.type("tf-creative() { printf '<%s>' \"$@\"; echo END; }; echo REA''DY\n", 'READY')

  def type(self, text, until):
    """What comes on the screen until these words."""
    os.write(self._screen, text.encode())
    seen, end = '', time.monotonic() + 60
    while until not in seen and time.monotonic() < end:
      if select.select([self._screen], [], [], 1)[0]:
        seen += os.read(self._screen, 65536).decode(errors='replace')
    assert until in seen, seen
    return seen

  def close(self):
    os.close(self._screen)
    os.waitpid(self._pid, 0)


def test_by_tab_on_a_terminal(script):
  terminal = Terminal(script)
  try:
    for typed, arguments in {
      "tf-creative train --world='pixel_art(pal\tga\t)'\n": (
        '<train><--world=pixel_art(palette=gameboy)>'
      ),
      'tf-creative train --couplings="environment|gui\t"\n': (
        '<train><--couplings=environment|guide>'
      ),
      'tf-creative cr\t--cou\t4\n': '<create><--count=4>',
      'tf-creative train --agent=pp\t--see\t3\n': '<train><--agent=ppo><--seed=3>',
    }.items():
      said = re.sub(r'\r|\x07', '', terminal.type(typed, 'END'))
      assert f'{arguments}END' in said
  finally:
    terminal.close()
