// What there is to say of a work, and to take away.

import {bytes, curl} from './api.js';

const FILES = { // their type and ending
  png: ['image/png', 'png'],
  midi: ['audio/midi', 'mid'],
  text: ['text/plain', 'txt'],
  dat: ['text/plain', 'dat'],
};
const seen = new Map(); // by version and label, the critic's logit of each seed
const $ = (id) => document.getElementById(id);

/** What a work is called; `noun` is what labels are: digits, characters, or a view's word. */
export function title({name, seed, isOwn}, noun) {
  if (isOwn) return name;
  const kind = isShort(name) ? `${noun} ` : '';
  return name ? `${kind}${name}, seed ${seed}` : `seed ${seed}`;
}

/** Whether a label is a sign, such as a digit, and no word. */
export function isShort(name) {
  return /^.$/u.test(name);
}

/** Tells of a work; `isDrawn` if its label was left to the seed. Gives the gist of it. */
export function tell(work, noun, isDrawn) {
  const {about, view, name, version, isOwn} = work, called = title(work, noun);
  const {value, text, detail, gist} = view.outcome(work);
  $('title').textContent = called[0].toUpperCase() + called.slice(1);
  document.title = `${called} - Imagined, then ${view.words(about).done}`;
  const drawn = isDrawn && name && !isOwn ? `The seed drew the ${noun}. ` : '';
  $('origin').textContent = `${drawn}Made by version ${version} of the creator.`;
  const told = {equal: value, 'equal-words': text, 'equal-text': detail};
  for (const [id, words] of Object.entries(told)) $(id).textContent = words;
  // Nobody judges what has no label, and no link leads to it.
  $('judged').hidden = $('copy-link').hidden = Boolean(isOwn);
  if (!isOwn) {
    remember(work);
    rank(work, noun);
  }
  $('curl').textContent = curl(work, isDrawn);
  download(work);
  return `${called}: ${gist}`;
}

/** Keeps what the critic gave a work, for others to be ranked with it. */
export function remember({version, label, seed, score}) {
  const key = `${version} ${label}`;
  if (!seen.has(key)) seen.set(key, new Map());
  seen.get(key).set(seed, score);
}

/** Where the critic sees a work among those of its label. */
export function rank({version, label, name, score}, noun) {
  const scores = [...seen.get(`${version} ${label}`).values()];
  const place = 1 + scores.filter((other) => other > score).length;
  const ends = {one: 'st', two: 'nd', few: 'rd', other: 'th'};
  const ordinal = ends[new Intl.PluralRules('en', {type: 'ordinal'}).select(place)];
  $('rank').textContent = `${place}${ordinal} of ${scores.length}`;
  const kind = !name ? '' : isShort(name) ? ` of ${name}` : ` of its ${noun}`;
  $('rank-text').textContent =
    `by how real it looks to the critic, of the works${kind} seen here`;
  const logit = score.toFixed(3).replace('-', '\u2212');
  $('logit').textContent = `its logit is ${logit}: the higher, the more like a real one`;
}

/** Makes a link of each file that came with a work. */
function download({files, seed, name, isOwn}) {
  const about = isOwn ? '' : `-seed-${seed}`;
  for (const old of $('downloads').children) URL.revokeObjectURL(old.href);
  const known = Object.entries(files).filter(([kind]) => Object.hasOwn(FILES, kind));
  $('downloads').replaceChildren(...known.map(([kind, packed]) => {
    const [type, ending] = FILES[kind], link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([bytes(packed)], {type}));
    link.download = `${name.replace(/[^\w-]+/g, '-') || 'work'}${about}.${ending}`;
    link.textContent = `Download ${kind.toUpperCase()}`;
    link.className = 'button';
    return link;
  }));
}

/** Copies a text and says so on the button. */
export async function copy(button, text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // without https there is no clipboard, save on the machine itself
    const field = Object.assign(document.createElement('textarea'), {value: text});
    field.className = 'unseen';
    button.after(field);
    field.select();
    document.execCommand('copy');
    field.remove();
    button.focus();
  }
  const before = (button.dataset.text ||= button.textContent);
  button.textContent = 'Copied';
  $('status').textContent = 'copied';
  setTimeout(() => (button.textContent = before), 1500);
}
