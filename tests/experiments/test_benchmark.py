"""The benchmark itself, at toy size: that it measures, tells and compares."""

import json
import sys

import numpy as np
import pytest

from tf_creative import benchmark
from tf_creative.cli import flags as flags_lib
from tf_creative.core import spec
from tf_creative.experiments import probes, speed
from tf_creative.experiments import speed_plot as growth

TOY = '--agent_width=4 --gan_width=4 --gan_batch_size=8 --agent_batch_size=8'


@pytest.fixture(scope='module')
def out(tmp_path_factory):
  folder = tmp_path_factory.mktemp('benchmark')
  settings = benchmark.BenchmarkConfig(
    pipeline='pipelines/debug.flags',
    train=TOY,
    turns=2,
    seconds=0.05,
    peer=(f'nobody: {sys.executable} -c "print(\'warm\'); print(0.5)"',),
    out=str(folder),
  )
  assert benchmark.benchmark(settings) == 0
  return folder


def test_it_measures_what_there_is(out):
  found = json.loads((out / 'benchmark.json').read_text())
  assert len(found['round']) == len(found['busy']) == 2
  assert found['peers'] == {'nobody': [0.5, 0.5]}
  assert all(peak > 1e8 for peaks in found['peak'].values() for peak in peaks)
  assert found['parts'].keys() == {'concept', 'collect', 'learn', 'gan'}
  assert min(found['parts'].values()) > 0 and max(found['parts'].values()) < 60
  counts = found['counts']
  assert counts['traces'] == 1
  assert counts['flops'] == sum(counts['flops_of'].values()) > 1e6
  assert 0 < sum(found['startup'].values()) < 300 and found['memory'] > 1e8
  assert found['with']['tensorflow']


def test_two_are_set_side_by_side(out, tmp_path, capsys):
  found = json.loads((out / 'benchmark.json').read_text())
  found['round'] = [2 * each for each in found['round']]
  (tmp_path / 'slow.json').write_text(json.dumps(found))
  files = (str(out / 'benchmark.json'), str(tmp_path / 'slow.json'))
  assert benchmark.benchmark(benchmark.BenchmarkConfig(compare=files)) == 0
  rows = {words[0]: words[-1] for line in capsys.readouterr().out.splitlines()
          if (words := line.split())}  # fmt: skip
  assert rows['round'] == '2.000' and rows['memory'] == '1.000'


def test_cost_grows_by_a_power():
  sizes = {8: 1.0, 32: 2.0, 128: 8.0}
  table = {str(size): {'seconds': took, 'memory': 1e6} for size, took in sizes.items()}
  _, rows = speed._sweep_table({'batch': table})
  # From 8 to 32 twice as much, to 128 eight times: powers of log 2 / log 4 and log 8 / log 16.
  assert [row[2] for row in rows] == ['·', '0.50', '0.75']


def test_only_one_thing_grows_at_a_time():
  config = flags_lib.from_arguments(['--flagfile=pipelines/pixel_art.flags'])
  grown = {(what, size): changed for what, size, changed in speed._grown(config)}
  assert 'size=64, colors=4' in grown['pixels', 4096].run.world.replace('data=digits, ', '')
  assert grown['pixels', 4096].agent == config.agent
  assert grown['environments', 1024].agent.environments == 1024
  assert grown['environments', 1024].run == config.run
  for changed in grown.values():
    flags_lib.check(changed)


@pytest.mark.parametrize(
  ('settings', 'words'),
  [
    ({'peer': ('torch',)}, 'name: command'),
    ({'compare': ('one.json',)}, 'two files'),
    ({'compare': ('one.json', 'nowhere.json')}, 'no benchmark.json'),
    ({'train': '--agent_width=many'}, '--agent_width must be'),
    ({'turns': 0}, '--turns must be'),
  ],
)
def test_mistakes_are_told(settings, words):
  with pytest.raises(spec.UserError, match=words):
    benchmark.benchmark(benchmark.BenchmarkConfig(**settings))


def test_a_peer_that_fails_is_told():
  call = [sys.executable, '-c', 'raise SystemExit("no torch here")']
  with pytest.raises(spec.UserError, match='no torch here'):
    speed._rate('torch', call)


def test_a_fault_in_a_probe_is_told():
  config = flags_lib.from_arguments(['--world=pixel_art(data=nowhere)'])
  with pytest.raises(spec.UserError, match='nowhere'):
    probes.Probe(1, config)


def test_growth_is_drawn():
  told = {str(size): {'seconds': size / 1e4, 'memory': 1e9} for size in (8, 64, 512)}
  [one, other] = growth.draw({'batch': told, 'replay': told}).axes
  for panel in (one, other):
    proportional, costs = panel.lines
    np.testing.assert_allclose(costs.get_ydata(), [0.8, 6.4, 51.2])
    np.testing.assert_allclose(proportional.get_ydata(), costs.get_ydata())
  assert (one.get_xlabel(), other.get_xlabel()) == ('transitions in a batch', 'steps of replay')
