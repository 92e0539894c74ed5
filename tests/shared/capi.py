"""TensorFlow's C API, which other languages build on, by hand."""

import ctypes
import functools
import pathlib

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2

_P = ctypes.c_void_p


class _Output(ctypes.Structure):
  _fields_ = [('operation', _P), ('index', ctypes.c_int)]


class _Buffer(ctypes.Structure):
  _fields_ = [('data', _P), ('length', ctypes.c_size_t), ('free', _P)]


@functools.cache
def _library():
  folder = pathlib.Path(tf.sysconfig.get_lib())
  path = next(
    iter([*folder.glob('libtensorflow_cc.so.2'), *folder.glob('libtensorflow_cc.2.dylib')])
  )
  library = ctypes.CDLL(str(path))
  size = ctypes.c_size_t
  for name, result, arguments in (
    ('TF_NewStatus', _P, []),
    ('TF_DeleteStatus', None, [_P]),
    ('TF_GetCode', ctypes.c_int, [_P]),
    ('TF_Message', ctypes.c_char_p, [_P]),
    ('TF_NewGraph', _P, []),
    ('TF_DeleteGraph', None, [_P]),
    ('TF_NewSessionOptions', _P, []),
    ('TF_DeleteSessionOptions', None, [_P]),
    ('TF_NewBuffer', ctypes.POINTER(_Buffer), []),
    ('TF_DeleteBuffer', None, [ctypes.POINTER(_Buffer)]),
    ('TF_DeleteSession', None, [_P, _P]),
    ('TF_GraphOperationByName', _P, [_P, ctypes.c_char_p]),
    ('TF_AllocateTensor', _P, [ctypes.c_int, _P, ctypes.c_int, size]),
    ('TF_DeleteTensor', None, [_P]),
    ('TF_TensorData', _P, [_P]),
    ('TF_TensorByteSize', size, [_P]),
    ('TF_NumDims', ctypes.c_int, [_P]),
    ('TF_Dim', ctypes.c_int64, [_P, ctypes.c_int]),
    ('TF_TensorType', ctypes.c_int, [_P]),
    ('TF_LoadSessionFromSavedModel', _P, [_P, _P, ctypes.c_char_p, _P, ctypes.c_int, _P, _P, _P]),
    (
      'TF_SessionRun',
      None,
      [_P, _P, _P, _P, ctypes.c_int, _P, _P, ctypes.c_int, _P, ctypes.c_int, _P, _P],
    ),
  ):
    function = getattr(library, name)
    function.restype, function.argtypes = result, arguments
  return library


class Session:
  """A SavedModel in a session of the C API."""

  def __init__(self, version):
    self._c = _library()
    self._status, self._graph = self._c.TF_NewStatus(), self._c.TF_NewGraph()
    options, meta = self._c.TF_NewSessionOptions(), self._c.TF_NewBuffer()
    tags = (ctypes.c_char_p * 1)(b'serve')
    self._session = self._c.TF_LoadSessionFromSavedModel(
      options, None, str(version).encode(), tags, 1, self._graph, meta, self._status
    )
    self._check()
    text = ctypes.string_at(meta.contents.data, meta.contents.length)
    self._signatures = meta_graph_pb2.MetaGraphDef.FromString(text).signature_def
    self._c.TF_DeleteBuffer(meta)
    self._c.TF_DeleteSessionOptions(options)

  def __enter__(self):
    return self

  def __exit__(self, *_):
    self._c.TF_DeleteSession(self._session, self._status)
    self._c.TF_DeleteGraph(self._graph)
    self._c.TF_DeleteStatus(self._status)

  def run(self, signature, inputs, outputs):
    """What a signature answers under the names of `outputs`, but for strings."""
    told = self._signatures[signature]
    names = [name for name in outputs if told.outputs[name].dtype != tf.string.as_datatype_enum]
    given = [self._output(told.inputs[name].name) for name in inputs]
    wanted = [self._output(told.outputs[name].name) for name in names]
    values = (_P * len(given))(*map(self._tensor, inputs.values()))
    answers = (_P * len(wanted))()
    self._c.TF_SessionRun(
      self._session, None,
      (_Output * len(given))(*given), values, len(given),
      (_Output * len(wanted))(*wanted), answers, len(wanted),
      None, 0, None, self._status,
    )  # fmt: skip
    self._check()
    arrays = {name: self._array(tensor) for name, tensor in zip(names, answers, strict=True)}
    for tensor in [*values, *answers]:
      self._c.TF_DeleteTensor(tensor)
    return arrays

  def _output(self, name):
    operation, _, index = name.partition(':')
    return _Output(self._c.TF_GraphOperationByName(self._graph, operation.encode()), int(index))

  def _tensor(self, array):
    array = np.ascontiguousarray(array)
    dims = (ctypes.c_int64 * array.ndim)(*array.shape)
    kind = tf.dtypes.as_dtype(array.dtype).as_datatype_enum
    tensor = self._c.TF_AllocateTensor(kind, dims, array.ndim, array.nbytes)
    ctypes.memmove(self._c.TF_TensorData(tensor), array.tobytes(), array.nbytes)
    return tensor

  def _array(self, tensor):
    shape = [self._c.TF_Dim(tensor, axis) for axis in range(self._c.TF_NumDims(tensor))]
    content = ctypes.string_at(self._c.TF_TensorData(tensor), self._c.TF_TensorByteSize(tensor))
    dtype = tf.dtypes.as_dtype(self._c.TF_TensorType(tensor)).as_numpy_dtype
    return np.frombuffer(content, dtype).reshape(shape)

  def _check(self):
    if self._c.TF_GetCode(self._status):
      raise RuntimeError(self._c.TF_Message(self._status).decode())
