"""Exports a learner as versions of models, which a running TensorFlow Serving picks up."""

from __future__ import annotations

import contextlib
import pathlib
from typing import Any

import numpy as np
import tensorflow as tf

from tf_creative.cli import flags as flags_lib
from tf_creative.core import plugins, spec, storage
from tf_creative.learner import batches
from tf_creative.learner import config as config_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.serving.exports import card, configs, lite, signatures, verify, versions, warmup
from tf_creative.serving.exports import models as models_lib
from tf_creative.studio import formats

WHAT = {
  'creator': 'seed and label -> a work, imagined and made by the hand; or a given picture, made',
  'generator': 'seed (or latent code) and label -> the imagined work',
  'critic': 'work and, optionally, label -> how real the work looks',
  'agent': 'observation of an unfinished work -> the next action',
}
_EXAMPLES = (1, 17)  # batch sizes of the examples
_LITERT_EQUAL = 0.99  # smallest share of cells that must equal the SavedModel's


def publish(
  learner: learner_lib.Learner,
  config: config_lib.Config,
  exports: pathlib.Path,
  keep: int,
  numbers: dict[str, float],
  litert: bool = False,
) -> dict[str, pathlib.Path]:
  """Build, check and publish a version of each model; return their folders by name.

  The model card shows `numbers`, the run's metrics. With `litert`, the generator's version also
  holds a LiteRT file for small devices.
  """
  if litert:
    learner.world.need('works', by='--litert')
  about = _about(learner, config)
  models = _models(learner, about)
  full = storage.kept(exports, 'Nothing is published. Make room, or choose another --export_dir.')
  with full, versions.staging(exports, list(models)) as stage:
    given = _inputs(learner)
    for name, model in models.items():
      model.save(stage.paths[name])
      warmup.write(stage.paths[name], name, _examples(model, given[name]))
    if learner.creator:
      (stage.paths['creator'] / configs.ABOUT).write_text(configs.to_json(about))
    # Verified in another process, so that nothing of this one (Keras, TF-Agents) can help.
    faults = _add_litert(learner, stage.paths['generator']) if litert else []
    faults += verify.in_another_process(list(stage.paths.values()))
    if faults:
      raise spec.UserError(
        'nothing is published, because the exported models give wrong answers:\n  '
        + '\n  '.join(faults)
      )
    configs.write(exports, models)
    measures = learner.world.measures
    own = measures.titles() if measures else {}
    text = card.text(models, about, flags_lib.to_text(config), numbers, own, plugins.used())
    storage.write(exports / 'README.md', text)
    published = stage.publish()
    versions.prune(exports, list(models), keep)
  return published


def _add_litert(learner: learner_lib.Learner, version: pathlib.Path) -> list[str]:
  """Write the LiteRT file; return what is wrong with it."""
  world, gan, creator = learner.world, learner.gan, learner.creator
  seeds = np.arange(_EXAMPLES[-1])
  works, codes = creator.imagine(seeds), creator.latents(seeds)
  decode = lambda *code: world.works.to_works(gan.generate(*code))  # noqa: E731
  file = lite.convert(decode, codes.shape[1], len(world.works.label_names))
  (version / lite.FILE).write_bytes(file)
  # Its kernels round differently, so a pixel may get a neighbouring colour.
  equal = (lite.run(file, codes, works.label) == works.work).mean()
  return [] if equal > _LITERT_EQUAL else [f'{lite.FILE}: only {equal:.1%} of its works are right']


def _models(learner: learner_lib.Learner, about: dict[str, Any]) -> dict[str, signatures.Model]:
  """Return all models of a learner, or only the hand's in worlds without works."""
  world, creator = learner.world, learner.creator
  if not creator:
    return {'agent': signatures.hand(world, batches.in_batches(learner.agent.values))}
  return models_lib.models(
    models_lib.Learnt(world, creator, learner.gan.code_size, about['zoom']), about
  )


def _about(learner: learner_lib.Learner, config: config_lib.Config) -> dict[str, Any]:
  """Return what a client needs to know of the run, as JSON."""
  world, creator = learner.world, learner.creator
  known = {'world': config.run.world, 'round': int(learner.loop.round)}
  if not creator:
    return known
  legend = {name: np.asarray(part).tolist() for name, part in world.media.legend().items()}
  return {
    **known,
    'labels': world.works.label_names,
    'known_labels': creator.known_labels.tolist(),
    'horizon': world.rules.horizon,
    'shape': list(world.works.work_spec.shape),
    'zoom': formats.zoom(world.media.render(learner.real.work[:1])),
    **legend,
  }


def _inputs(learner: learner_lib.Learner) -> dict[str, list[tuple[str, dict[str, Any]]]]:
  """Return example inputs: model -> [(signature, inputs)]."""
  found = {name: [] for name in WHAT}
  for count in _EXAMPLES:
    seed = np.arange(count, dtype=np.int64)
    warm = {'temperature': np.full(count, 0.1, np.float32), 'seed': seed}
    if not learner.creator:
      with contextlib.closing(learner.world.simulator.vector(count)) as envs:
        seen, _ = envs.reset(seed=0)
      found['agent'] += [('serving_default', seen), ('sample', {**warm, **seen})]
      continue
    works = learner.creator.imagine(seed)
    drawn = {'seed': seed, 'label': np.full(count, -1, np.int32)}
    code = {'z': learner.creator.latents(seed), 'label': works.label}
    state = learner.world.rules.start(
      tf.nest.map_structure(tf.constant, works), tf.zeros([2], tf.int32)
    )
    seen = {name: part.numpy() for name, part in learner.world.rules.observe(state).items()}
    found['creator'] += [('serving_default', drawn), ('about', {'seed': seed})]
    # These are for hands that are shown targets.
    some = np.asarray(works.work)[:2]  # for a search takes its time
    given = {
      'target': some,
      'given': np.ones(some.shape, bool),
      'label': np.asarray(works.label)[:2],
    }
    moved = {'seed': seed, 'strength': np.full(count, 0.3, np.float32)}
    found['creator'] += [('paint', {'target': works.work})]
    found['creator'] += [('near', given), ('vary', {**code, **moved})]
    found['generator'] += [('serving_default', drawn), ('decode', code)]
    judged = {'work': works.work}
    found['critic'] += [('serving_default', judged), ('as_label', {**judged, 'label': works.label})]
    found['agent'] += [('serving_default', seen), ('sample', {**warm, **seen})]
  return found


def _examples(
  model: signatures.Model, given: list[tuple[str, dict[str, np.ndarray]]]
) -> list[warmup.Example]:
  examples = []
  for signature, inputs in given:
    if signature not in model.functions:
      continue
    outputs = model.functions[signature](**tf.nest.map_structure(tf.constant, inputs))
    answer = {name: value.numpy() for name, value in outputs.items()}
    examples.append(warmup.Example(signature, inputs, answer))
  return examples
