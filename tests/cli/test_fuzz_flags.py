"""Command lines from a grammar of our own: settings, or one error in words, and at once."""

import collections
import random
import time
import traceback

import pytest

from tf_creative import create, evaluate, export, serve
from tf_creative.cli import flags as flags_lib
from tf_creative.core import spec
from tf_creative.learner import config as config_lib
from tf_creative.worlds import options

SETTINGS = (
  *(config_lib.Config, create.CreateConfig, evaluate.EvaluateConfig, export.ExportConfig),
  serve.ServeConfig,
)
ODD = [
  '',
  ' ',
  '-',
  '--',
  '=',
  '#',
  '//',
  '\0',
  '\n',
  '\ud800',
  'é',
  '\u202e',
  '\x1b[31m',
  "'",
  '"',
]
NUMBERS = [
  *('0', '-1', '1', '7', '1e9', '1e999', '-0.0', 'nan', 'inf', '0x10', '1_000', '٣', '1.5', '.'),
  *(str(2**31), str(2**63), str(-(2**64)), '9' * 30, '9' * 5000, '1' + '0' * 400),
]
WORDS = [
  'true',
  'false',
  'any',
  'digits',
  'pixel_art',
  'environment',
  'None',
  'x' * 3000,
  '/',
  '..',
]
NAMES = [*options.OPTIONS, 'environment', 'reward', 'guide', 'augment', 'curriculum', 'identity']
KEYS = ['size', 'width', 'data', 'palette', 'weight', 'code', 'horizon', 'brush', 'real', 'share']


class Grammar:
  """Draws command lines, of which about a half are nearly right."""

  def __init__(self, seed: int):
    self._random = random.Random(seed)

  def line(self) -> tuple[type, list[str]]:
    settings = self._random.choice(SETTINGS)
    return settings, [self._argument(settings) for _ in range(self._random.randint(1, 4))]

  def _argument(self, settings: type) -> str:
    pick = self._random
    name = pick.choice([flag for flag, _, _ in flags_lib.flag_fields(settings)])
    if pick.random() < 0.2:
      name = self._mangled(name)
    dashes = pick.choices(['--', '-', '', '---', '--no'], [20, 2, 1, 1, 3])[0]
    form = pick.choices(['{}={}', '{}', '{} {}', '{}=={}', '{}'], [20, 3, 1, 1, 1])[0]
    if pick.random() < 0.03:
      return pick.choice(['--flagfile=', '--flagfile', '--undefok=', '--helpfull=', '--']) + (
        self._value() if pick.random() < 0.7 else ''
      )
    return dashes + form.format(name, self._value())

  def _value(self) -> str:
    pick = self._random
    kind = pick.choices(['number', 'word', 'odd', 'spec', 'list'], [4, 3, 2, 6, 1])[0]
    if kind == 'spec':
      return self._spec()
    if kind == 'list':
      return ','.join(self._value() for _ in range(pick.randint(0, 4)))
    value = pick.choice({'number': NUMBERS, 'word': WORDS, 'odd': ODD}[kind])
    return self._mangled(value) if pick.random() < 0.2 else value

  def _spec(self, depth: int = 0) -> str:
    pick = self._random
    parts = []
    for _ in range(pick.choices([1, 2, 3, 40], [12, 4, 2, 1])[0]):
      given = [
        f'{pick.choice(KEYS)}{pick.choice(["=", "=", "=", " = ", "", "=="])}'
        + (self._spec(depth + 1) if depth < 3 and pick.random() < 0.1 else self._quoted())
        for _ in range(pick.choices([0, 1, 2, 5], [3, 6, 4, 1])[0])
      ]
      parts.append(f'{pick.choice(NAMES)}({", ".join(given)})' if given else pick.choice(NAMES))
    text = '|'.join(parts)
    return self._mangled(text) if pick.random() < 0.3 else text

  def _quoted(self) -> str:
    quote = self._random.choice(['', '', '', "'", '"'])
    return quote + self._random.choice(NUMBERS + WORDS + ODD) + quote

  def _mangled(self, text: str) -> str:
    """Take out, put in, double or turn round a piece."""
    pick = self._random
    at = pick.randint(0, len(text))
    end = min(len(text), at + pick.randint(0, 5))
    middle = pick.choice(
      [*ODD, '(', ')', '|', ',', text[at:end] * 2, text[at:end][::-1], '(' * 3000]
    )
    return text[:at] + middle + text[end:]


def parts_of(made) -> None:
  """Read the specs too, as `train` does before it builds anything."""
  if isinstance(made, config_lib.Config):
    spec.parse_one(made.run.world, 'world')
    spec.parse(made.run.couplings, 'couplings')
    flags_lib.to_text(made)


def faults(seed: int, count: int, capfd) -> tuple[collections.Counter, list[str]]:
  """What became of the lines, and what should not have become of them."""
  grammar, told, found = Grammar(seed), collections.Counter(), []
  for _ in range(count):
    settings, line = grammar.line()
    begun = time.process_time()
    try:
      parts_of(flags_lib.from_arguments(line, settings))
      told['taken'] += 1
    except spec.UserError as error:
      told['refused'] += 1
      if not str(error).strip():
        found.append(f'{settings.__name__} {line!r}: no words')
    except (Exception, SystemExit) as error:
      told['fault'] += 1
      said = ''.join(traceback.format_exception_only(error)).strip()[:200]
      found.append(f'{settings.__name__} {str(line)[:300]}: {said}')
    if (spent := time.process_time() - begun) > 1:
      found.append(f'{settings.__name__} {str(line)[:300]}: {spent:.1f} s')
  assert 'Traceback' not in capfd.readouterr().err
  print(told)
  return told, found


def judge(told, found):
  assert not found, '\n'.join(found[:20])
  assert told['refused'] and told['taken']


def test_a_thousand_command_lines(capfd):
  judge(*faults(seed=0, count=1000, capfd=capfd))


@pytest.mark.slow
@pytest.mark.parametrize('seed', range(1, 5))
def test_twenty_thousand_command_lines(seed, capfd):
  judge(*faults(seed, count=5000, capfd=capfd))
