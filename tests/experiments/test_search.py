"""A search: what it tries, what it gives up, and that it goes on and is shared."""

import json
import pathlib
import subprocess
import sys
import time

import pytest

from tests.experiments import test_ablate
from tf_creative import ablate
from tf_creative.core import spec
from tf_creative.experiments.ablation import grid, tries, watched

pytest.importorskip('optuna', reason="run pip install 'tf_creative[search]'")

# What stands in for train: it is best with a learning rate of 1e-3 and two steps.
STUB = """
import json, math, os, pathlib, signal, sys, time
given = dict(flag[2:].partition('=')[::2] for flag in sys.argv[1:])
path = pathlib.Path(given['run_dir'])
path.mkdir(parents=True, exist_ok=True)
with (path / 'starts').open('a') as starts:
  print('started', file=starts)
far = abs(math.log10(float(given['gan_learning_rate'])) + 3) + abs(int(given['agent_n_step']) - 2)
if os.environ.get('STOPS') and not (path.parents[1] / 'stopped').exists():
  (path.parents[1] / 'stopped').touch()
  signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
  os.kill(os.getppid(), signal.SIGINT)
  time.sleep(60)
time.sleep(float(os.environ.get('SLOW', 0)))
rounds = 3 if given.get('agent_width') == '8' else 1
with (path / 'metrics.jsonl').open('a') as metrics:
  for number in range(1, rounds + 1):
    print(json.dumps({'round': number, 'painted/frechet': far + rounds - number}), file=metrics)
    metrics.flush()
    if rounds > 1 and far > 1:
      time.sleep(1)  # it may be given up before
"""
TRY = ('gan_learning_rate: 1e-5..1e-1 log', 'agent_n_step: 1..3')


@pytest.fixture
def stub(monkeypatch):
  monkeypatch.setattr(watched, 'TRAIN', [sys.executable, '-c', STUB])
  monkeypatch.setattr(grid, '_PAUSE', 0.01)


def settings(folder: pathlib.Path, *case: str, **other) -> ablate.AblateConfig:
  other = {'search': 20, 'try_': TRY, 'goal': 'least', 'seeds': '0', **other}
  return test_ablate.settings(folder, *(case or ('plain:',)), **other)


def trials(folder: pathlib.Path) -> list[pathlib.Path]:
  return sorted(folder.glob('grid/search/*-100'))


def rows(folder: pathlib.Path) -> list[dict]:
  return [json.loads(line) for line in (folder / 'grid/ablation.jsonl').read_text().splitlines()]


@pytest.mark.parametrize(
  ('text', 'answer'),
  [
    ('agent_n_step: 1..3', tries.Try('agent_n_step', ('1', '3'), is_range=True)),
    ('--x: 1e-4..3e-3 log', tries.Try('x', ('1e-4', '3e-3'), is_range=True, log=True)),
    ('agent: ddqn, c51', tries.Try('agent', ('ddqn', 'c51'))),
  ],
)
def test_what_to_try_is_read(text, answer):
  assert tries.read(text) == answer


@pytest.mark.parametrize(
  'text', ['x', 'x: 3', 'x: 3..1', 'x: 0..1 log', ': 1..2', 'x: a..b', 'x: 1..']
)
def test_what_cannot_be_tried_is_refused(text):
  with pytest.raises(spec.UserError, match='cannot read what to try'):
    tries.read(text)


@pytest.mark.parametrize(
  ('other', 'answer'),
  [
    ({'tuning_seeds': '3,0'}, '--tuning_seeds and --seeds both have 0'),
    ({'tuning_seeds': 'x'}, "--tuning_seeds must be numbers like 0,1,2, not 'x'"),
    ({'try_': ()}, "--search needs --try='FLAG: LOW..HIGH'"),
    ({'goal': ''}, "of 'painted/frechet', which is better?"),
    ({'goal': 'best'}, "--goal cannot be 'best'"),
    ({'try_': ('gan_learning_rat: 1..2',)}, "Did you mean '--gan_learning_rate'?"),
    ({'try_': ('agent_n_step: 0..2',)}, '--agent_n_step must be'),
  ],
)
def test_a_wrong_search_is_answered_before_anything_is_trained(other, answer, tmp_path):
  with pytest.raises(spec.UserError) as error:
    ablate.ablate(settings(tmp_path, **other))
  assert answer in str(error.value)
  assert not list(tmp_path.glob('grid/**/*.log'))


def test_the_known_best_is_found_and_reported_with_other_seeds(stub, tmp_path, capsys):
  assert ablate.ablate(settings(tmp_path, 'plain:', 'wide: --agent_width=64', seeds='0,1')) == 0
  assert len(trials(tmp_path)) == 40  # as many for each
  found = rows(tmp_path)
  assert [(row['case'], row['seed']) for row in found] == [
    (case, seed) for seed in (0, 1) for case in ('plain', 'wide')
  ]
  assert all(row['painted/frechet'] < 0.25 for row in found)
  text = (tmp_path / 'grid/table.md').read_text()
  assert 'The search that chose the settings' in text
  assert '| plain | 20 | 0 | 0 |' in text and '--agent_n_step=2' in text
  assert 'searched' in capsys.readouterr().out


def test_all_seeds_of_a_trial_count_and_a_failing_trial_stops_no_other(stub, tmp_path):
  given = settings(tmp_path, search=3, tuning_seeds='100,101', try_=('agent_n_step: 1, 2, 9',))
  with pytest.raises(spec.UserError, match="no trial of case 'plain' came to a number"):
    ablate.ablate(given)  # the stub wants a learning rate
  assert len(list(tmp_path.glob('grid/search/*-100'))) == 3
  other = settings(tmp_path, search=3, tuning_seeds='100,101', out=str(tmp_path / 'other'))
  assert ablate.ablate(other) == 0
  assert len(list(tmp_path.glob('other/search/*-10[01]'))) == 6


def test_a_hopeless_run_is_given_up(stub, tmp_path, monkeypatch, capsys):
  monkeypatch.setattr('tf_creative.experiments.ablation.search._LOOK_SECONDS', 0.05)
  given = settings(tmp_path, 'plain: --agent_width=8', search=12)
  assert ablate.ablate(given) == 0
  assert 'given up: others were better by then' in capsys.readouterr().out
  given_up = (tmp_path / 'grid/table.md').read_text().split('| plain | 12 | ')[1].split()[0]
  assert int(given_up) > 0


def test_a_stopped_search_goes_on_with_the_trial_that_was_stopped(
  stub, tmp_path, monkeypatch, capsys
):
  monkeypatch.setenv('STOPS', '1')
  given = settings(tmp_path, search=3)
  assert ablate.ablate(given) == 130
  assert 'stopped' in capsys.readouterr().out
  (first,) = trials(tmp_path)
  monkeypatch.delenv('STOPS')
  assert ablate.ablate(given) == 0
  assert len(trials(tmp_path)) == 3  # none was begun in its place
  assert (first / 'starts').read_text() == 'started\nstarted\n'
  journal = (tmp_path / 'grid/search/journal.log').read_bytes()
  assert ablate.ablate(given) == 0
  assert (tmp_path / 'grid/search/journal.log').read_bytes().startswith(journal)
  assert len(trials(tmp_path)) == 3


def test_a_run_that_was_left_behind_is_waited_for(stub, tmp_path, monkeypatch):
  (tmp_path / 'pipeline.flags').write_text('--agent_environments=4\n')
  monkeypatch.setenv('SLOW', '4')
  with subprocess.Popen([sys.executable, '-c', TWICE, tmp_path], start_new_session=True) as killed:
    while not trials(tmp_path) or not (trials(tmp_path)[0] / 'starts').exists():
      time.sleep(0.05)
    killed.kill()
  monkeypatch.delenv('SLOW')
  given = settings(tmp_path, search=1)
  assert ablate.ablate(given) == 0
  (only,) = trials(tmp_path)
  logged = [json.loads(line) for line in (only / 'metrics.jsonl').read_text().splitlines()]
  assert (only / 'starts').read_text() == 'started\nstarted\n'
  assert len(logged) == 2  # the first was at its end before the second began


TWICE = """
import sys
from tests.experiments import test_search
from tf_creative import ablate
from tf_creative.experiments.ablation import watched
watched.TRAIN[:] = [sys.executable, '-c', test_search.STUB]
sys.exit(ablate.ablate(test_search.settings(test_search.pathlib.Path(sys.argv[1]))))
"""


def test_two_commands_share_the_trials(tmp_path):
  (tmp_path / 'pipeline.flags').write_text('--agent_environments=4\n')
  both = [
    subprocess.Popen(
      [sys.executable, '-c', TWICE, tmp_path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    for _ in range(2)
  ]
  said = [process.communicate(timeout=300)[0].decode() for process in both]
  # Whoever comes last to the runs that are reported may find the other one at work.
  codes = sorted(process.returncode for process in both)
  assert codes[0] == 0, said
  runs = trials(tmp_path)
  assert len(runs) == 20
  assert all((run / 'starts').read_text() == 'started\n' for run in runs)
  assert all(': started' in text for text in said)
