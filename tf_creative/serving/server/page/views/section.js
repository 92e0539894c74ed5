// Sections of wings with their polars: pictures that stand still.

import * as picture from './picture.js';

export const {stage, small, outcome} = picture;

export function words(about) {
  return {
    ...picture.words(about),
    lead: 'A generator imagines an airfoil for the brief; an agent improves it, stroke by stroke.',
    done: 'improved',
    step: 'stroke',
    steps: 'strokes',
    label: 'brief',
    numbers: {re: 'Reynolds number', cl: 'lift', thickness: 'least thickness', moment: 'least moment'},
  };
}
