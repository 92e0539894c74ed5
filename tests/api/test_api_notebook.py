"""The notebook in docs/examples: its cells run, and what they show are tables and pictures."""

import ast
import importlib.util
import json
import pathlib

import pytest

from tests.shared.runs import hurry, small, verify_here

ROOT = pathlib.Path(__file__).parents[2]
PATHS = sorted((ROOT / 'docs/examples').glob('*.ipynb'))
HAS_JUPYTER = all(map(importlib.util.find_spec, ('nbclient', 'nbformat', 'ipykernel')))


def cells(path: pathlib.Path) -> list[str]:
  """The code of a notebook, made small."""
  held = json.loads(path.read_text())['cells']
  code = [''.join(cell['source']) for cell in held if cell['cell_type'] == 'code']
  assert sum('rounds=500' in text for text in code) == 1
  return [small(text) for text in code]


def shown(cell: str, names: dict) -> object:
  """Runs a cell as a notebook does; returns the value of its last line."""
  tree = ast.parse(cell)
  last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
  exec(compile(tree, 'cell', 'exec'), names)
  return eval(compile(ast.Expression(last.value), 'cell', 'eval'), names) if last else None


@pytest.mark.parametrize('path', PATHS, ids=lambda path: path.stem)
def test_the_cells_run_and_show_tables_and_pictures(path, tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  hurry(monkeypatch)
  verify_here(monkeypatch)
  names, kinds = {}, []
  for cell in cells(path):
    value = shown(cell, names)
    if hasattr(value, '_repr_png_'):
      assert value._repr_png_().startswith(b'\x89PNG')
      kinds.append('picture')
    elif hasattr(value, '_repr_html_'):
      assert value._repr_html_().startswith('<')
      kinds.append('html')
  assert kinds.count('picture') >= 3 and kinds.count('html') >= 2
  assert sum(len(cell.splitlines()) for cell in cells(path)) <= 15


@pytest.mark.skipif(not HAS_JUPYTER, reason='nbclient and ipykernel are not installed')
@pytest.mark.parametrize('path', PATHS, ids=lambda path: path.stem)
def test_a_kernel_runs_the_notebook(path, tmp_path, monkeypatch):
  import nbclient
  import nbformat

  monkeypatch.setenv('PYTHONPATH', str(ROOT))
  notebook = nbformat.read(path, 4)
  for cell in notebook.cells:
    cell.source = small(cell.source)
  place = {'metadata': {'path': str(tmp_path)}}
  nbclient.NotebookClient(notebook, timeout=600, resources=place).execute()
  found = [out for cell in notebook.cells if cell.cell_type == 'code' for out in cell.outputs]
  assert sum('image/png' in out.get('data', {}) for out in found) >= 3
  assert not [out for out in found if out.output_type == 'error' or out.get('name') == 'stderr']


@pytest.mark.parametrize('path', PATHS, ids=lambda path: path.stem)
def test_its_outputs_are_real_and_small(path):
  text = path.read_text()
  assert len(text) < 100_000 and 'image/png' in text and 'round 500/500' in text
  assert '/tmp/' not in text and '/home/' not in text
  held = json.loads(text)['cells']
  assert all(cell['execution_count'] for cell in held if cell['cell_type'] == 'code')
