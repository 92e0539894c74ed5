"""Every file of a run, damaged in every way: a line and an exit code, and nothing else is touched.

The commands run in this process, and all share one learner: to trace its graphs takes longest.
"""

import contextlib
import io
import shutil
import traceback

import pytest

from tests.shared import damages, runs
from tf_creative import create, evaluate, train
from tf_creative.cli import command
from tf_creative.learner import config as config_lib
from tf_creative.learner import learner as learner_lib

COMMANDS = {
  'create': (create.create, create.CreateConfig, ['--count=1', '--format=png']),
  'evaluate': (evaluate.evaluate, evaluate.EvaluateConfig, []),
  'train': (train.train, config_lib.Config, []),
}
FILES = [
  *(
    'run.flags',
    'build.json',
    'metrics.jsonl',
    'judge.npz',
    'gallery.png',
    'exports/models.config',
  ),
  *('checkpoints/checkpoint', 'checkpoints/ckpt-6.index', 'checkpoints/ckpt-6.data-00000-of-00001'),
  *('best/checkpoint', 'best/*.index', 'best/*.data-00000-of-00001'),
]


@pytest.fixture(scope='module', autouse=True)
def _one_learner():
  """Restored from what is read, like any other, but traced once."""
  made: dict[str, learner_lib.Learner] = {}
  real = learner_lib.Learner

  def learner(config, **kept):
    del kept  # there is nothing to keep of digits
    return made.setdefault(config.run.world, real(config))

  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(learner_lib, 'Learner', learner)
    runs.hurry(patch)
    yield


@pytest.fixture(scope='module')
def sound(tmp_path_factory):
  run_dir = tmp_path_factory.mktemp('sound') / 'run'
  assert train.train(runs.tiny_config(run_dir)) == 0
  (run_dir / 'exports').mkdir(exist_ok=True)
  (run_dir / 'exports' / 'models.config').write_text('model_config_list {}')
  return run_dir


def answer(name, run_dir):
  """The exit code of a command, and all that it says to stderr."""
  function, settings, arguments = COMMANDS[name]
  said = io.StringIO()
  flags = [f'--run_dir={run_dir}', *arguments]
  with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
    if name == 'train':
      try:
        code = function(runs.tiny_config(run_dir))
      except Exception as error:  # as the command line would answer it
        words = command._words(error)
        code = getattr(error, 'code', 2) if words else 1
        said.write(f'error: {words}' if words else traceback.format_exc())
    else:
      code = command.main(function, 'usage', settings, flags)
  return code, said.getvalue()


def faults(name, file, kind, sound, tmp_path):
  """What a command does wrong with a run of which a file is damaged."""
  run_dir, outside = shutil.copytree(sound, tmp_path / 'run'), tmp_path / 'outside'
  outside.mkdir()
  (outside / 'precious').write_text('keep me')
  (path,) = run_dir.glob(file)
  damages.DAMAGES[kind](path, outside)
  before = damages.contents(outside)
  with damages.opened_at_last(path) if kind == 'a pipe' else contextlib.nullcontext() as waited:
    code, said = answer(name, run_dir)
  found = []
  if 'Traceback' in said or code not in (0, 2, 4):
    found.append(f'exit code {code}: {said[-1500:]}')
  if code and not said.startswith(('error: ', 'warning: ')):
    found.append(f'no words: {said[:300]}')
  if damages.contents(outside) != before:
    found.append(f'wrote outside: {[str(path) for path in damages.contents(outside)]}')
  if waited:
    found.append('waited for a pipe')
  return found


def judge(name, file, kind, sound, tmp_path):
  found = faults(name, file, kind, sound, tmp_path)
  assert not found, '\n'.join(found)


@pytest.mark.parametrize(
  ('file', 'kind'),
  [
    *(('run.flags', kind) for kind in ('empty', 'cut', 'zeroed', 'noise', 'a folder')),
    *(('best/*.index', kind) for kind in ('cut', 'noise', 'gone', 'a folder')),
    *(('best/*.data-00000-of-00001', kind) for kind in ('zeroed', "another's")),
    *(('best/checkpoint', kind) for kind in ('noise', 'a folder')),
  ],
)
def test_works_are_made_or_it_is_said_why_not(file, kind, sound, tmp_path):
  judge('create', file, kind, sound, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize('kind', damages.DAMAGES)
@pytest.mark.parametrize('file', FILES)
@pytest.mark.parametrize('name', COMMANDS)
def test_every_command_answers_every_damage(name, file, kind, sound, tmp_path):
  judge(name, file, kind, sound, tmp_path)
