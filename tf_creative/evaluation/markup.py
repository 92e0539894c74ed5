"""Tables and pictures as HTML."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
import html
import io

import numpy as np
from PIL import Image

from tf_creative.studio import pictures


def table(
  caption: str, head: Sequence[str], rows: Iterable[tuple[str, Sequence[str], bool]]
) -> str:
  """Return an HTML table; rows are (name, cells as HTML, whether it is the run's own)."""
  top = ''.join(f'<th scope="col">{html.escape(title)}</th>' for title in head)
  body = ''.join(
    f'<tr{" class=own" if own else ""}><th scope="row">{html.escape(name)}</th>'
    + ''.join(f'<td>{cell}</td>' for cell in cells)
    + '</tr>'
    for name, cells, own in rows
  )
  caption = html.escape(caption)
  return (
    f'<p class="quiet">{caption}</p>'
    f'<div class="scroll" tabindex="0" role="region" aria-label="{caption}">'
    f'<table aria-label="{caption}"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'
    '</div>'
  )


def terms(title: str, meanings: dict[str, str]) -> str:
  """Return explanations of terms that are folded until somebody opens them."""
  pairs = ''.join(
    f'<dt>{html.escape(term)}</dt><dd>{html.escape(text)}</dd>' for term, text in meanings.items()
  )
  return f'<details><summary>{title}</summary><dl>{pairs}</dl></details>'


def works(rendered: np.ndarray, columns: int, alt: str) -> str:
  """Return an image of rendered works [N, h, w, RGB] in a grid."""
  sheet = pictures.tiles(rendered, columns)
  return (
    f'<img class="works" alt="{html.escape(alt, quote=True)}" width="{sheet.width}" '
    f'height="{sheet.height}" style="--w:{sheet.width}" src="{uri(sheet)}">'
  )


def uri(picture: Image.Image) -> str:
  """Return a picture as a data: URI."""
  file = io.BytesIO()
  picture.save(file, 'PNG')
  return f'data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}'
