"""A SavedModel from elsewhere touches no file but its own: ways round the list of allowed ops."""

import pathlib

import pytest
import tensorflow as tf
from tensorflow.core.framework import function_pb2, graph_pb2
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

from tf_creative.serving.exports import ops

VICTIM = b'/somewhere/else'


class Toy(tf.Module):
  def __init__(self):
    self.weight = tf.Variable([1.0, 2.0])
    self.more = tf.Variable(3)

  @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
  def scale(self, x):
    return {'y': x * self.weight[0] + tf.cast(self.more, tf.float32)}


@pytest.fixture(scope='module')
def toy(tmp_path_factory):
  folder = tmp_path_factory.mktemp('toy')
  module = Toy()
  tf.saved_model.save(module, str(folder), {'serving_default': module.scale})
  return (folder / 'saved_model.pb').read_bytes()


class Model:
  """A SavedModel that is being changed."""

  def __init__(self, content: bytes):
    self.saved = saved_model_pb2.SavedModel.FromString(content)
    (self.meta,) = self.saved.meta_graphs
    self.graph = self.meta.graph_def
    self.library = self.graph.library
    self.save = self.function('__inference__traced_save')
    self.restore = self.function('__inference__traced_restore')

  def function(self, beginning: str) -> function_pb2.FunctionDef:
    (found,) = (f for f in self.library.function if f.signature.name.startswith(beginning))
    return found

  def node(self, name: str) -> graph_pb2.GraphDef:
    (found,) = (node for node in self.graph.node if node.name == name)
    return found

  def saver(self, name: str):
    return self.node(getattr(self.meta.saver_def, name).partition(':')[0])

  def inner(self, function, op: str):
    return next(node for node in function.node_def if node.op == op)

  def add(self, nodes, name: str, op: str, *inputs: str):
    node = nodes.add(name=name, op=op)
    node.input.extend(inputs)
    return node

  def const(self, nodes, name: str, *texts: bytes):
    node = self.add(nodes, name, 'Const')
    node.attr['dtype'].type = tf.string.as_datatype_enum
    tensor = node.attr['value'].tensor
    tensor.dtype = tf.string.as_datatype_enum
    tensor.string_val.extend(texts)
    return node

  def call(self, nodes, name: str, function: str, *inputs: str):
    node = self.add(nodes, name, 'StatefulPartitionedCall', *inputs)
    node.attr['f'].func.name = function
    return node


def faults(model: Model, folder: pathlib.Path) -> list[str]:
  (folder / 'saved_model.pb').write_bytes(model.saved.SerializeToString())
  return ops.faults(folder)


class Attacks:
  """Each changes a model so that it would touch a file; the name says how."""

  def a_function_that_is_only_named_like_the_savers(self, model):
    forged = model.library.function.add()
    forged.CopyFrom(model.save)
    forged.signature.name = '__inference__traced_save_7'
    model.const(forged.node_def, 'there', VICTIM)
    model.inner(forged, 'SaveV2').input[0] = 'there:output:0'

  def a_signature_that_calls_such_a_function_by_a_wrapper(self, model):
    self.a_function_that_is_only_named_like_the_savers(model)
    wrapper = model.function('__inference_signature_wrapper')
    model.call(wrapper.node_def, 'more', '__inference__traced_save_7', 'x')

  def a_call_of_the_saver_in_a_signature(self, model):
    wrapper = model.function('__inference_signature_wrapper')
    model.call(wrapper.node_def, 'more', model.save.signature.name, 'x')

  def a_call_of_the_saver_in_a_branch(self, model):
    wrapper = model.function('__inference_signature_wrapper')
    node = model.add(wrapper.node_def, 'more', 'If', 'x')
    node.attr['then_branch'].func.name = model.restore.signature.name

  def a_call_of_the_saver_in_a_list_of_functions(self, model):
    node = model.add(model.graph.node, 'more', 'NoOp')
    node.attr['branches'].list.func.add(name=model.save.signature.name)

  def a_call_of_the_saver_within_the_attribute_of_a_call(self, model):
    node = model.call(model.graph.node, 'more', model.function('__inference_scale').signature.name)
    node.attr['f'].func.attr['inner'].func.name = model.save.signature.name

  def a_node_whose_op_is_the_savers_name(self, model):
    model.add(model.graph.node, 'more', model.save.signature.name, 'saver_filename')

  def a_second_call_in_the_main_graph(self, model):
    model.const(model.graph.node, 'there', VICTIM)
    model.call(model.graph.node, 'more', model.restore.signature.name, 'there')

  def a_constant_in_place_of_the_loaders_file_name(self, model):
    model.const(model.graph.node, 'there', VICTIM)
    model.saver('save_tensor_name').input[0] = 'there'

  def a_file_name_that_is_no_placeholder(self, model):
    node = model.node('saver_filename')
    node.Clear()
    model.const(model.graph.node, 'saver_filename', VICTIM)
    model.graph.node.remove(node)

  def a_constant_path_in_the_save_function(self, model):
    model.const(model.save.node_def, 'there', VICTIM)
    model.inner(model.save, 'SaveV2').input[0] = 'there:output:0'

  def a_path_that_goes_on_from_the_loaders(self, model):
    model.const(model.save.node_def, 'there', b'/../../elsewhere')
    model.inner(model.save, 'StringJoin').input[1] = 'there:output:0'

  def a_path_before_the_loaders(self, model):
    model.const(model.save.node_def, 'there', VICTIM)
    model.inner(model.save, 'StringJoin').input[0] = 'there:output:0'

  def a_separator_in_the_path(self, model):
    model.inner(model.save, 'StringJoin').attr['separator'].s = b'/../../x/'

  def another_argument_for_the_path(self, model):
    model.inner(model.restore, 'RestoreV2').input[0] = model.restore.signature.input_arg[1].name

  def a_node_that_has_the_arguments_name(self, model):
    model.const(model.save.node_def, model.save.signature.input_arg[0].name, VICTIM)

  def files_that_are_merged_from_elsewhere(self, model):
    model.const(model.save.node_def, 'there', VICTIM)
    model.inner(model.save, 'Pack').input[0] = 'there:output:0'

  def files_that_are_merged_to_elsewhere(self, model):
    model.const(model.save.node_def, 'there', VICTIM)
    model.inner(model.save, 'MergeV2Checkpoints').input[1] = 'there:output:0'

  def files_that_are_merged_without_being_packed(self, model):
    model.const(model.save.node_def, 'there', VICTIM)
    model.inner(model.save, 'MergeV2Checkpoints').input[0] = 'there:output:0'

  def writing_in_the_restore_function(self, model):
    node = model.restore.node_def.add()
    node.CopyFrom(model.inner(model.save, 'SaveV2'))
    node.input[0] = model.restore.signature.input_arg[0].name

  def reading_in_the_save_function(self, model):
    node = model.save.node_def.add()
    node.CopyFrom(model.inner(model.restore, 'RestoreV2'))
    node.input[0] = model.save.signature.input_arg[0].name

  def a_call_in_the_save_function(self, model):
    model.call(model.save.node_def, 'more', model.restore.signature.name, 'file_prefix')

  def other_ops_in_the_restore_function(self, model):
    model.add(model.restore.node_def, 'more', 'ReadFile', 'file_prefix')

  def one_function_for_both(self, model):
    model.saver('restore_op_name').attr['f'].func.name = model.save.signature.name

  def the_savers_own_output_in_a_signature(self, model):
    outputs = model.meta.signature_def['serving_default'].outputs
    outputs['more'].name = model.meta.saver_def.save_tensor_name

  def the_savers_file_name_as_an_input(self, model):
    model.meta.signature_def['serving_default'].inputs['more'].name = 'saver_filename:0'

  def the_saver_in_a_composite_output(self, model):
    outputs = model.meta.signature_def['serving_default'].outputs
    part = meta_graph_pb2.TensorInfo(name=model.meta.saver_def.save_tensor_name)
    outputs['more'].composite_tensor.components.append(part)

  def the_saver_in_a_sparse_output(self, model):
    outputs = model.meta.signature_def['serving_default'].outputs
    outputs['more'].coo_sparse.values_tensor_name = model.meta.saver_def.save_tensor_name

  def an_initialiser_that_restores(self, model):
    name = model.meta.saver_def.restore_op_name
    model.meta.collection_def['saved_model_main_op'].node_list.value.append(name)

  def a_node_that_waits_for_the_saver(self, model):
    name = model.meta.saver_def.restore_op_name
    model.node('StatefulPartitionedCall').input.append(f'^{name}')

  def a_node_that_takes_the_savers_output(self, model):
    model.add(model.graph.node, 'more', 'Identity', model.meta.saver_def.save_tensor_name)

  def a_node_that_takes_the_savers_file_name(self, model):
    model.add(model.graph.node, 'more', 'Identity', 'saver_filename')

  def an_asset_that_feeds_the_savers_file_name(self, model):
    asset = model.meta.asset_file_def.add(filename='../../elsewhere')
    asset.tensor_info.name = 'saver_filename:0'

  def a_gradient_that_is_the_saver(self, model):
    model.library.gradient.add(
      function_name=model.function('__inference_scale').signature.name,
      gradient_func=model.save.signature.name,
    )

  def a_saver_that_takes_the_place_of_others(self, model):
    model.save.attr['api_implements'].s = b'something'

  def a_function_named_like_an_op(self, model):
    forged = model.library.function.add()
    forged.CopyFrom(model.function('__inference_scale'))
    forged.signature.name = 'Identity'

  def two_functions_of_one_name(self, model):
    model.library.function.add().CopyFrom(model.save)

  def no_saver_but_its_ops(self, model):
    model.meta.saver_def.Clear()


@pytest.mark.parametrize('attack', [name for name in vars(Attacks) if not name.startswith('_')])
def test_no_model_reaches_a_file_that_is_not_its_own(attack, toy, tmp_path):
  model = Model(toy)
  getattr(Attacks(), attack)(model)
  found = faults(model, tmp_path)
  assert found and all('which no server should run' in fault for fault in found)


def test_an_honest_model_is_served(toy, tmp_path):
  assert not faults(Model(toy), tmp_path)


def test_a_model_without_variables_is_served(tmp_path):
  class Plain(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def double(self, x):
      return {'y': 2 * x}

  module = Plain()
  tf.saved_model.save(module, str(tmp_path), {'serving_default': module.double})
  assert not ops.faults(tmp_path)
