"""What each number of a run's log and of `evaluate` means, for the page on metrics.

Those of the worlds and of the judge come from the code. Those of training are told here;
`tests/test_docs.py` compares them with what a run logs.
"""

from __future__ import annotations

from collections.abc import Iterator

from tf_creative import worlds
from tf_creative.core import world as world_lib
from tf_creative.evaluation import tables

Rows = list[list[str]]

TRAINING = {
  'round': 'the round that the row was written after',
  'agent/loss': "error of the hand's predictions on the batch it learnt from",
  'agent/reward': 'mean reward of a step',
  'agent/return': 'mean return of the episodes that ended last',
  'agent/epsilon': 'share of random actions',
  'agent/q': 'return that the hand predicts, mean over the present states; it must stay below '
  'the highest possible return',
  'agent/largest_reward': 'largest absolute reward in a batch so far, for the alarm on `agent/q`',
  'agent/entropy': 'entropy of the policy (`reinforce`, `ppo`)',
  'gan/critic_loss': "the critic's loss, without the penalty",
  'gan/generator_loss': "the generator's loss, without the terms of couplings",
  'gan/extra_loss': 'what couplings add to the loss of the generator',
  'gan/penalty': "the critic's gradient penalties (R1 and R2, or that of WGAN-GP)",
  'gan/critic_gap': "mean difference of the critic's logits of real and of imagined works: how "
  'easily it tells them apart; above 10 the generator learns nothing',
  'joint/loss': 'L_DQN + lambda L_GAN, for the log only (`--joint_weight`)',
}
COUPLINGS = {
  'coupling/reward/critic_gap': 'how easily the critic of canvases tells real ones from made ones',
  'coupling/reward/size': "moving mean of the absolute change of this critic's score in a step",
  'coupling/imitation/critic_gap': "how easily the critic tells recorded steps from the hand's own",
  'coupling/imitation/rest': 'its logit of a step at rest; above 0 if recorded ones end oftener',
  'coupling/imitation/size': 'moving mean of the absolute reward by the critic, before `weight`',
  'coupling/novelty/size': 'moving mean of how far the ensemble disagrees about a step',
  'coupling/guide/regret': 'relative regret of the hand on imagined works: 0, all of the return '
  'is reached; 1, nothing',
  'coupling/guide/coverage': 'moving mean of the share of real works near imagined ones',
  'coupling/guide/weight': 'the present lambda; 0 while coverage is too low',
  'coupling/augment/share': 'share of the batch that is imagined',
  'coupling/curriculum/solvable': 'share of imagined levels that can be solved',
  'coupling/curriculum/found': 'share of draws in which one of several imagined levels could be '
  'solved',
  'coupling/curriculum/difficulty': '1 - 4 p (1 - p) of imagined levels: 0, of medium difficulty; '
  '1, certain',
  'coupling/curriculum/success': 'predicted probability p that the hand solves an imagined level',
  'coupling/adversarial/solvable': 'share of imagined levels that can be solved',
  'coupling/adversarial/value': 'return that the hand expects in imagined levels',
  'coupling/levelreplay/regret': 'mean regret of the levels that are kept and not yet solved',
  'coupling/levelreplay/kept': 'number of these levels',
}
SECTIONS = {
  'training': 'real works of the training split: what perfect imagination would reach',
  'imagined': 'works of the imagination',
  'painted': 'the same works, after the hand has made them',
  'held_out': 'real works that nothing was trained on, made by the hand',
  'unseen': 'works of kinds that nothing was trained on (characters, for `glyphs`), made by the '
  'hand',
  'next-note_model': 'melodies drawn from the next-note model, in the world `melody`',
  'next-word_model': 'lines drawn from the next-word model, in the world `verse`',
  'rejection_sampling': 'of these lines those that break no rule of verse',
  'constrained_decoding': 'lines drawn of words after which the metre can still be kept',
  'random': 'episodes of a random policy, in environments of Gymnasium',
}
OF_EPISODES = {
  'return': 'mean return of an episode',
  'return_low': '95% interval of the mean return, lower end',
  'return_high': '95% interval of the mean return, upper end',
  'return_min': 'smallest return',
  'interquartile_return': 'mean of the middle half of the returns, in `evaluate`',
  'human_normalised': 'return as a share: 0 is the published return of a random policy, 1 that of '
  'a human, in `evaluate` of `atari`',
  'strokes': 'mean number of actions in an episode (worlds whose rules are known)',
  'steps': 'mean number of actions in an episode (environments of Gymnasium)',
}
CHOICE = {
  'validation/frechet': 'Frechet distance of painted imagined works to the training split, by '
  'which the best round is chosen',
  'validation/failures': 'share of training levels that the hand does not solve, by which the '
  'best round is chosen in `level`',
  'validation/return': 'mean return of the episodes by which the best round is chosen, in '
  'environments of Gymnasium',
  'best/round': 'the round that was kept as the best, in the last row',
}


def sections() -> Iterator[tuple[str, str, Rows]]:
  """Yield a title, a sentence and rows for each kind of number."""
  yield (
    'While it trains',
    'Means over the rounds since the last row, in `metrics.jsonl` and TensorBoard.',
    _rows(TRAINING),
  )
  yield (
    'Of couplings',
    'As `coupling/NAME/...`, where that coupling is on.',
    _rows(COUPLINGS),
  )
  yield (
    'What the works of an evaluation are',
    'Every evaluation, during training and by `evaluate`, logs numbers as `SECTION/NAME`.',
    _rows(SECTIONS),
  )
  yield (
    'How good works are, against all held-out works',
    "All of them use the judge's features; [Judging works](../concepts/judging.md) says why.",
    [[f'`{c.name}`', c.meaning] for c in tables.ALL]
    + [
      [f'`{name}`', words]
      for name, words in (
        ('kernel', 'kernel distance (KID) to all held-out works'),
        ('kernel_error', 'its standard error'),
        *((c.name, c.meaning) for c in tables.HALVES if c.name in _FIDELITY),
      )
    ],
  )
  yield (
    'The same at equal size',
    'As `halves/NAME` in the rows of `evaluate`, with a standard deviation over eight random '
    'halves as `halves/NAME_spread`.',
    [[f'`{c.name}`', c.meaning] for c in tables.HALVES]
    + [
      ['`recognised`', 'share that the judge recognizes as the class asked for'],
      ['`in_distribution`', 'share that lies among the real works: the same as `precision`'],
    ],
  )
  yield (
    'How well the hand makes them',
    'In the sections `held_out`, `unseen`, `imagined` and `random`.',
    _rows(OF_EPISODES),
  )
  yield (
    'How the best round is chosen',
    'Works and episodes that are not reported on.',
    _rows(CHOICE),
  )
  for name in worlds.WORLDS.ours:
    measures = _measures(name)
    own = {**measures.scores, **measures.traits} if measures else {}
    if own:
      yield (
        f'The world `{name}`: its own measures',
        f'How well the hand makes a work: {", ".join(f"`{one}`" for one in measures.scores)}. '
        + _traits(measures),
        [[f'`{one}`', m.words] for one, m in own.items()] + _of_reference(name),
      )


def explains(name: str) -> bool:
  """Whether the page explains a number of a run's log or of `evaluate`."""
  if name in TRAINING or name in COUPLINGS or name in CHOICE:
    return True
  section, _, rest = name.partition('/')
  measured = {c.name for c in (*tables.ALL, *tables.HALVES)} | {'kernel_error', *OF_EPISODES}
  for world in worlds.WORLDS.ours:
    if measures := _measures(world):
      measured |= {*measures.scores, *measures.traits}
  return section in SECTIONS and (rest in measured or rest.startswith('minigrid'))


_FIDELITY = ('precision', 'recall', 'density', 'coverage')


def _traits(measures: type[world_lib.Measures]) -> str:
  if not measures.traits:
    return ''
  return (
    'All others are traits of works by themselves; distributions become their distance (total '
    'variation) from that of held-out works.'
  )


def _of_reference(name: str) -> Rows:
  if name != 'level':
    return []
  return [
    ['`minigrid`', 'of levels solved when played in the real `minigrid` package'],
    ['`minigrid_FAMILY`', 'the same for each family of levels'],
  ]


def _measures(name: str) -> type[world_lib.Measures] | None:
  from tf_creative.worlds.level import measuring as level
  from tf_creative.worlds.melody import measuring as melody
  from tf_creative.worlds.pixel_art import measuring as pixel_art

  return {
    'pixel_art': pixel_art.PixelArtMeasures,
    'melody': melody.MelodyMeasures,
    'level': level.LevelMeasures,
  }.get(name)


def _rows(told: dict[str, str]) -> Rows:
  return [[f'`{name}`', words] for name, words in told.items()]
