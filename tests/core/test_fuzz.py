"""Any text at all: the readers of specs and flagfiles answer in words, or read what was meant."""

import contextlib
import dataclasses
import os
import string
import sys

import hypothesis
from hypothesis import strategies as st
import pytest

from tf_creative.cli import flags as flags_lib
from tf_creative.core import spec
from tf_creative.learner import config as config_lib

often = hypothesis.settings(derandomize=True, deadline=None, max_examples=200, database=None)

words = st.text(string.ascii_letters + '_', min_size=1, max_size=5)
near_specs = st.lists(
  st.sampled_from([*'()=,|\'" \t\n.-+[]{}:', 'a', 'size', '1', '.5', '1e9', 'true', 'é', '\u2028'])
).map(''.join)
code = st.sampled_from(
  [
    "a(b=__import__('os').system('touch x'))",
    'a(b=().__class__.__bases__[0])',
    'a(b=exit[])',
    'a(b=lambda: 1)',
    'a(b=[1]*999999999)',
    'a(b=' + '9' * 5000 + ')',
    'a(b=' + '[' * 5000 + ')',
    '(' * 5000,
    'a(b=\x00)',
    '\ud800',
  ]
)
options = st.dictionaries(
  words,
  st.booleans()
  | st.integers()
  | st.floats(allow_nan=False, allow_infinity=False)
  | st.text(st.characters(exclude_characters='\'"(),|'), min_size=1),
  max_size=4,
)
parts = st.lists(st.tuples(words, options), max_size=4)


def written(parts):
  """Text that is read as these parts: words in quotes, so that '1' stays one."""
  texts = []
  for name, options in parts:
    values = (f"'{x}'" if isinstance(x, str) else repr(x) for x in options.values())
    texts.append(f'{name}({", ".join(map("=".join, zip(options, values, strict=True)))})')
  return '|'.join(texts)


@contextlib.contextmanager
def nothing_runs():
  """Within, no text is compiled or run, and no file or module opened: Python reports all of it."""
  _happened.clear()
  _listening.append(True)
  try:
    yield
  finally:
    _listening.clear()
  assert not _happened


_listening, _happened = [], []
_GRAVE = ('compile', 'exec', 'import', 'open', 'os.system', 'subprocess.Popen', 'pickle.find_class')
sys.addaudithook(lambda event, _: _listening and event in _GRAVE and _happened.append(event))


def read(text):
  """The parts of a text; none if it is refused, with a caret that lies within it."""
  try:
    with nothing_runs():
      return spec.parse(text, 'world')
  except spec.SpecError as error:
    said, shown, caret = str(error).split('\n')
    place = len(caret) - 1 - len('  --world=')
    assert said.endswith('.') and caret.strip() == '^'
    assert 0 <= place < len(text) == len(shown) - len('  --world=')
    return []


@often
@hypothesis.given(st.text() | near_specs | code)
def test_any_text_is_a_spec_or_an_error_that_points_into_it(text):
  found = [(part.name, part.options) for part in read(text)]
  again = [(part.name, part.options) for part in spec.parse(written(found))]
  assert again == found
  assert repr(again) == repr(found)  # 1 is not 1.0, nor true


@often
@hypothesis.given(parts)
def test_what_is_written_is_read(parts):
  found = [(part.name, part.options) for part in spec.parse(written(parts))]
  assert repr(found) == repr(parts)
  for part in spec.parse(written(parts)):
    for name, place in part.places.items():
      assert part.text[place:].startswith(name.rstrip('=') if name and name[-1] != '=' else '')


def test_what_would_run_a_text_is_heard():
  for run in (
    lambda: eval('1'),
    lambda: compile('1', '', 'eval'),
    lambda: open(os.devnull).close(),
  ):
    with pytest.raises(AssertionError), nothing_runs():
      run()


def value(field):
  """Any value that a setting may have."""
  limits = field.metadata
  if limits['one_of']:
    return st.sampled_from(sorted(limits['one_of']))
  if isinstance(field.default, bool):
    return st.booleans()
  low = next((limits[key] for key in ('at_least', 'above') if limits[key] is not None), None)
  high = next((limits[key] for key in ('at_most', 'below') if limits[key] is not None), None)
  if isinstance(field.default, int):
    return st.integers(low, 2**63 - 1 if high is None else high)
  if isinstance(field.default, float):
    open_ends = {
      'exclude_min': limits['above'] is not None,
      'exclude_max': limits['below'] is not None,
    }
    return st.floats(low, high, allow_nan=False, allow_infinity=False, **open_ends)
  if field.name == 'world':
    return st.sampled_from(['pixel_art(data=glyphs, size=16)', 'level', 'gym(id=CartPole-v1)'])
  if field.name == 'couplings':
    known = ['environment', "reward( weight = 0.5, form = 'logit' )", 'guide']
    return st.lists(st.sampled_from(known), max_size=3, unique=True).map('|'.join)
  return st.text().map(str.strip).filter(str.isprintable)


def group(settings):
  fields = {field.name: value(field) for field in dataclasses.fields(settings)}
  return st.fixed_dictionaries({}, optional=fields).map(lambda chosen: settings(**chosen))


configs = st.builds(
  config_lib.Config,
  run=group(config_lib.RunConfig),
  gan=group(config_lib.GanConfig),
  agent=group(config_lib.AgentConfig),
)


def taken(config):
  try:
    flags_lib.check(config)
  except spec.UserError as error:
    assert '--agent_replay_capacity' in str(error)  # all else is within its bounds
    return False
  return True


@hypothesis.settings(often, max_examples=40)
@hypothesis.given(configs.filter(taken))
def test_a_config_comes_back_from_its_flagfile(tmp_path_factory, config):
  assert flags_lib.from_arguments(flags_lib.to_text(config).split('\n')) == config
  path = tmp_path_factory.getbasetemp() / 'run.flags'
  path.write_text(flags_lib.to_text(config), encoding='utf-8')
  assert flags_lib.from_file(path) == config
  assert flags_lib.from_arguments([f'--flagfile={path}']) == config


lines = st.lists(
  st.sampled_from(['--rounds=', '--seed', '--no', '-', '--flagfile=', '--world=', '#', '//', '--'])
  | st.sampled_from(['\n', ' ', '=', '3', 'true', 'progress', 'pixel_art(', '\x00', '--undefok=x'])
  | st.text(max_size=5)
).map(''.join)


@hypothesis.settings(often, max_examples=100)
@hypothesis.given(lines.map(str.encode) | st.binary())
def test_any_bytes_are_a_config_or_an_error(tmp_path_factory, content):
  path = tmp_path_factory.getbasetemp() / 'any.flags'
  path.write_bytes(content)
  for read_it in (
    lambda: flags_lib.from_file(path),
    lambda: flags_lib.from_arguments([f'--flagfile={path}']),
  ):
    try:
      assert isinstance(read_it(), config_lib.Config)
    except spec.UserError as error:
      assert str(error)
