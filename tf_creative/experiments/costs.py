"""Counts nodes and floating-point operations of a graph: the same numbers on every machine."""

from __future__ import annotations

from collections.abc import Callable
import math
from typing import Any, NamedTuple

import tensorflow as tf

from tf_creative.learner import learner as learner_lib

# Attributes of ops that name a function: of While, If and PartitionedCall.
_BODIES = ('body', 'cond', 'then_branch', 'else_branch', 'f')


class Cost(NamedTuple):
  nodes: int
  flops: int  # of matrix products and convolutions only; all other ops add about 1%

  def __add__(self, other: Cost) -> Cost:
    return Cost(self.nodes + other.nodes, self.flops + other.flops)

  def times(self, count: int) -> Cost:
    """Return the cost of running the same nodes `count` times."""
    return Cost(self.nodes, count * self.flops)


def of(step: Callable[[], Any]) -> Cost:
  """Return the cost of a step with all functions it calls; the body of a loop counts once."""
  return _of_graph(tf.function(step, autograph=False).get_concrete_function().graph)


def of_parts(learner: learner_lib.Learner) -> dict[str, Cost]:
  """Return the cost of each part of a round, times its runs in a round."""
  often = learner.loop.often()
  often['collect'] *= learner.config.agent.collect_steps  # of which a part counts one
  return {name: of(part).times(often[name]) for name, part in learner.loop.parts().items()}


def _of_graph(graph: tf.Graph) -> Cost:
  """Count the ops that outputs depend on; TensorFlow drops others, such as unused gradients."""
  nodes = flops = 0
  run, ahead = set(), [*(output.op for output in graph.outputs), *graph.control_outputs]
  while ahead:
    op = ahead.pop()
    if op not in run:
      run.add(op)
      ahead += [*(given.op for given in op.inputs), *op.control_inputs]
  for op in run:
    nodes, flops = nodes + 1, flops + _flops(op)
    for body in filter(None, (_function(op, name) for name in _BODIES)):
      inner = _of_graph(graph._get_function(body).graph)
      nodes, flops = nodes + inner.nodes, flops + inner.flops
  return Cost(nodes, flops)


def _function(op: tf.Operation, attribute: str) -> str:
  try:
    return getattr(op.get_attr(attribute), 'name', '')
  except ValueError:  # the op has no such attribute
    return ''


def _flops(op: tf.Operation) -> int:
  """Count 2 for each multiply-add; those on padding count, too, because they are computed."""
  match op.type:
    case 'MatMul':
      rows, columns = _shape(op.inputs[0])
      depth = rows if op.get_attr('transpose_a') else columns
      return 2 * depth * math.prod(_shape(op.outputs[0]))
    case 'BatchMatMulV2':
      *_, rows, columns = _shape(op.inputs[0])
      depth = rows if op.get_attr('adj_x') else columns
      return 2 * depth * math.prod(_shape(op.outputs[0]))
    case 'Conv2D' | 'Conv3D':
      kernel, spread = op.inputs[1], op.outputs[0]
    case 'Conv2DBackpropInput' | 'Conv3DBackpropInputV2':
      kernel, spread = op.inputs[1], op.inputs[2]
    case 'Conv2DBackpropFilter' | 'Conv3DBackpropFilterV2':
      kernel, spread = op.outputs[0], op.inputs[2]
    case _:
      return 0
  # Kernel is [..., in, out], the feature map [B, ..., out]: in * kernel size per output element.
  return 2 * math.prod(_shape(spread)) * math.prod(_shape(kernel)[:-1])


def _shape(tensor: tf.Tensor) -> list[int]:
  if not tensor.shape.is_fully_defined():
    raise ValueError(f'{tensor.op.type} {tensor.name} has no fixed shape: {tensor.shape}')
  return tensor.shape.as_list()  # pyright: ignore[reportReturnType]
