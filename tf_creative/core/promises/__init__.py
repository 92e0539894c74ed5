"""Rules that every world must keep; each is a function that raises where a world breaks it."""

from __future__ import annotations

from collections.abc import Callable

from tf_creative.core.promises import acting, case, showing, simulating

Rule = Callable[[case.Case], None]

# (parts of a world that the rules need, the rules). The order matters: a rule may rely on those
# before it.
RULES: tuple[tuple[tuple[str, ...], tuple[Rule, ...]], ...] = (
  (('play',), (acting.actions_count_from_0,)),
  (
    ('works',),
    (
      showing.works_are_in_their_spec,
      showing.values_are_works,
      showing.legal_values_are_works_and_pass_gradients,
      showing.gaps_are_filled_around_what_is_given,
    ),
  ),
  (('play', 'rules', 'works'), (acting.steps_keep_the_form_of_states, acting.steps_are_pure)),
  (('play',), (acting.observations_are_in_their_specs, acting.features_have_one_shape)),
  (
    ('play', 'simulator'),
    (
      simulating.restarts_are_steps_of_their_own,
      simulating.seeds_make_episodes,
      simulating.stacks_are_of_frames,
      simulating.rewards_are_numbers,
      simulating.episodes_end,
      simulating.environments_render,
    ),
  ),
  (
    ('play', 'rules', 'works'),
    (
      acting.observations_tell_the_state,
      acting.rows_do_not_depend_on_their_company,
      acting.episodes_end_by_the_horizon,
      acting.rewards_are_finite_and_bounded,
      acting.works_in_the_making_are_works,
      acting.idle_steps_leave_works_alone,
      acting.prospects_are_how_episodes_begin,
    ),
  ),
  (
    ('play', 'rules', 'works', 'making'),
    (
      acting.errors_are_0_at_the_goal,
      acting.goals_are_worth_most,
      acting.midway_leads_from_start_to_goal,
      acting.action_rewards_agree_with_steps,
      acting.allowed_actions_keep_what_is_kept,
      acting.placed_works_are_gone_on_with,
    ),
  ),
  (('play', 'rules', 'works', 'levels'), (acting.surveys_fit_together,)),
  (
    ('works', 'media'),
    (
      showing.pictures_are_rgb,
      showing.files_are_strings,
      showing.files_are_read_as_they_were_written,
      showing.legends_are_json,
    ),
  ),
  (
    ('play', 'rules', 'works', 'media'),
    (showing.strokes_spell_actions, showing.drawings_are_svg),
  ),
  (
    ('works', 'measures'),
    (
      showing.scores_are_measured,
      showing.traits_are_described,
      showing.splits_have_works,
      showing.models_draw_works,
    ),
  ),
)
