"""Lists the ops that a served model may run: those that compute, without access to files.

A SavedModel is a program. Ops such as ReadFile or PyFunc would let a model from elsewhere reach
beyond its own graph, so a model with an op that is not listed here is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
import pathlib

from tensorflow.core.protobuf import saved_model_pb2

from tf_creative.serving.exports import saver

_ALLOWED = frozenset(
  """
  Abs Add AddN AddV2 All Any ArgMax ArgMin AsString Assert AvgPool BatchMatMulV2 BiasAdd
  BiasAddGrad BitwiseAnd BitwiseOr BitwiseXor BroadcastArgs BroadcastGradientArgs BroadcastTo Cast
  Ceil ClipByValue ConcatOffset ConcatV2 Const Conv2D Conv2DBackpropFilter Conv2DBackpropInput Cos
  Cumsum DecodeBase64 DecodePng DepthwiseConv2dNative DivNoNan DynamicStitch Einsum Elu EluGrad
  EncodeBase64 EncodePng EnsureShape Equal Erf Erfc Exp ExpandDims Expm1 Fill Floor FloorDiv
  FloorMod FusedBatchNormGradV3 FusedBatchNormV3 GatherNd GatherV2 Greater GreaterEqual Identity
  IdentityN If InvertPermutation IsFinite LeakyRelu LeakyReluGrad LeftShift Less LessEqual Log
  Log1p LogSoftmax LogicalAnd LogicalNot LogicalOr MatMul Max MaxPool MaxPoolGrad Maximum Mean Min
  Minimum MirrorPad MirrorPadGrad Mul Neg NoOp NotEqual OneHot OnesLike Pack Pad PadV2
  PartitionedCall Placeholder Pow PreventGradient Prod Range Rank ReadVariableOp RealDiv
  Reciprocal ReduceJoin Relu ReluGrad Reshape ResizeNearestNeighbor ResizeNearestNeighborGrad
  ReverseV2 RightShift Round Rsqrt RsqrtGrad ScatterNd Select SelectV2 Selu SeluGrad Shape ShapeN
  Sigmoid SigmoidGrad Sign Sin Size Slice Softmax Softplus SoftplusGrad
  SparseSoftmaxCrossEntropyWithLogits Split SplitV Sqrt SqrtGrad Square SquaredDifference Squeeze
  StatefulPartitionedCall StatelessIf StatelessRandomGetAlg StatelessRandomGetKeyCounter
  StatelessRandomNormalV2 StatelessRandomUniformFullIntV2 StatelessRandomUniformIntV2
  StatelessRandomUniformV2 StatelessWhile StopGradient StridedSlice StridedSliceGrad StringJoin
  Sub Sum Tanh TanhGrad TensorListFromTensor TensorListGetItem TensorListLength TensorListReserve
  TensorListSetItem TensorListStack TensorScatterUpdate Tile TopKV2 Transpose Unpack UnravelIndex
  UnsortedSegmentSum VarHandleOp Where While Xlogy ZerosLike
  """.split()
)


def faults(version: pathlib.Path) -> list[str]:
  """Return a line for each kind of thing in a SavedModel that is not known to be harmless."""
  found = {}
  saved = saved_model_pb2.SavedModel.FromString((version / 'saved_model.pb').read_bytes())
  for meta in saved.meta_graphs:
    saving, _ = saver.find(meta)
    names = [function.signature.name for function in meta.graph_def.library.function]
    known = _ALLOWED | {op for ops in saving.functions.values() for op in ops}
    for name in {name for name in names if names.count(name) > 1 or name in known}:
      found[f"its function '{name}' has the name of another, or of an op"] = name
    for node in meta.graph_def.node:
      _look(node, found)
    for function in meta.graph_def.library.function:
      allowed = saving.functions.get(function.signature.name, frozenset())
      for node in function.node_def:
        _look(node, found, allowed)
    for fault in saver.faults(meta):
      found[fault] = saving.save
  return [
    f"{what} (as in node '{where}'), which no server should run" for what, where in found.items()
  ]


def _look(node, found: dict[str, str], also: Iterable[str] = ()) -> None:
  if node.op not in _ALLOWED and node.op not in also:
    found.setdefault(f'it has the op {node.op}', node.name)
  if node.attr['_XlaMustCompile'].b:
    found.setdefault('it must be compiled by XLA', node.name)
