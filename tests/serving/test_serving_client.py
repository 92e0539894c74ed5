"""What a client sees, by both protocols: of our server and, where it is, of TensorFlow Serving."""

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import get_model_metadata_pb2

from tests.shared import served

LABELS = (
  'model_version_policy { specific { versions: 1 versions: 2 } } '
  'version_labels { key: "stable" value: 1 }'
)
X = np.array([[1, 2, 3.5], [0.1, 0, -1]], np.float32)


@pytest.fixture(scope='module', params=['ours', 'tensorflow_model_server'])
def client(request, tmp_path_factory):
  exports = served.folder(tmp_path_factory.mktemp('client') / 'exports', LABELS, numbers=(1, 2))
  if request.param == 'ours':
    with served.running(exports) as (_, client):
      yield client
  elif served.BINARY:
    with served.command(exports) as (_, client, _):
      yield client
  else:
    pytest.skip('there is no tensorflow_model_server on the PATH')


@pytest.mark.parametrize('dtype', [np.uint8, np.int32, np.int64, np.float32])
def test_arrays_come_back_as_computed(client, dtype):
  pixels = np.arange(8).reshape(2, 2, 2)
  asked = {
    np.uint8: ('paint', {'pixels': pixels.astype(np.uint8), 'action': np.int32([1, 2])}),
    np.int32: ('paint', {'pixels': pixels.astype(np.uint8), 'action': np.int32([7, -8])}),
    np.int64: ('count', {'n': np.int64([2**40, -5])}),
    np.float32: ('', {'x': X}),
  }
  signature, inputs = asked[dtype]
  outputs = client.predict(inputs, signature)
  wanted = {
    np.uint8: ('pixels', 255 - pixels),
    np.int32: ('action', [-7, 8]),
    np.int64: ('n', [2**40 + 1, -4]),
    np.float32: ('y', X @ served.W + 2),
  }
  name, values = wanted[dtype]
  assert outputs[name].dtype == dtype
  np.testing.assert_allclose(outputs[name], values, rtol=1e-6)


def test_values_may_be_listed_instead_of_raw(client):
  listed = tf.make_tensor_proto(X)
  listed.tensor_content = b''
  listed.float_val.extend(X.ravel().tolist())
  np.testing.assert_array_equal(client.predict({'x': listed})['y'], client.predict({'x': X})['y'])


def test_a_thousand_rows_fit_into_no_batch_but_eight_do(client):
  assert client.predict({'x': np.zeros((8, 3), np.float32)})['y'].shape == (8, 2)
  assert client.refusal({'x': np.zeros((1000, 3), np.float32)}) == 'INVALID_ARGUMENT'


def test_bytes_come_back_untouched(client):
  outputs = client.predict({'said': np.array([b'\x00\xfe', b''], object)}, 'say')
  assert outputs['text'].tolist() == [b'\x00\xfe', b'']
  assert outputs['text_bytes'].tolist() == [b'\x00\xfe\xff', b'\xff']


def test_only_the_outputs_that_are_asked_for(client):
  inputs = {'pixels': np.zeros((1, 2, 2), np.uint8), 'action': np.int32([1])}
  assert client.predict(inputs, 'paint', outputs=['mean']).keys() == {'mean'}
  assert client.predict(inputs, 'paint').keys() == {'mean', 'pixels', 'action'}


def test_rows(client):
  answer = client.ask({'instances': X.tolist()})
  assert answer.status == 200
  np.testing.assert_allclose(answer.json['predictions'], X @ served.W + 2, rtol=1e-6)
  named = client.ask({'signature_name': 'serving_default', 'instances': [{'x': X[0].tolist()}]})
  assert named.json['predictions'] == answer.json['predictions'][:1]


def test_rows_of_several_inputs_and_outputs(client):
  rows = [{'pixels': [[0, 1], [2, 3]], 'action': 4}, {'pixels': [[9, 9], [9, 9]], 'action': 5}]
  assert client.ask({'signature_name': 'paint', 'instances': rows}).json == {
    'predictions': [
      {'pixels': [[255, 254], [253, 252]], 'action': -4, 'mean': 1},
      {'pixels': [[246, 246], [246, 246]], 'action': -5, 'mean': 9},
    ]
  }


def test_columns(client):
  outputs = client.ask({'inputs': {'x': X.tolist()}}).json['outputs']
  assert client.ask({'inputs': X.tolist()}).json['outputs'] == outputs
  np.testing.assert_allclose(outputs, X @ served.W + 2, rtol=1e-6)
  columns = {'pixels': [[[0, 1], [2, 3]]], 'action': [4]}
  assert client.ask({'signature_name': 'paint', 'inputs': columns}).json == {
    'outputs': {'pixels': [[[255, 254], [253, 252]]], 'action': [-4], 'mean': [1]}
  }


def test_bytes_in_json(client):
  asked = {'signature_name': 'say', 'instances': ['é', {'b64': 'AP4='}]}
  first, second = client.ask(asked).json['predictions']
  assert first == {'text': 'é', 'text_bytes': {'b64': 'w6n/'}}
  assert second['text_bytes'] == {'b64': 'AP7/'}


def test_floats_are_as_short_as_they_can_be_and_lose_nothing(client):
  x = [[0.1, 0.0, 0.0], [1e-9, 0.0, 0.0], [0.0, 99.9, 0.0]]
  body = client.ask({'inputs': {'x': x}}).body
  assert b'2.1' in body and b'2.0999999' not in body  # 0.1 + 2
  exact = client.predict({'x': np.float32(x)})['y']
  answered = np.float32(client.ask({'inputs': {'x': x}}).json['outputs'])
  np.testing.assert_array_equal(answered, exact)


def test_the_newest_version_is_the_default(client):
  y = [client.predict({'x': X}, **which)['y'][0, 0] for which in ({}, {'version': 1})]
  assert y[0] - y[1] == 1
  assert client.predict({'x': X}, label='stable')['y'][0, 0] == y[1]
  for which, wanted in (('', y[0]), ('/versions/1', y[1]), ('/labels/stable', y[1])):
    answer = client.ask({'instances': X.tolist()}, which=which)
    assert answer.json['predictions'][0][0] == pytest.approx(wanted)


def test_an_answer_says_which_version_gave_it(client):
  response = client.predictions.Predict(served.request({'x': X}, label='stable'))
  spec = response.model_spec
  assert (spec.name, spec.version.value, spec.signature_name) == ('toy', 1, 'serving_default')


def test_status(client):
  assert client.status() == {1: ('AVAILABLE', ''), 2: ('AVAILABLE', '')}
  assert client.status(version=1) == {1: ('AVAILABLE', '')}
  state = {
    'version': '1',
    'state': 'AVAILABLE',
    'status': {'error_code': 'OK', 'error_message': ''},
  }
  for which in ('/versions/1', '/labels/stable'):
    answer = client.rest('GET', f'/v1/models/toy{which}')
    assert answer.json == {'model_version_status': [state]}
  both = client.rest('GET', '/v1/models/toy').json['model_version_status']
  assert [held['version'] for held in both] == ['2', '1']


def test_metadata(client):
  response = client.metadata()
  assert (response.model_spec.name, response.model_spec.version.value) == ('toy', 2)
  signatures = get_model_metadata_pb2.SignatureDefMap()
  response.metadata['signature_def'].Unpack(signatures)
  scale = signatures.signature_def['serving_default']
  assert scale.inputs['x'].dtype == tf.float32.as_datatype_enum
  assert [dim.size for dim in scale.outputs['y'].tensor_shape.dim] == [-1, 2]
  told = client.rest('GET', '/v1/models/toy/versions/1/metadata').json
  assert told['model_spec'] == {'name': 'toy', 'signature_name': '', 'version': '1'}
  paint = told['metadata']['signature_def']['signature_def']['paint']
  assert paint['inputs']['pixels']['dtype'] == 'DT_UINT8'
  assert paint['method_name'] == 'tensorflow/serving/predict'


def test_metadata_that_there_is_not(client):
  for fields in ((), ('weights',)):
    with pytest.raises(grpc.RpcError) as refused:
      client.metadata(fields=fields)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
