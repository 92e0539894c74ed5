"""The report's sections of pictures, as HTML."""

from __future__ import annotations

import html

import numpy as np
from PIL import Image

from tf_creative.evaluation import markup
from tf_creative.evaluation.measured import Evaluation
from tf_creative.learner import creator as creator_lib
from tf_creative.metrics import likeness
from tf_creative.studio import foreseen, pictures, player

_MOST_KINDS, _STEPS, _NEAREST = 52, 9, 12
# Works of a class in a row: beside two other rows if they are at most so many pixels wide.
_SMALL, _COLUMNS, _MORE_COLUMNS = 12, 8, 10
_FRAME = 110  # pixels of a frame's height at most, or of its own if that is more
_CELL = 66  # pixels on the screen that such a work is at most magnified to


def episode(one: Evaluation) -> str:
  """Show one episode of the hand; empty where the simulator has no pictures."""
  sheets = pictures.episode(player.Player(one.learner))
  if not sheets:
    return ''
  return f'<p>{_told(one)}</p>' + _stage(sheets, 'an episode, moment by moment', 'moment')


def _told(one: Evaluation) -> str:
  if not one.foreseen:
    return 'An episode of the hand.'
  kind, shown = one.foreseen.kind, ''
  if len(kind.shape) < 3:
    shown = 'Each line is a number of what the hand sees, over the last steps.'
  elif kind.bits:
    shown = 'Cells that were foreseen wrongly have a red frame.'
  return (
    'An episode of the hand: as the environment draws it, and beside that what the hand sees, and '
    f'how it was foreseen {foreseen.AHEAD} steps before, from what was seen then and the actions '
    f'taken since. {shown}'
  )


def following(one: Evaluation) -> str:
  """Show next frames beside what was foreseen of them; empty where there are no frames."""
  found = one.foreseen
  if found is None or found.next is None:
    return ''
  some, bits = found.next, found.kind.bits
  height = max(1, _FRAME // some.now.shape[1]) * some.now.shape[1]
  rows = {
    'now': [foreseen.drawn(now, bits, height) for now in some.now],
    'next, really': [foreseen.drawn(after, bits, height) for after in some.after],
    'next, as foreseen': [
      foreseen.drawn(told, bits, height, after)
      for told, after in zip(some.foreseen, some.after, strict=True)
    ],
  }
  figures = ''.join(
    f'<figure><figcaption>{title}</figcaption>'
    f'{markup.works(np.stack(frames), len(frames), title)}</figure>'
    for title, frames in rows.items()
  )
  red = ' Cells that were foreseen wrongly have a red frame.' if bits else ''
  return (
    f'<p>Steps of the hand, some of its actions random, spread evenly over all.{red}</p>'
    f'<div class="rows" style="--scale:1">{figures}</div>'
  )


def painting(one: Evaluation) -> str:
  """Show imagined works, and the hand making them stroke by stroke."""
  labels = pictures.some_labels(one.learner, 10)
  concept = one.learner.creator.imagine(np.arange(len(labels)) + 1000, labels)
  made = one.learner.creator.make(concept)
  frames = creator_lib.frames(one.learner.world, concept, made)
  render = one.learner.world.media.render
  sheets = [pictures.tiles(render(frame), len(labels)) for frame in frames]
  return (
    '<p>Imagined works, and below them the hand at work on each.</p>'
    + markup.works(render(concept.work), len(labels), 'the imagined works')
    + _stage(sheets, 'the same works appearing stroke by stroke', 'stroke')
  )


def _stage(sheets: list[Image.Image], alt: str, moment: str) -> str:
  """Show frames as an animation with a slider."""
  strip = Image.fromarray(np.concatenate([np.asarray(sheet) for sheet in sheets]))
  last = len(sheets) - 1
  return (
    f'<div id="stage" role="img" aria-label="{alt}" '
    f'data-frames="{len(sheets)}" style="--w:{sheets[0].width};--h:{sheets[0].height};'
    f'background-image:url({markup.uri(strip)})"></div>'
    '<div class="controls"><button id="play" type="button">Play</button>'
    f'<input id="moment" type="range" min="0" max="{last}" value="{last}" '
    f'aria-label="{moment}"></div>'
  )


def gallery(one: Evaluation) -> str:
  """Show works of each class: as imagined, as made, and the nearest training works.

  These are side by side where works are small, and else below each other.
  """
  names, render = one.learner.world.works.label_names, one.learner.world.media.render
  names = [name.replace('_', ' ') for name in names]
  widest = max(len(word) for name in names for word in ('all', *name.split()))
  wide = render(one.imagined.work[:1]).shape[2]
  columns, kind = (_COLUMNS, 'triple') if wide <= _SMALL else (_MORE_COLUMNS, 'rows')
  scale = max(1, _CELL // wide)
  rows = []
  for label in pictures.some_labels(one.learner, _MOST_KINDS):
    places = np.flatnonzero(one.imagined.label == label)[:columns]
    if len(places):
      name = html.escape(names[label]) or 'all'
      figures = ''.join(
        f'<figure><figcaption>{title}</figcaption>'
        f'{markup.works(render(works.work[places]), columns, f"{name}: {title}")}</figure>'
        for title, works in (
          ('imagined', one.imagined),
          (one.made, one.painted),
          ('nearest training work', one.nearest),
        )
      )
      rows.append(
        f'<div class="kind" style="--name:{0.8 + 0.75 * widest:.1f}rem"><h3>{name}</h3>'
        f'<div class="{kind}" style="--scale:{scale}">{figures}</div></div>'
      )
  return (
    f'<p>The first works of each class, not chosen: as imagined, as {one.made} by the hand, and '
    'the training work that the judge finds nearest to each.</p>' + ''.join(rows)
  )


def copies(one: Evaluation) -> str:
  """Show the imagined works that equal a training work in most cells, each beside that one."""
  places = np.argsort(-one.like, kind='stable')[:_NEAREST]
  render, shown = one.learner.world.media.render, []
  for place in places:
    pair = render(np.stack([one.imagined.work[place], one.likest.work[place]]))
    told = f'{one.like[place]:.0%}'
    alt = f'an imagined work, and the training work that it equals in {told} of the cells'
    shown.append(f'<figure>{markup.works(pair, 2, alt)}<figcaption>{told}</figcaption></figure>')
  near, real = (one.sources[name]['near_copies'] for name in ('imagined', 'held_out'))
  return (
    f'<p>Of {len(one.like):,} imagined works, those that are likest to a training work, which is '
    'beside each: the share of equal cells, of those that are not ground in both. It may be moved '
    f'by two cells or mirrored. From {likeness.NEAR:.0%} on a work is a near copy: {near:.1%} of '
    f'the imagined ones are, and {real:.1%} of the real ones that were not trained on.</p>'
    f'<div class="pairs">{"".join(shown)}</div>'
  )


def interpolations(one: Evaluation) -> str:
  """Show rows of works whose codes change from one to another."""
  creator, labels = one.learner.creator, pictures.some_labels(one.learner, 10)
  ends = creator.latents(np.arange(2 * len(labels)) + 2000).reshape(len(labels), 2, -1)
  codes = [_between(a, b, share) for a, b in ends for share in np.linspace(0, 1, _STEPS)]
  works = creator.decode(np.stack(codes), np.repeat(labels, _STEPS))
  alt = f'{len(labels)} rows of works, each changing in {_STEPS} steps into another of its class'
  return (
    '<p>Each row goes from one latent code to another on the sphere of codes; the class stays.</p>'
    + markup.works(one.learner.world.media.render(works.work), _STEPS, alt)
  )


def by_critic(one: Evaluation) -> str:
  """Show the works with the highest and the lowest logits of the critic in each class."""
  scores, labels = one.learner.creator.score(one.imagined), pictures.some_labels(one.learner, 12)
  best, worst = [], []
  for label in labels:  # logits of different labels are not comparable
    places = np.flatnonzero(one.imagined.label == label)
    places = places[np.argsort(-scores[places], kind='stable')]
    best += [places[:2]]
    worst += [places[-2:]]
  render, shown = one.learner.world.media.render, []
  for title, places in (('best', np.concatenate(best)), ('worst', np.concatenate(worst))):
    alt = f"the two {title} works of each class by the critic's logits"
    shown.append(
      f'<h3>The {title} two of each class: mean logit {scores[places].mean():.3f}</h3>'
      + markup.works(render(one.imagined.work[places]), 12, alt)
    )
  return f'<p>Of {len(scores):,} imagined works.</p>' + ''.join(shown)


def _between(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
  """Interpolate codes along the sphere (slerp): a straight line would pass unlikely codes."""
  cosine = first @ second / (np.linalg.norm(first) * np.linalg.norm(second))
  angle = np.arccos(np.clip(cosine, -1, 1))
  return (np.sin((1 - share) * angle) * first + np.sin(share * angle) * second) / np.sin(angle)
