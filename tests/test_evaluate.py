"""The whole command on a toy run: what it leaves, and that it leaves the same again."""

import html.parser
import json
import re
import threading

import pytest

from tests.shared import tiny
from tests.shared.runs import verify_here
from tf_creative import create, evaluate, export, train
from tf_creative.core import spec
from tf_creative.evaluation import baselines
from tf_creative.evaluation import measured as evaluation
from tf_creative.metrics import judge

SOURCES = list(evaluation.SOURCES)


@pytest.fixture(scope='module', autouse=True)
def _hasty():
  """Here it matters that there are numbers, not that they are good ones."""
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(judge, '_STEPS', 20)
    verify_here(patch)
    patch.setattr(baselines, '_PLAIN_UPDATES', 5)
    yield


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
  """Two trained runs of one recipe."""
  folder = tmp_path_factory.mktemp('runs')
  for seed in (0, 1):
    config = tiny.config(run_dir=str(folder / str(seed)), seed=seed, rounds=10, evaluate_every=0)
    train.train(config)
  return folder


def evaluated(runs, out: str, *compare: str, works: int = 60):
  settings = evaluate.EvaluateConfig(
    run_dir=str(runs / '0'),
    compare=tuple(str(runs / name) for name in compare),
    out=str(runs / out),
    works=works,
  )
  assert evaluate.evaluate(settings) == 0
  return runs / out


@pytest.fixture(scope='module')
def left(runs):
  return evaluated(runs, 'left', '1')


class Page(html.parser.HTMLParser):
  """All tags with their attributes; complains of those that are not closed in order."""

  EMPTY = {'meta', 'img', 'br', 'input', 'line', 'circle', 'polyline'}

  def __init__(self, text: str):
    super().__init__()
    self.tags, self._open = [], []
    self.feed(text)
    assert not self._open

  def handle_starttag(self, tag, attributes):
    self.tags.append((tag, dict(attributes)))
    if tag not in self.EMPTY:
      self._open.append(tag)

  def handle_startendtag(self, tag, attributes):
    self.tags.append((tag, dict(attributes)))

  def handle_endtag(self, tag):
    assert self._open.pop() == tag


def test_every_source_and_hand_has_its_row(left):
  rows = [json.loads(line) for line in (left / 'metrics.jsonl').read_text().splitlines()]
  assert {row['round'] for row in rows} == {10}
  for name in '01':
    own = [row for row in rows if row['run'].endswith(f'/{name}')]
    assert [row['source'] for row in own if 'source' in row] == SOURCES
    assert [(row['works'], row['hand']) for row in own if 'hand' in row] == [
      (works, hand) for works in ('held_out', 'imagined') for hand in ('hand', 'random', 'blank')
    ]
  by_source = {row['source']: row for row in rows if 'source' in row}
  assert by_source['training']['copies'] == by_source['nearest']['copies'] == 1
  assert by_source['nearest']['halves/creativity'] == 0
  assert by_source['noise']['halves/frechet'] > 5 * by_source['training']['halves/frechet']
  blank = next(row for row in rows if row.get('hand') == 'blank')
  assert blank['strokes'] == blank['return'] == 0
  assert blank['equal_pixels_low'] <= blank['equal_pixels'] == 0.75 <= blank['equal_pixels_high']


def test_the_page_is_whole_and_needs_nothing_from_elsewhere(left):
  text = (left / 'report.html').read_text()
  tags = Page(text).tags
  for _, attributes in tags:
    for name in ('src', 'href'):
      assert attributes.get(name, '#').startswith(('#', 'data:image/png;base64,'))
  assert not re.search(r'url\((?!data:)|@import|fetch\(|https?://(?!www.w3.org)', text)
  assert all(attributes.get('alt') for tag, attributes in tags if tag == 'img')
  ids = [attributes['id'] for _, attributes in tags if 'id' in attributes]
  assert len(ids) == len(set(ids))
  links = {attributes['href'][1:] for tag, attributes in tags if tag == 'a'}
  assert links <= set(ids) and 'Compared' in links
  assert [tag for tag, _ in tags].count('h1') == 1
  assert dict(tags)['html']['lang'] == 'en'
  assert any(attributes.get('name') == 'viewport' for tag, attributes in tags if tag == 'meta')
  for title, _ in evaluation.SOURCES.values():
    assert f'>{title}</th>' in text
  assert '--gan_width=8' in text and 'tensorflow ' in text


def test_the_same_seed_gives_the_same_bytes_apart_from_time_stamps(runs, left):
  again = evaluated(runs, 'again', '1')
  assert (left / 'metrics.jsonl').read_bytes() == (again / 'metrics.jsonl').read_bytes()
  pages = [
    re.sub('<time>[^<]*</time>', '', (out / 'report.html').read_text()) for out in (left, again)
  ]
  assert pages[0] == pages[1]


def test_the_table_on_the_screen_has_all_rows(runs, capsys):
  evaluated(runs, 'alone', works=40)
  said = capsys.readouterr().out
  for title, _ in evaluation.SOURCES.values():
    assert f'\n{title} ' in said
  assert 'new real works: random strokes' in said and str(runs / 'alone' / 'report.html') in said
  assert 'id="Compared"' not in (runs / 'alone' / 'report.html').read_text()


@pytest.fixture
def started(monkeypatch):
  """A terminal of 80 columns, and the threads that are started before it."""
  threads, start = [], threading.Thread.start
  monkeypatch.setattr(threading.Thread, 'start', lambda self: (threads.append(self), start(self)))
  for name, value in {'FORCE_COLOR': '1', 'TERM': 'xterm', 'COLUMNS': '80'}.items():
    monkeypatch.setenv(name, value)
  return threads


def spinners(started):
  """Threads that redraw by themselves, and die if TFDS, which patches imports, loads meanwhile."""
  return [thread for thread in started if type(thread).__name__ == '_RefreshThread']


def test_no_number_is_cut_on_a_terminal(runs, capsys, started):
  out = evaluated(runs, 'wide', works=40)
  printed = capsys.readouterr().out
  assert '\x1b[2K' in printed and 'measuring: imagined' in printed and not spinners(started)
  table, _, _ = re.sub(r'.*\x1b\[2K|\x1b\[[\d;]*m', '', printed).partition(str(out))
  assert '…' not in table
  assert max(map(len, table.splitlines()[2:])) <= 80
  rows = [json.loads(line) for line in (out / 'metrics.jsonl').read_text().splitlines()]
  for row in rows:
    if 'source' in row:
      spread = f'±{row["halves/frechet_spread"]:.2f}'
      assert spread in table and f'{row["halves/creativity"]:.2f}\n' in table
    else:
      assert f'{row["equal_pixels"]:.2%}' in table and f'{row["strokes"]:.1f}' in table


def test_what_is_being_done_is_told_without_a_spinner(runs, capsys, started):
  run_dir, made = str(runs / '0'), str(runs / 'made')
  config = create.CreateConfig(run_dir=run_dir, count=2, out=made, format=('npz', 'tfrecord'))
  assert create.create(config) == 0
  assert export.export(export.ExportConfig(run_dir=run_dir, export_dir=str(runs / 'ex'))) == 0
  said = capsys.readouterr().out
  for text in ('making', 'tfrecord', 'exporting, and testing the exports'):
    assert f'\x1b[2K{text}' in said  # in a line that is emptied again
  assert not spinners(started)


def test_a_folder_without_a_run_is_answered_with_what_there_is(runs):
  with pytest.raises(spec.UserError, match=r'no trained run.*runs.*/0, .*/1'):
    evaluate.evaluate(evaluate.EvaluateConfig(run_dir=str(runs / 'nothing')))


def test_a_folder_that_cannot_be_written_is_named(runs):
  (runs / 'file').write_text('')
  with pytest.raises(spec.UserError, match='choose another --out'):
    evaluated(runs, 'file/out', works=30)
