"""Soprano lines of the Bach chorales in the package music21; nothing is downloaded."""

from __future__ import annotations

from collections.abc import Iterator
import pathlib
from typing import Any, NamedTuple

from music21 import converter, corpus, stream
import numpy as np
import rich.console
import rich.progress
import tensorflow_datasets as tfds

from tf_creative.worlds.melody import scores


class Piece(NamedTuple):
  name: str
  mode: int
  windows: list[np.ndarray]  # uint8 [STEPS] each


class Builder(tfds.core.GeneratorBasedBuilder):
  """Melodies of four bars in C major or a minor, split by tune."""

  VERSION = tfds.core.Version('1.0.0')
  RELEASE_NOTES = {'1.0.0': 'First version.'}

  def _info(self) -> tfds.core.DatasetInfo:
    return self.dataset_info_from_configs(
      features=tfds.features.FeaturesDict(
        {
          'melody': tfds.features.Tensor(shape=(scores.STEPS,), dtype=np.uint8),
          'label': tfds.features.ClassLabel(names=list(scores.MODES)),
          'piece': tfds.features.Text(),
        }
      ),
      supervised_keys=('melody', 'label'),
    )

  def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Any]:
    del dl_manager
    pieces = list(read(paths()))
    splits = scores.shares([p.windows for p in pieces], [p.mode for p in pieces])
    return {
      split: self._generate_examples(
        [piece for piece, own in zip(pieces, splits, strict=True) if own == split]
      )
      for split in ('train', 'validation', 'test')
    }

  def _generate_examples(self, pieces: list[Piece]) -> Iterator[tuple[str, dict[str, Any]]]:
    known = set()  # Bach set some tunes several times: each melody counts once
    for piece in pieces:
      for number, window in enumerate(piece.windows):
        if window.tobytes() not in known:
          known.add(window.tobytes())
          example = {'melody': window, 'label': piece.mode, 'piece': piece.name}
          yield f'{piece.name} {number}', example


def paths() -> list[pathlib.Path]:
  """Return the files of scores in the corpus, without the files of analyses in words."""
  files = (pathlib.Path(path) for path in corpus.getComposer('bach'))
  return sorted(path for path in files if path.suffix in ('.mxl', '.xml'))


def read(files: list[pathlib.Path]) -> Iterator[Piece]:
  """Yield the chorales in 4/4 that have a soprano and a bass; all take half a minute."""
  console = rich.console.Console()
  for path in rich.progress.track(
    files,
    'reading the chorales',
    console=console,
    auto_refresh=False,  # no thread, which imports of TFDS would now and then kill
    transient=True,
    disable=not console.is_terminal,
  ):
    score: Any = converter.parse(path)
    parts = {part.id: part for part in score.parts}
    if not {'Soprano', 'Bass'} <= parts.keys():
      continue
    soprano = parts['Soprano']
    meters = {meter.ratioString for meter in soprano.recurse().getElementsByClass('TimeSignature')}
    if meters == {'4/4'}:
      yield piece(path.stem, soprano, parts['Bass'], list(score.parts))


def piece(name: str, soprano: stream.Part, bass: stream.Part, parts: list[stream.Part]) -> Piece:
  """Transpose a chorale to C major or A minor and cut it into windows.

  The tonic is the bass's last note, if that is the major or minor tonic of the key signature. Else
  the chorale is in a church mode or ends elsewhere, and its key is the one that its notes fit best.
  """
  signature = next(iter(soprano.recurse().getElementsByClass('KeySignature')), None)
  major = (signature.sharps * 7) % 12 if signature else 0
  found = {major: 0, (major + 9) % 12: 1}
  last = line(bass)[-1].pitch % 12
  if signature and last in found:
    tonic, mode = last, found[last]
  else:
    tonic, mode = scores.key([note for part in parts for note in line(part)])
  melody = scores.transposed(line(soprano), tonic, mode)
  measure = soprano.getElementsByClass('Measure').first()
  upbeat = 2 * measure.duration.quarterLength if measure.paddingLeft else 0  # pyright: ignore[reportOptionalMemberAccess]
  return Piece(name, mode, scores.windows(melody, float(upbeat)))


def line(part: stream.Part) -> list[scores.Note]:
  """Return the notes of a part; tied notes are joined, and of a chord the highest note counts."""
  notes = part.flatten().stripTies().notes
  return [
    scores.Note(2 * float(n.offset), 2 * float(n.quarterLength), n.pitches[-1].midi) for n in notes
  ]
