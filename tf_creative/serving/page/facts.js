// What there is to say of a work, and to take away.

import {bytes, curl} from './api.js';
import {percent} from './drawing.js';

const seen = new Map(); // by version and label, the critic's logit of each seed
const $ = (id) => document.getElementById(id);

/** What a work is called; `noun` is what labels are: digits, characters or just labels. */
export function title({name, seed}, noun) {
  const kind = noun === 'label' ? '' : `${noun} `;
  return name ? `${kind}${name}, seed ${seed}` : `seed ${seed}`;
}

/** Tells of a work; `isDrawn` if its label was left to the seed. Gives the gist of it. */
export function tell(work, noun, isDrawn) {
  const {about, seed, label, name, version, strokes, imagined} = work, called = title(work, noun);
  $('title').textContent = called[0].toUpperCase() + called.slice(1);
  document.title = `${called} - Imagined, then painted`;
  const drawn = isDrawn && name ? `The seed drew the ${noun}. ` : '';
  $('origin').textContent = `${drawn}Made by version ${version} of the creator.`;
  const same = imagined.filter((place, pixel) => place === work.work[pixel]).length;
  $('equal').textContent = percent(same, imagined.length);
  const most = strokes.length < about.horizon ? `${strokes.length} of at most` : 'all';
  $('equal-text').textContent =
    `${same} of ${imagined.length} when finished, in ${most} ${about.horizon} strokes`;
  remember(work);
  rank(work, noun);
  $('curl').textContent = curl(seed, isDrawn ? -1 : label);
  download(work);
  return `${called}: ${strokes.length} strokes, ${$('equal').textContent} as imagined`;
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
  const kind = !name ? '' : noun === 'label' ? ' of its label' : ` of ${name}`;
  $('rank-text').textContent =
    `by how real it looks to the critic, of the works${kind} seen here`;
  const logit = score.toFixed(3).replace('-', '\u2212');
  $('logit').textContent = `its logit is ${logit}: the higher, the more like a real one`;
}

function download({png, seed, name}) {
  const link = $('download');
  if (link.href.startsWith('blob:')) URL.revokeObjectURL(link.href);
  link.hidden = !png;
  if (!png) return;
  link.href = URL.createObjectURL(new Blob([bytes(png)], {type: 'image/png'}));
  link.download = `${name.replace(/[^\w-]/g, '') || 'work'}-seed-${seed}.png`;
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
