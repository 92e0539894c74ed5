"""Builds TF-Agents' learners, all from the same config and the same kind of Q-network."""

from __future__ import annotations

import dataclasses
from typing import Any

import tensorflow as tf
from tf_agents.agents.dqn import dqn_agent
from tf_agents.agents.ppo import ppo_clip_agent
from tf_agents.agents.reinforce import reinforce_agent
from tf_agents.specs import tensor_spec
from tf_agents.trajectories import time_step as ts
from tf_agents.trajectories import trajectory

from tf_creative.agent import NETWORKS, graph_world, rollout
from tf_creative.agent import config as config_lib
from tf_creative.agent.learners import adam, policies
from tf_creative.agent.learners import c51 as c51_lib
from tf_creative.agent.learners import informed as informed_lib
from tf_creative.agent.learners import pqn as pqn_lib
from tf_creative.agent.learners import qr as qr_lib
from tf_creative.agent.learners import survey as survey_lib
from tf_creative.core import spec
from tf_creative.core import world as world_lib


class DqnAgent(dqn_agent.DqnAgent):
  """DQN that evaluates the target network once for best action and value; TF-Agents does twice."""

  def _compute_next_q_values(self, next_time_steps, info):
    del info
    values, _ = self._target_q_network(
      next_time_steps.observation, step_type=next_time_steps.step_type
    )
    return tf.reduce_max(values, -1)


def dqn(world: world_lib.World, config: config_lib.AgentConfig, seed: int) -> dqn_agent.DqnAgent:
  """Build DQN (Mnih et al. 2015)."""
  return DqnAgent(**arguments(world, config, seed))


def ddqn(world: world_lib.World, config: config_lib.AgentConfig, seed: int) -> dqn_agent.DdqnAgent:
  """Build double DQN (van Hasselt et al. 2016)."""
  return dqn_agent.DdqnAgent(**arguments(world, config, seed))


def informed(
  world: world_lib.World, config: config_lib.AgentConfig, seed: int
) -> informed_lib.InformedDdqnAgent:
  """Build double DQN that learns from the rewards of all actions."""
  world.need('rules', 'making', by='--agent=informed')
  if config.n_step != 1:
    raise spec.SpecError('--agent=informed knows the rewards of one step: use --agent_n_step=1.')
  given = arguments(world, config, seed)
  pays = tensor_spec.TensorSpec([world.play.action_spec.maximum + 1], tf.float32, 'pays')
  step, action = given['time_step_spec'], given['action_spec']
  given['training_data_spec'] = trajectory.Trajectory(
    step.step_type, step.observation, action, pays, step.step_type, step.reward, step.discount
  )
  return informed_lib.InformedDdqnAgent(**given)


def survey(
  world: world_lib.World, config: config_lib.AgentConfig, seed: int
) -> survey_lib.SurveyDqnAgent:
  """Build DQN that learns from all poses of a level at once."""
  world.need('rules', 'levels', by='--agent=survey')
  if config.network != 'map':
    raise spec.SpecError('--agent=survey learns the values of a map: use --agent_network=map.')
  return survey_lib.SurveyDqnAgent(
    survey=world.levels.survey, seed=seed, **arguments(world, config, seed)
  )


def c51(world: world_lib.World, config: config_lib.AgentConfig, seed: int) -> c51_lib.C51Agent:
  """Build C51 (Bellemare et al. 2017); its support spans all returns that are possible."""
  if config.discount >= 1:
    raise spec.SpecError(
      '--agent=c51 needs a bound on returns: give --agent_discount below 1, or use --agent=ddqn.'
    )
  # The return of an endless episode of largest rewards: r / (1 - gamma).
  bound = world.play.reward_bound / (1 - config.discount)
  given = arguments(world, config, seed, atoms=config.atoms)
  # TF-Agents' C51 names the argument differently.
  given['categorical_q_network'] = given.pop('q_network')
  return c51_lib.C51Agent(min_q_value=-bound, max_q_value=bound, **given)


def qr(world: world_lib.World, config: config_lib.AgentConfig, seed: int) -> qr_lib.QrAgent:
  """Build QR-DQN (Dabney et al. 2018): double DQN on quantiles of returns, which need no bound."""
  return qr_lib.QrAgent(**arguments(world, config, seed, quantiles=config.atoms))


def pqn(world: world_lib.World, config: config_lib.AgentConfig, seed: int) -> pqn_lib.PqnAgent:
  """Build PQN (Gallici et al. 2024): Q(lambda) on policy, quick where episodes are many."""
  network = _network(world, config, seed)
  network.create_variables()
  return pqn_lib.PqnAgent(
    **_common(world),
    q_network=network,
    optimizer=adam.optimizer(config, network.trainable_variables),
    gamma=config.discount,
    trace=config.trace,
    epochs=config.epochs,
    batch_size=config.batch_size,
    seed=seed,
  )


def reinforce(
  world: world_lib.World, config: config_lib.AgentConfig, seed: int
) -> reinforce_agent.ReinforceAgent:
  """Build REINFORCE (Williams 1992) with a learnt value as its baseline."""
  world.need('rules', by='--agent=reinforce')
  if rollout.length(world, config) <= world.rules.horizon:
    raise spec.SpecError(
      f'--agent=reinforce learns from whole episodes, and here they have {world.rules.horizon} '
      'steps: use --agent=ppo.'
    )
  actor, value, common = actor_critic(world, config, seed)
  return with_answers(
    reinforce_agent.ReinforceAgent(
      actor_network=actor,
      value_network=value,
      gamma=config.discount,
      **common,
    ),
    actor,
    value,
  )


def ppo(
  world: world_lib.World, config: config_lib.AgentConfig, seed: int
) -> ppo_clip_agent.PPOClipAgent:
  """Build PPO (Schulman et al. 2017, its clipping and lambda) without any normalization."""
  world.need('rules', by='--agent=ppo')
  actor, value, common = actor_critic(world, config, seed)
  return with_answers(
    ppo_clip_agent.PPOClipAgent(
      actor_net=actor,
      value_net=value,
      discount_factor=config.discount,
      num_epochs=config.epochs,
      importance_ratio_clipping=0.2,
      lambda_value=0.95,
      use_gae=True,
      use_td_lambda_return=True,
      normalize_rewards=False,
      normalize_observations=False,
      **common,
    ),
    actor,
    value,
  )


def with_answers(agent, actor: policies.Policy, value: policies.Value):
  """Give a policy-gradient agent the functions that PolicyHand calls: `judge` and `surprise`."""
  agent.judge, agent.surprise = value.judge, actor.surprise
  return agent


def actor_critic(world: world_lib.World, config: config_lib.AgentConfig, seed: int):
  # `Value` averages over the actions; a dueling head's advantages would cancel out there and get no
  # gradient.
  config = dataclasses.replace(config, dueling=False)
  actor = policies.Policy(_network(world, config, seed), world.play.action_spec.dtype)
  value = policies.Value(_network(world, config, seed + 1000, knows=False))
  for network in (actor, value):
    network.create_variables()
  # The first policy is near uniform, or near the world's prior (Andrychowicz et al. 2021, 3.2).
  actor.inner.shrink_output()
  optimizer = adam.optimizer(config, [*actor.trainable_variables, *value.trainable_variables])
  return actor, value, _common(world) | {'optimizer': optimizer}


def arguments(
  world: world_lib.World,
  config: config_lib.AgentConfig,
  seed: int,
  atoms: int = 0,
  quantiles: int = 0,
) -> dict[str, Any]:
  """Return the arguments of TF-Agents' DQN and its variants; plugins may use them, too."""
  network = _network(world, config, seed, knows=not atoms, atoms=atoms, quantiles=quantiles)
  network.create_variables()
  return _common(world) | {
    'q_network': network,
    'optimizer': adam.optimizer(config, network.trainable_variables),
    'gamma': config.discount,
    'n_step_update': config.n_step,
    'target_update_period': config.target_period,
  }


def _network(
  world: world_lib.World,
  config: config_lib.AgentConfig,
  seed: int,
  knows: bool = True,  # whether the world's prior logits are added to the output
  **parts: int,
):
  alike = world.making.action_features() if world.making else None
  count = world.play.action_spec.maximum + 1
  if alike is not None and not knows and not parts:
    alike, count = None, 1  # the value of a state, whatever the actions are like
  return NETWORKS.load(config.network)(
    _observation_spec(world),
    features=world.play.features,
    brief=world.play.brief,
    likely=world.play.prior_logits if knows else None,
    num_actions=count,
    config=config,
    seed=seed,
    alike=alike,
    **parts,
  )


def _observation_spec(world: world_lib.World):
  return {
    name: graph_world.to_spec(bounded, name)
    for name, bounded in world.play.observation_spec.items()
  }


def _common(world: world_lib.World):
  return {
    'time_step_spec': ts.time_step_spec(_observation_spec(world)),
    'action_spec': graph_world.to_spec(world.play.action_spec, 'action'),
    'train_step_counter': tf.Variable(0, dtype=tf.int64, trainable=False),
  }
