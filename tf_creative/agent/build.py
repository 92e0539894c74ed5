"""Builds a hand: the one place that chooses its class and its driver."""

from __future__ import annotations

from collections.abc import Callable
import functools
from typing import Any

from tf_agents.agents.dqn import dqn_agent
from tf_agents.agents.reinforce import reinforce_agent
from tf_agents.drivers import dynamic_step_driver

from tf_creative.agent import AGENTS, graph_world, policy_hand, q_hand, rollout, vector
from tf_creative.agent import config as config_lib
from tf_creative.agent import hand as hand_lib
from tf_creative.agent.learners import informed, pqn
from tf_creative.core import spec
from tf_creative.core import world as world_lib

_EXPLORATIONS = ('epsilon', 'boltzmann')


def hand(
  kind: str,
  world: world_lib.World,
  config: config_lib.AgentConfig,
  seed: int,
) -> hand_lib.Hand:
  """Build a hand of a kind, and the episodes that it acts in."""
  if config.exploration not in _EXPLORATIONS:
    raise spec.SpecError(
      f"unknown exploration '{config.exploration}'."
      + spec.nearest(config.exploration, _EXPLORATIONS)
    )
  world.need('play', 'rules' if world.works else 'simulator', by='the hand')
  learner = AGENTS.load(kind)(world, config, seed)
  learner.initialize()
  worlds, driver = (graph_world, rollout.Driver) if world.works else (vector, vector.Driver)
  episodes = worlds.World(world, config.environments, seed)
  given = learner, world, config, seed, episodes
  on_policy = not isinstance(learner, dqn_agent.DqnAgent)
  if on_policy:
    steps = rollout.length(world, config) if world.works else config.collect_steps
    collector = functools.partial(driver, frames=steps)
    if isinstance(learner, pqn.PqnAgent):
      return q_hand.QHand(*given, collector, frames=steps + 1, on_policy=True)
    # By policy gradients, plugins' among them.
    whole = isinstance(learner, reinforce_agent.ReinforceAgent)
    return policy_hand.PolicyHand(*given, collector, frames=steps + 1, whole=whole)
  frames = config.n_step + 1
  if world.works:
    every_action = isinstance(learner, informed.InformedDdqnAgent)
    return q_hand.QHand(*given, _in_graph(config), frames=frames, every_action=every_action)
  collector = functools.partial(driver, frames=config.collect_steps)
  return q_hand.QHand(*given, collector, frames=frames, weigh=vector.whole)


def _in_graph(config: config_lib.AgentConfig) -> Callable[..., Any]:
  """Return a factory of TF-Agents' own driver.

  It does not count the step that restarts an episode: asking for one transition more than
  collect_steps - 1 full ones is what makes it take collect_steps steps.
  """
  steps = config.environments * (config.collect_steps - 1) + 1
  return lambda episodes, policy, replay: dynamic_step_driver.DynamicStepDriver(
    episodes, policy, observers=[replay.add_batch], num_steps=steps
  )
