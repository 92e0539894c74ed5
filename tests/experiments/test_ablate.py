"""A grid of runs: what it refuses, what it leaves, and how it stops and goes on."""

import fcntl
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

from absl import flags
from PIL import Image
import pytest

from tf_creative import ablate
from tf_creative.cli import flags as flags_lib
from tf_creative.core import spec
from tf_creative.experiments.ablation import grid, watched
from tf_creative.experiments.ablation import tables as outcomes
from tf_creative.runs import log as log_lib

# What stands in for train: it ends well, or as a coupling's name says.
STUB = """
import os, pathlib, signal, sys, time
given = dict(flag[2:].partition('=')[::2] for flag in sys.argv[1:])
path = pathlib.Path(given['run_dir'])
if given.get('couplings') == 'environment':
  sys.exit('error: it cannot be.')
if given.get('couplings') == '':
  signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
  os.kill(os.getppid(), signal.SIGINT)
  time.sleep(60)
path.mkdir(parents=True, exist_ok=True)
print('threads', os.environ.get('TF_NUM_INTRAOP_THREADS'))
(path / 'metrics.jsonl').write_text('{"round": 1, "painted/frechet": 0.5}')
"""
TOY = (
  '--rounds=2 --rounds_per_call=1 --evaluate_every=0 --picture_every=0 --works=20 --gan_width=8 '
  '--gan_batch_size=8 --agent_width=8 --agent_batch_size=8 --agent_environments=4 '
  '--agent_warmup=20 --agent_replay_capacity=400'
).split()


@pytest.fixture
def stub(monkeypatch):
  monkeypatch.setattr(watched, 'TRAIN', [sys.executable, '-c', STUB])
  monkeypatch.setattr(grid, '_PAUSE', 0.01)
  monkeypatch.delenv('TF_NUM_INTRAOP_THREADS', raising=False)


def settings(folder: pathlib.Path, *case: str, **other) -> ablate.AblateConfig:
  pipeline = folder / 'pipeline.flags'
  if not pipeline.exists():
    pipeline.write_text('--agent_environments=4\n--agent_collect_steps=2\n--agent_warmup=20\n')
  other = {'seeds': '0,1', 'out': str(folder / 'grid'), 'pipeline': str(pipeline), **other}
  return ablate.AblateConfig(case=case or ('plain:', 'dense: --gan_network=dense'), **other)


def cells(given: ablate.AblateConfig) -> list[grid.Cell]:
  return grid.cells(grid.read_cases(given.case), given.pipeline, given.seeds, given.out)


def read(*arguments: str) -> ablate.AblateConfig:
  values = flags.FlagValues()
  flags_lib.define_flags(values, ablate.AblateConfig)
  values(['ablate', *arguments])
  return flags_lib.from_flags(values, ablate.AblateConfig)


def test_cases_and_columns_are_taken_as_they_stand(tmp_path):
  file = tmp_path / 'a.flags'
  file.write_text('--case=a: --couplings=environment(real=0.5)\n--column=steps until x >= 1,5\n')
  given = read(f'--flagfile={file}', '--case=b: --world=pixel_art(size=8, colors=4)', '--seeds=3')
  assert given.case == (
    'a: --couplings=environment(real=0.5)',
    'b: --world=pixel_art(size=8, colors=4)',
  )
  assert (given.column, given.seeds) == (('steps until x >= 1,5',), '3')


@pytest.mark.parametrize('path', sorted(pathlib.Path('pipelines').glob('*ablation.flags')), ids=str)
def test_every_ablation_is_read_and_says_what_it_shows(path):
  assert cells(read(f'--flagfile={path}'))
  head = path.read_text()
  assert all(word in head for word in ('# Shows:', '# Command:', '# Time:', 'Expect:'))
  assert f'tf_creative.ablate --flagfile={path.as_posix()}' in head


def test_cells_are_ordinary_runs_seed_by_seed(tmp_path):
  given = settings(
    tmp_path,
    'L2 only:',
    "both: --couplings=environment(real=0.5)|reward(weight=1, form='logit') --rounds=7",
    '''quoted: '--couplings=environment | reward' --agent_width="3"''',
  )
  first, both, quoted, *rest = cells(given)
  assert [(cell.case, cell.seed) for cell in rest] == [('L2 only', 1), ('both', 1), ('quoted', 1)]
  assert first.flags == [
    f'--flagfile={tmp_path}/pipeline.flags',
    '--seed=0',
    f'--run_dir={tmp_path}/grid/L2_only-0',
    '--noprogress',
    '--noexport',
  ]
  assert first.config.agent.environments == 4
  assert both.flags[1:3] == [
    '--couplings=environment(real=0.5)|reward(weight=1, form=logit)',
    '--rounds=7',
  ]
  assert (quoted.config.run.couplings, quoted.config.agent.width) == ('environment | reward', 3)


@pytest.mark.parametrize(
  ('case', 'answer'),
  [
    ((), 'an ablation needs cases'),
    (('--rounds=3',), 'has no name'),
    (('--couplings=a:b',), 'has no name'),
    ((': --rounds=3',), 'has no name'),
    (('a: --agnt=c51',), "case 'a': unknown flag '--agnt'. Did you mean '--agent'?"),
    (('a: rounds=3',), "case 'a': 'rounds=3' is no flag: write --name=value"),
    (('a: --couplings=x | y',), "case 'a': '|' is no flag: write --name=value, in quotes"),
    (('a: --rounds=many',), "--rounds must be a whole number like 5000, not 'many'"),
    (('a: --flagfile=missing.flags',), 'missing.flags'),
    (("a: '--rounds=3",), "case 'a': no closing quotation"),
    (('a: --couplings=x(y=1',), 'this bracket is never closed'),
    (('a: --couplings=x(1)',), 'option=value should stand here'),
    (('a: --couplings=enviroment',), "Did you mean 'environment'?"),
    (('a: --couplings=environment(reel=1)',), "unknown option 'reel' of coupling 'environment'"),
    (('a: --world=pixel_art(size=1)',), 'must be 2 to 256, not 1'),
    (('a: --seed=3',), '--seed is set by the grid'),
    (('a b:', 'A/b: --rounds=3'), "the cases 'a b' and 'A/b' have one name"),
  ],
)
def test_a_wrong_case_is_answered_before_anything_is_trained(case, answer, tmp_path, monkeypatch):
  monkeypatch.setattr(watched, 'TRAIN', None)
  with pytest.raises(spec.UserError) as error:
    ablate.ablate(settings(tmp_path, *case) if case else ablate.AblateConfig())
  assert answer in str(error.value)
  assert not (tmp_path / 'grid').exists()


@pytest.mark.parametrize(
  ('other', 'answer'),
  [
    ({'seeds': '0,one'}, "not '0,one'"),
    ({'seeds': '0,1,0'}, 'has one twice'),
    ({'jobs': 0}, '--jobs must be 1 to 1000'),
    ({'pipeline': 'missing.flags'}, 'missing.flags'),
    ({'column': ('steps until x > 1',)}, "write 'steps until NAME >= NUMBER'"),
    ({'column': ('steps until x >= one',)}, "write 'steps until NAME >= NUMBER'"),
    ({'table_only': True}, 'is finished'),
  ],
)
def test_another_wrong_setting_is_answered_too(other, answer, tmp_path):
  with pytest.raises(spec.UserError) as error:
    ablate.ablate(settings(tmp_path, **other))
  assert answer in str(error.value)


def test_a_grid_is_trained_once_and_says_what_it_came_to(stub, tmp_path, capsys, monkeypatch):
  given = settings(tmp_path, jobs=2)
  assert ablate.ablate(given) == 0
  said, out = capsys.readouterr().out, tmp_path / 'grid'
  assert 'dense-1: started' in said and 'painted/frechet 0.5; 4 of 4 done' in said
  share = max(1, os.cpu_count() // 2)
  assert (out / 'plain-0.log').read_text() == f'threads {share}\n'
  rows = [json.loads(line) for line in (out / 'ablation.jsonl').read_text().splitlines()]
  assert [(row['case'], row['seed'], row['painted/frechet']) for row in rows] == [
    (case, seed, 0.5) for seed in (0, 1) for case in ('plain', 'dense')
  ]
  assert all(0 < row['CPU minutes'] < 1 for row in rows)
  assert '| dense | 2 | 0.500 ± 0.000 [0.500, 0.500] |' in (out / 'table.md').read_text()
  with Image.open(out / 'ablation.png') as picture:
    assert min(picture.size) > 200
  assert not list(out.glob('**/.partial*'))

  monkeypatch.setattr(watched, 'TRAIN', None)  # whatever is started now, fails
  assert ablate.ablate(given) == 0
  assert 'started' not in capsys.readouterr().out
  with pytest.raises(
    spec.UserError, match="no run has logged 'painted/frechte'.*'painted/frechet'"
  ):
    ablate.ablate(settings(tmp_path, column=('painted/frechte',)))
  with pytest.raises(spec.UserError, match=r'(?s)dense-0 was.*-.*=dense.*\+.*=conv.*--out'):
    ablate.ablate(settings(tmp_path, 'plain:', 'dense: --gan_network=conv'))
  pathlib.Path(given.pipeline).write_text('--rounds=5')  # what a file says counts, not its name
  with pytest.raises(spec.UserError, match=r'(?s)plain-0 was.*\+--rounds=5'):
    ablate.ablate(given)


def test_one_job_leaves_the_threads_alone_and_earlier_starts_count(stub, tmp_path):
  given = settings(tmp_path, 'plain:', seeds='0')
  (cell,) = cells(given)
  cell.note(130, 3.0, 2.0)
  assert ablate.ablate(given) == 0
  assert cell.log.read_text() == 'threads None\n'
  record = cell.record()
  assert record['exit'] == 0
  assert 3 < record['minutes'] < 4 and 2 < record['cpu_minutes'] < 3


def test_the_time_of_a_start_is_kept_though_the_grid_is_killed(tmp_path, monkeypatch):
  monkeypatch.setattr(watched, '_NOTE_SECONDS', 0)
  (cell, *_) = cells(settings(tmp_path))
  with subprocess.Popen([sys.executable, '-c', 'while True: pass']) as busy:
    try:
      training = watched.Watched(cell, busy)
      until = time.monotonic() + 60
      while not (kept := cell.record()) or kept['cpu_minutes'] < 0.3 / 60:
        assert training.look() is None and time.monotonic() < until
        time.sleep(0.05)
    finally:
      busy.kill()  # nobody looks any more
  assert kept['exit'] is None and kept['minutes'] > 0.3 / 60 and not cell.finished()
  with subprocess.Popen([sys.executable, '-c', '']) as quick:
    training = watched.Watched(cell, quick)
    while training.look() is None:
      time.sleep(0.01)
  record = cell.record()
  assert record['exit'] == 0
  assert kept['cpu_minutes'] < record['cpu_minutes'] < kept['cpu_minutes'] + 0.1


def test_a_grid_is_not_written_through_links(stub, tmp_path):
  given = settings(tmp_path)
  (tmp_path / 'grid').mkdir()
  (tmp_path / 'grid/plain-0.log').symlink_to(tmp_path / 'mine')
  with pytest.raises(spec.UserError, match='plain-0.log is a link'):
    ablate.ablate(given)
  assert not (tmp_path / 'mine').exists()


def test_a_failing_run_stops_no_other(stub, tmp_path, capsys):
  given = settings(tmp_path, 'bad: --couplings=environment', 'good: --gan_width=8', seeds='0')
  assert ablate.ablate(given) == 1
  said = capsys.readouterr().out
  assert 'bad-0: failed with exit code 1: error: it cannot be.' in said
  assert f'the end of {tmp_path}/grid/bad-0.log' in said
  assert [cell.finished() for cell in cells(given)] == [False, True]
  assert '| bad | 0 | · |' in (tmp_path / 'grid/table.md').read_text()


def test_ctrl_c_is_passed_on_and_the_same_command_goes_on(stub, tmp_path, capsys):
  given = settings(tmp_path, 'good:', 'stops: --couplings=', seeds='0,1')
  before = signal.getsignal(signal.SIGINT)
  assert ablate.ablate(given) == 130
  said = capsys.readouterr().out
  assert 'stops-0: stopped' in said and 'good-1' not in said
  assert 'stopped, 1 of 4 done; the same command goes on' in said
  assert cells(given)[1].record()['exit'] == 130  # it was asked and not killed
  assert signal.getsignal(signal.SIGINT) is before
  shown = settings(tmp_path, 'good:', 'stops: --couplings=', table_only=True)
  assert ablate.ablate(shown) == 0
  assert '| good | 1 | 0.500 |' in (tmp_path / 'grid/table.md').read_text()


def test_a_grid_is_not_worked_on_twice(stub, tmp_path):
  given = settings(tmp_path)
  (tmp_path / 'grid').mkdir()
  with (tmp_path / 'grid/.lock').open('w') as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    with pytest.raises(spec.UserError, match='is being worked on'):
      ablate.ablate(given)


@pytest.mark.slow
def test_real_runs_are_trained_and_only_once(tmp_path):
  (tmp_path / 'pipeline.flags').write_text('\n'.join(['--flagfile=pipelines/base.flags', *TOY]))
  until = 'steps until held_out/equal_pixels >= 0'
  given = settings(tmp_path, 'control: --couplings=', column=('painted/frechet', until), seeds='0')
  assert ablate.ablate(given) == 0
  (cell,) = cells(given)
  assert outcomes.row(cell, [outcomes.read_column(until)])[until] == 24 + 2 * 8
  said, logged = cell.log.read_text(), log_lib.rows(cell.path)
  assert 'starting' in said and 'rounds after' in said
  assert ablate.ablate(given) == 0
  assert (cell.log.read_text(), log_lib.rows(cell.path)) == (said, logged)


@pytest.mark.slow
def test_a_cell_whose_end_nobody_saw_is_started_again_and_logs_nothing_twice(tmp_path):
  """As where the grid is killed, and what it has started goes on to its end."""
  flags = ['--flagfile=pipelines/base.flags', *TOY, '--evaluate_every=2']
  (tmp_path / 'pipeline.flags').write_text('\n'.join(flags))
  given = settings(tmp_path, 'control: --couplings=', seeds='0')
  assert ablate.ablate(given) == 0
  (cell,) = cells(given)
  logged = (cell.path / 'metrics.jsonl').read_bytes()
  (cell.path / 'cell.json').unlink()
  assert ablate.ablate(given) == 0
  assert (cell.path / 'metrics.jsonl').read_bytes() == logged
