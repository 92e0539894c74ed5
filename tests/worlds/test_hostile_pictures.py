"""Pictures that ask for much are read or refused at the cost of an ordinary one.

Time and memory are those of a process of its own that reads them all, one after the other.
"""

import json
import pathlib
import re
import subprocess
import sys

from PIL import Image, ImageOps
import pytest

from tests.shared import hostile_pictures
from tf_creative.core import spec
from tf_creative.worlds import bare, files

SECONDS, MEGABYTES = 2, 500
OTHERS = {
  'a pipe': 'it is no file of data',
  'a link to noise': 'it is no file of data',
  'nothing': 'it is empty',
}
WORDS = OTHERS | {name: words for name, (_, words) in hostile_pictures.REFUSED.items()}
_READER = """
import json, pathlib, sys, time
import numpy as np
from tf_creative.worlds import files

def said(key):
  return int(pathlib.Path('/proc/self/status').read_text().split(key + ':')[1].split()[0]) / 1024

palette = np.linspace(0, 1, 4, dtype=np.float32)[:, None]
files.read('pipelines/gallery.png', '', 64, 64, palette)  # TensorFlow wakes up
for path in map(pathlib.Path, sys.stdin.read().splitlines()):
  pathlib.Path('/proc/self/clear_refs').write_text('5')  # the peak is counted from here
  begun, before, words = time.process_time(), said('VmRSS'), ''
  try:
    files.read(path, '', 64, 64, palette)
  except Exception as error:
    words = f'{type(error).__name__}: {error}'
  cost = time.process_time() - begun, said('VmHWM') - before
  print(json.dumps([path.name, *cost, words]), flush=True)
"""


@pytest.fixture(scope='module')
def told(tmp_path_factory):
  """For each file the seconds, the megabytes, and the error."""
  folder = tmp_path_factory.mktemp('hostile')
  hostile_pictures.make(folder)
  done = subprocess.run(
    [sys.executable, '-c', _READER],
    input='\n'.join(map(str, folder.iterdir())),
    capture_output=True,
    text=True,
    check=True,
    timeout=300,
  )
  found = {name: rest for name, *rest in map(json.loads, done.stdout.splitlines())}
  for name, (seconds, megabytes, words) in found.items():
    print(f'{seconds:6.2f} s {megabytes:6.0f} MB  {name}: {words}')
  return found


@pytest.mark.parametrize('name', [*WORDS, *hostile_pictures.READ])
def test_it_costs_no_more_than_an_ordinary_picture(name, told):
  seconds, megabytes, words = told[name]
  assert seconds < SECONDS
  assert megabytes < MEGABYTES
  if name in hostile_pictures.READ:
    assert not words
  else:
    assert words.startswith('UserError: cannot read ') and WORDS[name] in words
    assert len(words.splitlines()) == 1


def test_how_photographs_are_turned_is_still_read(tmp_path):
  """In all files that say it, as Pillow itself would turn them."""
  page = Image.new('L', (32, 48), 255)
  page.paste(0, (0, 0, 16, 16))
  for kind in ('PNG', 'JPEG', 'WEBP'):
    for turn in range(10):
      exif = Image.Exif()
      exif[0x10F], exif[0x112] = 'a maker', turn
      page.save(tmp_path / 'x', kind, exif=exif)
      with Image.open(tmp_path / 'x') as plain:
        wanted = ImageOps.exif_transpose(plain).convert('RGBA')
      found = files.open_rgba(tmp_path / 'x')
      assert (found.size, found.tobytes()) == (wanted.size, wanted.tobytes()), (kind, turn)


@pytest.mark.parametrize('kind', ['PNG', 'JPEG', 'WEBP', 'GIF', 'BMP'])
def test_no_damage_is_more_than_a_line(kind, tmp_path):
  """Cut at every twentieth byte, and with noise: read or refused in words."""
  whole = hostile_pictures.saved(24, 24, kind)
  cases = [whole[:at] for at in range(0, len(whole), max(len(whole) // 40, 1))]
  places = range(0, len(whole), max(len(whole) // 120, 1))
  cases += [whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :] for at in places]
  path = pathlib.Path(tmp_path / 'x')
  for case in cases:
    path.write_bytes(case)
    try:
      assert files.open_rgba(path).mode == 'RGBA'
    except spec.UserError as error:
      assert re.match('cannot read .* as a picture: ', str(error))


def test_nothing_but_pixels_is_left():
  """What was taken out is gone, and the picture is whole."""
  secret = b'nobody should read this'
  for content in (
    hostile_pictures.png(8, 8, hostile_pictures.chunk(b'tEXt', secret)),
    hostile_pictures.in_jpeg(hostile_pictures.segments(0xFE, secret)),
    hostile_pictures.gif(b'!\xfe' + bytes([len(secret)]) + secret + b'\0'),
    hostile_pictures.saved(8, 8, 'WEBP', exif=b'Exif\0\0' + secret),
  ):
    assert secret in content
    kept, turn = bare.picture(content)
    assert secret not in kept and turn == 1
