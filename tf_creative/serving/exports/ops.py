"""Lists the ops that a served model may run: those that compute, without access to files.

A SavedModel is a program. Ops such as ReadFile or PyFunc would let a model from elsewhere reach
beyond its own graph, so a model with an op that is not listed here is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
import pathlib
import re

from tensorflow.core.protobuf import saved_model_pb2

_SAVER = re.compile(r'__inference__traced_(save|restore)_\d+')
# Ops that save and restore variables; allowed in the functions of the saver only.
_SAVES = frozenset(
  """
  AssignVariableOp DisableCopyOnRead MergeV2Checkpoints RestoreV2 SaveV2 ShardedFilename
  StaticRegexFullMatch
  """.split()
)
_ALLOWED = frozenset(
  """
  Abs Add AddN AddV2 All Any ArgMax ArgMin Assert AvgPool BatchMatMulV2 BiasAdd BitwiseAnd
  BitwiseOr BitwiseXor BroadcastArgs BroadcastTo Cast Ceil ClipByValue ConcatV2 Const Conv2D
  Conv2DBackpropFilter Conv2DBackpropInput Cos Cumsum DecodeBase64 DecodePng DepthwiseConv2dNative
  DivNoNan Einsum Elu EncodeBase64 EncodePng EnsureShape Equal Erf Erfc Exp ExpandDims Expm1 Fill
  Floor FloorDiv FloorMod FusedBatchNormV3 GatherNd GatherV2 Greater GreaterEqual Identity IdentityN
  If InvertPermutation LeakyRelu LeftShift Less LessEqual Log Log1p LogSoftmax LogicalAnd LogicalNot
  LogicalOr MatMul Max MaxPool Maximum Mean Min Minimum MirrorPad Mul Neg NoOp NotEqual OneHot
  OnesLike Pack Pad PadV2 PartitionedCall Placeholder Pow PreventGradient Prod Range Rank
  ReadVariableOp RealDiv Reciprocal Relu Reshape ResizeNearestNeighbor ReverseV2 RightShift Round
  Rsqrt ScatterNd Select SelectV2 Selu Shape Sigmoid Sign Sin Size Slice Softmax Softplus
  SparseSoftmaxCrossEntropyWithLogits Split SplitV Sqrt Square SquaredDifference Squeeze
  StatefulPartitionedCall StatelessIf StatelessRandomGetAlg StatelessRandomGetKeyCounter
  StatelessRandomNormalV2 StatelessRandomUniformFullIntV2 StatelessRandomUniformIntV2
  StatelessRandomUniformV2 StatelessWhile StopGradient StridedSlice StringJoin Sub Sum Tanh
  TensorListFromTensor TensorListGetItem TensorListLength TensorListReserve TensorListSetItem
  TensorListStack TensorScatterUpdate Tile TopKV2 Transpose Unpack VarHandleOp Where While Xlogy
  ZerosLike
  """.split()
)


def faults(version: pathlib.Path) -> list[str]:
  """Return a line for each kind of op in a SavedModel that is not known to be harmless."""
  found = {}
  saved = saved_model_pb2.SavedModel.FromString((version / 'saved_model.pb').read_bytes())
  for meta in saved.meta_graphs:
    savers = {
      name.removeprefix('^').partition(':')[0]
      for name in (meta.saver_def.save_tensor_name, meta.saver_def.restore_op_name)
    }
    for node in meta.graph_def.node:
      calls = {attr.func.name for attr in node.attr.values() if attr.func.name}
      if any(map(_SAVER.fullmatch, calls)) and node.name not in savers:
        found[f'a call of {", ".join(calls)}'] = node.name
      _look(node, found)
    for function in meta.graph_def.library.function:
      allowed = _SAVES if _SAVER.fullmatch(function.signature.name) else frozenset()
      for node in function.node_def:
        _look(node, found, allowed)
  return [
    f"{what} (as in node '{where}'), which no server should run" for what, where in found.items()
  ]


def _look(node, found: dict[str, str], also: Iterable[str] = ()) -> None:
  if node.op not in _ALLOWED and node.op not in also:
    found.setdefault(f'it has the op {node.op}', node.name)
  if node.attr['_XlaMustCompile'].b:
    found.setdefault('it must be compiled by XLA', node.name)
