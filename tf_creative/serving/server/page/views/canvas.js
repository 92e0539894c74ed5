// Pictures that are painted by strokes.

import {differing, draw, hang, marks, percent, squares} from '../drawing.js';

const WHOLE = 5; // seconds that all strokes take at speed 1,
const FASTEST = 0.02, SLOWEST = 0.25; // where each takes as long as this
export const isPainted = true; // stroke by stroke, also a picture that is given
const PIXEL = [[[0, 0]]]; // the shape of a stroke where there is but one

export function words() {
  return {
    lead: 'A generator imagines the work; an agent paints it, stroke by stroke.',
    imagined: 'imagined',
    done: 'painted',
    step: 'stroke',
    steps: 'strokes',
    blank: 'the blank canvas',
    last: 'the finished work',
    like: ' as imagined',
    differ: 'mark what differs',
    label: 'label',
    outcome: 'as imagined',
    meaning: 'The share of pixels whose colour is the same on both canvases when the agent has '
      + 'made its last stroke.',
  };
}

export function stage({imagined, made}, work, name) {
  const {about} = work;
  const gap = marks(about.shape, ['gap']);
  draw(hang(imagined, 'imagined', `${name}, as ${aim(work)}`, gap), work.imagined, about);
  const over = marks(about.shape, ['differing', 'newest-edge', 'newest']);
  hang(made, 'painted', `${name}, as painted`, over);
}

export function small(canvas, {work, about}) {
  draw(canvas, work, about);
}

export function steps({strokes}) {
  return strokes.length;
}

export function pace({strokes}) {
  return Math.min(Math.max(WHOLE / strokes.length, FASTEST), SLOWEST);
}

export function strip({strokes, about: {palette}}) {
  return strokes.map(([, , colour]) => palette[colour]);
}

export function go(work, place, isMarked) {
  const {strokes, imagined, about} = work, stroke = strokes[place - 1];
  const pixels = after(place, work), wrong = differing(pixels, imagined, about);
  draw(document.getElementById('painted'), pixels, about);
  const newest = stroke && place < strokes.length ? covered(stroke, about) : [];
  const paths = {
    newest: squares(newest, 0),
    'newest-edge': squares(newest, 0),
    differing: isMarked ? squares(wrong, 0.36) : '',
  };
  for (const [id, path] of Object.entries(paths)) {
    document.getElementById(id).setAttribute('d', path);
  }
  return {
    progress: percent(pixels.length - wrong.length, pixels.length),
    said: stroke ? `, at row ${stroke[0] + 1}, column ${stroke[1] + 1}` : '',
  };
}

export function outcome(shown) {
  const {imagined, work, strokes, about: {horizon}} = shown, as = `as ${aim(shown)}`;
  const same = imagined.filter((place, pixel) => place === work[pixel]).length;
  const value = percent(same, imagined.length);
  const most = strokes.length < horizon ? `${strokes.length} of at most` : 'all';
  return {
    value,
    text: `of the pixels are ${as}`,
    detail: `${same} of ${imagined.length} when finished, in ${most} ${horizon} strokes`,
    gist: `${strokes.length} strokes, ${value} ${as}`,
  };
}

/** What the hand was to paint: something imagined, or a picture that was given. */
export function aim({isGiven}) {
  return isGiven ? 'given' : 'imagined';
}

/** The pixels, as (row, column), under a stroke; what lies outside is cut off. */
function covered([row, column, , shape = 0], {shape: [height, width], shapes = PIXEL}) {
  return shapes[shape]
    .map(([down, right]) => [row + down, column + right])
    .filter(([y, x]) => y >= 0 && y < height && x >= 0 && x < width);
}

/** The canvas after some of the strokes; before the first of them it is blank. */
function after(count, {strokes, about}) {
  const [height, width] = about.shape;
  const pixels = new Array(height * width).fill(0);
  for (const stroke of strokes.slice(0, count)) {
    for (const [y, x] of covered(stroke, about)) pixels[y * width + x] = stroke[2];
  }
  return pixels;
}
