"""MIDI files that ask for more than they hold, and such as are broken: refused, and at once."""

import os
import time

import numpy as np
import pytest

from tf_creative.core import spec
from tf_creative.worlds import images
from tf_creative.worlds.melody import midi, scores, tunes

LONGEST = b'\xff\xff\xff\x7f'  # a wait of 2^28 - 1 ticks
C, OFF, END = b'\x90\x48\x50', b'\x80\x48\0', b'\0\xff\x2f\0'
BROKEN = 'cannot read .*x.mid as a MIDI file: '


def chunk(content, name=b'MTrk'):
  return name + len(content).to_bytes(4, 'big') + content


def file(*tracks, division=96, count=None):
  head = (1).to_bytes(2, 'big') + (count or len(tracks)).to_bytes(2, 'big')
  return chunk(head + division.to_bytes(2, 'big'), b'MThd') + b''.join(map(chunk, tracks))


def note(wait=b'\x60'):
  return b'\0' + C + wait + OFF


HOSTILE = {
  'two notes far apart': (file(note() + LONGEST + note()[1:], division=1), 'lasts longer than'),
  'one endless note': (file(note(LONGEST)), 'lasts longer than'),
  'thousands of long waits': (file((LONGEST + C + LONGEST + OFF) * 2000), 'lasts longer than'),
  'a wait of a million bytes': (file(b'\xff' * 1_000_000 + note()), 'more than four bytes'),
  'no ticks in a beat': (file(note(), division=0), 'film frames'),
  'film frames': (file(note(), division=0xE728), 'film frames'),
  'thousands of tracks': (file(*[note()] * 5000), 'more than 256 tracks'),
  'half a million notes': (file(b'\0' + C + b'\0\x48\0' * 300_000), '100,000 events'),
  'running status from nothing': (file(b'\0\x48\x50\0\x48\0'), '0x00 begins no event'),
  'a status that is none': (file(b'\0\xf5\0'), '0xf5 begins no event'),
  'data that are a status': (file(b'\0\x90\x48\x90\0\x48\0'), 'above 127'),
  'a long sysex': (file(b'\0\xf0' + LONGEST + note()), 'ends within an event'),
  'a long text': (file(b'\0\xff\x01' + LONGEST + note()), 'ends within an event'),
  'cut in a track': (file(note() * 9)[:-5], 'ends within a track'),
  'cut in an event': (file(note()[:-1]), 'ends within an event'),
  'a track of 4 GB': (file(note())[:-12] + b'\xff' * 4, 'ends within a track'),
  'a head of 4 GB': (b'MThd' + b'\xff' * 4 + file(note())[8:], 'has no notes'),
  'two megabytes': (file(b'\0\xff\x01\0' * 500_000), 'has 1.91 MB, more than 1'),
  'nothing': (b'', 'does not begin as one'),
  'a picture': (b'\x89PNG\r\n\x1a\n' * 9, 'does not begin as one'),
}


@pytest.mark.parametrize('kind', HOSTILE)
def test_it_is_refused_within_a_second(kind, tmp_path):
  content, words = HOSTILE[kind]
  (tmp_path / 'x.mid').write_bytes(content)
  begun = time.process_time()
  for read in (midi.read, tunes._piece):
    with pytest.raises(spec.UserError, match=words):
      read(tmp_path / 'x.mid')
  assert time.process_time() - begun < 10  # for both; they hung


def test_what_is_within_all_limits_is_read_within_a_second(tmp_path):
  """Nearly as many notes as may be, all of which sound at once to the end of the longest piece."""
  many = b'\x81\0' + C + b''.join(b'\x01' + bytes([i % 128, 80]) for i in range(99_000))
  (tmp_path / 'x.mid').write_bytes(file(many + b'\x81\xc0\0' + C, division=10))
  begun = time.process_time()
  tunes._piece(tmp_path / 'x.mid')
  assert time.process_time() - begun < 10  # it hung
  # Waits that cost most: the file ends where a piece may end.
  (tmp_path / 'y.mid').write_bytes(file(b'\0' + C + b'\x81\x9c\x1f\x48\0', division=1))
  assert len(midi.lines(tmp_path / 'y.mid')[0]) == 1
  tunes._piece(tmp_path / 'y.mid')
  assert time.process_time() - begun < 3


def test_a_pipe_is_not_waited_for(tmp_path):
  os.mkfifo(tmp_path / 'x.mid')
  with pytest.raises(spec.UserError, match=BROKEN + 'it is no file of data'):
    midi.read(tmp_path / 'x.mid')
  with pytest.raises(spec.UserError, match=BROKEN):
    tunes.works(str(tmp_path), 'train')


def test_what_the_standard_allows_is_read(tmp_path):
  """Unknown chunks, texts, sysex, a time signature, a running status that goes on after them."""
  text, sysex, meter = (
    b'\0\xff\x01\x02ab',
    b'\0\xf0\x03\x01\x02\xf7',
    b'\0\xff\x58\x04\x03\x02\x18\x08',
  )
  played = text + sysex + meter + b'\0' + C + text + b'\x60\x48\0' + b'\0\xc0\x05' + END
  content = file(played)
  (tmp_path / 'x.mid').write_bytes(content[:14] + chunk(b'anything', b'XFIH') + content[14:])
  highest, notes, meters = midi.lines(tmp_path / 'x.mid')
  assert highest == notes == [scores.Note(0, 2, 72)]
  assert meters == {'3/4'}


def test_notes_on_the_grid_are_those_that_a_plain_search_finds():
  rng = np.random.default_rng(0)
  for _ in range(50):
    notes = [
      scores.Note(rng.integers(0, 90) / 4, rng.integers(1, 20) / 4, int(rng.integers(52, 88)))
      for _ in range(rng.integers(0, 12))
    ]
    plain, sounds = [], False
    for step in range(24):
      now = [note for note in sorted(notes) if note.start <= step < note.start + note.length]
      if not now:
        plain.append(scores.REST if sounds or not step else scores.HOLD)
      else:
        struck = now[-1].start > step - 1 or not sounds
        plain.append(scores.FIRST + now[-1].pitch - scores.LOWEST if struck else scores.HOLD)
      sounds = bool(now)
    assert scores.classes(notes, 24).tolist() == plain


def test_a_folder_with_one_of_them_names_it(tmp_path):
  (tmp_path / 'x.mid').write_bytes(HOSTILE['two notes far apart'][0])
  with pytest.raises(spec.UserError, match=BROKEN):
    tunes.works(str(tmp_path), 'train')
  assert issubclass(images.DataError, spec.UserError)
