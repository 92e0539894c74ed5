"""The edge of every command: flags in, exit code out, no traceback for a user's doing."""

import dataclasses
import errno
import io
import os
import resource
import subprocess
import sys

import pytest
import rich.console

from tf_creative.cli import command
from tf_creative.core import spec


@dataclasses.dataclass(frozen=True)
class Settings:
  size: int = spec.setting(3, 'how large')
  names: tuple[str, ...] = spec.setting(('a',), 'which ones')


def outcome(does, *arguments):
  """The exit code of a command that does this with its settings."""
  return command.main(does, 'Usage.', Settings, arguments)


def test_a_command_gets_its_settings_and_gives_its_exit_code():
  got = []

  def does(settings):
    got.append(settings)
    return 7

  assert outcome(does, '--size=5', '--names=b,c', '--names=d') == 7
  assert got == [Settings(5, ('b', 'c', 'd'))]


@pytest.mark.parametrize(
  ('error', 'code', 'said'),
  [(spec.UserError('no such thing.'), 2, 'error: no such thing.'), (KeyboardInterrupt(), 130, '')],
)
def test_what_the_user_did_is_answered_in_a_line(error, code, said, capsys):
  def does(settings):
    raise error

  assert outcome(does) == code
  assert said in capsys.readouterr().err


def test_what_is_no_flag_is_refused(capsys):
  assert outcome(lambda settings: 0, 'stray') == 2
  assert "error: 'stray' is no flag: write --name=value" in capsys.readouterr().err


def test_help_shows_the_commands_own_settings(capsys):
  assert outcome(lambda settings: 0, '--help') == 0
  said = capsys.readouterr().out
  assert said.startswith('Usage.') and 'how large [3]' in said and 'which ones [a]' in said


def wrong(settings):
  raise spec.UserError('no such thing.')


def broken(settings):
  raise ZeroDivisionError('no such number')


def full(settings):
  raise OSError(errno.ENOSPC, 'No space left on device', 'works.csv')


def test_a_traceback_is_shown_where_it_is_asked_for(capsys):
  assert outcome(wrong, '--debug') == 2
  said = capsys.readouterr().err
  assert said.startswith('Traceback') and said.endswith('error: no such thing.\n')
  assert outcome(wrong) == 2
  assert capsys.readouterr().err == 'error: no such thing.\n'


def test_a_fault_of_ours_is_told_from_a_mistake(capsys):
  assert outcome(broken, '--size=5', '--names=a b') == 1
  said = capsys.readouterr().err
  assert 'Traceback' in said and 'no such number' in said
  assert (
    "report the traceback above and the command: python -m tf_creative.broken --size=5 '--names="
    in said
  )


def test_a_full_disk_is_nobodys_fault(capsys):
  assert outcome(full) == 2
  assert 'error: No space left on device: works.csv. Mend that' in capsys.readouterr().err


def test_a_folder_that_cannot_be_filled_is_told_at_once(tmp_path):
  command.check_writable(tmp_path / 'new' / 'one', 'out')
  (tmp_path / 'file').write_text('')
  for path in (tmp_path / 'file', tmp_path / 'file' / 'within', tmp_path / ('x' * 300)):
    with pytest.raises(spec.UserError, match='choose another --out'):
      command.check_writable(path, 'out')
  assert not (tmp_path / 'new').exists()


def test_a_warning_does_not_break_into_the_line_of_a_status(monkeypatch):
  screen = io.StringIO()
  monkeypatch.setattr(sys, 'stderr', screen)
  monkeypatch.setenv('TERM', 'xterm')
  console = rich.console.Console(file=screen, force_terminal=True, color_system=None, width=80)
  with command.status(console, 'making'):
    print('WARNING: from a library', file=sys.stderr)
  assert sys.stderr is screen
  assert screen.getvalue() == '\r\x1b[2Kmaking\r\x1b[2KWARNING: from a library\n'


def process(*arguments, python=(), **options):
  """What comes of a command that needs nothing heavy."""
  line = [sys.executable, *python, '-m', 'tf_creative.train', *arguments]
  given = {'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE, 'text': True, 'timeout': 60}
  return subprocess.run(line, check=False, **given | options)


@pytest.mark.parametrize('python', [(), ('-u',)])
def test_what_cannot_be_printed_is_told_in_a_line(python):
  with open('/dev/full', 'w') as full:
    done = process('--help', python=python, stdout=full)
  assert done.returncode == 2
  assert done.stderr.startswith('error: what was to be printed or written is not whole (No space')
  assert len(done.stderr.splitlines()) == 1


def test_python_without_docstrings_is_answered_in_a_line():
  done = process('--help', python=('-OO',))
  assert (done.returncode, done.stdout) == (2, '')
  assert done.stderr == 'error: the texts of --help are docstrings: run Python without -OO.\n'


def test_too_little_memory_is_told_at_once(tmp_path):
  limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))  # noqa: E731
  done = process(f'--run_dir={tmp_path / "run"}', '--rounds=0', preexec_fn=limit)
  assert done.returncode == 2
  assert 'may have 1,024 MB of memory (ulimit -v), and TensorFlow needs 4,096 MB' in done.stderr
  assert not os.listdir(tmp_path)
  assert process('--help', preexec_fn=limit).returncode == 0
