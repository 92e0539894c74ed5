"""A variant of DQN, and a Q-network."""

from tf_agents.agents.dqn import dqn_agent
from tf_agents.utils import common

from tf_creative.agent.learners import makers, networks


def patient(world, config, seed):
  """Makes a double DQN that a large error does not upset: Huber's loss in place of the square."""
  return dqn_agent.DdqnAgent(
    td_errors_loss_fn=common.element_wise_huber_loss, **makers.arguments(world, config, seed)
  )


class LinearQNetwork(networks.DenseQNetwork):
  """Values that are linear in the features."""

  def _make_layers(self, shape, width, depth, atoms):
    super()._make_layers(shape, width, 0, atoms)
