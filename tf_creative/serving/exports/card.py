"""The model card: what was trained, on which data, how, and with which results."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf_creative.serving.exports import signatures

# Metrics of a run's last evaluation and what they mean, in the order of the card.
_NUMBERS = {
  'painted/frechet': "Frechet distance of the hand's works, made from imagined ones, to real works",
  'imagined/frechet': 'Frechet distance of the imagined works to real works',
  'training/frechet': 'Frechet distance of the training works to held-out real works',
  'painted/precision': "share of the hand's works that look like real works",
  'painted/coverage': "share of real works with a similar one among the hand's works",
  'painted/label_accuracy': "share of the hand's works that a classifier recognizes as asked for",
}
# The same for worlds without works.
_OF_EPISODES = {
  'held_out/return': 'average return of a held-out episode',
  'held_out/return_low': '95% interval, from',
  'held_out/return_high': '95% interval, to',
  'held_out/return_min': 'smallest return of these episodes',
  'random/return': 'average return of a random policy',
}
_WORKS = """\
A generative adversarial network imagines works, and a Q-learning agent makes them, step by step.\
"""
_SEEDS = """\
A seed stands for a work: in TensorFlow (Python, C API, Serving) equal seeds and labels give equal
works, whatever else is in the batch; conversions, such as to ONNX, need not. A label is an index
into the names above, from 0; -1 lets the seed choose. An output whose name ends in `_bytes` holds a
file.
"""
_JUDGED = 'Measured against held-out works, with a separate classifier'


def text(
  models: dict[str, signatures.Model],
  about: dict[str, Any],
  flags: str,
  numbers: dict[str, float],
  own: dict[str, str],
  plugins: dict[str, str],
) -> str:
  """Return Markdown with a YAML head.

  `own` names the world's own numbers with their titles; `plugins` are the distributions used, with
  their versions.
  """
  imagines = 'creator' in models
  words = _NUMBERS | own if imagines else _OF_EPISODES
  told = {name: numbers[name] for name in words if name in numbers}
  results = ''.join(f'\n  {name}: {value:.6g}' for name, value in told.items()) or ' {}'
  named = ', '.join(f'{name} {version}' for name, version in plugins.items())
  with_plugins = f'\nSome parts are plugins from: {named}.\n' if named else ''
  tags = ['generative-adversarial-network'] if imagines else []
  tags = ', '.join([*tags, 'reinforcement-learning', 'tensorflow-serving'])
  labels = f'\nlabels: {[str(label) for label in about["labels"]]}' if imagines else ''
  return f"""\
---
library_name: tf_creative
license: apache-2.0
tags: [{tags}]
world: '{about['world']}'{labels}
rounds: {about['round']}
metrics:{results}
---

# A creative learner

{_WORKS if imagines else 'A Q-learning agent acts in an environment of Gymnasium.'}
Trained with tf_creative for {about['round']} rounds on `{about['world']}`.

## Models

{_SEEDS if imagines else ''}
{_signatures(models)}

## How good it is

{_JUDGED if imagines else 'Judged by greedy episodes'} (`python -m tf_creative.evaluate`).

{_measured(told, words)}

## Limits

The models reflect only their training data, with its biases and its rights. The licence above is
the program's; whether it may apply to the models depends on the data.

## Recipe

```
{flags.strip()}
```
{with_plugins}"""


def _measured(told: dict[str, float], words: dict[str, str]) -> str:
  rows = ''.join(f'\n| {words[name]} | {value:.4g} |' for name, value in told.items())
  return f'| what | value |\n|---|---|{rows}' if rows else 'This run was not evaluated.'


def _signatures(models: dict[str, signatures.Model]) -> str:
  rows = ['| model | signature | inputs | outputs |', '|---|---|---|---|']
  for name, model in models.items():
    for signature, function in model.functions.items():
      given, named = function.structured_input_signature
      inputs = {spec.name: spec for spec in (*given, *named.values())}
      outputs = function.structured_outputs
      rows.append(f'| `{name}` | `{signature}` | {_listed(inputs)} | {_listed(outputs)} |')
  return '\n'.join(rows)


def _listed(tensors: dict[str, tf.TensorSpec | tf.Tensor]) -> str:
  return ', '.join(
    f'`{name}` {part.dtype.name} [{", ".join(["B", *map(str, part.shape[1:])])}]'
    for name, part in sorted(tensors.items())
  )
