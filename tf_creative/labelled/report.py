"""Writes report.md: what imagined examples are worth for one labelled set, and how to use them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from tf_creative.labelled import making, outcome, privacy, scores
from tf_creative.labelled.making import Made
from tf_creative.labelled.outcome import Outcome
from tf_creative.labelled.reading.sets import Labelled

NAME = 'report.md'
_SHOWN = 5  # works of a table

_KERAS = """\
import keras
import numpy as np

load = lambda folder: keras.utils.image_dataset_from_directory(
  folder, image_size=({side}, {side}), color_mode='{mode}', batch_size=None, label_mode='int')
real, made = (list(load(folder).as_numpy_iterator()) for folder in ('REAL', '{out}'))
weight = [1.0] * len(real) + [{share:g} * len(real) / len(made)] * len(made)
x, y = map(np.stack, zip(*real, *made))
model = keras.Sequential([keras.layers.Rescaling(1 / 255), keras.layers.Conv2D(32, 5, 2, 'same',
  activation='relu'), keras.layers.Flatten(), keras.layers.Dense({classes}, 'softmax')])
model.compile('adam', 'sparse_categorical_crossentropy', weighted_metrics=['accuracy'])
model.fit(x, y, sample_weight=np.array(weight), epochs=50)"""
_SKLEARN = """\
import numpy as np
import sklearn.ensemble, sklearn.preprocessing

read = lambda path: np.genfromtxt(path, delimiter=',', skip_header=1, dtype=str)
real, made = read('REAL.csv'), read('{out}/{table}')  # of the same columns, labels last
both = np.concatenate([real, made])
{encode}weight = np.r_[np.ones(len(real)), np.full(len(made), {share:g} * len(real) / len(made))]
model = sklearn.ensemble.HistGradientBoostingClassifier(min_samples_leaf=5)
model.fit(both[:, :-1].astype(float), both[:, -1], sample_weight=weight)"""


def verdict(done: Outcome, made: Made) -> str:
  """Return the first line: whether the works are of use, in a sentence with its numbers."""
  best = max(done.rivals, key=lambda name: done.score(name).mean)
  gain = done.gain(best)
  measured = (
    f'{_points(gain)} in balanced accuracy over {outcome.TITLES[best]}, with {done.count} labels a '
    f'class in {len(done.trials)} splits'
  )
  if not done.gained:
    return f'**Do not use these.** They gain nothing that is sure: {measured}.'
  if not made.share:
    return (
      f'**Do not use these.** In splits there was a gain ({measured}), but with all labels the '
      'validation found none.'
    )
  return f'**These are of use**: {measured}.'


def advice(done: Outcome) -> str:
  """Say what pseudo-labels gain over real labels; empty where that is not sure."""
  rivals = [name for name in done.names() if name in outcome.REAL]
  gains = [done.gain(name, 'pseudo') for name in rivals if 'pseudo' in done.names()]
  if not gains or min(gain.low for gain in gains) <= 0:
    return ''
  least = _points(min(gains))
  return f'Pseudo-labels of unlabelled examples gain {least}: ' + (
    'use those.' if done.unlabelled else 'if you have such pictures, name them by --unlabelled.'
  )


def page(
  data: str, found: Labelled, done: Outcome, made: Made, remarks: Sequence[str], out: str
) -> str:
  """Return the report as Markdown."""
  return '\n'.join(
    [
      verdict(done, made),
      *filter(None, [advice(done)]),
      '',
      f'# Imagined examples for {data}',
      '',
      *(f'- {line}' for line in remarks),
      '',
      *_gains(done),
      *_made(found, made),
      *_privacy(found, done, made),
      *_use(found, made, out),
    ]
  )


def gains(done: Outcome) -> tuple[list[str], list[list[str]]]:
  """Return the table of all ways to use the labels."""
  head = ['', 'balanced accuracy', 'gain of the choice over it', 'worth labels a class', 'used in']
  rows = []
  for name in done.names():
    score = done.score(name)
    used = [one.shares.get(name, 0) > 0 for one in done.trials]
    rows.append(
      [
        outcome.TITLES[name],
        f'{score.mean:.1%}',
        '' if name == 'hand' else _points(done.gain(name)),
        _labels(done.labels(name), done.count),
        '' if name in ('nothing', 'classical') else f'{sum(used)} of {len(used)}',
      ]
    )
  return head, rows


def _gains(done: Outcome) -> list[str]:
  recipes = sorted({str(one.recipe) for one in done.trials})
  curve = sorted(set.intersection(*(set(one.curve) for one in done.trials)))
  told = ', '.join(
    f'{size} labels {np.mean([one.curve[size] for one in done.trials]):.1%}' for size in curve
  )
  return [
    '## What they are worth',
    '',
    *_table(*gains(done)),
    '',
    f'Paired over {len(done.trials)} splits by group, 95% intervals (bootstrap over splits, '
    'widened for few splits; their tests overlap, so they are rather too narrow). *Used in*: '
    'splits in which the validation, within the n labels, gave them a weight above 0; what the '
    'hand chose is validated on examples that did not reward it. Hand, critic and chance choose '
    'as many of each class.',
    '',
    f'By real labels a class, all else equal: {told}. Tuned classifiers: {"; ".join(recipes)}.',
    '',
  ]


def _made(found: Labelled, made: Made) -> list[str]:
  counts = np.bincount(made.labels, minlength=found.classes)
  told = ', '.join(f'{name} {count}' for name, count in zip(found.label_names, counts, strict=True))
  lines = [
    '## What was made',
    '',
    f'The hand took {len(made.labels):,} of {made.offered:,}: {told}.',
  ]
  if found.kind == 'pictures' and len(made.labels):
    lines += ['', 'At the right of each the nearest real picture; a row for each class:', '',
              f'![Imagined, each beside its nearest real picture]({making.GALLERY})']  # fmt: skip
  elif len(made.labels):
    near = privacy.nearest(made.values[:_SHOWN], found.values, found.columns)[1]
    rows = []
    for place, row in enumerate(near):
      for what, values, label in (
        ('imagined', made.values[place], made.labels[place]),
        ('nearest', found.values[row], found.labels[row]),
      ):
        cells = [
          column.words[int(value)] if column.words and value == value else f'{value:.4g}'
          for column, value in zip(found.columns[:6], values, strict=False)
        ]
        rows.append([what, *cells, found.label_names[label]])
    lines += ['', *_table(['', *(column.name for column in found.columns[:6]), 'label'], rows)]
  return [*lines, '']


def _privacy(found: Labelled, done: Outcome, made: Made) -> list[str]:
  lines = ['## Privacy', '']
  if len(made.labels):
    near = privacy.copies(made.values, found.values, found.columns)
    unit = 'of the range' if found.kind == 'pictures' else 'of a standard deviation'
    lines += [
      f'Copies of real examples (within .01 {unit}, root mean square): {near.copies:.1%}; near '
      f'copies (.05): {near.near_copies:.1%}. The nearest is {near.least:.3f} away; a real example '
      f'is {near.of_real:.3f} from the nearest other one (median).',
      '',
    ]
  found_by = scores.interval([one.advantage.found for one in done.trials])
  chance = np.mean([one.advantage.chance for one in done.trials])
  return [
    *lines,
    f'Membership advantage: {found_by.mean:.2f} ({found_by.low:.2f} to {found_by.high:.2f}); with '
    f'shuffled sides {chance:.2f}. So well does the distance of the nearest work tell whether an '
    'example was learnt from: 0 not at all, 1 always. This is one simple attack, no guarantee: who '
    'may not see the real examples should not see these, unless somebody answers for it.',
    '',
  ]


def _use(found: Labelled, made: Made, out: str) -> list[str]:
  if not made.share:
    return ['## Use', '', 'None: the weight that was found best is 0.', '']
  text = _KERAS if found.kind == 'pictures' else _SKLEARN
  code = text.format(
    side=found.values.shape[1], mode='rgb' if found.values.shape[-1] == 3 else 'grayscale', out=out,
    share=made.share, classes=found.classes, table=making.TABLE, encode=_encode(found),
  )  # fmt: skip
  return [
    '## Use',
    '',
    f'Learn from both, all imagined ones together with {made.share:g} of the weight of the real '
    'ones. Never test on imagined ones; keep your tests apart by group.',
    '',
    '```python',
    code,
    '```',
    '',
  ]


def _encode(found: Labelled) -> str:
  """Return the line that turns the words of a table into numbers, if it has any."""
  places = [place for place, column in enumerate(found.columns) if column.words]
  if not places:
    return ''
  return (
    f'both[:, {places}] = sklearn.preprocessing.OrdinalEncoder().fit_transform(both[:, {places}])\n'
  )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
  lines = [head, ['---'] * len(head), *rows]
  return [f'| {" | ".join(cells)} |' for cells in lines]


def _points(gain: scores.Interval) -> str:
  return f'{100 * gain.mean:+.1f} points ({100 * gain.low:+.1f} to {100 * gain.high:+.1f})'


def _labels(equal: scores.Labels, count: int) -> str:
  sign = '' if not equal.beyond else '>= ' if equal.count > count else '<= '
  return f'{sign}{equal.count:.1f} ({equal.count - count:+.1f})'
