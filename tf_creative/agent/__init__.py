"""The hand (agent): the only room that imports TF-Agents, and works around its oddities."""

import importlib.util
import sys

import gymnasium

from tf_creative.core import packages, plugins

# TF-Agents imports `gym`, but only passes its registry to child processes, which we never start. So
# its maintained successor can stand in for it.
sys.modules.setdefault('gym', gymnasium)

if importlib.util.find_spec('tf_agents') is None:
  raise ImportError(
    'TF-Agents is missing. Its metadata asks for old packages that its code does not need, so it '
    'is installed on its own:\n  pip install --no-deps tf-agents==0.19.0'
  )
packages.check_agents()

AGENTS = plugins.Table(
  'agent',
  'tf_creative.agents',
  {
    'dqn': 'tf_creative.agent.learners.makers:dqn',
    'ddqn': 'tf_creative.agent.learners.makers:ddqn',
    'informed': 'tf_creative.agent.learners.makers:informed',
    'survey': 'tf_creative.agent.learners.makers:survey',
    'c51': 'tf_creative.agent.learners.makers:c51',
    'reinforce': 'tf_creative.agent.learners.makers:reinforce',
    'ppo': 'tf_creative.agent.learners.makers:ppo',
  },
)

NETWORKS = plugins.Table(
  'Q-network',
  'tf_creative.networks',
  {
    'conv': 'tf_creative.agent.learners.networks:ConvQNetwork',
    'dense': 'tf_creative.agent.learners.networks:DenseQNetwork',
    'map': 'tf_creative.agent.learners.map_network:MapQNetwork',
    'strided': 'tf_creative.agent.learners.networks:StridedQNetwork',
  },
)
