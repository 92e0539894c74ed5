"""Writes report.html: what a run has learnt, on one page that loads nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
import functools
import html
import os
import pathlib
import platform
import string

import numpy as np

from tf_creative.cli import flags as flags_lib
from tf_creative.evaluation import comparison, curves, exhibition, foreseen_tables, markup, tables
from tf_creative.evaluation import measured as evaluation
from tf_creative.evaluation.measured import Evaluation
from tf_creative.runs import provenance, titles
from tf_creative.studio import pictures

_PACKAGES = ('tensorflow', 'keras', 'tf-agents', 'tensorflow-datasets', 'numpy')


def page(runs: Sequence[Evaluation], when: str, seed: int) -> str:
  """Return the HTML of a report on the first run, compared with the others if there are any."""
  one = runs[0]
  if one.imagined:
    sections = {
      'Painting': ('A painting in the making', exhibition.painting(one)),
      'Gallery': ('Gallery', exhibition.gallery(one)),
      'Copies': ('The nearest to copies', exhibition.copies(one)),
      'Works': ('The works in numbers', _works(one)),
      'Traits': ('What the works are like', _traits(one)),
    }
  else:
    place, title = ('Foreseen', 'An episode, beside what was foreseen of it')
    if not one.foreseen:
      place, title = ('Episode', 'An episode')
    sections = {place: (title, exhibition.episode(one))}
  sections |= {
    'Hand': ('The hand in numbers', _hand(one)),
    'Next': ('The next frame', exhibition.following(one)),
    'Foresight': ('What is foreseen, in numbers', foreseen_tables.section(one)),
    'Compared': ('The runs compared', _compared(runs) if len(runs) > 1 else ''),
    'Curves': ('Learning curves', curves.section(runs)),
  }
  if one.imagined:
    sections |= {
      'Between': ('Between two works', exhibition.interpolations(one)),
      'Critic': ('Best and worst by the critic', exhibition.by_critic(one)),
    }
  sections['Settings'] = ('Settings and environment', _settings(one))
  sections = {name: part for name, part in sections.items() if part[1]}
  links = ''.join(f'<a href="#{name}">{name}</a>' for name in sections)
  body = [
    _head(one, when, seed),
    f'<nav aria-label="Sections">{links}</nav><main>',
    _cards(_of_works(one) if one.imagined else _of_episodes(one)),
    *(
      f'<section id="{name}"><h2>{title}</h2>{inside}</section>'
      for name, (title, inside) in sections.items()
    ),
    '</main>',
  ]
  template = string.Template(pathlib.Path(__file__).with_suffix('.html').read_text())
  return template.substitute(title=html.escape(f'{one.path}: report'), body='\n'.join(body))


def _head(one: Evaluation, when: str, seed: int) -> str:
  run = one.learner.config.run
  what = 'works imagined and made' if one.imagined else 'episodes played'
  facts = html.escape(
    f'{run.world}; hand: {run.agent}; couplings: {run.couplings or "none"}; seed {run.seed}; '
    f'as of round {one.rounds:,}. {one.count:,} {what} for '
    f'this report with seed {seed}'
  )
  return (
    f'<header><h1>{html.escape(str(one.path))}</h1>'
    f'<p class="quiet">{facts}, <time>{html.escape(when)}</time>.</p></header>'
  )


Card = tuple[str, str, str]  # a number, what it is, and what to compare it with


def _of_episodes(one: Evaluation) -> list[Card]:
  mean, low, high = one.hands['episodes', 'hand']['return']
  chance, *between = one.hands['episodes', 'random_policy']['return']
  middle, least, most = one.hands['episodes', 'hand'][evaluation.MIDDLE]
  cards = [
    (
      f'{mean:.1f}',
      f'return of the greedy hand, mean of {one.count:,} episodes',
      f'95% interval {low:.1f} to {high:.1f}; random policy {chance:.1f} '
      f'({between[0]:.1f} to {between[1]:.1f})',
    ),
    (
      f'{middle:.1f}',
      'interquartile mean of the same returns: of their middle half',
      f'95% interval {least:.1f} to {most:.1f}',
    ),
  ]
  if score := one.hands['episodes', 'hand'].get(evaluation.NORMALISED):
    what = 'of a human: 0% is the published return of a random policy, 100% that of a human tester'
    cards.append((f'{score[0]:.1%}', what, f'95% interval {score[1]:.1%} to {score[2]:.1%}'))
  return cards


def _of_works(one: Evaluation) -> list[Card]:
  works = next(iter(one.hands))[0]
  likeness, measure = next(iter(one.learner.world.measures.scores.items()))
  mean, low, high = one.hands[works, 'hand'][likeness]
  by_chance, blank = (one.hands[works, hand][likeness][0] for hand in ('random', 'blank'))
  painted, real = (
    functools.partial(tables.show, one.sources[name]) for name in ('painted', 'held_out')
  )
  plain = functools.partial(tables.show, one.sources['dense_gan'])
  cards = [
    (
      f'{mean:.2%}',
      f'{measure.words} when the hand makes {titles.works(works)[1]}',
      f'95% interval {low:.2%} to {high:.2%}; random strokes {by_chance:.0%}, blank {blank:.0%}',
    ),
    (
      painted('halves/frechet', '.2f'),
      f'Frechet distance of {one.made} imagination from unseen real works, at equal size',
      f'± {painted("halves/frechet_spread", ".2f")}; real works {real("halves/frechet", ".2f")}, '
      f'dense GAN {plain("halves/frechet", ".2f")}',
    ),
    (
      painted('halves/creativity', '.0%'),
      f'of {one.made} works are creative: unlike any work that was trained on, and convincing',
      f'new {painted("halves/novel", ".0%")}, convincing {painted("halves/valued", ".0%")}; both: '
      f'{real("halves/creativity", ".0%")} of real works that were not trained on',
    ),
    (
      painted('near_copies', '.1%'),
      f'are near copies of training works, {painted("copies", ".1%")} exact ones',
      f'of real works that were not trained on {real("near_copies", ".1%")} and '
      f'{real("copies", ".1%")}',
    ),
  ]
  return [card for card in cards if card[0] != tables.NONE]


def _cards(cards: Sequence[Card]) -> str:
  shown = ''.join(
    f'<div class="card"><b>{big}</b>{what}<br><span class="quiet">{beside}</span></div>'
    for big, what, beside in cards
  )
  return f'<div class="cards">{shown}</div>'


def _works(one: Evaluation) -> str:
  def rows(columns, prefix):
    for source, numbers in one.sources.items():
      cells = []
      for column in columns:
        cell = tables.show(numbers, prefix + column.name, column.form)
        spread = tables.show(numbers, f'{prefix}{column.name}_spread', column.form)
        known = prefix and cell != tables.NONE
        cells.append(f'{cell} <small>± {spread}</small>' if known else cell)
      yield evaluation.source(source, one.made)[0], cells, source in ('imagined', 'painted')

  def part(columns, prefix, caption):
    head = [column.title for column in columns]
    meanings = {column.title: column.meaning for column in columns}
    return markup.table(caption, ['', *head], rows(columns, prefix)) + markup.terms(
      'What the columns mean', meanings
    )

  count = len(one.imagined.label)
  return (
    ''.join(f'<p>{html.escape(line)}.</p>' for line in tables.notes(one))
    + part(tables.HALVES, 'halves/', 'At equal size, against one half of the held-out works; mean '
         'and spread over random halves. The first row is the floor, noise the ceiling.')
    + part(tables.ALL, '', f'{count:,} works of each kind, against all held-out works and the '
           'training split.')
    + markup.terms(
      'What the rows are', dict(evaluation.source(name, one.made) for name in one.sources)
    )
  )  # fmt: skip


def _traits(one: Evaluation) -> str:
  head, rows = tables.traits(one)
  if not rows:
    return ''
  own = [evaluation.source(name, one.made)[0] for name in ('imagined', 'painted')]
  caption = 'Means. Of a distribution: how far it is from that of the held-out works (0 to 1).'
  words = {name: measure.words for name, measure in one.learner.world.measures.traits.items()}
  return markup.table(
    caption, head, ((row[0], row[1:], row[0] in own) for row in rows)
  ) + markup.terms(
    'What the columns mean', {name.replace('_', ' '): text for name, text in words.items()}
  )


def _hand(one: Evaluation) -> str:
  head, rows = tables.hands(one)
  within = ' within each label' if one.sources else ''
  caption = f'Means over episodes, with 95% intervals (bootstrap over episodes{within}).'
  return markup.table(caption, head, ((row[0], row[1:], 'the hand' in row[0]) for row in rows))


def _compared(runs: Sequence[Evaluation]) -> str:
  head, rows = comparison.table(runs)
  caption = (
    'Runs that differ only in their seed are one row: interquartile mean over seeds (and, for the '
    'hand, over its tasks or games) with a 95% interval of the stratified bootstrap. One run has '
    'none.'
  )
  strips = []
  for run in runs:
    if not run.imagined:
      continue
    labels = pictures.some_labels(run.learner, 8)
    concept = run.learner.creator.imagine(np.arange(len(labels)), labels)
    made = run.learner.creator.make(concept)
    render = run.learner.world.media.render
    strips.append(
      f'<h3>{html.escape(str(run.path))}</h3>'
      + markup.works(render(np.concatenate([concept.work, made.work])), len(labels),
                     f'{run.path}: imagined works above, below them as the hand made them')
    )  # fmt: skip
  return markup.table(caption, head, ((row[0], row[1:], False) for row in rows)) + ''.join(strips)


def _settings(one: Evaluation) -> str:
  versions = ', '.join(f'{name} {provenance.version(name)}' for name in _PACKAGES)
  machine = f'Python {platform.python_version()}, {platform.system()} {platform.machine()}, '
  flags = html.escape(flags_lib.to_text(one.config))
  return (
    f'<p>{versions}; {machine}{os.cpu_count()} processors.</p>'
    f'<details><summary>run.flags</summary><pre tabindex="0">{flags}</pre></details>'
  )
