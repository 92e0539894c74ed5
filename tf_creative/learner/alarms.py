"""Watches the metrics of a training: warns of problems with advice, and stops a diverged run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from tf_creative.core import guard, spec
from tf_creative.learner import learner as learner_lib

# Limit of the gap between the logits of real and imagined works: the generator's gradient is then
# only e^-10 of its full size.
_GAP = 10.0
_COLLAPSE = 0.5  # coverage below this share of the best so far counts as collapse


class Diverged(spec.UserError):
  """Too many updates in a row were skipped; the weights are those of the last good update."""

  code = 3


class Alarms:
  """Gives each kind of warning once when its problem begins, and again if it has ended since."""

  def __init__(self, learner: learner_lib.Learner, limit: int, tell: Callable[[int, str], None]):
    """Watch a learner; `tell(round, warning)` is called for each warning."""
    self._learner, self._limit, self._tell = learner, limit, tell
    self._guards = guard.guards(learner)
    self._skipped = {each: int(each.skipped) for each in self._guards}
    self._on: set[str] = set()
    self._best_coverage = 0.0

  def look(self, round_: int, metrics: Mapping[str, float]) -> None:
    """Check the metrics that have just been logged; raise Diverged if the run is lost."""
    for each in self._guards:
      if int(each.in_a_row) >= self._limit:
        raise Diverged(_diverged(each, round_))
    found = dict(self._found(metrics))
    for kind, text in found.items():
      if kind not in self._on:
        self._tell(round_, text)
    judged = {'coverage'} if 'imagined/coverage' not in metrics else set()
    self._on = set(found) | (self._on & judged)  # without new coverage, its warning stays on

  def _found(self, metrics: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    for each in self._guards:
      new, self._skipped[each] = int(each.skipped) - self._skipped[each], int(each.skipped)
      if new:
        text = f'{new} updates of {each.of} were skipped: non-finite losses or gradients. {_CURE}'
        yield f'skipped {each.of}', text
    discount = self._learner.config.agent.discount
    most = metrics.get('agent/largest_reward', self._learner.world.play.reward_bound)
    bound = 2 * most / (1 - discount) if discount < 1 else float('inf')
    if abs(metrics.get('agent/q', 0.0)) > bound:
      yield (
        'q',
        f'Q-values of {metrics["agent/q"]:.3g} are beyond {bound:.3g}, twice the highest return '
        f'with rewards of up to {most:.3g}. Try a lower --agent_learning_rate or '
        '--agent_discount, or a longer --agent_target_period.',
      )
    gap = metrics.get('gan/critic_gap', 0.0)
    if gap > _GAP and self._learner.imagination.bounds_gap:
      yield (
        'gap',
        f'the critic tells real from imagined works by {gap:.3g} logits: the generator learns '
        'nothing from such a critic. Try larger --gan_r1 and --gan_r2, or --gan_loss=r3gan.',
      )
    coverage = metrics.get('imagined/coverage')
    if coverage is not None:
      self._best_coverage = max(self._best_coverage, coverage)
      if coverage < _COLLAPSE * self._best_coverage:
        yield (
          'coverage',
          f'imagined works cover {coverage:.2f} of the real ones, down from '
          f'{self._best_coverage:.2f}: the imagination collapses. Try larger --gan_r1 and '
          '--gan_r2, a lower --gan_learning_rate, or a lower weight of guide. The best round is '
          'kept.',
        )


_CURE = (
  'Try lower --gan_learning_rate or --agent_learning_rate, and look at the data and at the weight '
  'of each coupling.'
)


def _diverged(each: guard.Guard, round_: int) -> str:
  return (
    f'the last {int(each.in_a_row)} updates of {each.of} before round {round_} had '
    f'non-finite losses or gradients; they were skipped, so the weights are good. {_CURE} '
    '--skip_limit is how many in a row end a run.'
  )
