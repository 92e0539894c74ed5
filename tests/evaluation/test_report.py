"""What a report is put together from: charts, tables and comparisons, worked by hand."""

import dataclasses
import re
import types

import numpy as np
import pytest

from tests.shared import tiny
from tf_creative.core import works as works_lib
from tf_creative.evaluation import charts, comparison, curves, exhibition, markup, tables
from tf_creative.studio import pictures
from tf_creative.worlds import simulated
from tf_creative.worlds.pixel_art import world as pixel_art


def test_a_chart_has_its_points_where_the_axes_say():
  drawn = charts.chart('Loss', [charts.Line('a<b', [0, 50, 100], [1.0, 3.0, 2.0])])
  # x from 50 to 312, y from 130 (lowest) up to 8 (highest)
  assert '<polyline points="50.0,130.0 181.0,8.0 312.0,69.0"/>' in drawn
  assert 'a&lt;b: from 1 to 2' in drawn and 'a<b' not in drawn
  assert re.findall(r'text-anchor="end">([^<]*)</text>', drawn) == [
    '3.0', '2.0', '1.0', '100 rounds'
  ]  # fmt: skip


def test_a_flat_line_lies_in_the_middle():
  drawn = charts.chart('Loss', [charts.Line('a', [0, 100], [5.0, 5.0])])
  assert 'points="50.0,69.0 312.0,69.0"' in drawn


def test_the_numbers_of_the_best_round_are_no_point_of_the_last():
  looks = [{'round': 1, 'painted/frechet': 1.0}, {'round': 2, 'painted/frechet': 3.0}]
  best = {'round': 2, 'painted/frechet': 1.0, 'best/round': 1.0}
  learner = types.SimpleNamespace(world=types.SimpleNamespace(measures=None), creator=True)
  drawn = [
    curves.section([types.SimpleNamespace(path='a', history=history, learner=learner)])
    for history in (looks, [*looks, best])
  ]
  assert '<polyline' in drawn[0] and drawn[0] == drawn[1]


def test_tiles_are_pixel_for_pixel_with_clear_lines_between():
  works = np.arange(3 * 2 * 2 * 3, dtype=np.uint8).reshape(3, 2, 2, 3)
  sheet = np.asarray(pictures.tiles(works, 2))
  assert sheet.shape == (5, 5, 4)
  for work, (y, x) in zip(works, [(0, 0), (0, 3), (3, 0)], strict=True):
    np.testing.assert_array_equal(sheet[y : y + 2, x : x + 2, :3], work)
    assert (sheet[y : y + 2, x : x + 2, 3] == 255).all()
  assert not sheet[2].any() and not sheet[:, 2].any() and not sheet[3:, 3:].any()


def test_a_table_keeps_what_is_not_html_from_being_it():
  table = markup.table('a "caption"', ['', '<b>'], [('x & y', ['1'], True)])
  assert '&lt;b&gt;' in table and 'x &amp; y' in table and '<tr class=own>' in table
  assert 'aria-label="a &quot;caption&quot;"' in table


def test_the_way_between_two_codes_keeps_to_the_sphere():
  first, second = np.array([2.0, 0.0]), np.array([0.0, 2.0])
  np.testing.assert_allclose(exhibition._between(first, second, 0.5), [2**0.5, 2**0.5])
  np.testing.assert_allclose(exhibition._between(first, second, 1.0), second, atol=1e-12)


def run(seed: int, pixels: tuple[float, float], frechet: float, **gan):
  """An evaluation of which only this much is of interest."""
  config = tiny.config(seed=seed, run_dir=f'runs/{seed}', works=20 + seed, rounds=10)
  config = dataclasses.replace(config, gan=dataclasses.replace(config.gan, **gan))
  names = ('halves/frechet', 'halves/coverage', 'label_accuracy', 'halves/creativity', 'copies')
  hands = {
    (works, hand): {'equal_pixels': (value, 0, 1), 'perfect_pictures': (value, 0, 1)}
    for works, value in zip(('held_out', 'imagined'), pixels, strict=True)
    for hand in ('hand', 'random')
  }
  return types.SimpleNamespace(
    learner=types.SimpleNamespace(world=pixel_art.PixelArt()),
    config=config,
    hands=hands,
    sources={'painted': dict.fromkeys(names, frechet)},
  )


def test_runs_that_differ_only_by_their_seed_are_one_recipe():
  runs = [
    run(0, (0.9, 0.5), 1.0),
    run(0, (0.8, 0.4), 2.0, width=9),
    run(1, (0.9, 0.7), 3.0),
    run(2, (0.9, 0.6), 8.0),
  ]
  head, rows = comparison.table(runs)
  assert head[:3] == ['recipe', 'runs', 'equal pixels']
  assert [row[:2] for row in rows] == [['--gan_width=8', '3'], ['--gan_width=9', '1']]
  # Six scores .5 .6 .7 .9 .9 .9: without the lowest and the highest quarter, .6 .7 .9 .9.
  assert rows[0][2].startswith('77.50% (')
  # A task is drawn from its own runs only: never below three times .9 and three times .5 ...
  low, high = (float(value.strip('%')) for value in re.findall(r'[\d.]+%', rows[0][2])[1:])
  assert 70 <= low < 77.5 < high <= 80
  assert rows[0][4] == '4.00 (1.00 to 8.00)'
  assert rows[1][2:5] == ['60.00%', '60.0%', '2.00']  # one run says nothing of others


def game(name: str, seed: int, paid: float, human: float | None = None, **agent):
  """An evaluation of a hand in a game, of which only this much is of interest."""
  config = tiny.config(seed=seed, world=f'atari(game={name})', couplings='')
  config = dataclasses.replace(config, agent=dataclasses.replace(config.agent, **agent))
  numbers = {'return': (paid, 0, 1), 'steps': (9.0, 0, 1)}
  if human is not None:
    numbers['human_normalised'] = (human, 0, 1)
  world = types.SimpleNamespace(measures=simulated.Returns())
  learner = types.SimpleNamespace(world=world)
  return types.SimpleNamespace(
    learner=learner, config=config, hands={('episodes', 'hand'): numbers}, sources={}
  )


def test_games_are_put_together_by_what_a_human_has():
  runs = [game('pong', seed, 10.0 + seed, 0.1 * seed) for seed in range(4)]
  runs += [game('boxing', seed, 90.0, 1 + 0.1 * seed) for seed in range(4)]
  head, rows = comparison.table(runs)
  assert head == ['recipe', 'runs', 'return', 'steps', 'human normalised']
  assert [row[:2] for row in rows] == [
    ['--world=atari(game=pong)', '4'],
    ['--world=atari(game=boxing)', '4'],
    ['all settings alike, over 2 games', '8'],
  ]
  assert rows[0][2].startswith('11.5 (') and rows[1][2] == '90.0 (90.0 to 90.0)'
  # Of 0 .1 .2 .3 1 1.1 1.2 1.3 the middle half is .2 .3 1 1.1.
  assert rows[2][2:4] == ['·', '·'] and rows[2][4].startswith('65.0% (')
  # Each game is drawn from its own runs: the middle has two of each at least nearly always, so the
  # ends are far within 0 and 1.3, which a bootstrap over all eight together would come near.
  low, high = (float(value.strip('%')) for value in re.findall(r'[\d.]+%', rows[2][4])[1:])
  assert 50 <= low < 65 < high <= 80


def test_games_without_published_scores_are_not_put_together():
  head, rows = comparison.table([game('pong', 0, 1.0), game('boxing', 0, 2.0)])
  assert head == ['recipe', 'runs', 'return', 'steps'] and len(rows) == 2
  runs = [game('pong', seed, 1.0, 0.5, width=width) for seed in (0, 1) for width in (8, 9)]
  _, rows = comparison.table(runs)
  assert [row[0] for row in rows] == ['--agent_width=8', '--agent_width=9']  # of one game


def test_recipes_are_named_by_what_they_do_not_share():
  assert comparison.names(['--a=1\n--b=1', '--a=1\n--b=2']) == ['--b=1', '--b=2']
  assert comparison.names(['--a=1']) == ['all settings alike']


@pytest.mark.parametrize('count', [1, 7, 60])
def test_a_gallery_of_any_number_of_labels_is_spread_evenly(count):
  learner = types.SimpleNamespace(creator=types.SimpleNamespace(known_labels=np.arange(count)))
  shown = pictures.some_labels(learner, 10)
  assert len(shown) == min(count, 10) and shown[0] == 0 and shown[-1] == count - 1


def shown(side: int) -> types.SimpleNamespace:
  """What a gallery is made of: 30 works of two classes, with a side of so many pixels."""
  works = works_lib.Works(np.zeros((30, side, side), np.uint8), np.arange(30) % 2)
  world = types.SimpleNamespace(
    works=types.SimpleNamespace(label_names=['a_cat', 'dog']),
    media=types.SimpleNamespace(render=lambda work: np.zeros((*work.shape, 4), np.uint8)),
  )
  return types.SimpleNamespace(
    learner=types.SimpleNamespace(
      world=world, creator=types.SimpleNamespace(known_labels=np.arange(2))
    ),
    **dict.fromkeys(('imagined', 'painted', 'nearest', 'likest'), works),
    like=np.linspace(0.5, 0.95, 30),
    made='painted',
    sources={'imagined': {'near_copies': 0.1}, 'held_out': {'near_copies': 0.04}},
  )


@pytest.mark.parametrize(('side', 'kind', 'width'), [(8, 'triple', 71), (16, 'rows', 169)])
def test_a_gallery_of_larger_works_has_them_below_each_other(side, kind, width):
  page = exhibition.gallery(shown(side))
  assert page.count(f'class="{kind}"') == 2 and '<h3>a cat</h3>' in page
  # 8 works of 8 pixels and 7 lines between them; 10 of 16, and 9 lines
  assert set(re.findall(r'width="(\d+)"', page)) == {str(width)}


def test_the_likest_pairs_come_first_and_are_told():
  page = exhibition.copies(shown(8))
  told = re.findall(r'<figcaption>(\d+%)</figcaption>', page)
  assert len(told) == 12 and told[:3] == ['95%', '93%', '92%']
  assert '10.0% of the imagined ones are, and 4.0% of the real ones' in page


def test_what_was_not_measured_has_a_dot_and_a_reason():
  assert tables.show({}, 'frechet', '.2f', '±') == tables.NONE
  assert tables.show({'a': 1.5, 'a_spread': 0.25}, 'a', '.2f', '±') == '1.50 ±0.25'
  one = types.SimpleNamespace(judge='classifier', remarks=['few'])
  assert tables.notes(one)[0].startswith('judge: a classifier') and tables.notes(one)[1:] == ['few']
  for published, count in ((None, 1), ((1.0, 2.0), 2)):
    simulator = types.SimpleNamespace(published=published)
    learner = types.SimpleNamespace(world=types.SimpleNamespace(simulator=simulator))
    notes = tables.notes(types.SimpleNamespace(judge='', count=1200, learner=learner))
    assert notes[0].startswith('1,200 episodes') and len(notes) == count
