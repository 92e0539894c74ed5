"""What a grid came to: columns and tables, with numbers worked by hand."""

from tf_creative.cli import flags as flags_lib
from tf_creative.experiments.ablation import tables as outcomes


def test_a_column_is_the_last_value_or_the_first_step_at_which_it_holds():
  config = flags_lib.from_arguments(
    ['--agent_environments=4', '--agent_collect_steps=2', '--agent_warmup=20', '--agent_steps=3']
  )
  logged = [
    {'round': 10, 'x': 0.1, 'y': 5.0},
    {'round': 20, 'y': 3.0},
    {'round': 30, 'x': 0.9, 'y': 4.0},
    {'round': 40, 'x': 0.7},
    {'round': 40, 'z': 1.0},
  ]

  def value(text):
    return outcomes.read_column(text).value(logged, config)

  assert (value('x'), value('y'), value('none')) == (0.7, 4.0, None)
  assert (value('mean  y'), value('mean none')) == (4.0, None)
  # Warm-up: calls of 4 * 2 = 8 steps, three for the 20 asked for; a round has 3 * 8 = 24.
  assert value('steps until x >= 0.9') == 3 * 8 + 30 * 24
  assert value('steps  until y<=3') == 3 * 8 + 20 * 24
  assert value('steps until x >= 0.95') is None


UNTIL = 'steps until x >= 1'
ROWS = [
  {'case': case, 'seed': seed, 'minutes': 2.0, 'CPU minutes': cpu, 'f': f, UNTIL: steps}
  for case, seed, cpu, f, steps in [
    ('one', 0, 4.0, 1.0, 1000),
    ('one', 1, 4.0, 2.0, None),
    ('one', 2, 4.0, 3.0, 3000),
    ('a|b', 0, 2.0, 2.0, None),
    ('a|b', 1, 2.0, 1.0, None),
    ('lone', 0, 2.0, 4.0, 500),
  ]
]


def test_tables_by_hand():
  cases = ['one', 'a|b', 'lone', 'none']
  head, body = outcomes.table(ROWS, cases, ['f', UNTIL])
  assert head == ['case', 'runs', 'f', UNTIL, 'minutes', 'CPU minutes']
  # 'f' ranges over 3, so it has two decimals; 1, 2, 3 have mean 2 and standard deviation 1. A mean
  # of two drawn from two numbers is at one of both in half of all draws: that is the interval.
  assert body == [
    ['one', '3', '2.00 ± 1.00 [1.00, 3.00]', '2,000 ± 1,414 [1,000, 3,000], never: 1 of 3']
    + ['2.0', '4.0'],
    ['a|b', '2', '1.50 ± 0.71 [1.00, 2.00]', 'never: 2 of 2', '2.0', '2.0'],
    ['lone', '1', '4.00', '500', '2.0', '2.0'],
    ['none', '0', '·', '·', '·', '·'],
  ]
  head, body = outcomes.against(ROWS, cases, ['f', UNTIL])
  assert head == ['against one', 'pairs', 'f', UNTIL, 'minutes', 'CPU minutes']
  even, half = '1.000 [1.000, 1.000]', '0.500 [0.500, 0.500]'
  assert body == [  # 2 / 1 and 1 / 2; where there is one pair, there is no interval
    ['a|b', '2', '1.250 [0.500, 2.000]', '·', even, half],
    ['lone', '1', '4.000', '0.500', '1.000', '0.500'],
    ['none', '0', '·', '·', '·', '·'],
  ]
  page = outcomes.markdown([(head, body)], 'p.flags', {'one': '', 'a|b': '--x=1'})
  assert r'| a\|b | 2 | 1.250 [0.500, 2.000] |' in page
  assert '- one: `as it is`\n- a|b: `--x=1`' in page
