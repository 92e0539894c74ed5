"""Measures runs of verse beside what needs no hand, each over temperatures.

  python pipelines/verse_curve.py --run_dir=runs/verse
  python pipelines/verse_curve.py --run_dir=runs/verse-0,runs/verse-1 --lines=0

Prints a table: a row for each way to make lines and each temperature, which divides the logits of
the next word; of several runs the mean and the standard deviation. Extra is -log p of a word under
a model of held-out lines, beyond that of training lines; back is -log p of a word of held-out lines
under a model of the lines of the row, lower if they have more variety of the real kind. With
rhyme=true, rhymed is the share of lines that end on the sound of their label; without a hand that
is by chance.
Then come the first lines of each row at temperature 1.
"""

import argparse
from collections.abc import Iterator
import sys

import numpy as np

import tf_creative as tc  # before TensorFlow  # isort: skip
import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.worlds.verse import rules as rules_lib

STILL = tf.constant([0, 0])  # seed of the rules, which are not random
COLUMNS = {
  'ten_syllables': ('ten syllables', '.1%'),
  'metrical': ('in metre', '.1%'),
  'kept': ('all rules kept', '.1%'),
  'rhymed': ('rhymed', '.1%'),
  'extra_nll': ('extra', '.2f'),
  'back': ('back', '.2f'),
  'distinct_2': ('distinct pairs', '.1%'),
  'quoted': ('quoted', '.1%'),
  'twice': ('words twice', '.1%'),
}


class Hand:
  """A run's hand, which writes on from what its imagination begins, and throws dice."""

  def __init__(self, run: tc.Run):
    self._learner, self._rules = run.learner, run.world.rules
    self._write = tf.function(self._word, autograph=False)

  def lines(self, count: int, seed: int, temperature: float) -> np.ndarray:
    """Write lines: int32 [count, words]."""
    labels = wanted(self._learner.real.label, count, seed)
    concept = self._learner.creator.imagine(np.arange(count) + seed * count, labels)
    state = self._rules.start(tf.nest.map_structure(tf.constant, concept), STILL)
    over = tf.zeros_like(state.time) > 0
    for time in range(self._rules.horizon):
      dice = tf.constant([seed, time])
      state, over = self._write(state, over, dice, tf.constant(temperature, tf.float32))
    return self._rules.work(state).numpy()

  def _word(self, state, over, dice, temperature):
    """Write the next word of lines that are not over."""
    values = self._learner.agent.values(self._rules.observe(state)) / temperature
    chance = tf.random.stateless_uniform(tf.shape(values), dice, 1e-9, 1.0)
    action = tf.argmax(values - tf.math.log(-tf.math.log(chance)), -1, tf.int32)
    moved, _, done = self._rules.step(state, tf.where(over, -1, action), STILL)
    return works_lib.select(over, state, moved), over | done


def wanted(real: np.ndarray, count: int, seed: int) -> np.ndarray:
  """Return labels to be asked for, as frequent as in real lines: int32 [count]."""
  return np.random.default_rng(seed).permutation(np.resize(real, count))


def real(run: tc.Run, count: int) -> Iterator[tuple[str, np.ndarray]]:
  """Yield real lines of known words; those that a run has not learnt from are few."""
  known = run.world.corpus.real
  for title, split in (('real, training', 'train'), ('real, held out (validation)', 'validation')):
    if split in known:
      yield title, np.random.default_rng(0).permutation(known[split].work)[:count]


def measure(
  run: tc.Run, lines: np.ndarray, count: int, label: np.ndarray | None = None
) -> dict[str, float]:
  """Return the numbers of one row; `back` and `distinct_2` only for `count` lines, as in others.

  `label` are those that were asked for.
  """
  measures = run.world.measures
  found = {name: float(np.mean(each)) for name, each in measures.describe(lines).items()}
  numbers = {name: found[name] for name in COLUMNS if name in found}
  if run.world.metre is not None:
    kept = rules_lib.kept(tf.constant(lines), run.world.metre)
    numbers['kept'] = float(tf.reduce_mean(tf.cast(kept, tf.float32)))
  if run.world.rhymes is not None and label is not None:
    label = label[: len(lines)]
    numbers['rhymed'] = float(run.world.rhymes.kept(lines, label)[label > 0].mean())
  if len(lines) < count:
    return numbers | {'distinct_2': np.nan, 'count': len(lines)}
  return numbers | {'back': measures.back(lines), 'count': len(lines)}


def row(title: str, temperature: str, numbers: list[dict[str, float]]) -> str:
  """Write a row: means of runs, with their standard deviations if there are several."""
  cells = []
  for name, (_, form) in COLUMNS.items():
    values = np.array([each.get(name, np.nan) for each in numbers])
    spread = f' ± {values.std(ddof=1):{form}}' if len(values) > 1 else ''
    cells.append('' if np.isnan(values).any() else f'{values.mean():{form}}{spread}')
  count = int(np.mean([each['count'] for each in numbers]))
  return f'| {title} | {temperature} | {count} | {" | ".join(cells)} |'


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('--run_dir', default='runs/verse', help='runs, separated by commas')
  parser.add_argument('--works', type=int, default=500, help='lines of each row')
  parser.add_argument('--seed', type=int, default=0)
  parser.add_argument('--temperatures', default='0.7,0.85,1,1.15,1.3')
  parser.add_argument('--lines', type=int, default=10, help='how many of each row are printed')
  given = parser.parse_args()
  runs = [tc.Run(path) for path in given.run_dir.split(',')]
  if any(run.world.name != 'verse' for run in runs):
    sys.exit('verse_curve: these are no runs of the world verse.')
  first, hands, shown = runs[0], list(map(Hand, runs)), {}
  print(f'| | temperature | lines | {" | ".join(title for title, _ in COLUMNS.values())} |')
  print('|---' * (len(COLUMNS) + 3) + '|')
  for temperature in map(float, given.temperatures.split(',')):
    told, asked = f'{temperature:g}', (given.works, given.seed, temperature)
    label = wanted(first.learner.real.label, given.works, given.seed)
    made = [hand.lines(*asked) for hand in hands]
    numbers = [measure(first, lines, given.works, label) for lines in made]
    print(row('the hand', told, numbers), flush=True)
    others = first.world.measures.drawn(*asked)
    for title, lines in others.items():
      print(row(title, told, [measure(first, lines, given.works, label)]), flush=True)
    if temperature == 1:
      shown = {'the hand': made[0], **others}
  for title, lines in real(first, given.works):
    shown[title] = lines
    print(row(title, '', [measure(first, lines, given.works)]), flush=True)
  for title, lines in shown.items() if given.lines else ():
    print(f'\n{title}:\n')
    for line in lines[: given.lines]:
      print(f'  {first.world.corpus.words.text(line)}')


if __name__ == '__main__':
  main()
