"""Rules for the parts of a world that are about works: works, media, measures."""

from __future__ import annotations

import json
import pathlib
import tempfile
import xml.etree.ElementTree

import numpy as np
import tensorflow as tf

from tf_creative.core import spec
from tf_creative.core.promises.case import COUNT, STEPS, Case, floats, hold, same, within
from tf_creative.core.works import Bounded


def works_are_in_their_spec(case: Case) -> None:
  works, names = case.world.works, case.world.works.label_names
  labels = Bounded((), tf.int32, 0, len(names) - 1)
  within(case.concept.work, works.work_spec, 'a real work')
  within(case.concept.label, labels, 'a label')
  within(case.chance(), works.work_spec, 'a work of chance')
  again = next(iter(works.real('train').batch(COUNT)))
  same(again.work, case.concept.work, 'real works come in another order')


def values_are_works(case: Case) -> None:
  """Check that `to_works` is the inverse of `to_values`."""
  works = case.world.works
  for some in (case.concept.work, case.chance()):
    values = works.to_values(some)
    floats(values, (COUNT, *works.value_shape), 'values')
    same(works.to_works(values), some, 'a work is another after it was values')


def legal_values_are_works_and_pass_gradients(case: Case) -> None:
  works = case.world.works
  raw = 3 * tf.random.stateless_normal([COUNT, *works.raw_shape], case.seed)
  # Random weights: the plain sum of e.g. a softmax is constant, and would have no gradient.
  weigh = tf.random.stateless_normal([COUNT, *works.value_shape], case.seed + 1)
  with tf.GradientTape() as tape:
    tape.watch(raw)
    values = works.legal(raw)
    total = tf.reduce_sum(values * weigh)
  floats(values, (COUNT, *works.value_shape), 'legal values')
  expected = works.to_values(works.to_works(values))
  same(values, expected, 'what is called legal is not the values of a work', 1e-5)
  gradient = tape.gradient(total, raw)
  hold(gradient is not None, 'no gradient leads back to what was projected')
  floats(gradient, raw.shape, 'the gradient')
  hold(np.any(gradient), 'the gradient is 0 everywhere')  # pyright: ignore[reportCallIssue]


def gaps_are_filled_around_what_is_given(case: Case) -> None:
  work = case.concept.work[0].numpy()
  given = np.random.default_rng(0).random(work.shape) < 0.5
  filled = np.asarray(case.world.works.filled(work, given, case.concept.work.numpy()))
  hold(filled.shape == case.concept.work.shape, f'of {case.concept.work.shape} came {filled.shape}')
  hold((filled[:, given] == work[given]).all(), 'what was given is something else')


def pictures_are_rgb(case: Case) -> None:
  for works in (case.concept.work, case.played()):
    shown = np.asarray(case.world.media.render(works))
    hold(shown.dtype == np.uint8, f'they are {shown.dtype}, not uint8')
    right = shown.ndim == 4 and len(shown) == COUNT and shown.shape[3] in (3, 4)
    hold(right, f'they are {shown.shape}')


def files_are_strings(case: Case) -> None:
  encode = tf.function(lambda works: case.world.media.encode(works, 2), autograph=False)
  made = encode(case.played())
  hold(any(name.endswith('_bytes') for name in made), f'there is no file among {sorted(made)}')
  for name, part in made.items():
    right = (part.dtype == tf.string) == name.endswith('_bytes') and part.shape == (COUNT,)
    hold(right, f"'{name}' is {part.dtype.name} {part.shape}")


def files_are_read_as_they_were_written(case: Case) -> None:
  """Check that a written file is read back as the same work, or refused by a UserError."""
  media, work = case.world.media, case.concept.work.numpy()
  encoded = {
    name[:-6]: x[0].numpy() for name, x in media.encode(work, 4).items() if '_bytes' in name
  }
  written = encoded | {ending: make(work[0]) for ending, make in media.files.items()}
  with tempfile.TemporaryDirectory() as folder:
    for ending, content in written.items():
      hold(isinstance(content, bytes) and content, f'a .{ending} file has no bytes')
      path = pathlib.Path(folder, f'work.{ending}')
      path.write_bytes(content)
      try:
        read, given = media.read(path)
      except spec.UserError:
        continue
      within(read[None], case.world.works.work_spec, f'what a .{ending} file holds', 1)
      hold(given.dtype == bool and given.shape == read.shape, 'what is given is not bool')
      hold((read == work[0])[given].all(), f'a .{ending} file is read as another work')
      picture, shown = media.portrait(path, given)
      hold(picture.mode == 'RGBA', f'a portrait is {picture.mode}, not RGBA')
      hold(shown.ndim == 2, f'the mask of a portrait is {shown.shape}, not [h, w] as a picture')


def strokes_spell_actions(case: Case) -> None:
  strokes = tf.function(case.world.media.strokes, autograph=False)
  actions = tf.stack([move.action for move in case.moves], 1)
  spelt = strokes(tf.concat([actions, -tf.ones_like(actions)], 1))
  hold(
    spelt.shape[:2] == (COUNT, 2 * STEPS) and spelt.shape.rank == 3,
    f'they are {spelt.shape}',
  )
  hold(spelt.dtype.is_integer, f'they are {spelt.dtype.name}')
  hold(np.all(spelt[:, STEPS:] == -1), 'what was not done, -1, does not stay -1')


def drawings_are_svg(case: Case) -> None:
  actions = np.array([int(move.action[0]) for move in case.moves[:4]])
  begun = case.world.rules.work(case.start)[0].numpy()
  tree = xml.etree.ElementTree.fromstring(case.world.media.drawing(begun, actions, 4))
  hold(tree.tag.endswith('svg'), f'it is <{tree.tag}>')


def legends_are_json(case: Case) -> None:
  legend = case.world.media.legend()
  json.dumps({name: np.asarray(part).tolist() for name, part in legend.items()})


def scores_are_measured(case: Case) -> None:
  measures, goal = case.world.measures, case.concept.work
  for works in (goal, case.played()):
    numbers = measures.metrics(works, goal)
    hold(list(numbers) == list(measures.scores), f'{list(numbers)} are not {list(measures.scores)}')
    for name, part in numbers.items():
      hold(np.shape(part) == (COUNT,) and np.isfinite(part).all(), f"'{name}' is {part}")
      format(float(np.mean(part)), measures.scores[name].form)


def traits_are_described(case: Case) -> None:
  measures = case.world.measures
  numbers = measures.describe(case.played().numpy())
  hold(numbers.keys() >= measures.traits.keys(), f'{list(numbers)} lack {list(measures.traits)}')
  for name, part in numbers.items():
    hold(np.shape(part)[0] == COUNT and np.isfinite(part).all(), f"'{name}' is {part}")
    if np.ndim(part) == 2:
      np.testing.assert_allclose(np.sum(part, 1), 1, atol=1e-4, err_msg=f"'{name}' are no shares")


def splits_have_works(case: Case) -> None:
  measures, works = case.world.measures, case.world.works
  hold('train' not in measures.splits, 'it is judged by what it was trained on')
  for split in measures.splits:
    rows = next(iter(works.real(split).batch(COUNT)), None)
    hold(rows is not None, f"'{split}' is empty")
    within(rows.work, works.work_spec, f"a work of '{split}'", len(rows.work))  # pyright: ignore[reportOptionalMemberAccess]


def models_draw_works(case: Case) -> None:
  labels = case.concept.label.numpy()
  for name, works in case.world.measures.models(labels, 0).items():
    within(works.work, case.world.works.work_spec, f"a work of the '{name}'")
    same(works.label, labels, f"the '{name}' has drawn other labels")
