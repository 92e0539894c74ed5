"""`tf-creative`, which is `python -m tf_creative`: the door to all commands."""

import pathlib
import subprocess
import sys

import pytest

import tf_creative
from tf_creative import __main__ as door

ROOT = pathlib.Path(__file__).parents[2]


def said(*arguments):
  """Exit code, stdout and stderr of a process."""
  line = [sys.executable, '-m', 'tf_creative', *arguments]
  done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=120)
  return done.returncode, done.stdout, done.stderr


@pytest.fixture
def called(monkeypatch, capfd):
  """What the door does with these arguments in this process: exit code, stdout and stderr."""

  def call(*arguments):
    monkeypatch.setattr(sys, 'argv', ['tf-creative', *arguments])
    code = 0
    try:
      door.main()
    except SystemExit as end:
      code = end.code
    return (code, *capfd.readouterr())

  return call


def test_every_command_is_behind_the_door():
  modules = {path.stem for path in (ROOT / 'tf_creative').glob('*.py')}
  commands = {name for name in modules if '\n  command.run(' in source(name)}
  assert set(door.COMMANDS) == commands


def source(name):
  return (ROOT / f'tf_creative/{name}.py').read_text()


@pytest.mark.parametrize('asked', [(), ('--help',), ('-h',)])
def test_alone_it_lists_the_commands_with_a_line_each(asked, called, monkeypatch):
  monkeypatch.setenv('COLUMNS', '80')
  code, out, err = called(*asked)
  assert (code, err) == (0, '')
  lines = out.splitlines()
  assert max(map(len, lines)) <= 80
  below = lines[lines.index('Commands:') + 1 :]
  assert [line.split()[0] for line in below] == list(door.COMMANDS)
  for name, line in zip(door.COMMANDS, below, strict=True):
    assert source(name).startswith(f'"""{line.split(maxsplit=1)[1]}\n')


@pytest.mark.parametrize(
  ('arguments', 'words'),
  [
    (('trian',), "unknown command 'trian'. Did you mean 'train'? Valid: ablate, "),
    (('--seed=1',), "'--seed=1' must follow a command, as in `tf-creative train --seed=1`."),
    (('--completion', 'fish'), "--completion cannot be 'fish'. Did you mean"),
    (('--completion',), "--completion cannot be ''. Valid: bash."),
    (('train', '--sede=1'), "unknown flag '--sede'. Did you mean '--seed'?"),
    (('create', '--help=pixl_art'), "no help on 'pixl_art'. Did you mean 'pixel_art'?"),
  ],
)
def test_a_typo_is_answered_in_a_line(arguments, words, called):
  code, out, err = called(*arguments)
  assert (code, out) == (2, '')
  assert err.startswith('error: ') and words in err and len(err.splitlines()) == 1


def test_every_command_says_its_version(called):
  for arguments in ((), *((name,) for name in door.COMMANDS)):
    assert called(*arguments, '--version') == (0, f'tf_creative {tf_creative.__version__}\n', '')


def test_a_command_is_run_with_what_follows_its_name():
  code, out, _ = said('create', '--help')
  assert code == 0
  assert out == command_help()
  code, _, err = said('create', '--count=0')
  assert (code, err) == (2, 'error: --count must be 1 to 1000000, not 0.\n')


def command_help():
  line = [sys.executable, '-m', 'tf_creative.create', '--help']
  return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=120).stdout
