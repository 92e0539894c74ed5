"""Draws the pictures of README.md and of these pages anew, from a trained and evaluated run.

  make train evaluate pictures

The gallery and the animation are the run's own. The report and the page are screenshots by a
headless Chromium, which must be installed. All have few colours, so that they stay small.
"""

from __future__ import annotations

import argparse
import io
import pathlib
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT))

from PIL import Image  # noqa: E402

from tests.shared import browser  # noqa: E402

_COLOURS = 64
_WIDTH, _HEIGHT = 1100, 760  # of a screenshot


def main(arguments: list[str] | None = None) -> int:
  """Draw all pictures; return the exit code."""
  parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
  parser.add_argument('--run_dir', default='runs/pixel_art', help='a trained run')
  parser.add_argument('--out', default=str(ROOT), help='the repository to write to')
  given = parser.parse_args(arguments)
  run, out = pathlib.Path(given.run_dir), pathlib.Path(given.out)
  report = run / 'evaluation/report.html'
  missing = [path for path in (run / 'gallery.png', run / 'exports/creator') if not path.exists()]
  if missing:
    print(f'error: there is no {missing[0]}: train first, by `make train`.', file=sys.stderr)
    return 2
  if not browser.BINARY:
    print('error: there is no Chromium here, which draws the screenshots.', file=sys.stderr)
    return 2
  for name in ('pipelines', 'docs/pictures'):
    (out / name).mkdir(parents=True, exist_ok=True)
  shutil.copy(run / 'painting.gif', out / 'pipelines/painting.gif')
  _keep((run / 'gallery.png').read_bytes(), out / 'pipelines/gallery.png')
  with tempfile.TemporaryDirectory() as folder:
    opened = browser.Browser(folder, _WIDTH, _HEIGHT)
    try:
      opened.resize(_WIDTH, _HEIGHT)
      opened.emulate(calm=True)  # works are shown finished
      opened.send('Emulation.setScrollbarsHidden', hidden=True)
      _keep(page(opened, run / 'exports'), out / 'docs/pictures/page.png')
      if report.exists():
        opened.open(report.resolve().as_uri())
        _keep(opened.picture(), out / 'pipelines/report.png')
      else:
        print(f'there is no {report}, so its picture stays as it was: `make evaluate` first.')
    finally:
      opened.close()
  return 0


def page(opened: browser.Browser, exports: pathlib.Path) -> bytes:
  """Serve the models, and return a screenshot of the page."""
  from tf_creative.serving.server import server as server_lib

  server = server_lib.Server(exports, port=0, rest_port=0, poll_seconds=0)
  server.start()
  try:
    opened.open(f'http://127.0.0.1:{server.rest_port}/#label=3&seed=7')
    opened.until("document.querySelectorAll('#gallery canvas').length == 40")
    opened.until("document.getElementById('title').textContent.trim()")
    return opened.picture()
  finally:
    server.stop()


def _keep(content: bytes, path: pathlib.Path) -> None:
  """Write a picture with few colours."""
  with Image.open(io.BytesIO(content)) as picture:
    reduced = picture.convert('RGB').quantize(_COLOURS, dither=Image.Dither.NONE)
  reduced.save(path, optimize=True)
  print(f'{path}  {path.stat().st_size // 1000} kB')


if __name__ == '__main__':
  sys.exit(main())
