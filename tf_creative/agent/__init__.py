"""The hand (agent): the only room that imports TF-Agents, and works around its oddities."""

from importlib import metadata
import importlib.util
import sys
import types

from tf_creative.core import plugins

# TF-Agents imports `gym`, but only passes its registry to child processes, which we never start. So
# its maintained successor can stand in for it, and is imported only if anything of it is asked for.
_gym = types.ModuleType('gym')
_gym.__getattr__ = lambda name: getattr(importlib.import_module('gymnasium'), name)
sys.modules.setdefault('gym', _gym)

if importlib.util.find_spec('tf_agents') is None:
  raise ImportError(
    'TF-Agents is missing. Its metadata asks for old packages that its code does not need, so it '
    'is installed on its own:\n  pip install --no-deps tf-agents==0.19.0'
  )
# The second is the first, with metadata of ours: .ci/companion.py packs it.
if all(any(metadata.distributions(name=name)) for name in ('tf-agents', 'tf-creative-agents')):
  raise ImportError(
    'tf-agents and tf-creative-agents are both installed, and both own the folder tf_agents/. Take '
    'out both, and put one back:\n  pip uninstall --yes tf-agents tf-creative-agents\n'
    '  pip install tf-creative-agents  # or its wheel, which `make dist` builds'
  )

AGENTS = plugins.Table(
  'agent',
  'tf_creative.agents',
  {
    'dqn': 'tf_creative.agent.learners.makers:dqn',
    'ddqn': 'tf_creative.agent.learners.makers:ddqn',
    'informed': 'tf_creative.agent.learners.makers:informed',
    'survey': 'tf_creative.agent.learners.makers:survey',
    'c51': 'tf_creative.agent.learners.makers:c51',
    'qr': 'tf_creative.agent.learners.makers:qr',
    'pqn': 'tf_creative.agent.learners.makers:pqn',
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
    'direct': 'tf_creative.agent.learners.networks:DirectQNetwork',
    'map': 'tf_creative.agent.learners.map_network:MapQNetwork',
    'minatar': 'tf_creative.agent.learners.pictures:MinatarQNetwork',
    'nature': 'tf_creative.agent.learners.pictures:NatureQNetwork',
    'pooled': 'tf_creative.agent.learners.pictures:PooledQNetwork',
    'strided': 'tf_creative.agent.learners.pictures:StridedQNetwork',
  },
)
