// Sections of wings with their polars: pictures that stand still.

import * as picture from './picture.js';

export const {stage, small} = picture;
export const isStacked = true; // there is one picture, of all the width

export function words(about) {
  return {
    ...picture.words(about),
    lead: 'A generator imagines an airfoil for the brief; an agent improves it, stroke by stroke. '
      + 'Below each section stands its lift over drag by angle.',
    done: 'improved',
    step: 'stroke',
    steps: 'strokes',
    label: 'brief',
    outcome: 'strokes',
    meaning: 'How many strokes the agent made.',
    numbers: {re: 'Reynolds number', cl: 'lift', thickness: 'least thickness', moment: 'least moment'},
  };
}

export function outcome({strokes}) {
  const count = `${strokes.length} strokes`;
  return {value: count, text: 'were made', detail: '', gist: count};
}
