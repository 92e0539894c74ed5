// Lines of verse, in type.

import * as picture from './picture.js';

export const {stage, small} = picture;
export const isStacked = true; // there is one picture, of all the width

export function words(about) {
  return {
    ...picture.words(about),
    lead: 'A generator imagines how a line begins, or the numbers behind it; an agent writes it, '
      + 'word by word.',
    done: 'written',
    step: 'word',
    steps: 'words',
    outcome: 'words',
    meaning: 'How many words the line has.',
  };
}

export function outcome({work, about: {words: known}}) {
  const line = work.filter((word) => word > 0), count = `${line.length} words`;
  const isSpelt = known.every((word) => [...word].length < 2); // names are spelt, and have letters
  const text = line.map((word) => known[word]).join(isSpelt ? '' : ' ');
  return {value: count, text, detail: '', gist: `${text}, ${count}`};
}
