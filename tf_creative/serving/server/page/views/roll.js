// Melodies as piano rolls that can be heard: time to the right, pitch upwards.

import {percent} from '../drawing.js';

const REST = 1; // among the pitches; 0 holds what sounds, larger ones are MIDI's
const NAMES = 'C C\u266f D E\u266d E F F\u266f G A\u266d A B\u266d B'.split(' ');
const LEAST = 13; // rows: an octave
const FEW = 18, WIDE = 9, HIGH = 200, THICK = 10; // small ones: rows at least, and pixels
const PAPER = '#fafaf7', BAR = '#d2d2cc', NOTE = '#1f4e8c'; // of the small ones, as in their PNGs

export const isStacked = true; // one roll above the other, step over step

export function words({target, given, steps_per_bar: bar}) {
  const first = given === bar ? 'first bar' : `first ${given} steps`;
  const begun = given ? `goes on from its ${first}` : 'makes up one of its own';
  const told = given ? `imagined, its ${first} given` : 'imagined';
  return {
    lead: target === 'none'
      ? `A generator imagines a melody; an agent ${begun}, note by note.`
      : 'A generator imagines the theme; an agent plays it, note by note.',
    imagined: target === 'none' ? told : 'imagined',
    done: 'played',
    step: 'step',
    steps: 'steps',
    blank: 'the beginning',
    last: 'the end',
    like: target === 'none' ? '' : ' as imagined',
    differ: target === 'none' ? '' : 'mark what differs',
    label: 'mode',
    outcome: target === 'none' ? 'notes' : 'as imagined',
    meaning: target === 'none'
      ? 'A melody of its own is not to be as imagined: nothing is compared.'
      : 'The share of steps, eighths of a bar, at which the agent has struck, held or ended the '
        + 'same as the theme.',
  };
}

export function stage({imagined, made}, work, name) {
  for (const [frame, which] of [[imagined, 'imagined'], [made, 'played']]) {
    frame.replaceChildren(roll(which, work, `${name}, as ${which}`));
  }
}

export function small(canvas, work) {
  const {about: {shape: [length], steps_per_bar: bar}} = work;
  const heard = notes(work, 'played'), pitches = heard.map(({pitch}) => pitch);
  const [low, high] = spread(pitches, FEW), tall = HIGH / (high - low + 1);
  const context = canvas.getContext('2d');
  Object.assign(canvas, {width: WIDE * length, height: HIGH, className: 'smooth'});
  const fill = (colour, ...box) => {
    context.fillStyle = colour;
    context.fillRect(...box);
  };
  fill(PAPER, 0, 0, canvas.width, HIGH);
  for (let step = bar; step < length; step += bar) fill(BAR, WIDE * step - 2, 0, 4, HIGH);
  for (const {start, length: long, pitch} of heard) {
    fill(NOTE, WIDE * start + 1, tall * (high - pitch), WIDE * long - 2, Math.max(tall, THICK));
  }
}

export function steps({about: {shape: [length]}}) {
  return length;
}

export function pace({about}) {
  return about.seconds_per_step;
}

export function go(work, place, isMarked) {
  const isUnderWay = place > 0 && place < steps(work);
  for (const sheet of document.querySelectorAll('.roll')) {
    sheet.style.setProperty('--now', place);
    sheet.toggleAttribute('data-under-way', isUnderWay);
    sheet.toggleAttribute('data-marked', isMarked);
    for (const note of sheet.querySelectorAll('.note')) {
      const {start, length} = note.dataset;
      note.toggleAttribute('data-now', isUnderWay && start < place && place <= +start + +length);
      note.toggleAttribute('data-later', start >= place);
    }
  }
  const bar = Math.ceil(place / work.about.steps_per_bar);
  const sounding = notes(work, 'played').find(
    ({start, length}) => start < place && place <= start + length,
  );
  const sound = sounding ? called(sounding.pitch) : 'rest';
  return {
    progress: work.about.target === 'none' ? '' : percent(same(work), steps(work)),
    told: place ? `: ${sound}` : '',
    said: place ? `, bar ${bar}, ${sound}` : '',
  };
}

export function outcome(work) {
  const heard = notes(work, 'played');
  const count = `${heard.length} ${heard.length === 1 ? 'note' : 'notes'}`;
  const pitches = heard.map(({pitch}) => pitch);
  const ends = [Math.min(...pitches), Math.max(...pitches)].map(called);
  const range = heard.length ? `from ${ends[0]} to ${ends[1]}` : 'all is silence';
  if (work.about.target === 'none') {
    const after = work.about.given ? `, after ${work.about.given} steps that are given` : '';
    return {value: count, text: range, detail: `made up by the agent${after}`, gist: count};
  }
  const value = percent(same(work), steps(work));
  return {
    value,
    text: 'of the steps are as imagined',
    detail: `${same(work)} of ${steps(work)}; ${count}, ${range}`,
    gist: `${count}, ${value} as imagined`,
  };
}

/** What is heard of `imagined` or `played`: notes with their start and length in steps. */
export function notes({imagined, work, about: {pitches}}, which) {
  const found = [];
  let sounds = false;
  (which === 'imagined' ? imagined : work).forEach((place, start) => {
    const pitch = pitches[place];
    if (pitch > REST) found.push({start, length: 1, pitch});
    else if (pitch < REST && sounds) found.at(-1).length += 1;
    sounds = pitch > REST || (pitch < REST && sounds);
  });
  return found;
}

function same({imagined, work}) {
  return work.filter((place, step) => place === imagined[step]).length;
}

/** The lowest and highest pitch that a sheet of both rolls is to show. */
function rangeOf(work) {
  const heard = ['imagined', 'played'].flatMap((which) => notes(work, which));
  return spread(heard.map(({pitch}) => pitch), LEAST);
}

/** The lowest and highest of at least so many pitches around those that are heard. */
function spread(pitches, least) {
  const [low, high] = pitches.length
    ? [Math.min(...pitches) - 1, Math.max(...pitches) + 1]
    : [60, 72];
  const more = Math.max(least - (high - low + 1), 0);
  return [low - Math.floor(more / 2), high + Math.ceil(more / 2)];
}

/** The name of a pitch, as C4 for the middle C. */
function called(pitch) {
  return `${NAMES[pitch % 12]}${Math.floor(pitch / 12) - 1}`;
}

function roll(id, work, name) {
  const {imagined, work: played, about} = work, [length] = about.shape;
  const heard = notes(work, id), [low, high] = rangeOf(work);
  const made = part('roll'), keys = part('keyboard'), sheet = part('sheet');
  const tune = heard.map(({pitch}) => called(pitch)).join(' ');
  Object.assign(made, {id, role: 'img', ariaLabel: `${name}: ${tune}`});
  const look = {steps: length, rows: high - low + 1, bar: about.steps_per_bar, given: about.given};
  for (const [key, value] of Object.entries(look)) made.style.setProperty(`--${key}`, value);
  const sounds = new Set(heard.map(({pitch}) => pitch));
  for (let pitch = high; pitch >= low; pitch -= 1) {
    const isBlack = NAMES[pitch % 12].length > 1, row = part('row-of');
    const key = Object.assign(part(isBlack ? 'key black' : 'key'), {textContent: called(pitch)});
    key.toggleAttribute('data-used', sounds.has(pitch));
    if (isBlack) row.classList.add('black');
    row.style.setProperty('--row', high - pitch);
    keys.append(key);
    sheet.append(row);
  }
  if (about.given) sheet.append(part('given'));
  sheet.append(part('bars'));
  if (id === 'played') {
    played.forEach((place, start) => {
      if (place !== imagined[start]) sheet.append(placed(part('wrong'), {start, length: 1}));
    });
  }
  for (const {start, length: long, pitch} of heard) {
    const note = placed(part('note'), {start, length: long, row: high - pitch});
    Object.assign(note.dataset, {start, length: long, pitch});
    sheet.append(note);
  }
  sheet.append(part('cursor'));
  made.append(keys, sheet);
  return made;
}

function part(name) {
  return Object.assign(document.createElement('div'), {className: name});
}

function placed(element, places) {
  for (const [key, value] of Object.entries(places)) element.style.setProperty(`--${key}`, value);
  return element;
}
