"""Melodies from the chorales and from MIDI files: the grid, the key, the splits, by hand."""

import io
import wave

import mido
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from tf_creative.core import spec
from tf_creative.worlds import images
from tf_creative.worlds.melody import midi, scores, sound, tunes
from tf_creative.worlds.melody.chorales import chorales_dataset_builder as chorales

Note = scores.Note
# 22 is MIDI 72, C5, as 2 is 52; so d is 24, e 26, g 29.
C5, D5, E5, G5 = 22, 24, 26, 29
SOME = chorales.paths()[:24]


def some_chorales(monkeypatch):
  monkeypatch.setattr(chorales, 'paths', lambda: SOME)


class ChoralesTest(tfds.testing.DatasetBuilderTestCase):
  DATASET_CLASS = chorales.Builder
  SPLITS = {'train': 138, 'validation': 15, 'test': 29}

  def setUp(self):
    super().setUp()
    patch = pytest.MonkeyPatch()
    some_chorales(patch)
    self.addCleanup(patch.undo)


def test_notes_on_the_grid():
  line = [
    Note(0, 2, 72),  # a quarter: strike, hold
    Note(2, 0.5, 74),  # a sixteenth, and the next begins between two steps:
    Note(2.5, 0.5, 76),  # it is gone before a step comes
    Note(3.5, 1.5, 76),  # held over from between 3 and 4: struck at 4
    Note(6, 1, 79),  # after a step of rest
  ]
  assert scores.classes(line, 9).tolist() == [C5, 0, D5, 1, E5, 1, G5, 1, 0]


def test_the_grid_and_its_notes_are_one_another():
  melody = [1, 0, C5, 0, 0, C5, 1, 0, E5]
  notes = scores.notes(melody)
  assert notes == [Note(2, 3, 72), Note(5, 1, 72), Note(8, 1, 76)]
  assert scores.classes(notes, 9).tolist() == melody


@pytest.mark.parametrize('tonic', range(12))
@pytest.mark.parametrize('mode, steps', [(0, (0, 4, 7, 2, 5, 11)), (1, (0, 3, 7, 2, 8, 11))])
def test_the_key_of_a_scale_is_found_and_left(tonic, mode, steps):
  line = [Note(i, 4 if i < 3 else 1, 60 + tonic + step) for i, step in enumerate(steps)]
  assert scores.key(line) == (tonic, mode)
  moved = scores.transposed(line, tonic, mode)
  assert scores.key(moved) == ((0, 9)[mode], mode)
  assert abs(moved[0].pitch - line[0].pitch) <= 6


def test_pitches_out_of_range_move_by_octaves():
  # The alphabet has 52 to 87.
  assert [scores.within(p) for p in (20, 51, 52, 87, 88, 100)] == [56, 63, 52, 87, 76, 76]


def test_windows_begin_at_bar_lines_with_a_note():
  # An upbeat of a quarter, five bars of quarters; the second bar begins in a held half note.
  line = [Note(0, 2, 79)] + [Note(2 + 2 * i, 2, 72 + i % 4) for i in range(20) if i not in (3, 4)]
  line.append(Note(8, 4, 77))  # from the last quarter of the first bar into the second
  found = scores.windows(line, 2)
  assert len(found) == 1  # of two bar lines with four bars after them
  assert (
    found[0].tolist()
    == scores.classes([n._replace(start=n.start - 2) for n in line[1:]], 32).tolist()
  )


def test_settings_of_one_tune_are_on_one_side():
  window = lambda i: np.full(scores.STEPS, i, np.uint8)  # noqa: E731
  pieces = [[window(i)] for i in range(20)]
  pieces[1].append(window(15))  # 1 and 15 share four bars
  splits = scores.shares(pieces, [0] * 10 + [1] * 10)
  assert splits[1] == splits[15] == 'test'
  # Of each mode the second tune is for the test and the third to validate.
  assert [i for i, s in enumerate(splits) if s == 'test'] == [1, 11, 15]
  assert [i for i, s in enumerate(splits) if s == 'validation'] == [2, 12]


def test_a_chorale_in_its_key():
  # BWV 112.5 is in G major: after an upbeat of two eighths, b' c'' d'' c'' b' a' b' in quarters. A
  # fourth higher that is e'' f'' g'' f'' e'' d'' e'', and e'', MIDI 76, is class 26.
  path = next(path for path in chorales.paths() if path.stem == 'bwv112.5')
  (piece,) = chorales.read([path])
  assert (piece.name, piece.mode) == ('bwv112.5', 0)
  assert piece.windows[0][:14].tolist() == [26, 0, 27, 0, 29, 0, 27, 0, 26, 0, 24, 0, 26, 0]


def test_no_window_of_test_is_in_train(tmp_path, monkeypatch):
  some_chorales(monkeypatch)
  builder = chorales.Builder(data_dir=tmp_path)
  builder.download_and_prepare()
  windows, pieces = {}, {}
  for split in ('train', 'validation', 'test'):
    rows = list(builder.as_dataset(split=split).as_numpy_iterator())
    windows[split] = {row['melody'].tobytes() for row in rows}
    pieces[split] = {row['piece'] for row in rows}
    assert len(windows[split]) == len(rows)
    assert {row['label'] for row in rows} <= {0, 1}
  for one, other in (('train', 'test'), ('train', 'validation'), ('validation', 'test')):
    assert not windows[one] & windows[other]
    assert not pieces[one] & pieces[other]


def melodies(count=40):
  rng = np.random.default_rng(0)
  found = rng.integers(2, scores.CLASSES, (count, scores.STEPS)).astype(np.uint8)
  found[rng.random(found.shape) < 0.5] = scores.HOLD
  found[rng.random(found.shape) < 0.1] = scores.REST
  found[0] = scores.HOLD
  return found


def test_what_sounds_is_what_the_notes_say():
  works = melodies()
  expected = np.zeros(works.shape, int)
  for row, work in zip(expected, works, strict=True):
    for note in scores.notes(work):
      row[int(note.start) : int(note.start + note.length)] = note.pitch - scores.LOWEST + 1
  np.testing.assert_array_equal(midi.sounding(tf.constant(works)), expected)


def test_files_of_the_graph_are_those_of_mido(tmp_path):
  works = melodies()
  encoded = tf.function(midi.encode)(tf.constant(works)).numpy()
  for work, written in zip(works, encoded, strict=True):
    ours, theirs = (mido.MidiFile(file=io.BytesIO(data)) for data in (written, midi.file(work)))
    assert ours.ticks_per_beat == theirs.ticks_per_beat
    assert _absolute(ours) == _absolute(theirs)


def _absolute(file):
  now, found = 0, []
  for message in file.tracks[0]:
    now += message.time
    if message.type.startswith('note'):
      found.append((now, message.type, message.note, message.velocity))
  return found


def test_a_file_is_read_as_it_was_written(tmp_path):
  for place, work in enumerate(melodies(10)[1:]):
    work[0] = C5  # a first rest cannot be heard
    path = tmp_path / f'{place}.mid'
    path.write_bytes(midi.file(work))
    assert scores.notes(midi.read(path)) == scores.notes(work)


def test_the_highest_voice_without_drums_is_the_melody(tmp_path):
  file = mido.MidiFile(ticks_per_beat=96)
  for channel, pitch in ((0, 60), (1, 75), (9, 80)):
    track = mido.MidiTrack()
    track.append(mido.Message('note_on', channel=channel, note=pitch, velocity=9, time=48))
    track.append(mido.Message('note_on', channel=channel, note=pitch, velocity=0, time=96))
    file.tracks.append(track)
  file.save(tmp_path / 'x.mid')
  assert midi.lines(tmp_path / 'x.mid')[0] == [Note(1, 2, 75)]


def test_a_wave_has_the_length_and_the_pitch():
  melody = np.zeros(scores.STEPS, np.uint8)
  melody[0], melody[8] = 69 - scores.LOWEST + scores.FIRST, scores.REST  # a' for a bar
  with wave.open(io.BytesIO(sound.wav(melody))) as file:
    assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 22050)
    heard = np.frombuffer(file.readframes(file.getnframes()), '<i2')
  assert len(heard) == int((32 * 0.3 + 0.5) * 22050)  # an eighth is .3 seconds
  spectrum = np.abs(np.fft.rfft(heard[: 22050 * 2]))
  assert spectrum.argmax() / 2 == pytest.approx(440, abs=1)
  assert not heard[int(8.5 * 0.3 * 22050) :].any()


def test_a_folder_of_midi_files_is_a_data_set(tmp_path):
  rng = np.random.default_rng(0)
  scale = np.array([72, 74, 76, 77, 79, 81, 83]) - scores.LOWEST + scores.FIRST + 2  # D major
  for piece in range(6):
    melody = np.zeros(64, np.uint8)
    melody[::2] = rng.permutation(np.repeat(scale, [10, 3, 6, 3, 6, 2, 2]))
    (tmp_path / f'{piece}.mid').write_bytes(midi.file(melody))
  (tmp_path / 'broken').mkdir()
  found = {s: list(tunes.works(str(tmp_path), s).as_numpy_iterator()) for s in ('train', 'test')}
  # Eight bars have five windows; one tune of six is for the test, one to validate.
  assert {name: len(works) for name, works in found.items()} == {'train': 20, 'test': 5}
  pitches = {n.pitch % 12 for works in found.values() for w in works for n in scores.notes(w.work)}
  assert pitches <= {0, 2, 4, 5, 7, 9, 11}  # in C major now


@pytest.mark.parametrize(
  'name, data, words',
  [
    ('x.txt', b'', 'neither a data set of TFDS nor any'),
    ('x.mid', b'MThd', 'cannot read .*x.mid as a MIDI file'),
    ('x.mid', midi.file(np.full(32, C5)), 'at least two tunes'),
    ('x.mid', midi.file(np.zeros(32)), 'has no notes'),
  ],
)
def test_folders_that_cannot_be_used_are_refused(tmp_path, name, data, words):
  (tmp_path / name).write_bytes(data)
  with pytest.raises(spec.UserError, match=words):
    tunes.works(str(tmp_path), 'train')


def test_data_of_another_kind_are_refused():
  with pytest.raises(images.DataError, match='has no melodies'):
    tunes.works('digits', 'train')
