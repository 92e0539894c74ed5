"""No file of the house can be made to run what a user, a file or a server gives it.

Read, not imported. What is allowed is said in ALLOWED, with its reason.
"""

import ast
from collections.abc import Iterable
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[1]
FILES = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob('tf_creative/**/*.py'))

# What runs text or bytes that it reads.
MODULES = {'pickle', 'cPickle', 'cloudpickle', 'dill', 'joblib', 'marshal', 'shelve', 'code'}
NAMES = {'eval', 'exec', 'compile', '__import__'}
ATTRIBUTES = {
  'load_model': 'a Keras file may hold code: write and read plain weights',
  'from_config': 'a Keras config names classes: build the network here',
  'py_function': 'a SavedModel cannot hold it, and a server must not run it',
  'numpy_function': 'a SavedModel cannot hold it, and a server must not run it',
  'unsafe_load': 'YAML may name classes',
  'full_load': 'YAML may name classes',
  'system': 'a shell reads its text',
  'popen': 'a shell reads its text',
}
KEYWORDS = {'allow_pickle', 'shell', 'enable_unsafe_deserialization'}

# Whose name it is, too, and means no harm.
ALLOWED = {
  ('tf_creative/evaluation/report.py', 'system'): 'platform.system() tells the name of the system',
  ('tf_creative/runs/provenance.py', 'system'): 'platform.system() tells the name of the system',
  ('tf_creative/agent/vector.py', 'numpy_function'): 'environments of others, never exported',
  ('tf_creative/worlds/asked.py', 'numpy_function'): 'environments of others, never exported',
}


def faults(path: str, source: str, allowed: Iterable = ALLOWED) -> list[str]:
  """What in a file may run what it reads."""
  found = []
  for node in ast.walk(ast.parse(source)):
    if isinstance(node, ast.Import):
      found += [alias.name for alias in node.names if alias.name.split('.')[0] in MODULES]
    elif isinstance(node, ast.ImportFrom):
      names = {f'{node.module}.{alias.name}' for alias in node.names}
      found += [name for name in names if MODULES & set(name.split('.'))]
      found += [name for name in names if name.split('.')[-1] in ATTRIBUTES]
    elif isinstance(node, ast.Call):
      name = getattr(node.func, 'id', '')
      found += [name] if name in NAMES else []
      for keyword in node.keywords:
        safe = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
        found += [keyword.arg] if keyword.arg in KEYWORDS and not safe else []
      if ast.unparse(node.func) == 'yaml.load':
        found.append('yaml.load')
    elif isinstance(node, ast.Attribute) and node.attr in ATTRIBUTES:
      found.append(node.attr)
  return [
    f'{path} uses {name}: {ATTRIBUTES.get(name.split(".")[-1], "it runs what it reads")}.'
    for name in sorted(set(found))
    if (path, name) not in allowed
  ]


@pytest.mark.parametrize('path', FILES)
def test_nothing_that_is_read_is_run(path):
  found = faults(path, (ROOT / path).read_text())
  assert not found, '\n'.join(found)


def test_what_is_allowed_is_needed():
  for path, name in ALLOWED:
    found = faults(path, (ROOT / path).read_text(), allowed=())
    assert any(f'uses {name}:' in fault for fault in found)


def test_arrays_are_read_without_objects():
  """Said at every place, though it is NumPy's default, so that a reader sees it."""
  for path in FILES:
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
      if isinstance(node, ast.Call) and ast.unparse(node.func) == 'np.load':
        assert 'allow_pickle=False' in ast.unparse(node), path


@pytest.mark.parametrize(
  ('source', 'fault'),
  [
    ('import pickle', 'uses pickle'),
    ('from six.moves import cPickle', 'uses six.moves.cPickle'),
    ('import marshal as m', 'uses marshal'),
    ('import shelve', 'uses shelve'),
    ('def f(x):\n  return eval(x)', 'uses eval'),
    ("exec('x = 1')", 'uses exec'),
    ("__import__('os')", 'uses __import__'),
    ('np.load(path, allow_pickle=True)', 'uses allow_pickle'),
    ('np.load(path, allow_pickle=safe)', 'uses allow_pickle'),
    ('keras.models.load_model(path)', 'uses load_model: a Keras file may hold code'),
    ('from keras.models import load_model', 'uses keras.models.load_model'),
    ('yaml.load(text)', 'uses yaml.load'),
    ("subprocess.run('ls', shell=True)", 'uses shell'),
    ("os.system('ls')", 'uses system: a shell reads its text'),
    ('tf.py_function(f, [x], tf.int32)', 'uses py_function'),
  ],
)
def test_what_would_run_is_named(source, fault):
  (found,) = faults('tf_creative/x.py', source)
  assert fault in found


def test_what_is_harmless_passes():
  source = (
    "np.load(path, allow_pickle=False)\nsubprocess.run(['ls'], shell=False)\nyaml.safe_load(x)"
  )
  assert not faults('tf_creative/x.py', source)
