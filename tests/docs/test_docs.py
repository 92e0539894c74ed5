"""The pages that Sphinx builds: no warnings, links that hold, a reference that is the code's."""

import collections
import dataclasses
import html.parser
import importlib.util
import json
import os
import pathlib
import re
import subprocess
import sys
from typing import NamedTuple
import urllib.parse

import pytest

from tests.docs import pages
from tests.shared import runs
import tf_creative
from tf_creative import (
  ablate,
  agent,
  augment,
  benchmark,
  bulk,
  couplings,
  create,
  evaluate,
  export,
  gan,
  serve,
  studio,
  testing,
  worlds,
)
from tf_creative.cli import flags as flags_lib
from tf_creative.core import promises, storage
from tf_creative.core import spec as spec_lib
from tf_creative.couplings import options as coupling_options
from tf_creative.evaluation import tables
from tf_creative.learner import alarms
from tf_creative.learner import config as config_lib
from tf_creative.learner import learner as learner_lib
from tf_creative.serving.exports import card
from tf_creative.studio import publishing
from tf_creative.worlds import options as world_options

ROOT = pages.ROOT
NEEDED = ('sphinx', 'myst_parser', 'furo')
SETTINGS = {
  'train': config_lib.Config,
  'evaluate': evaluate.EvaluateConfig,
  'create': create.CreateConfig,
  'export': export.ExportConfig,
  'serve': serve.ServeConfig,
  'ablate': ablate.AblateConfig,
  'benchmark': benchmark.BenchmarkConfig,
  'augment': augment.AugmentConfig,
  'bulk': bulk.BulkConfig,
}
# What a reader who knows nothing looks for, where it is, and words that it must have.
SOUGHT = {
  'how to train on his own data': ('tutorials/own-data', 'palette=auto'),
  'how to serve': ('tutorials/production', 'tf_creative.serve'),
  'what a coupling is worth': ('couplings', '5,300 steps'),
  'how to add a world': ('tutorials/own-world', 'check_world'),
}


def bare(text: str) -> str:
  """A text without spaces and the marks of code, around which a page has spaces."""
  return ''.join(text.replace('`', '').split())


class Page(html.parser.HTMLParser):
  """What a built page links to, loads, and says."""

  def __init__(self, text: str):
    super().__init__()
    self.ids: set[str] = set()
    self.links: list[str] = []
    self.inner: list[str] = []  # links of the text, not of what is beside it
    self.loads: list[str] = []
    self.said: list[str] = []
    self._depth = 0
    self.feed(text)
    self.text = ' '.join(' '.join(self.said).split())
    self.bare = bare(self.text)

  def handle_starttag(self, tag, attrs):
    told = dict(attrs)
    self.ids |= {told['id']} if told.get('id') else set()
    self._depth += tag == 'article'
    if tag == 'a' and told.get('href'):
      self.links.append(told['href'])
      if self._depth:
        self.inner.append(told['href'])
    if tag in ('script', 'img', 'iframe') and told.get('src'):
      self.loads.append(told['src'])
    if tag == 'link' and told.get('rel') != 'canonical':
      self.loads.append(told.get('href', ''))

  def handle_endtag(self, tag):
    self._depth -= tag == 'article'

  def handle_data(self, data):
    if self._depth:
      self.said.append(data)


class Site(NamedTuple):
  root: pathlib.Path
  pages: dict[str, Page]

  def __getitem__(self, name: str) -> str:
    """The text of a page."""
    return self.pages[f'{name}.html'].text

  def bare(self, name: str) -> str:
    """The text of a page without spaces."""
    return self.pages[f'{name}.html'].bare


@pytest.fixture(scope='module')
def site(tmp_path_factory):
  missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
  if missing:
    pytest.skip(f'the pages are built by {", ".join(missing)}, which {sys.executable} lacks')
  made = tmp_path_factory.mktemp('site')
  command = ['-m', 'sphinx', '-q', '-W', '--keep-going', '-b', 'html', '-d', f'{made}/trees']
  done = subprocess.run(
    [sys.executable, *command, f'{ROOT}/docs', f'{made}/html'],
    capture_output=True,
    text=True,
    env={**os.environ, 'TF_CPP_MIN_LOG_LEVEL': '3', 'PYTHONPATH': str(ROOT)},
  )
  assert done.returncode == 0, done.stderr
  root = made / 'html'
  found = {str(path.relative_to(root)): Page(path.read_text()) for path in root.rglob('*.html')}
  return Site(root, found)


def test_every_internal_link_leads_somewhere(site):
  links = 0
  for name, page in site.pages.items():
    for link in (*page.links, *page.loads):
      target, _, fragment = link.partition('#')
      if re.match(r'[a-z]+:', link):
        continue
      place = (site.root / name).parent / urllib.parse.unquote(target.partition('?')[0])
      place = (site.root / name) if not target else place.resolve()
      assert place.exists(), f'{name}: {link}'
      other = site.pages.get(os.path.relpath(place, site.root))
      if fragment and other:
        assert urllib.parse.unquote(fragment) in other.ids, f'{name}: {link}'
      links += 1
  assert links > 1000


def test_nothing_is_loaded_from_elsewhere(site):
  for name, page in site.pages.items():
    assert not [one for one in page.loads if re.match(r'(https?:)?//', one)], name


@pytest.mark.parametrize('what', SOUGHT)
def test_a_stranger_finds_it_within_two_clicks(site, what):
  """By the links within the text, without what is beside it."""
  wanted, words = SOUGHT[what]
  near = collections.deque([('index.html', 0)])
  clicks = {'index.html': 0}
  while near:
    name, count = near.popleft()
    for link in site.pages[name].inner:
      target = os.path.normpath(os.path.join(os.path.dirname(name), link.partition('#')[0] or name))
      if target in site.pages and target not in clicks:
        clicks[target] = count + 1
        near.append((target, count + 1))
  assert clicks[f'{wanted}.html'] <= 2
  assert words in site[wanted]


def test_every_page_is_reached_from_the_first(site):
  index = site.pages['index.html']
  listed = {link.partition('#')[0] for link in index.links}
  for path in (ROOT / 'docs').rglob('*.md'):
    if '_build' not in path.parts and path.name != 'index.md':
      assert str(path.relative_to(ROOT / 'docs').with_suffix('.html')) in listed, path


@pytest.mark.parametrize('command', SETTINGS)
def test_the_reference_has_every_flag(site, command):
  text = site['reference/flags']
  for name, _, field in flags_lib.flag_fields(SETTINGS[command]):
    assert f'--{name} ' in text
    assert bare(field.metadata['help']) in site.bare('reference/flags'), name
    for word in field.metadata['one_of'] or ():
      assert word in text
    default = ','.join(field.default) if isinstance(field.default, tuple) else field.default
    shown = str(default).lower() if isinstance(default, bool) else str(default)
    assert shown in text, name


def test_the_reference_has_every_part_with_its_options(site):
  text = site['reference/parts']
  for options in (*world_options.OPTIONS.values(), *coupling_options.OPTIONS.values()):
    assert options.__doc__.partition('\n')[0] in text
    for field in dataclasses.fields(options):
      assert re.search(rf'\b{field.name}\b', text)
      for word in field.metadata.get('one_of') or ():
        assert word in text
      assert bare(field.metadata.get('help', '')) in site.bare('reference/parts')
  tables_ = (worlds.WORLDS, couplings.COUPLINGS, agent.AGENTS, agent.NETWORKS, gan.NETWORKS)
  for table in (*tables_, gan.LOSSES, worlds.DATA):
    for name in [name for name, place in table.ours.items() if place.startswith('tf_creative')]:
      assert re.search(rf'(^|\s){re.escape(name)}\s', text), name
  for name in (*studio.FORMATS, *world_options.FORMATS):
    assert re.search(rf'\b{name}\b', text)
  assert not re.search(r'what it is [a-z_0-9]+ [a-z_0-9]+ ', text), 'something has no description'


def test_the_reference_has_every_number_and_exit_code(site):
  text = site['reference/metrics']
  for column in (*tables.ALL, *tables.HALVES):
    assert column.meaning.replace('  ', ' ') in text
  for error in (spec_lib.UserError, storage.StorageError, alarms.Diverged):
    assert f'{error.code} {error.__doc__.partition(chr(10))[0]}' in site['reference/exit-codes']
  for code in (0, 1, 130, 143):
    assert f' {code} ' in site['reference/exit-codes']


def test_the_reference_has_the_contracts_and_the_checks(site):
  text = site['reference/api']
  for _, rules in promises.RULES:
    for rule in rules:
      assert rule.__name__ in text
  for name in tf_creative._API:
    assert re.search(rf'\b{name}\b', text), name
  for check in (testing.check_world, testing.check_coupling, testing.check_data):
    assert bare(check.__doc__.partition('\n')[0]) in site.bare('reference/api')
  for name in ('Play', 'Rules', 'Works', 'Making', 'Media', 'Measures', 'Coupling', 'Hand'):
    assert f'class {name}' in text


@pytest.mark.parametrize('line', pages.told())
def test_a_command_can_be_read(line):
  """Also of the slow blocks: flags, specs and bounds are right."""
  name, arguments = pages.command_of(line)
  if '--help' not in arguments:
    given = [a for a in arguments if not a.startswith('--flagfile=runs/')]
    flags_lib.from_arguments(given, SETTINGS[name])


def test_no_command_is_left_out_without_a_reason():
  for block in pages.blocks():
    if pages.is_shown(block) or block.kind:
      continue
    for line in pages.lines(block):
      known = pages.command_of(line) or line.startswith(('make', 'curl'))
      assert known or pages.why_not(line), f'{block.page}: {line}'


def test_equal_works_are_promised_of_tensorflow_alone():
  """Conversions gave others: of eight works by ONNX none, by OpenVINO two were equal."""
  texts = [p.read_text() for p in (*pages.PAGES, ROOT / 'tf_creative/serving/exports/card.py')]
  promises = [
    paragraph
    for paragraph in '\n\n'.join(texts).split('\n\n')
    if re.search(r'(same|equal)\s+(seeds?|works?)\b', paragraph) and 'batch' in paragraph
  ]
  assert len(promises) >= 2
  for promise in promises:
    assert 'TensorFlow' in promise and 'ONNX' in promise, promise


def test_pictures_are_small():
  found = [*ROOT.glob('docs/pictures/*'), *ROOT.glob('pipelines/*.png'), *ROOT.glob('*/*.gif')]
  assert len(found) > 10
  for path in found:
    assert path.stat().st_size < 150_000, path


def test_a_notebook_becomes_a_page(monkeypatch):
  monkeypatch.syspath_prepend(str(ROOT / 'docs/_extensions'))
  pytest.importorskip('myst_parser')
  import notebooks

  cells = [
    {'cell_type': 'markdown', 'source': ['# Title\n', 'Text']},
    {
      'cell_type': 'code',
      'source': 'print(1)',
      'outputs': [{'output_type': 'stream', 'text': ['1 < 2\n']}],
    },
  ]
  text = notebooks.to_markdown({'cells': cells})
  assert text.startswith(
    '# Title\nText\n\n```python\nprint(1)\n```\n\n<pre class="output">1 &lt; 2'
  )
  picture = {'data': {'image/png': 'iVBORw0KGgo=', 'text/plain': 'never'}}
  text = notebooks.to_markdown(
    {'cells': [{'cell_type': 'code', 'source': 'x', 'outputs': [picture]}]}
  )
  assert 'data:image/png;base64,iVBORw0KGgo=' in text and 'never' not in text
  for path in (ROOT / 'docs').rglob('*.ipynb'):
    assert notebooks.to_markdown(json.loads(path.read_text()))


@pytest.mark.slow  # of pixel_art in test_readme, where it is exported anyway
@pytest.mark.parametrize('name', ['melody', 'level'])
def test_the_signatures_of_other_worlds_are_those_of_the_page(name):
  config = runs.parse(f'--flagfile=pipelines/{name}.flags', *runs.TOY)
  one = learner_lib.Learner(config)
  models = publishing._models(one, publishing._about(one, config))
  told = (ROOT / 'docs/reference/serving.md').read_text()
  for line in card._signatures(models).splitlines():
    assert line in told
