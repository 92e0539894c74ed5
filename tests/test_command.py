"""The edge of every command: flags in, exit code out, no traceback for a user's doing."""

import dataclasses
import sys

from absl import app, flags
import pytest

from tf_creative import command, spec


@dataclasses.dataclass(frozen=True)
class Settings:
  size: int = spec.setting(3, 'how large')
  names: tuple[str, ...] = spec.setting(('a',), 'which ones')


def outcome(does, *arguments, monkeypatch):
  """The exit code of a command that does this with its settings."""
  values = flags.FlagValues()
  monkeypatch.setattr(flags, 'FLAGS', values)
  monkeypatch.setattr(command.config_lib.flags, 'FLAGS', values)
  for function in ('define_flags', 'from_flags'):
    original = getattr(command.config_lib, function)
    monkeypatch.setattr(
      command.config_lib, function, lambda settings, f=original: f(values, settings)
    )

  def run(main, flags_parser):
    sys.exit(main(flags_parser(['program', *arguments])))

  monkeypatch.setattr(app, 'run', run)
  with pytest.raises(SystemExit) as stopped:
    command.run(does, 'Usage.', Settings)
  return stopped.value.code


def test_a_command_gets_its_settings_and_gives_its_exit_code(monkeypatch):
  got = []

  def does(settings):
    got.append(settings)
    return 7

  assert outcome(does, '--size=5', '--names=b,c', '--names=d', monkeypatch=monkeypatch) == 7
  assert got == [Settings(5, ('b', 'c', 'd'))]


@pytest.mark.parametrize(
  ('error', 'code', 'said'),
  [(spec.UserError('no such thing.'), 2, 'error: no such thing.'), (KeyboardInterrupt(), 130, '')],
)
def test_what_the_user_did_is_answered_in_a_line(error, code, said, monkeypatch, capsys):
  def does(settings):
    raise error

  assert outcome(does, monkeypatch=monkeypatch) == code
  assert said in capsys.readouterr().err


def test_what_is_no_flag_is_refused(monkeypatch, capsys):
  assert outcome(lambda settings: 0, 'stray', monkeypatch=monkeypatch) == 2
  assert "takes flags only, not 'stray'" in capsys.readouterr().err


def test_help_shows_the_commands_own_settings(monkeypatch, capsys):
  assert outcome(lambda settings: 0, '--help', monkeypatch=monkeypatch) == 0
  said = capsys.readouterr().out
  assert said.startswith('Usage.') and 'how large [3]' in said and 'which ones [a]' in said
