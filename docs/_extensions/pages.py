"""Shows documents of other folders as pages, and lets links lead to these pages.

In the repository, links are paths of files. Here, a link to `../ARCHITECTURE.md` must lead to the
page that shows it.
"""

import os
import pathlib
import re

DOCS = pathlib.Path(__file__).parents[1]
ROOT = DOCS.parent
# The page, and the document that it shows. The page's own file only says where the document is.
SHOWN = {
  'architecture': 'ARCHITECTURE.md',
  'changelog': 'CHANGELOG.md',
  'contributing': 'CONTRIBUTING.md',
  'peers': 'pipelines/peers/README.md',
  'results': 'pipelines/RESULTS.md',
}
# README.md has no page of its own: the first page says the same.
PAGES = {document: f'{name}.md' for name, document in SHOWN.items()} | {'README.md': 'index.md'}
_LINK = re.compile(r'(\]\()(?!https?:|#|mailto:)([^)#\s]+)')
_FENCE = re.compile(r'^(```|~~~).*?^\1', re.MULTILINE | re.DOTALL)


def with_links(text: str, document: pathlib.Path, page: pathlib.Path) -> str:
  """Return a document's text, with links as the file `page` needs them; code stays as it is."""

  def link(match: re.Match) -> str:
    target = pathlib.Path(os.path.normpath(document.parent / match[2]))
    told = PAGES.get(os.path.relpath(target, ROOT))
    return match[1] + os.path.relpath(DOCS / told if told else target, page.parent)

  parts, at = [], 0
  for fence in _FENCE.finditer(text):
    parts += [_LINK.sub(link, text[at : fence.start()]), fence[0]]
    at = fence.end()
  return ''.join([*parts, _LINK.sub(link, text[at:])])


def _read(app, docname: str, source: list[str]) -> None:
  page = pathlib.Path(app.env.doc2path(docname))
  if page.suffix != '.md':
    return
  document = page
  if docname in SHOWN:
    document = ROOT / SHOWN[docname]
    app.env.note_dependency(str(document))
    source[0] = document.read_text()
  source[0] = with_links(source[0], document, page)


def setup(app) -> dict[str, bool]:
  app.connect('source-read', _read)
  return {'parallel_read_safe': True, 'parallel_write_safe': True}
