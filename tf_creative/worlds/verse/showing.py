"""Shows lines of verse as type, as text and as files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
import functools
import html
import json
import os
import pathlib
from typing import Any

import numpy as np
from PIL import Image
import tensorflow as tf
import tensorflow_datasets as tfds

from tf_creative.core import spec
from tf_creative.core import works as works_lib
from tf_creative.core import world as world_lib
from tf_creative.worlds import drawings, files
from tf_creative.worlds.verse import line as line_lib
from tf_creative.worlds.verse import texts, typeset, vocabulary


class VerseMedia(world_lib.Media):
  """Sets lines in type, and reads and writes texts."""

  def __init__(self, world: line_lib.Line):
    """Take the world, whose words are loaded when something is shown."""
    self._world = world
    self.files: Mapping[str, Callable[[Any], bytes]] = {
      'txt': self._txt,
      'json': self._json,
      'ssml': self._ssml,
    }

  @property
  def _words(self) -> vocabulary.Vocabulary:
    return self._world.corpus.words

  @functools.cached_property
  def _type(self) -> typeset.Type:
    return typeset.Type(self._words.words, self._words.space)

  def render(self, works: tf.Tensor) -> np.ndarray:
    return self._type.rgb(tf.convert_to_tensor(works)).numpy()

  def encode(self, works: tf.Tensor, zoom: int) -> dict[str, tf.Tensor]:
    words = tf.constant(self._words.words)
    spaced = tf.constant(['', *(f'{self._words.space}{word}' for word in self._words.words[1:])])
    first, *others = tf.unstack(works, axis=1)
    end = tf.fill(tf.shape(first), '\n')
    text = [tf.gather(words, first), *(tf.gather(spaced, other) for other in others), end]
    png = drawings.png(self._type.rgb(works), zoom)
    return {'png_bytes': png, 'text_bytes': tf.strings.join(text)}

  def drawing(self, start: np.ndarray, actions: np.ndarray, zoom: int) -> str:
    line = typeset.written(start, [int(action) for action in actions], self._world.given)
    return self._type.svg(line, self._world.given, zoom)

  def strokes(self, actions: tf.Tensor) -> tf.Tensor:
    """Return the number of each action's word, 0 for the end: int32 [..., 1]."""
    return actions[..., None]

  def legend(self) -> dict[str, np.ndarray]:
    return {'view': np.array('line'), 'words': np.array(self._words.words)}

  def read(
    self, path: str | os.PathLike, mask: str | os.PathLike = ''
  ) -> tuple[np.ndarray, np.ndarray]:
    if mask:
      raise spec.UserError(f'{mask}: a line takes no mask; what follows its last word is imagined.')
    content = texts.content(path)
    if pathlib.Path(path).suffix.lower() == '.json':
      content = _text_of(content, path)
    found = next(filter(None, map(texts.words, content.splitlines())), [])
    if not self._words.space:
      found = list(''.join(found))
    if not found or len(found) > texts.MOST:
      raise spec.UserError(
        f'the first line of {path} has {len(found)} words, and 1 to {texts.MOST} can be.'
      )
    if unknown := [word for word in found if word not in self._words.words]:
      raise spec.UserError(f"{path} has the word '{unknown[0]}', which this world does not know.")
    # A line of as many words as real ones have is whole; of a shorter one the rest is a gap.
    given = np.arange(texts.MOST) < len(found)
    return self._words.numbers(found), given | (len(found) >= texts.LEAST)

  def portrait(self, path: str | os.PathLike, given: np.ndarray) -> tuple[Image.Image, np.ndarray]:
    picture, _ = super().portrait(path, given)
    at = self._type.words_at(self.read(path)[0])
    return picture, np.where(at < 0, True, given[np.maximum(at, 0)])

  def store(self, works: works_lib.Works, seeds: np.ndarray, folder: str | os.PathLike) -> None:
    lines = np.array([self._words.apart(line) for line in works.work])
    feature = tfds.features.Text()
    files.save('line', feature, lines, works.label, self._world.label_names, seeds, folder)

  def _txt(self, work: np.ndarray) -> bytes:
    return f'{self._words.text(work)}\n'.encode()

  def _json(self, work: np.ndarray) -> bytes:
    told: dict[str, Any] = {'text': self._words.text(work)}
    if (metre := self._world.metre) is not None:
      line = tf.constant(work[None])
      told['ten_syllables'] = bool(metre.syllables(line)[0])
      told['in_metre'] = bool(metre.whole(line)[0])
    if (rhymes := self._world.rhymes) is not None:
      told['rhymes_with'] = self._world.label_names[int(rhymes.labels(work[None])[0])]
    return (json.dumps(told, ensure_ascii=False) + '\n').encode()

  def _ssml(self, work: np.ndarray) -> bytes:
    """Write a line for a voice, slower than prose and with a rest after it."""
    language = 'und' if self._world.metre is None else 'en'  # only English has our rules
    text = html.escape(self._words.text(work))
    return (
      '<?xml version="1.0" encoding="UTF-8"?>\n<speak version="1.1" '
      f'xmlns="http://www.w3.org/2001/10/synthesis" xml:lang="{language}"><s><prosody rate="slow">'
      f'{text}</prosody></s><break strength="strong"/></speak>\n'
    ).encode()


def _text_of(content: str, path: str | os.PathLike) -> str:
  try:
    return str(json.loads(content)['text'])
  except (ValueError, KeyError, TypeError, RecursionError) as error:
    raise spec.UserError(f"{path} is no JSON object with a 'text'.") from error
