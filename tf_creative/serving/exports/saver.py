"""Checks that the functions by which a SavedModel saves and restores itself do nothing else.

They alone may touch files: the ones whose name the loader gives, and only when it calls them. So
nothing else in the model may call them or see their results, and inside of them every file name
must come from the loader's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

_CALLS = ('StatefulPartitionedCall', 'PartitionedCall')
_PARTS = (b'.part', b'_temp/part')  # what TensorFlow appends to a file's name while it writes
# All ops that TensorFlow's own functions have.
_SAVE = frozenset(
  'Const DisableCopyOnRead Identity MergeV2Checkpoints NoOp Pack ReadVariableOp SaveV2 Select '
  'ShardedFilename StaticRegexFullMatch StringJoin'.split()
)
_RESTORE = frozenset('AssignVariableOp Const Identity NoOp RestoreV2'.split())


class Saver(NamedTuple):
  """The parts of a SavedModel that save and restore it, by their names; '' where there is none."""

  filename: str  # the placeholder
  save: str  # the nodes
  restore: str
  functions: dict[str, frozenset[str]]  # function -> ops that it may have


def find(meta: Any) -> tuple[Saver, list[str]]:
  """Return the saver of a MetaGraphDef, and what is wrong with it."""
  nodes = {node.name: node for node in meta.graph_def.node}
  given = meta.saver_def
  names = (given.filename_tensor_name, given.save_tensor_name, given.restore_op_name)
  filename, save, restore = map(_base, names)
  saver = Saver(filename, save, restore, {})
  if not any(names):
    return saver, []
  wrong = []
  if filename not in nodes or nodes[filename].op != 'Placeholder':
    wrong.append('its saver takes file names from elsewhere than the loader')
  for name, ops in ((save, _SAVE), (restore, _RESTORE)):
    node = nodes.get(name)
    if not node or node.op not in _CALLS or list(node.input[:1]) != [filename]:
      wrong.append(f"'{name}' is no function that saves or restores")
      continue
    function = node.attr['f'].func.name
    if function in saver.functions:
      wrong.append(f"'{function}' both saves and restores")
    saver.functions[function] = ops
  return saver, wrong


def faults(meta: Any) -> Iterator[str]:
  """Yield what is wrong with the saver of a MetaGraphDef, and with how the rest reaches it."""
  saver, wrong = find(meta)
  yield from wrong
  own = {saver.save, saver.restore} - {''}
  hidden = own | {saver.filename} - {''}
  for node in meta.graph_def.node:
    seen = {_base(name) for name in node.input}
    if seen & own or (saver.filename in seen and node.name not in own):
      yield f"node '{node.name}' reaches the saver"
    if node.name not in own:
      yield from _calls(node, saver)
  for function in meta.graph_def.library.function:
    for node in function.node_def:
      yield from _calls(node, saver)
    if function.signature.name in saver.functions:
      yield from _Body(function, saver.functions[function.signature.name]).faults()
  for gradient in meta.graph_def.library.gradient:
    if {gradient.function_name, gradient.gradient_func} & set(saver.functions):
      yield f"'{gradient.function_name}' has the saver for a gradient"
  for name in _shown(meta):
    if _base(name) in hidden:
      yield f"'{name}' is shown, and belongs to the saver"
  if meta.asset_file_def:
    yield 'it has assets, files whose names it gives'


def _calls(node: Any, saver: Saver) -> Iterator[str]:
  """Yield a fault if a node calls a function of the saver."""
  for name in {node.op, *_functions(node.attr.values())} & set(saver.functions):
    yield f"node '{node.name}' calls '{name}'"


def _functions(attributes: Iterable[Any]) -> Iterator[str]:
  """Yield the names of all functions that attributes name, however deep."""
  for attribute in attributes:
    for function in (attribute.func, *attribute.list.func):
      if function.name:
        yield function.name
        yield from _functions(function.attr.values())


def _shown(meta: Any) -> Iterator[str]:
  """Yield the names of all tensors and nodes that the loader or a caller runs or feeds."""
  for signature in meta.signature_def.values():
    for info in (*signature.inputs.values(), *signature.outputs.values()):
      yield info.name
      yield from (part.name for part in info.composite_tensor.components)
      yield from (
        info.coo_sparse.values_tensor_name,
        info.coo_sparse.indices_tensor_name,
        info.coo_sparse.dense_shape_tensor_name,
      )
  for collection in meta.collection_def.values():
    yield from collection.node_list.value


class _Body:
  """The nodes of a function that saves or restores; its first argument is the file's name."""

  def __init__(self, function: Any, ops: frozenset[str]):
    self._function, self._ops = function, ops
    self._name = function.signature.name
    self._nodes = {node.name: node for node in function.node_def}
    arguments = function.signature.input_arg
    self._prefix = arguments[0].name if arguments else ''

  def faults(self) -> Iterator[str]:
    """Yield ops that have no place here, and files of other names than the loader's."""
    if any(key.startswith('api_') for key in self._function.attr):  # grappler swaps such functions
      yield f"'{self._name}' may take the place of another function"
    for node in self._function.node_def:
      if node.op not in self._ops:
        yield f"'{self._name}' has the op {node.op}"
      elif not all(self._ours(name) for name in self._files(node)):
        yield f"'{self._name}' names files of its own in '{node.name}'"

  def _files(self, node: Any) -> list[str]:
    """Return the inputs of a node that are names of files."""
    if node.op in ('SaveV2', 'RestoreV2'):
      return list(node.input[:1])
    if node.op == 'MergeV2Checkpoints':
      packed = self._nodes.get(_base(node.input[0]))
      parts = [name for name in packed.input if name[0] != '^'] if packed else []
      return [*parts, node.input[1]] if packed and packed.op == 'Pack' and parts else ['']
    return []

  def _ours(self, name: str) -> bool:
    """Tell whether a tensor is the loader's file name, or that with a known ending."""
    if name == self._prefix and name not in self._nodes:
      return True
    node = self._nodes.get(_base(name))
    if not node:
      return False
    if node.op in ('Identity', 'ShardedFilename'):
      return self._ours(node.input[0])
    return (
      node.op == 'StringJoin'
      and not node.attr['separator'].s
      and self._ours(node.input[0])
      and all(self._known(part) for part in node.input[1:])
    )

  def _known(self, name: str) -> bool:
    """Tell whether a tensor is an ending that TensorFlow appends."""
    node = self._nodes.get(_base(name))
    if node and node.op == 'Select':
      return all(self._known(part) for part in node.input[1:3])
    return (
      bool(node)
      and node.op == 'Const'
      and list(node.attr['value'].tensor.string_val) in ([part] for part in _PARTS)
    )


def _base(name: str) -> str:
  """Return the node of a tensor's or a control input's name."""
  return name.removeprefix('^').partition(':')[0]
