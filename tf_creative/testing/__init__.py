"""Checks the contracts of your own worlds, couplings and data sets; for use in your tests.

  from tf_creative import testing

  def test_my_world():
    testing.check_world(MyWorld(size=4))

Each check raises an AssertionError that names the broken rule: a function below or in
`core.promises`.
"""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
import functools
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_creative import couplings
from tf_creative.agent import config as agent_config
from tf_creative.core import batch as batch_lib
from tf_creative.core import coupling as coupling_lib
from tf_creative.core import promises, spec
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.core.promises import case as case_lib
from tf_creative.gan import config as gan_config
from tf_creative.learner import config as config_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.worlds import images
from tf_creative.worlds import options as world_options

SMALL = config_lib.Config(  # a learner that is built and trained within seconds
  run=config_lib.RunConfig(couplings='', rounds_per_call=2),
  gan=gan_config.GanConfig(width=8, batch_size=8, latent_size=4, decay_steps=0),
  agent=agent_config.AgentConfig(
    width=8, batch_size=8, environments=4, replay_capacity=400, warmup=40
  ),
)
_COUNT = 6  # works in a concept


def check_world(world: world_lib.World) -> None:
  """Check each part that a world has by its rules."""
  _ask(f"the world '{world.name}'", (formats_are_told,), world)
  case = case_lib.Case(world)
  for parts, rules in promises.RULES:
    if all(getattr(world, part) is not None for part in parts):
      _ask(f"the world '{world.name}'", rules, case)


def check_coupling(coupling: str | type, config: config_lib.Config = SMALL, **options: Any) -> None:
  """Check a coupling, given by name or class, as the only one in a learner of `config`."""
  cls = couplings.COUPLINGS.load(coupling) if isinstance(coupling, str) else coupling
  name = coupling if isinstance(coupling, str) else cls.__name__
  _ask(f"the coupling '{name}'", (options_have_defaults, needs_are_parts_of_worlds), cls)
  given = spec.configure(cls.Options, options, f"coupling '{name}'")
  part = spec.Spec(name, {}, {'': 0}, '', '')
  learner = learner_lib.Learner(config, [learner_lib.Chosen(part, cls, given)])
  rules = hooks_are_there, concepts_are_works, batches_keep_their_form
  rules += rewards_reach_every_action, losses_are_finite, hooks_run_in_a_graph
  _ask(
    f"the coupling '{name}'", rules, _Coupled(learner.coupling.each[0], learner.loop.built, config)
  )


def check_data(name: str) -> None:
  """Check a data set by name; it is made or downloaded if it is not on disk."""
  builder = images.prepared(name)
  rules = splits_have_works, labels_are_named
  _ask(f"the data set '{name}'", rules, _Data(builder, images.label_names(name)))


class _Coupled(NamedTuple):
  """A coupling with the parts that it couples."""

  coupling: coupling_lib.Coupling
  parts: coupling_lib.Parts
  config: config_lib.Config

  def concept(self) -> works_lib.Works:
    return works_lib.draw(self.parts.real, _COUNT, tf.constant([0, 1]))


class _Data(NamedTuple):
  builder: Any
  label_names: list[str]


def _ask(whose: str, rules: tuple[Callable, ...], what: Any) -> None:
  """Raise an AssertionError that names the first broken rule; any exception counts as broken."""
  for rule in rules:
    try:
      rule(what)
    except Exception as error:
      said = str(error).strip() or type(error).__name__
      raise AssertionError(f"{whose} breaks the rule '{rule.__name__}': {said}") from error


def formats_are_told(world: world_lib.World) -> None:
  """Check that the options of one of our worlds name its own file formats, for `--help`."""
  told = world_options.OPTIONS.get(world.name)
  if told and world.media:
    own = set(world.media.files)
    case_lib.hold(
      own == {*told.formats}, f'formats = {told.formats} in worlds/options.py are not {sorted(own)}'
    )


def options_have_defaults(cls: type) -> None:
  case_lib.hold(dataclasses.is_dataclass(cls.Options), 'Options is no dataclass')
  cls.Options()


def needs_are_parts_of_worlds(cls: type) -> None:
  unknown = {*cls.needs} - ({*world_lib.World.__annotations__} - {'name'})
  case_lib.hold(not unknown, f'no world has a part {sorted(unknown)}')


def hooks_are_there(case: _Coupled) -> None:
  for hook in ('concept', 'experience', 'reward', 'generator_loss', 'metrics'):
    case_lib.hold(callable(getattr(case.coupling, hook, None)), f"there is no hook '{hook}'")
  case_lib.hold(isinstance(case.coupling, tf.Module), 'it is no tf.Module: nothing of it is saved')


def concepts_are_works(case: _Coupled) -> None:
  given, works = case.concept(), case.parts.world.works
  made = case.coupling.concept(given)
  labels = works_lib.Bounded((), tf.int32, 0, len(works.label_names) - 1)
  case_lib.within(made.work, works.work_spec, 'a work', _COUNT)
  case_lib.within(made.label, labels, 'a label', _COUNT)


def batches_keep_their_form(case: _Coupled) -> None:
  hand = case.parts.agent
  case.parts.episodes.refresh(case.coupling.concept(case.concept()))
  for _ in range(case.config.agent.n_step + 2):
    hand.collect()
  given = hand.sample()
  batch = given
  for hook in (case.coupling.experience, case.coupling.reward):
    batch = hook(batch)
    tf.nest.assert_same_structure(batch, given)
    for part, before in zip(tf.nest.flatten(batch), tf.nest.flatten(given), strict=True):
      same = (part.dtype, part.shape) == (before.dtype, before.shape)
      case_lib.hold(
        same, f'{before.dtype.name} {before.shape} became {part.dtype.name} {part.shape}'
      )
  case_lib.floats(batch.reward, given.reward.shape, 'the reward')


def rewards_reach_every_action(case: _Coupled) -> None:
  """Check that a hand that learns from `action_rewards`, not from `reward`, is rewarded, too."""
  world, given = case.parts.world, case.parts.agent.sample()
  if not world.making:
    return  # then no hand is told the reward of every action
  actions = world.play.action_spec.maximum + 1
  given = given._replace(action_rewards=tf.zeros([*given.reward.shape, actions]))
  batch = case.coupling.reward(given)
  case_lib.floats(batch.action_rewards, given.action_rewards.shape, 'the reward of every action')
  if np.any(batch.reward != given.reward):
    case_lib.hold(
      np.any(batch.action_rewards), '`reward` changes and `action_rewards` does not: see batch.plus'
    )


def losses_are_finite(case: _Coupled) -> None:
  concept = case.concept()
  values = case.parts.world.works.to_values(concept.work)
  with tf.GradientTape() as tape:
    tape.watch(values)
    loss = case.coupling.generator_loss(values, concept.label, tf.ones_like(values))
  case_lib.floats(loss, (), 'the loss')
  gradient = tape.gradient(loss, values, unconnected_gradients='zero')  # pyright: ignore[reportCallIssue]
  case_lib.floats(gradient, values.shape, 'its gradient')


def hooks_run_in_a_graph(case: _Coupled) -> None:
  """Call the hooks in a graph, which may not create variables; all metrics are finite."""
  coupling, to_values = case.coupling, case.parts.world.works.to_values

  @functools.partial(tf.function, autograph=False)
  def once(batch: batch_lib.Batch, given: works_lib.Works) -> dict[str, tf.Tensor]:
    concept = coupling.concept(given)
    coupling.reward(coupling.experience(batch))
    values = to_values(concept.work)
    return coupling.metrics() | {
      'loss': coupling.generator_loss(values, concept.label, tf.ones_like(values))
    }

  for _ in range(2):
    for name, number in once(case.parts.agent.sample(), case.concept()).items():
      case_lib.floats(number, (), f"'{name}'")


def splits_have_works(data: _Data) -> None:
  splits = data.builder.info.splits
  for name, split in splits.items():
    case_lib.hold(split.num_examples, f"the split '{name}' is empty")
  features = {*data.builder.info.features} - {'label'}
  case_lib.hold(features, 'there is nothing but labels')


def labels_are_named(data: _Data) -> None:
  """Check that labels index the names, or are -1 for none."""
  if 'label' not in data.builder.info.features:
    return
  case_lib.hold(data.label_names != [''], "'label' has no names: make it a ClassLabel")
  case_lib.hold(len({*data.label_names}) == len(data.label_names), 'two labels have one name')
  for split in data.builder.info.splits:
    rows = data.builder.as_dataset(split=split).map(lambda row: row['label'])
    labels = np.array(list(rows.as_numpy_iterator()))
    right = labels.min() >= -1 and labels.max() < len(data.label_names)
    case_lib.hold(right, f"'{split}' has labels from {labels.min()} to {labels.max()}")
