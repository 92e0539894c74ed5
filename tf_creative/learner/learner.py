"""Builds a learner from its config: its parts, their couplings, and the training loop."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_creative import couplings, worlds
from tf_creative.agent import build as build_lib
from tf_creative.core import coupling as coupling_lib
from tf_creative.core import imagination as imagination_lib
from tf_creative.core import spec
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.couplings import base
from tf_creative.gan import gan as gan_lib
from tf_creative.learner import config as config_lib
from tf_creative.learner import creator as creator_lib
from tf_creative.learner import foresight as foresight_lib
from tf_creative.learner import loop as loop_lib

_HIDDEN = 'data of the server'  # a name that no data set has


class Chosen(NamedTuple):
  """A coupling that a run is to have."""

  part: spec.Spec  # where it was named, for errors to point at
  coupling: type[base.Coupling]
  options: Any  # an instance of its Options


class Learner(tf.Module):
  """Owns all that a checkpoint holds, and nothing else.

  In worlds without works, `real`, `gan` and `creator` are None.
  """

  real: works_lib.Works | Any
  gan: gan_lib.Gan | Any
  creator: creator_lib.Creator | Any

  def __init__(
    self, config: config_lib.Config, chosen: Sequence[Chosen] | None = None, kept: Any = None
  ):
    """Build all parts; `chosen` replaces the couplings that the config names.

    `kept` is what the run has kept of its world, if it is not new.
    """
    super().__init__(name='learner')
    self.world = build_world(config.run.world, kept)
    self.config = config = _fitting(config, self.world)
    seed = config.run.seed
    chosen = read_couplings(config.run.couplings) if chosen is None else chosen
    check_couplings(self.world, config, chosen)
    works = self.world.works
    self.real = self.works('train') if works else None
    self.agent = build_lib.hand(config.run.agent, self.world, config.agent, seed)
    self.gan = self.creator = real = None
    if works:
      self.gan = gan_lib.Gan(config.gan, imagination_lib.Subject.of(works), seed)
      real = tf.nest.map_structure(tf.constant, self.real)
    self.foresight = None
    if config.run.gan == 'transitions':
      self.world.need('simulator', by='--gan=transitions')
      self.foresight = foresight_lib.Foresight(self.world, self.agent, config.gan, seed)
    parts = coupling_lib.Parts(
      self.world, self.gan, self.agent, self.agent.episodes, real, self.foresight
    )
    self.coupling = base.Chain([_build_coupling(one, parts, seed) for one in chosen])
    self.loop = loop_lib.Loop(parts, self.coupling, config)
    if works:
      self.creator = creator_lib.Creator(parts, self.real.label)

  @property
  def imagination(self) -> Any:
    """What learns to imagine, works or transitions; None if nothing does."""
    return self.foresight.model if self.foresight else self.gan

  def broken(self) -> str:
    """Return the name of weights that are no numbers, with which nothing can be made; or ''."""
    gan = self.imagination
    named = {**gan.weights(), 'gan': gan.variables} if gan else {}  # `weights` leaves out averages
    for name, values in (named | self.agent.weights()).items():
      if not all(map(_finite, tf.nest.flatten(values))):
        return name
    return ''

  def works(self, split: str) -> works_lib.Works:
    """Load all real works of a split as arrays."""
    works = works_lib.whole(self.world.works.real(split))
    return tf.nest.map_structure(lambda part: part.numpy(), works)


def _finite(value: tf.Tensor | tf.Variable) -> bool:
  return not value.dtype.is_floating or bool(np.isfinite(value).all())


def build_world(text: str, kept: Any = None) -> world_lib.World:
  """Build the world that a spec names; `kept` is what a run has kept of it."""
  part = spec.parse_one(text, 'world')
  with part.pointed():
    world = worlds.WORLDS.load(part.name)
    built = spec.configure(world, part.options, f"world '{part.name}'")
    if kept:
      built.play.recall(kept)
    return built


def build_foreign_world(text: str, labels: list[str], palette: Any = None) -> world_lib.World:
  """Build the world that a server names, without opening data on its word.

  Data sets that come with this program or its plugins may be opened. Of any other one, only the
  server's `labels` and `palette` are known; what needs more of it fails.
  """
  part = spec.parse_one(text, 'world')
  with part.pointed():
    world = worlds.WORLDS.load(part.name)
    data = str(part.options.get('data', ''))
    if data and data.partition('/')[0] not in worlds.DATA:
      part = part._replace(options={**part.options, 'data': _HIDDEN})
      world = type(world.__name__, (world,), {'label_names': labels})
    built = spec.configure(world, part.options, f"world '{part.name}'")
    built.play.recall({'palette': palette})  # even if there is none: nor is the file of one opened
    return built


def _fitting(config: config_lib.Config, world: world_lib.World) -> config_lib.Config:
  """Leave out the default couplings where nothing can be imagined."""
  if world.works or config.run.couplings != config_lib.RunConfig.couplings:
    return config
  return dataclasses.replace(config, run=dataclasses.replace(config.run, couplings=''))


def check_couplings(
  world: world_lib.World, config: config_lib.Config, chosen: Sequence[Chosen]
) -> None:
  """Raise a SpecError, before data are prepared, if a coupling does not fit the settings."""
  for part, coupling, options in chosen:
    with part.pointed():
      by = f"the coupling '{part.name}' (--couplings= leaves out all)"
      if not (coupling.foresees and config.run.gan == 'transitions'):
        world.need(*coupling.needs, by=by)
      coupling.check(options, config)
  _check_code(world, config, chosen)


def _check_code(
  world: world_lib.World, config: config_lib.Config, chosen: Sequence[Chosen]
) -> None:
  """Raise a SpecError if the hand needs codes that no coupling gives, or of another size."""
  size = world.play.code_size if world.play else 0
  if not size:
    return
  for part, coupling, _ in chosen:
    if coupling.needs_shown:
      with part.pointed():
        raise spec.SpecError(
          f"the coupling '{part.name}' needs a hand that is shown the work, not told its code: "
          'use target=shown.'
        )
  if not any(coupling.gives_codes for _, coupling, _ in chosen):
    giver = next(
      name for name in couplings.COUPLINGS.ours if couplings.COUPLINGS.load(name).gives_codes
    )
    raise spec.SpecError(
      f"--world='{config.run.world}' tells the hand a code, which the coupling '{giver}' "
      f"gives: --couplings='{'|'.join(filter(None, [giver, config.run.couplings]))}'."
    )
  if size != config.gan.latent_size:
    raise spec.SpecError(
      f'the hand is told codes of {size} numbers, the imagination makes them of '
      f'{config.gan.latent_size}: give --gan_latent_size={size}, or code='
      f'{config.gan.latent_size} to the world.'
    )


def read_couplings(text: str) -> list[Chosen]:
  """Parse a spec of couplings."""
  found = []
  for part in spec.parse(text, 'couplings'):
    with part.pointed():
      coupling = couplings.COUPLINGS.load(part.name)
      options = spec.configure(coupling.Options, part.options, f"coupling '{part.name}'")
      found.append(Chosen(part, coupling.by_options(options), options))
  return found


def _build_coupling(chosen: Chosen, parts: coupling_lib.Parts, seed: int) -> coupling_lib.Coupling:
  with chosen.part.pointed():  # a SpecError from the constructor then points at this part
    return chosen.coupling(parts, chosen.options, seed)
