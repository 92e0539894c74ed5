"""The live view: its blocks worked by hand, and that it keeps within the terminal and its time."""

import io
import math
import re
import threading

import numpy as np
import pytest
import rich.console

from tf_creative.runs import blocks as blocks_lib
from tf_creative.runs import progress as progress_lib
from tf_creative.runs import titles

LIVE, PLAIN = progress_lib.Screen(live=True), progress_lib.Screen(live=False)

METRICS = {'agent/return': 1.5, 'gan/critic_gap': 0.25, 'painted/frechet': 3.0}
WORKS = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 8, 3), np.uint8)


@pytest.fixture(autouse=True)
def _ordinary_terminal(monkeypatch):
  monkeypatch.setenv('TERM', 'xterm-256color')
  for name in ('NO_COLOR', 'FORCE_COLOR', 'COLUMNS', 'LINES'):
    monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _no_threads(monkeypatch):
  """The view is drawn where it trains: see tests/cli/test_threads.py."""

  def refuse(thread):
    raise AssertionError(f'{thread} starts')

  monkeypatch.setattr(threading.Thread, 'start', refuse)


def console(width: int = 80, height: int = 40, **options) -> rich.console.Console:
  options = {'force_terminal': True, 'color_system': 'truecolor', **options}
  return rich.console.Console(file=io.StringIO(), width=width, height=height, **options)


def seen(of: rich.console.Console) -> list[str]:
  """The lines of what was written, without colours; erased ones are still there."""
  return re.sub(r'\x1b\[[\d;?]*[A-Za-z]', '', of.file.getvalue()).replace('\r', '\n').splitlines()


@pytest.mark.parametrize(
  'values, width, blocks',
  [
    ([0, 1, 2, 3, 4, 5, 6, 7], 30, '▁▂▃▄▅▆▇█'),
    ([7, 0], 30, '█▁'),
    ([-1, 0, 1], 30, '▁▅█'),  # round(7 * 0.5) = 4, to even
    ([5, 5, 5], 30, '▅▅▅'),
    ([0, 2, 6, 8], 2, '▁█'),  # means 1 and 7
    ([0, 0, 6, 7, 7], 2, '▁█'),  # shares of three and two: means 2 and 7
    ([math.nan, 1, math.inf, 2, -math.inf], 30, ' ▁ █ '),
    ([1, math.nan, 2, math.inf], 2, '▁█'),
    ([math.nan, math.inf], 30, '  '),
  ],
)
def test_a_sparkline(values, width, blocks):
  assert blocks_lib.sparkline(values, width) == blocks


def test_two_by_two_pixels_are_two_half_blocks():
  picture = np.array([[[255, 0, 0], [1, 2, 3]], [[0, 0, 255], [4, 5, 6]]])
  out = console()
  out.print(blocks_lib.half_blocks(picture), end='')
  assert out.file.getvalue() == (
    '\x1b[38;2;255;0;0;48;2;0;0;255m▀\x1b[0m\x1b[38;2;1;2;3;48;2;4;5;6m▀\x1b[0m\n'
  )


def test_nothing_lets_the_background_through_and_an_odd_line_has_no_lower_half():
  red, none = [255, 0, 0], [-1, -1, -1]
  out = console()
  out.print(blocks_lib.half_blocks(np.array([[red, none], [none, red], [red, red]])), end='')
  half = '\x1b[38;2;255;0;0m{}\x1b[0m'
  assert (
    out.file.getvalue() == half.format('▀') + half.format('▄') + '\n' + half.format('▀▀') + '\n'
  )


def test_pairs_stand_one_above_the_other_with_gaps():
  works = np.arange(4, dtype=np.uint8).reshape(2, 2, 1, 1, 1).repeat(3, -1)  # [2, 2, 1, 1, RGB]
  shown = blocks_lib.mount(works, width=80, height=2)[..., 0]
  assert shown.tolist() == [[0, -1, -1, 1], [-1, -1, -1, -1], [2, -1, -1, 3]]


def test_pairs_stand_side_by_side_where_lines_are_few():
  works = np.arange(4, dtype=np.uint8).reshape(2, 2, 1, 1, 1).repeat(3, -1)
  shown = blocks_lib.mount(works, width=80, height=1)[..., 0]
  assert shown.tolist() == [[0, -1, 2, -1, -1, 1, -1, 3]]


@pytest.mark.parametrize(
  'width, height, shape',
  [
    (80, 9, (17, 78)),  # eight pairs of 8 columns with 7 gaps of two; 8 + 1 + 8 rows
    (77, 9, (17, 68)),  # seven
    (8, 9, (17, 8)),
    (80, 8, (8, 74)),  # four pairs of 8 + 1 + 8 columns with three gaps of two
    (7, 9, None),
    (80, 3, None),
  ],
)
def test_as_many_pairs_as_fit(width, height, shape):
  shown = blocks_lib.mount(WORKS, width, height)
  assert (shown if shown is None else shown.shape[:2]) == shape


@pytest.mark.parametrize('terminal, live', [(False, True), (True, False)])
def test_without_a_terminal_or_on_request_there_are_plain_lines_only(terminal, live):
  screen = progress_lib.Screen(live)
  out, looks = console(force_terminal=terminal, color_system=None), []
  with progress_lib.Progress(10, 0, screen, look=lambda: looks.append(1), console=out) as progress:
    progress.say('starting')
    progress.update(5, METRICS)
    progress.update(10, METRICS)
  assert not looks
  lines = out.file.getvalue().splitlines()
  assert lines[0] == 'starting' and len(lines) == 2
  assert re.fullmatch(r'round 10/10  [\d.]+/s  0 s left  reward 1.5  critic gap 0.25', lines[1])


def test_standard_output_that_is_no_terminal_stays_plain_whatever_the_environment(
  monkeypatch, capsys
):
  monkeypatch.setenv('FORCE_COLOR', '1')
  with progress_lib.Progress(10, 0, LIVE, look=lambda: WORKS) as progress:
    progress.update(10, METRICS)
    progress.say('done')
  assert capsys.readouterr().out == 'done\n'


def test_the_view_has_bar_numbers_curves_and_paintings_below_what_is_said():
  out = console()
  rows = [{'round': 1, 'agent/return': 0.0}, {'round': 2, 'agent/return': 1.0}]
  with progress_lib.Progress(8, 2, LIVE, rows, lambda: WORKS, out) as progress:
    progress.say('resuming [here]')
    progress.update(4, {'agent/return': 3.5})
    progress.say('a line in between')
  lines = seen(out)
  assert lines.index('resuming [here]') < lines.index('a line in between')
  view = lines[len(lines) - lines[::-1].index('a line in between') :]
  assert re.match('━{15}─{15}  4/8 rounds', view[0])
  # 0, 1 and 3.5 of 3.5 are the blocks 0, 2 and 7.
  assert view[1].split() == ['Reward', 'of', 'an', 'episode', '3.5', '▁▃█']
  assert view[-10] == 'imagined, and what the hand makes of it'
  assert [len(line) for line in view[-9:]] == [78] * 9


@pytest.mark.parametrize('width', [200, 60, 43, 33, 10])
@pytest.mark.parametrize('height, least', [(40, 8), (12, 17), (4, math.inf)])  # 17: side by side
def test_the_view_keeps_within_the_terminal(width, height, least):
  out = console(width, height)
  with progress_lib.Progress(8, 0, LIVE, [METRICS] * 50, lambda: WORKS, out) as progress:
    progress.update(4, METRICS)
    shown = seen(out)
    assert len(shown) <= height
    assert max(map(len, shown)) <= width
  assert ('▀' in out.file.getvalue()) == (width >= least)
  assert ('▅' in out.file.getvalue()) == (width >= 43)  # a curve: 17 + 11 + 2 + at least 8


@pytest.mark.parametrize('options', [{'color_system': None}, {'no_color': True}])
def test_a_terminal_without_colours_gets_no_paintings(options):
  out = console(**options)
  with progress_lib.Progress(8, 0, LIVE, look=lambda: WORKS, console=out) as progress:
    progress.update(4, METRICS)
  assert 'Reward of an episode' in out.file.getvalue() and '▀' not in out.file.getvalue()


def test_pictures_alone_have_a_caption_of_their_own_and_there_may_be_none():
  for shown, pictured in ((WORKS[:1], True), (None, False)):
    out = console()
    given = {'look': lambda shown=shown: shown, 'console': out, 'caption': 'an episode'}
    with progress_lib.Progress(8, 0, LIVE, **given) as progress:
      progress.update(4, METRICS)
    assert ('an episode' in seen(out)) == ('▀' in out.file.getvalue()) == pictured
    # Eight of eight pixels with a gap of one between them, and four lines.
    assert [len(line) for line in seen(out)[-4:]] == [78] * 4 or not pictured


def test_looking_takes_a_hundredth_of_the_time_at_most(monkeypatch):
  clock, looks = [0.0], []

  def look():
    looks.append(clock[0])
    clock[0] += 20.0 if len(looks) == 1 else 0.5  # the first traces
    return WORKS

  monkeypatch.setattr(progress_lib.time, 'monotonic', lambda: clock[0])
  progress = progress_lib.Progress(10**6, 0, LIVE, look=look, console=console())
  with progress:
    for done in range(300):
      progress.update(done, METRICS)
      clock[0] += 1.0
  # Ten seconds after the end of the first, then fifty: a hundred times the half second.
  assert looks[:4] == [0.0, 30.0, 80.5, 131.0]


def test_what_is_done_beside_learning_is_told_in_plain_lines_of_a_while(monkeypatch):
  clock, out = [100.0], console(force_terminal=False, color_system=None)
  monkeypatch.setattr(progress_lib.time, 'monotonic', lambda: clock[0])
  progress = progress_lib.Progress(10, 0, PLAIN, console=out)
  progress.update(5, METRICS)
  progress.update(10, METRICS)
  for step in range(0, 800, 50):  # 2 s each: a line after more than 15 s
    progress.doing('training the judge', step, 800)
    clock[0] += 2.0
  progress.doing('exporting')
  assert out.file.getvalue().splitlines()[1:] == [
    '  training the judge  400/800',
    '  exporting',
  ]


def test_the_view_shows_what_is_done_beside_learning_until_it_learns_again():
  out = console()
  with progress_lib.Progress(10, 0, LIVE, console=out) as progress:
    progress.update(5, METRICS)
    progress.doing('making held_out works', 64, 360)
    assert '5/10 rounds' in str(progress._view().renderables[0])
    assert str(progress._view().renderables[1]) == 'making held_out works  64/360'
    progress.update(6, METRICS)
    assert 'making' not in str(progress._view().renderables[1])


def test_what_is_not_live_says_once_how_long_it_will_take(monkeypatch):
  clock, out = [100.0], console(force_terminal=False, color_system=None)
  monkeypatch.setattr(progress_lib.time, 'monotonic', lambda: clock[0])
  progress = progress_lib.Progress(1000, 0, PLAIN, console=out)
  for done in (50, 100, 150, 200):
    progress.update(done, METRICS)
    clock[0] += 10.0  # five rounds a second: 900 take 180 s
  lines = out.file.getvalue().splitlines()
  assert (
    lines[0] == 'training will take about 3 minutes more on this machine, evaluations not counted'
  )
  assert [line.split()[1] for line in lines[1:]] == ['100/1000', '200/1000']


def test_a_notebook_gets_a_line_for_each_log_and_who_wants_quiet_gets_none(capsys):
  for screen, count in ((progress_lib.Screen(seconds=0), 4), (progress_lib.Screen(quiet=True), 0)):
    progress = progress_lib.Progress(8, 0, screen)
    for done in (2, 4, 6, 8):
      progress.update(done, METRICS)
    assert len(capsys.readouterr().out.splitlines()) == count  # three rows, and the time it takes


@pytest.mark.parametrize(
  'seconds, words',
  [
    (3, '10 seconds'),
    (44, '40 seconds'),
    (91, '2 minutes'),
    (3000, '50 minutes'),
    (9000, '2.5 hours'),
  ],
)
def test_a_time_in_words(seconds, words):
  assert progress_lib.about(seconds) == f'about {words}'


def test_every_title_is_short_enough_for_its_place():
  assert max(len(title.long) for title in titles.TITLES.values()) <= 80 - 11 - 2 - 8
  assert max(len(title.short) for title in titles.TITLES.values()) <= 17


@pytest.mark.parametrize(
  'name, long, short',
  [
    ('agent/return', 'Reward of an episode', 'reward'),
    ('held_out/equal_pixels', 'Held-out works: equal pixels', 'held-out equal pixels'),
    ('gan/updates', 'Imagination: updates', 'gan updates'),
    ('round', 'Round', 'round'),
  ],
)
def test_a_metric_has_a_title_for_people(name, long, short):
  assert titles.title(name) == (long, short)


def test_a_world_names_its_own_numbers():
  assert titles.title('imagined/solved', {'imagined/solved': 'Solved!'}).long == 'Solved!'
