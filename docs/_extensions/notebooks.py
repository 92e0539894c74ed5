"""Shows a notebook as a page: its text, its code, and the output that is stored in it."""

import base64
import html
import json
from typing import Any

from myst_parser import sphinx_ext  # noqa: F401  (registers what its parser needs)
from myst_parser.parsers.sphinx_ import MystParser


class NotebookParser(MystParser):
  """Turns a notebook into Markdown, and parses that."""

  supported = ('ipynb',)

  def parse(self, inputstring: str, document) -> None:
    super().parse(to_markdown(json.loads(inputstring)), document)


def to_markdown(notebook: dict[str, Any]) -> str:
  """Write the cells of a notebook as Markdown."""
  parts = []
  for cell in notebook['cells']:
    text = _joined(cell['source'])
    if cell['cell_type'] == 'markdown':
      parts.append(text)
    elif cell['cell_type'] == 'code' and text.strip():
      parts.append(f'```python\n{text}\n```')
      parts += filter(None, map(_output, cell.get('outputs', ())))
  return '\n\n'.join(parts) + '\n'


def _output(output: dict[str, Any]) -> str:
  """Return an output as Markdown; pictures come before texts that stand for them."""
  data = output.get('data', {})
  if 'image/png' in data:
    content = ''.join(_joined(data['image/png']).split())
    base64.b64decode(content, validate=True)
    return f'<img alt="Output of the cell above" src="data:image/png;base64,{content}">'
  if 'text/html' in data:
    return f'<div class="output">{" ".join(_joined(data["text/html"]).split())}</div>'
  text = _joined(output.get('text', data.get('text/plain', '')))
  return f'<pre class="output">{html.escape(text, quote=False)}</pre>' if text.strip() else ''


def _joined(text: str | list[str]) -> str:
  return text if isinstance(text, str) else ''.join(text)


def setup(app) -> dict[str, bool]:
  app.add_source_parser(NotebookParser)
  app.add_source_suffix('.ipynb', 'ipynb')
  return {'parallel_read_safe': True, 'parallel_write_safe': True}
