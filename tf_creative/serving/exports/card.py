"""The model card: what was trained on what, how, and what came of it."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf_creative.serving.exports import signatures

_NUMBERS = {  # of a run's last look, in the order in which they are told
  'painted/frechet': 'Frechet distance of what the hand makes of imagined works to real ones',
  'imagined/frechet': 'the same of the imagined works themselves',
  'training/frechet': 'the same of the works that were trained on',
  'painted/precision': 'share of what the hand makes that looks like real works',
  'painted/coverage': 'share of real works that have one like them among it',
  'painted/label_accuracy': 'share of it that a classifier takes for what was asked for',
}
_OF_EPISODES = {  # of a hand that makes nothing
  'held_out/return': 'return of an episode that nothing was chosen by, on average',
  'held_out/return_low': '95% interval, from',
  'held_out/return_high': '95% interval, to',
  'held_out/return_min': 'the smallest of these returns',
  'random/return': 'average return of a random policy',
}
_WORKS = """\
A generative adversarial network imagines works, and a Q-learning agent makes them, step by step.\
"""
_SEEDS = """\
A seed stands for a work: the same seed and label give the same work, in any company. A label counts
the names above from 0, and -1 lets the seed choose. A name that ends in `_bytes` holds a file.
"""
_JUDGED = 'Judged by held-out works and a classifier of its own'


def text(
  models: dict[str, signatures.Model],
  about: dict[str, Any],
  flags: str,
  numbers: dict[str, float],
  own: dict[str, str],
  plugins: dict[str, str],
) -> str:
  """Writes Markdown with a YAML head.

  `own` names the world's own numbers with their titles; `plugins` are the distributions used, with
  their versions.
  """
  imagines = 'creator' in models
  words = _NUMBERS | own if imagines else _OF_EPISODES
  told = {name: numbers[name] for name in words if name in numbers}
  results = ''.join(f'\n  {name}: {value:.6g}' for name, value in told.items()) or ' {}'
  named = ', '.join(f'{name} {version}' for name, version in plugins.items())
  with_plugins = f'\nParts of it are plugins, of {named}.\n' if named else ''
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

It knows nothing but what it was trained on, whose rights and biases are those of its works, too.
The licence above is that of the program; whether it may be that of the models, the data decides.

## Recipe

```
{flags.strip()}
```
{with_plugins}"""


def _measured(told: dict[str, float], words: dict[str, str]) -> str:
  rows = ''.join(f'\n| {words[name]} | {value:.4g} |' for name, value in told.items())
  return f'| what | value |\n|---|---|{rows}' if rows else 'This run was not looked at.'


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
