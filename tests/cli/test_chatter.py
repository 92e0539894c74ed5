"""What commands write to stderr: what a person should know, and nothing else."""

import os
import subprocess
import sys

import pytest

from tests.shared.runs import TOY
from tf_creative.cli import chatter

# As TensorFlow 2.21 says it at every start, whatever TF_CPP_MIN_LOG_LEVEL is.
NOISE = [
  'WARNING: All log messages before absl::InitializeLog() is called are written to STDERR',
  'I0000 00:00:1795966491.926124    4934 cudart_stub.cc:31] Could not find cuda drivers on your '
  'machine, GPU will not be used.',
  'I0000 00:00:1795966491.9     1 cpu_feature_guard.cc:227] This TensorFlow binary is optimized.',
  'To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow with '
  'the appropriate compiler flags.',
  'W0000 00:00:1795966491.9     1 computation_placer.cc:177] computation placer already registered',
  'E0000 00:00:1795966503.441022    4934 cuda_platform.cc:52] failed call to cuInit: INTERNAL: '
  'CUDA error: Failed call to cuInit: UNKNOWN ERROR (303)',
  'E0000 00:00:1795966521.603450    4934 meta_optimizer.cc:967] remapper failed: INVALID_ARGUMENT: '
  'Mutation::Apply error',
  'E0000 00:00:1795966542.671148    4934 util.cc:131] oneDNN supports DT_INT32 only on platforms '
  'with AVX-512. Falling back to the default Eigen-based implementation if present.',
]
TELLING = [
  'E0000 00:00:1795966503.4    4934 cuda_platform.cc:52] failed call to cuInit: out of memory',
  'F0000 00:00:1795966503.4    4934 tensor.cc:1] Check failed: 1 == 2',
  'E0000 00:00:1795966503.4    4934 gpu_device.cc:9] Allocator ran out of memory',
  'terminate called after throwing an instance of std::bad_alloc',
  'W1129 12:00:00.000000 1234 images.py:5] what Python logs',
  'IndexError: I0000 is no index',
]
NATIVE = 'import os\nfor line in {lines!r}:\n  os.write(2, (line + chr(10)).encode())\n'


def within(code, level='2', **options):
  """What comes of a process that runs this code under the filter."""
  body = ''.join(f'  {line}\n' for line in code.splitlines())
  code = f'import sys\nfrom tf_creative.cli import chatter\nwith chatter.filtered():\n{body}'
  env = os.environ | {'TF_CPP_MIN_LOG_LEVEL': level}
  line = [sys.executable, '-c', code]
  return subprocess.run(line, capture_output=True, text=True, env=env, timeout=60, **options)


def test_chatter_is_dropped_and_what_tells_something_is_not():
  done = within(NATIVE.format(lines=[*NOISE, *TELLING, *NOISE]))
  assert done.returncode == 0
  assert done.stderr.splitlines() == TELLING


def test_who_asks_for_it_gets_everything():
  assert within(NATIVE.format(lines=NOISE), level='0').stderr.splitlines() == NOISE


def test_a_crash_is_told_to_the_last_line():
  done = within(NATIVE.format(lines=[*NOISE, *TELLING]) + 'os.write(2, b"no end")\nos.abort()')
  assert done.returncode < 0
  assert done.stderr.splitlines() == [*TELLING, 'no end']


COMMAND = """
import dataclasses, os, sys
from tf_creative.cli import command
from tf_creative.core import spec
@dataclasses.dataclass(frozen=True)
class Settings:
  size: int = spec.setting(3, 'how large')
def does(settings):
  for line in {lines!r}:
    os.write(2, (line + chr(10)).encode())
  {ends}
command.run(does, 'Usage.', Settings)
"""


@pytest.mark.parametrize(
  ('ends', 'code', 'shown', 'words'),
  [
    ('return 0', 0, False, ''),
    ("raise spec.UserError('no.')", 2, False, 'error: no.'),
    ('1 / 0', 1, True, 'ZeroDivisionError'),
    ('os.abort()', -6, True, 'Fatal Python error: Aborted'),
  ],
)
def test_what_was_kept_back_is_told_after_a_bug_or_a_crash(ends, code, shown, words):
  line = [sys.executable, '-c', COMMAND.format(lines=NOISE, ends=ends)]
  done = subprocess.run(line, capture_output=True, text=True, timeout=60)
  assert done.returncode == code
  assert words in done.stderr
  assert [line in done.stderr.splitlines() for line in NOISE] == [shown] * len(NOISE)
  if code == 0:
    assert done.stderr == ''
  line.append('--debug')
  everything = subprocess.run(line, capture_output=True, text=True, timeout=60).stderr
  assert all(line in everything.splitlines() for line in NOISE)


def test_what_python_says_is_as_ever():
  code = "print('by hand', end='', file=sys.stderr)\nimport warnings\nwarnings.warn('mind')\n1 / 0"
  done = within(code)
  assert done.returncode == 1
  assert done.stderr.startswith('by hand') and 'UserWarning: mind' in done.stderr
  assert done.stderr.endswith('ZeroDivisionError: division by zero\n')


def test_it_does_without_stderr():
  """And no file that is opened later takes the place of stderr and what is written there."""
  code = 'import os\nf = open(sys.argv[1], "w")\nos.write(2, b"lost")\nf.write("kept")'
  done = within(code.replace('sys.argv[1]', repr(os.devnull)), preexec_fn=lambda: os.close(2))
  assert done.returncode == 0
  code = 'import os, tempfile\nwith tempfile.TemporaryFile() as f:\n  assert f.fileno() != 2'
  assert within(code, preexec_fn=lambda: os.close(2)).returncode == 0


def test_the_filter_knows_what_it_is_for():
  for line in NOISE:
    assert chatter.CHATTER.match(line.encode())


@pytest.fixture(scope='module')
def run(tmp_path_factory):
  """A toy run by the real command, with the export and its verification in another process."""
  folder = tmp_path_factory.mktemp('run') / 'run'
  toy = ['--flagfile=pipelines/debug.flags', *TOY, '--rounds=2', '--works=12', '--evaluate_every=0']
  return folder, command('train', *toy, f'--run_dir={folder}')


def command(name, *arguments):
  line = [sys.executable, '-m', f'tf_creative.{name}', *arguments]
  return subprocess.run(line, capture_output=True, text=True, timeout=300)


@pytest.mark.slow  # .ci/dist sees to it in CI
def test_success_writes_nothing_to_stderr(run):
  folder, trained = run
  assert trained.returncode == 0
  assert trained.stderr == ''
  made = command('create', f'--run_dir={folder}', '--count=2')
  assert made.returncode == 0
  assert made.stderr == ''
  assert '2 made as of round 2' in made.stdout
