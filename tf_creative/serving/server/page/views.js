// How works are shown: by the view that their creator names.
//
// A view has `words(about)` for the page, `small(canvas, work)` for the gallery, `stage(frames,
// work, name)` for the frames, and `outcome(work)` for the facts. What can be stepped through has
// `steps(work)`, `pace(work)` in seconds, and `go(work, place, isMarked)`, too; `strip(work)` are
// colours of the steps, and `notes(work, which)` is what can be heard.

import * as canvas from './views/canvas.js';
import * as line from './views/line.js';
import * as picture from './views/picture.js';
import * as roll from './views/roll.js';
import * as section from './views/section.js';
import * as walk from './views/walk.js';

const VIEWS = new Map(Object.entries({canvas, line, roll, section, walk}));

/** The view of a creator; where none is known, its works are pictures that stand still. */
export function of(about) {
  const isOld = !about.view && about.palette && about.shape?.length === 2 && !about.actions;
  return VIEWS.get(isOld ? 'canvas' : about.view) ?? picture;
}
