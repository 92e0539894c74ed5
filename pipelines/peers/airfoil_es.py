"""An evolution strategy beside a run of pipelines/airfoil.flags, on held-out briefs.

  PYTHONPATH=. python pipelines/peers/airfoil_es.py runs/airfoil --briefs=200 --xfoil=50

Each brief is met by an airfoil of a family that the run has not seen, and none was trained on. The
control is a (1 + 1)-ES by the rule of one fifth (Rechenberg 1973) on the same worth, from the best
of a tenth of its evaluations, which are training airfoils. Prints a row for each way to a form: its
lift over drag as a share of the control's, by the judge that was paid for and by another one.
"""

import argparse  # noqa: I001 (tf_creative comes before TensorFlow)
import pathlib

from tf_creative.runs import run as run_lib

import numpy as np
import tensorflow as tf

from tf_creative.core import works as works_lib
from tf_creative.worlds.airfoil import brief as brief_lib
from tf_creative.worlds.airfoil import flight, forms, neural, package
import xfoil  # beside this file

FACTOR = 1.5  # by which the strategy's step grows, and, to the power of -1/4, shrinks
LEAST_STEP, FIRST_STEP = 1e-4, 0.01  # in spans
CLOSE = 0.05  # designs within so much of the best count for diversity


class Judge:
  """Measures forms under briefs by one network of NeuralFoil, in batches of one size."""

  def __init__(self, size: str):
    self._network = neural.Network(package.network(size))
    self._flown = tf.function(
      lambda numbers, label: flight.flown(self._network, numbers, brief_lib.of(label)),
      reduce_retracing=True,
    )
    self._slopes = tf.function(self._worth_and_slope, reduce_retracing=True)

  def __call__(self, numbers: np.ndarray, label: np.ndarray) -> flight.Flight:
    given = tf.constant(numbers, tf.float32), tf.constant(label)
    return tf.nest.map_structure(lambda part: part.numpy(), self._flown(*given))

  def climb(self, numbers: np.ndarray, label: np.ndarray, steps: int) -> np.ndarray:
    """Follow the gradient of worth, by Adam, and return the best forms on the way."""
    at, best = numbers.astype(np.float32), numbers.astype(np.float32)
    most, mean, square = np.full(len(at), -np.inf), np.zeros_like(at), np.zeros_like(at)
    for step in range(1, steps + 1):
      worth, slope = (x.numpy() for x in self._slopes(tf.constant(at), tf.constant(label)))
      better = worth > most
      most, best = np.where(better, worth, most), np.where(better[:, None], at, best)
      slope = np.nan_to_num(slope * forms.SPAN)
      mean, square = 0.9 * mean + 0.1 * slope, 0.99 * square + 0.01 * slope**2
      unbiased = mean / (1 - 0.9**step), square / (1 - 0.99**step)
      rate = 0.01 * (1 - step / (steps + 1))
      at = at + rate * forms.SPAN * unbiased[0] / (np.sqrt(unbiased[1]) + 1e-8)
      at = np.clip(at, forms.LOW, forms.LOW + forms.SPAN).astype(np.float32)
    return best

  def _worth_and_slope(self, numbers: tf.Tensor, label: tf.Tensor):
    with tf.GradientTape() as tape:
      tape.watch(numbers)
      worth = flight.flown(self._network, numbers, brief_lib.of(label)).worth
    return worth, tape.gradient(worth, numbers)


def strategy(
  judge: Judge, known: np.ndarray, label: np.ndarray, evaluations: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
  """Search a form for each brief; return the forms found, and the best of known ones they left."""
  rng, tries = np.random.default_rng([seed, 1]), max(evaluations // 10, 1)
  best, most = np.zeros((len(label), known.shape[1]), np.float32), np.full(len(label), -np.inf)

  def take(found: np.ndarray) -> np.ndarray:
    nonlocal best, most
    worth = judge(found, label).worth
    better = worth >= most
    best, most = np.where(better[:, None], found, best), np.where(better, worth, most)
    return better

  for _ in range(tries):
    take(known[rng.integers(len(known), size=len(label))])
  first, step = best.copy(), np.full(len(label), FIRST_STEP)
  for _ in range(evaluations - tries):
    found = best + step[:, None] * forms.SPAN * rng.standard_normal(best.shape)
    better = take(np.clip(found, forms.LOW, forms.LOW + forms.SPAN).astype(np.float32))
    step = np.maximum(step * np.where(better, FACTOR, FACTOR**-0.25), LEAST_STEP)
  return best, first


def held_out(learner, count: int) -> works_lib.Works:
  """Return test airfoils, each with a brief of its own on which nothing was trained."""
  works = learner.works('test')
  new = np.flatnonzero(~np.isin(works.label, learner.real.label))
  _, first = np.unique(works.label[new], return_index=True)
  rows = np.sort(new[first])
  rows = rows[np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(int)]
  return works_lib.Works(works.work[rows], works.label[rows])


def straight(learner, concept: works_lib.Works) -> np.ndarray:
  """Make forms by strokes that a straight line foretells, without what a hand has learnt."""
  rules, play = learner.world.rules, learner.world.play
  still = tf.constant((0, 0))

  @tf.function
  def stroke(state):
    promised = play.prior_logits(rules.observe(state))
    moved, _, _ = rules.step(state, tf.argmax(promised, 1, tf.int32), still)
    return works_lib.select(tf.reduce_max(promised, 1) > 0, moved, state._replace(time=moved.time))

  state = rules.start(tf.nest.map_structure(tf.constant, concept), still)
  for _ in range(rules.horizon):
    state = stroke(state)
  return rules.work(state).numpy()


def ways(learner, concept: works_lib.Works, seed: int) -> dict[str, tuple[int, np.ndarray]]:
  """Return forms for the briefs by all ways that take a run: (evaluations, numbers) by name."""
  seeds = 1000 * seed + np.arange(len(concept.label))
  imagined = learner.creator.imagine(seeds, concept.label)
  made, strokes = learner.creator.make(imagined).work, learner.world.rules.horizon
  found = {
    'its own airfoil': (0, concept.work),
    'imagination': (0, imagined.work),
    'imagination, hand': (strokes, made),
    'imagination, straight line': (strokes, straight(learner, imagined)),
    'own airfoil, hand': (strokes, learner.creator.make(concept).work),
    'own airfoil, straight line': (strokes, straight(learner, concept)),
  }
  return {name: (count, forms.numbers(work).numpy()) for name, (count, work) in found.items()}


def row(name: str, evaluations: int, seen: flight.Flight, best: flight.Flight) -> str:
  """Tell how forms compare with the control's, where the control meets the brief."""
  share, met = seen.ratio / best.ratio, seen.feasible & best.feasible
  every = np.where(seen.feasible, share, 0)[best.feasible].mean()
  return (
    f'| {name} | {evaluations:,} | {seen.feasible.mean():.1%} | {share[met].mean():.1%} | '
    f'{np.median(share[met]):.1%} | {every:.1%} |'
  )


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('run')
  parser.add_argument('--briefs', type=int, default=200)
  parser.add_argument('--evaluations', type=int, default=1000)
  parser.add_argument('--seed', type=int, default=0)
  parser.add_argument('--other', default='xxxlarge', help='a judge that nothing was paid by')
  parser.add_argument('--xfoil', type=int, default=0, help='briefs that XFoil judges, too')
  parser.add_argument('--diverse', type=int, default=0, help='briefs of which many forms are made')
  asked = parser.parse_args()
  _, learner = run_lib.load(pathlib.Path(asked.run))
  concept = held_out(learner, asked.briefs)
  own, other = Judge(learner.world.judge), Judge(asked.other)
  known = forms.numbers(learner.real.work).numpy()
  found = ways(learner, concept, asked.seed)
  best, first = strategy(own, known, concept.label, asked.evaluations, asked.seed)
  found['best of known airfoils'] = asked.evaluations // 10, first
  found['evolution strategy'] = asked.evaluations, best
  climbed = own.climb(first, concept.label, asked.evaluations // 10)
  found['gradient from the best known'] = 2 * (asked.evaluations // 10), climbed
  for title, judge in ((learner.world.judge, own), (asked.other, other)):
    control = judge(best, concept.label)
    print(f'\n{len(concept.label)} briefs by {title}; lift over drag as a share of the ES\n')
    print('| way | evaluations | feasible | mean share | median share | infeasible as 0 |')
    print('|---|---|---|---|---|---|')
    for name, (count, numbers) in found.items():
      print(row(name, count, judge(numbers, concept.label), control))
  if asked.diverse:
    diversity(learner, own, known, concept, asked)
  if asked.xfoil:
    outside(found, concept, own, asked.xfoil)


def diversity(learner, judge: Judge, known: np.ndarray, concept: works_lib.Works, asked) -> None:
  """Print how far apart the good forms of a brief are, by the hand and by the restarted control."""
  many = 16  # forms for each brief
  rows = np.linspace(0, len(concept.label) - 1, asked.diverse).astype(int)
  label = np.repeat(concept.label[rows], many)
  imagined = learner.creator.imagine(10**6 + np.arange(len(label)), label)
  made = forms.numbers(learner.creator.make(imagined).work).numpy()
  restarted, _ = strategy(judge, known, label, asked.evaluations, asked.seed + 1)
  print(f'\n{asked.diverse} briefs, {many} forms each: those within {CLOSE:.0%} of the best\n')
  print('| way | good forms of a brief | mean distance of two, in spans |\n|---|---|---|')
  seen = {'imagination, hand': made, 'evolution strategy': restarted}
  judged = {name: judge(numbers, label) for name, numbers in seen.items()}
  ratio = {name: np.where(j.feasible, j.ratio, 0).reshape(-1, many) for name, j in judged.items()}
  most = np.maximum(*(part.max(1) for part in ratio.values()))
  for name, numbers in seen.items():
    good = ratio[name] >= (1 - CLOSE) * most[:, None]
    places = (numbers / forms.SPAN).reshape(-1, many, numbers.shape[1])
    apart = [
      np.sqrt(((x[:, None] - x[None]) ** 2).mean(2))[np.triu_indices(len(x), 1)].mean()
      for x in (place[which] for place, which in zip(places, good, strict=True))
      if len(x) > 1
    ]
    print(f'| {name} | {good.sum(1).mean():.1f} | {np.mean(apart) if apart else 0:.3f} |')


def outside(found, concept: works_lib.Works, judge: Judge, count: int) -> None:
  """Print what XFoil says of some of the forms, at the wanted lift."""
  rows = np.linspace(0, len(concept.label) - 1, count).astype(int)
  label = concept.label[rows]
  brief = [part.numpy() for part in brief_lib.of(tf.constant(label))]
  print(f'\n{count} briefs, by XFoil at the same lift; shares are medians\n')
  print('| way | converged | XFoil: lift over drag, of what the judge says | of the ES by XFoil |')
  print('|---|---|---|---|')
  ratios = {}
  for name in ('evolution strategy', 'its own airfoil', 'imagination', 'imagination, hand'):
    numbers = found[name][1][rows]
    said = judge(numbers, label).ratio
    ratios[name] = np.array(
      [xfoil.ratio(*one) for one in zip(numbers, brief[0], brief[1], strict=True)]
    )
    there = np.isfinite(ratios[name])
    both = there & np.isfinite(ratios['evolution strategy'])
    told = np.median(ratios[name][there] / said[there])
    share = np.median(ratios[name][both] / ratios['evolution strategy'][both])
    print(f'| {name} | {there.sum()} of {count} | {told:.1%} | {share:.1%} |', flush=True)


if __name__ == '__main__':
  main()
