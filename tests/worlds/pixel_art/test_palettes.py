"""Palettes: learnt, read from files, and with a clear colour, also in all that is written."""

import io
import re

import numpy as np
from PIL import Image
import pytest
import tensorflow as tf

from tests.worlds.pixel_art import painted
from tf_creative.core import spec
from tf_creative.studio import pictures
from tf_creative.worlds import drawings
from tf_creative.worlds.pixel_art import oklab, palette_files, palettes
from tf_creative.worlds.pixel_art import world as pixel_art

CLEAR = [[0, 0, 0, 0], [255, 0, 0, 255], [0, 0, 255, 255]]  # nothing, red and blue


def told(world, palette=CLEAR):
  world.recall({'palette': palette})
  return world


def test_oklab_is_that_of_its_inventor():
  """White, black and the primaries, as published; and back again, all of them exactly."""
  lab = oklab.from_rgb(
    np.uint8([[255, 255, 255], [0, 0, 0], [255, 0, 0], [0, 255, 0], [0, 0, 255]])
  )
  expected = [[1, 0, 0], [0, 0, 0], [0.628, 0.225, 0.126], [0.866, -0.234, 0.179]]
  np.testing.assert_allclose(lab, [*expected, [0.452, -0.032, -0.312]], atol=1e-3)
  some = np.random.default_rng(0).integers(0, 256, (5000, 3), np.uint8)
  np.testing.assert_array_equal(oklab.to_rgb(oklab.from_rgb(some)), some)


def test_few_colours_are_the_palette_and_the_commonest_is_blank():
  page = np.uint8([[[9, 9, 9, 255]] * 2 + [[200, 0, 0, 255]] * 5 + [[0, 0, 80, 255]] * 3])
  colours = palettes.of_pictures('auto', 16, page[None])
  assert palettes.rgb(colours).tolist() == [[200, 0, 0], [0, 0, 80], [9, 9, 9]]
  assert palettes.indices(page, colours).tolist() == [[2, 2, 0, 0, 0, 0, 0, 1, 1, 1]]


def test_what_is_clear_is_a_colour_of_its_own_and_the_first():
  """Black ink is not what is clear, whatever hides under that; the others are sorted by light."""
  page = np.uint8([[[255, 255, 255, 255], [0, 0, 0, 255], [90, 60, 30, 100], [0, 0, 0, 0]]])
  colours = palettes.of_pictures('auto', 16, page[None])
  assert palettes.rgb(colours).tolist() == [[0, 0, 0, 0], [0, 0, 0, 255], [255, 255, 255, 255]]
  assert palettes.indices(page, colours).tolist() == [[2, 1, 0, 0]]
  # The clear one is counted: of two colours one is left, the mean of all ink.
  assert palettes.rgb(palettes.of_pictures('auto', 2, page[None])).shape == (2, 4)


def test_many_colours_are_means_of_groups():
  """Reds of 200 to 210 and blues of 100 to 104 in OKLab: two groups, and which is the larger."""
  red = [[level, 0, 0, 255] for level in (200, 205, 210)] * 2
  blue = [[0, 0, level, 255] for level in (100, 104)]
  page = np.uint8([[*red, *blue]])
  codes = palettes.rgb(palettes.of_pictures('auto', 2, page[None]))
  assert codes.tolist() == [[205, 0, 0], [0, 0, 102]]
  # Means are of light as it is seen: that of black and white is their grey in OKLab, L = 1/2.
  grey = palettes.learn(np.uint8([[0] * 3, [255] * 3]), np.ones(2), 1)
  assert oklab.from_rgb(grey)[0, 0] == pytest.approx(0.5, abs=2e-3) and grey[0, 0] == 99


def test_a_palette_is_the_same_each_time_and_however_many_colours_there_are(monkeypatch):
  rng = np.random.default_rng(0)
  pages = rng.integers(0, 256, (4, 32, 32, 4), np.uint8)
  first = palettes.of_pictures('auto', 16, pages)
  np.testing.assert_array_equal(palettes.of_pictures('auto', 16, pages[::-1]), first)
  assert first.shape == (16, 4)
  opaque = pages[pages[..., 3] >= 128][:, :3]

  def error(codes):
    found = codes[1:, :3][oklab.nearest(opaque, codes[1:, :3])]
    away = oklab.from_rgb(opaque) - oklab.from_rgb(found)
    return np.sqrt(np.square(away).sum(1).mean())

  exact = error(palettes.rgb(first))
  monkeypatch.setattr(palettes, '_PIXELS', 1000)  # in many parts
  np.testing.assert_array_equal(palettes.of_pictures('auto', 16, pages), first)
  monkeypatch.setattr(palettes, '_MOST_DIFFERENT', 1000)  # so that they are rounded before
  rounded = error(palettes.rgb(palettes.of_pictures('auto', 16, pages)))
  assert exact < 0.13 and rounded < 1.03 * exact


FILES = {
  'a.hex': '1a1c2c\r\n#5D275D\n\n;comment\nb13e53\n1a1c2c\n',
  'a.gpl': 'GIMP Palette\nName: x\nColumns: 3\n# free\n 26  28  44\tdark\n93 39 93\n177\t62 83 \n',
  'a.pal': 'JASC-PAL\r\n0100\r\n3\r\n26 28 44\r\n93 39 93\r\n177 62 83\r\n',
}


@pytest.mark.parametrize('name', FILES)
def test_files_of_painters_are_read(tmp_path, name):
  path = tmp_path / name.upper()
  path.write_text(FILES[name])
  codes = palette_files.read(path)
  assert codes.tolist() == [[26, 28, 44], [93, 39, 93], [177, 62, 83]]


@pytest.mark.parametrize(
  ('name', 'content', 'words'),
  [
    ('x.hex', '', 'it has 0 different colours, and 2 to 64 can be'),
    ('x.hex', 'ff0000\nff0000', 'it has 1 different colours'),
    ('x.hex', '\n'.join(f'{i:06x}' for i in range(65)), 'it has 65 different'),
    ('x.hex', 'ff0000\nff00', "line 2 should be a colour like ff004d, and is 'ff00'"),
    ('x.hex', 'ff0000\nред000', 'line 2 should be'),
    ('x.gpl', '1 2 3\n4 5 6', "begins with a line 'GIMP Palette'"),
    ('x.gpl', 'GIMP Palette\n1 2 3\n1 2 256', 'line 3 should be three numbers from 0 to 255'),
    ('x.gpl', 'GIMP Palette\n1 2 3\n1 -2 6', 'line 3 should be'),
    ('x.gpl', 'GIMP Palette\n1 2 3\n' + '9' * 9000 + ' 2 6', 'line 3 should be'),
    ('x.pal', 'RIFF\0\0', "of Microsoft's kind (RIFF): save it as"),
    ('x.pal', 'JASC-PAL\n0100\n', "begins with a line 'JASC-PAL', a version and a number"),
    ('x.pal', 'JASC-PAL\n0100\n3\n1 2 3\n4 5 6', "line 3 says '3' colours, and 2 follow"),
    ('x.hex', b'\xff\xfe\0' * 100, 'line 1 should be'),
    ('x.hex', b'ff0000\n' * 10_000, 'it has 0.0668 MB, more than'),
    ('missing.hex', None, 'No such file'),
  ],
)
def test_what_is_no_palette_is_told_in_a_line(tmp_path, name, content, words):
  path = tmp_path / name
  if content is not None:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
  with pytest.raises(spec.UserError) as caught:
    palette_files.read(path)
  assert str(caught.value).startswith(f'cannot read {path} as a palette: ')
  assert words in str(caught.value) and '\n' not in str(caught.value)
  assert len(str(caught.value)) < 300


def test_a_file_may_be_the_palette_of_a_world(tmp_path):
  (tmp_path / 'two.hex').write_text('ff0000\n0000ff\n')
  with pytest.raises(spec.SpecError, match="cannot be 'two.txt'.*FILE.hex"):
    pixel_art.PixelArt(palette='two.txt')
  world = pixel_art.PixelArt(palette=str(tmp_path / 'two.hex'))
  assert palettes.rgb(world.colours).tolist() == [[255, 0, 0], [0, 0, 255]]  # digits hide nothing
  clear = np.zeros((1, 2, 2, 4), np.uint8)
  found = palettes.rgb(palettes.of_pictures(str(tmp_path / 'two.hex'), 4, clear))
  assert found.tolist() == CLEAR


@pytest.mark.parametrize(
  'kept',
  [None, 7, [], [[0, 0, 0]], [[0] * 3] * 66, [[0] * 3, [0] * 4], [[0.5] * 3] * 2, ['abc'] * 2],
)
def test_what_was_kept_is_checked(kept):
  with pytest.raises(spec.UserError, match='the palette that was kept is none'):
    palettes.told(kept)


def test_a_clear_colour_is_a_work_like_any_other():
  """What is clear and black differ by alpha alone: an error of 1, and of 1 + 1 to red."""
  world = told(pixel_art.PixelArt(size=2, palette='auto'), [*CLEAR, [0, 0, 0, 255]])
  assert world.works.value_shape == (2, 2, 4) and world.play.action_spec.maximum == 15
  works = tf.constant([[[0, 1], [2, 3]]], tf.uint8)
  np.testing.assert_array_equal(world.works.to_works(world.works.to_values(works)), works)
  clear = tf.zeros_like(works)
  assert world.making.error(clear, works).numpy().tolist() == [2 + 2 + 1]


def test_pictures_are_clear_where_works_are():
  world = told(pixel_art.PixelArt(size=2, width=3, palette='auto'))
  works = np.uint8([[[0, 1, 2], [2, 0, 1]]])
  shown = world.media.render(works)
  assert shown.tolist() == [[[CLEAR[place] for place in row] for row in works[0]]]
  (png,) = world.media.encode(tf.constant(works), 4)['png_bytes'].numpy()
  read = np.asarray(Image.open(io.BytesIO(png)))
  np.testing.assert_array_equal(read, shown[0].repeat(4, 0).repeat(4, 1))
  sheet = np.asarray(pictures.sheet(shown, 1))
  assert sheet.shape[2] == 4 and not sheet[0, :, 3].any()
  ground = [168, 168, 168, 255]  # in which neither dark nor light pixels are lost
  on_ground = [[pixel if pixel[3] else ground for pixel in row] for row in shown[0].tolist()]
  assert np.asarray(pictures.tiles(shown, 1)).tolist() == on_ground
  assert world.media.legend()['palette'].tolist() == CLEAR


def test_an_animation_becomes_clear_again(tmp_path):
  """Red, then nothing, then blue: no frame shows what another has left."""
  frames = np.uint8([[[CLEAR[1], CLEAR[1]]], [[CLEAR[0], CLEAR[1]]], [[CLEAR[2], CLEAR[0]]]])
  for name, made in (
    ('whole.gif', pictures.indexed(frames, 3)),
    ('sheet.gif', [Image.fromarray(frame.repeat(3, 0).repeat(3, 1)) for frame in frames]),
  ):
    pictures.save_gif(made, tmp_path / name)
    with Image.open(tmp_path / name) as film:
      assert film.n_frames == 3
      for place, frame in enumerate(frames):
        film.seek(place)
        shown = np.asarray(film.convert('RGBA'))[::3, ::3]
        assert np.where(shown[..., 3:], shown, 0).tolist() == frame.tolist()


def test_a_drawing_has_no_background_and_what_is_cleared_goes():
  world = told(pixel_art.PixelArt(size=2, palette='auto'))
  # Blue at the right from the beginning; red at the left, which is cleared and becomes blue.
  svg = world.media.drawing(np.uint8([[0, 2], [0, 0]]), np.array([1, 0, 2]), 5)
  assert re.findall(r'<path d="(\S+)" fill="(\S+)"(.*?)/>', svg) == [
    ('M0,0h1v1h-1z', '#ff0000', ' visibility="hidden" style="--t:1;--u:2"'),
    ('M1,0h1v1h-1z', '#0000ff', ''),
    ('M0,0h1v1h-1z', '#0000ff', ' style="--t:3"'),
  ]
  many = drawings.svg(
    np.uint8([[1, 1]]), np.array([[[True, True]]]), np.array([0]), ['', '#010101'], 1
  )
  assert 'visibility="hidden" style="--t:0;--u:1"' in many and many.count('<path') == 1


def test_a_picture_of_your_own_is_read_as_the_data_are(tmp_path):
  page = painted.sprite(0)
  world = told(
    pixel_art.PixelArt(palette='auto'),
    [CLEAR[0], [0, 0, 0, 255], [255, 0, 77, 255], [255, 236, 39, 255], [41, 173, 255, 255]],
  )
  painted.save(tmp_path / 'x.png', page.repeat(3, 0).repeat(3, 1))
  work, given = world.media.read(tmp_path / 'x.png')
  np.testing.assert_array_equal(world.media.render(work[None])[0], page)
  assert given.all()  # nothing is a gap: what is clear is meant so
  mask = np.zeros((24, 24), np.uint8)
  mask[:3, 3:6] = 255
  painted.save(tmp_path / 'mask.png', mask)
  _, given = world.media.read(tmp_path / 'x.png', tmp_path / 'mask.png')
  assert np.argwhere(~given).tolist() == [[0, 1]]
