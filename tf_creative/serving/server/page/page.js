// What is wished for, the asking for it, and the address that says it.

import {Creator, Trouble, ask, named} from './api.js';
import {copy, isShort, rank, remember, tell, title} from './facts.js';
import {Gallery} from './gallery.js';
import {listen} from './keys.js';
import {Mine} from './mine.js';
import {read as picture} from './own.js';
import {Player} from './player.js';
import {Sliders} from './sliders.js';

const LEAST = -(2n ** 63n), MOST = 2n ** 63n - 1n; // seeds
const TYPING = 120, AGAIN = 4000; // milliseconds
const ANY = -1;

const $ = (id) => document.getElementById(id);
const calm = matchMedia('(prefers-reduced-motion: reduce)');
const creator = new Creator();
const wish = {label: ANY, seed: 0n, from: 0n}; // `from`: the first seed of the gallery
const owed = new Set(); // tasks that have failed
let noun = 'label', met = '', shown = null, hung = ANY; // the label that is hung alone
let asking = new AbortController(), hanging = new AbortController(), timer = 0, again = 0;

const player = new Player(say);
const mine = new Mine(creator, own, display);
const sliders = new Sliders((label) => choose({label}, TYPING, false));
const gallery = new Gallery((work) => {
  Object.assign(wish, {label: work.label, seed: BigInt(work.seed)});
  cancel();
  address(true);
  fill();
  display(work);
  $('title').focus({preventScroll: true});
  $('wish').scrollIntoView({behavior: calm.matches ? 'auto' : 'smooth'});
});

function say(text) {
  $('status').textContent = text;
}

/** Forgets what is being asked for. */
function cancel() {
  clearTimeout(timer);
  asking.abort();
  asking = new AbortController();
  $('stage').removeAttribute('aria-busy');
}

/** Asks for the work that is wished for, soon; each wish takes the place of the one before. */
function wanted(delay = 0) {
  cancel();
  timer = setTimeout(() => attempt(show), delay);
}

/** Does what asks the server; what goes wrong is said, and tried again where that may help. */
async function attempt(task) {
  if (!met) task = meet;
  try {
    await task();
    owed.delete(task);
  } catch (error) {
    if (error.name === 'AbortError') return;
    owed.add(task);
    complain(error);
  }
  if (!owed.size) $('trouble').hidden = true;
}

function retry() {
  clearTimeout(again);
  for (const task of owed) attempt(task);
}

function complain(error) {
  const known = error instanceof Trouble;
  if (!known) console.error(error);
  const trouble = known ? error : new Trouble('This page fails.', `${error}`, false);
  const {title, message, passes} = trouble;
  if (!shown) $('studio').hidden = true;
  $('stage').removeAttribute('aria-busy');
  if ($('trouble').hidden || $('trouble-text').textContent !== message) { // else it is said twice
    $('trouble-title').textContent = title;
    $('trouble-text').textContent = message;
    $('trouble').hidden = false;
  }
  clearTimeout(again);
  if (passes) again = setTimeout(retry, AGAIN);
}

/** Makes the page for the version that is served now. */
async function meet() {
  await creator.meet();
  met = creator.version;
  const {about, view} = creator, words = view.words(about);
  const {labels, known_labels: known} = about, names = known.map((label) => labels[label]);
  const areDigits = names.every((name) => /^\d$/.test(name)), areSigns = names.every(isShort);
  noun = areDigits ? 'digit' : areSigns ? 'character' : words.label;
  for (const place of document.querySelectorAll('.noun')) place.textContent = noun;
  for (const place of document.querySelectorAll('[data-word]')) {
    place.textContent = words[place.dataset.word] ?? '';
  }
  $('stage').classList.toggle('stacked', Boolean(view.isStacked));
  $('own').hidden = !creator.paints;
  document.body.classList.toggle('clear', about.palette?.[0][3] === 0);
  player.fit(view, words);
  $('labels').hidden = $('pick').hidden = names.length === 1 && !names[0];
  const chips = $('labels').querySelector('.chips');
  chips.classList.toggle('short', areSigns);
  sliders.fit(labels, words.numbers);
  chips.replaceChildren(
    ...[ANY, ...(sliders.isOn ? [] : known)].map(
      (label) => chip(label, label === ANY ? 'any' : named(labels[label])),
    ),
  );
  for (const part of document.querySelectorAll('.label-key')) part.hidden = !areSigns;
  read();
  address(false);
  attempt(show);
  attempt(hang);
}

function chip(label, name) {
  const held = document.createElement('label'), input = document.createElement('input');
  Object.assign(input, {type: 'radio', name: 'label', value: label});
  input.onchange = () => choose({label});
  held.append(input, name);
  return held;
}

async function show() {
  const {signal} = asking;
  $('stage').setAttribute('aria-busy', 'true');
  const [work] = await creator.works([wish.seed], [wish.label], signal);
  if (signal.aborted) return;
  $('stage').removeAttribute('aria-busy');
  if (met !== creator.version) return attempt(meet);
  display(work);
  if (sliders.isOn && hung !== wish.label) attempt(hang);
}

function display(work) {
  shown = work;
  $('studio').hidden = false;
  const words = work.view.words(work.about);
  $('aim').textContent = work.isGiven ? 'given' : words.imagined;
  $('like').textContent = work.isGiven ? ' as given' : words.like;
  say(tell(work, noun, wish.label === ANY));
  if (sliders.isOn) sliders.show(work.label);
  player.show(work, title(work, noun), !calm.matches);
  mine.shown(work);
  gallery.mark(work);
}

/** The labels in the gallery: all, or one where there are too many. */
function hangs() {
  return sliders.isOn ? [wish.label] : creator.about.known_labels;
}

/** Whether works of a label can be asked for; those told by numbers are all between known ones. */
function isKnown(label) {
  return label !== ANY && (sliders.isOn || creator.about.known_labels.includes(label));
}

async function hang() {
  hanging.abort();
  hanging = new AbortController();
  const {signal} = hanging, {from} = wish;
  const wishes = Gallery.wishes(from, hangs());
  hung = wish.label;
  const [seeds, labels] = [0, 1].map((part) => wishes.map((one) => one[part]));
  const works = await creator.works(seeds, labels, signal);
  if (signal.aborted || met !== creator.version) return;
  works.forEach(remember);
  gallery.show(works);
  const last = seeds.at(-1), range = last > from ? `Seeds ${from} to ${last}` : `Seed ${from}`;
  const all = sliders.isOn ? (hung === ANY ? '' : ` of this ${noun}`) : ` of each ${noun}`;
  const each = $('labels').hidden ? '' : all;
  const {done} = creator.view.words(creator.about);
  $('gallery-text').textContent =
    `${range}${each}, as ${done}, not chosen. Arrow keys move about, Enter opens.`;
  $('gallery-less').ariaDisabled = from <= LEAST;
  $('gallery-more').ariaDisabled = last >= MOST;
  if (!shown || shown.isOwn) return;
  gallery.mark(shown);
  rank(shown, noun);
}

/** Has the hand paint a picture file. */
async function paint(file) {
  if (!file || !creator.paints) return;
  const work = await own(async (signal) => {
    const pixels = await picture(file, creator.about);
    return signal.aborted ? null : creator.paint(pixels, signal);
  });
  if (work) mine.begin(work);
}

/** Does what asks the server about a picture of one's own; what goes wrong is said beside it. */
async function own(task) {
  cancel();
  const {signal} = asking, {version} = creator;
  $('own-fault').hidden = true;
  $('stage').setAttribute('aria-busy', 'true');
  try {
    const found = await task(signal);
    if (!signal.aborted && version === creator.version) return found;
  } catch (error) {
    if (error.name === 'AbortError') return null;
    $('own-fault').textContent = error.message;
    $('own-fault').hidden = false;
  } finally {
    if (!signal.aborted) $('stage').removeAttribute('aria-busy');
  }
  return null;
}

/** Another wish, by hand; `lasts` where one should be able to go back to the one before. */
function choose(change, delay = 0, lasts = true) {
  Object.assign(wish, change);
  address(lasts);
  fill();
  wanted(delay);
}

function step(count) {
  const seed = wish.seed + BigInt(count);
  if (met && seed >= LEAST && seed <= MOST) choose({seed}, TYPING, false);
}

function random() {
  if (met) choose({seed: BigInt(Math.floor(Math.random() * 1e6))});
}

/** Turns the gallery's pages. */
function turn(pages) {
  if (!met) return;
  const from = wish.from + BigInt(pages * Gallery.rows(hangs()));
  if (from > MOST) return;
  wish.from = from < LEAST ? LEAST : from;
  address(true);
  attempt(hang);
}

/** Shows the wish in the form. */
function fill() {
  for (const input of $('labels').querySelectorAll('.chips input')) {
    input.checked = Number(input.value) === wish.label;
    if (input.checked && $('labels').contains(document.activeElement)) input.focus();
  }
  if ($('seed').value !== String(wish.seed)) $('seed').value = wish.seed;
  $('seed').setAttribute('aria-valuenow', wish.seed);
  fault('');
}

function fault(text, invalid = Boolean(text)) {
  $('seed-fault').textContent = text;
  $('seed-fault').hidden = !text;
  $('seed').setAttribute('aria-invalid', String(invalid));
}

function typed() {
  const text = $('seed').value.trim(), seed = /^-?\d+$/.test(text) ? BigInt(text) : null;
  if (seed !== null && seed >= LEAST && seed <= MOST) {
    if (met) choose({seed}, TYPING, false);
    return;
  }
  cancel();
  const bounds = seed === null ? '' : `, ${LEAST} to ${MOST}`;
  fault(text && text !== '-' ? `A seed is a whole number${bounds}.` : '');
}

/** The wish as the page's address, so that a link shows the same. */
function address(lasts) {
  const parts = new URLSearchParams();
  if (wish.label !== ANY) parts.set('label', creator.about.labels[wish.label]);
  parts.set('seed', wish.seed);
  if (wish.from) parts.set('gallery', wish.from);
  const hash = `#${parts}`;
  if (hash !== location.hash) history[lasts ? 'pushState' : 'replaceState'](null, '', hash);
}

/** Takes the wish from the address. Says what of it is new. */
function read() {
  const parts = new URLSearchParams(location.hash.slice(1)), before = {...wish};
  const number = (name) => {
    const text = parts.get(name) ?? '';
    return /^-?\d{1,19}$/.test(text) ? BigInt.asIntN(64, BigInt(text)) : 0n;
  };
  const name = parts.get('label'), place = creator.about.labels.indexOf(name);
  const label = isKnown(place) ? place : ANY;
  Object.assign(wish, {label, seed: number('seed'), from: number('gallery')});
  fill();
  if (name !== null && label === ANY) fault(`There is no ${noun} '${name}' here, so any.`, false);
  return {
    work: before.label !== wish.label || before.seed !== wish.seed,
    gallery: before.from !== wish.from,
  };
}

/** What is served here, and how it is. */
async function survey() {
  const rows = [];
  const {models} = await ask('healthz').catch(() => ({models: {}}));
  for (const name of Object.keys(models)) {
    const status = await ask(`v1/models/${encodeURIComponent(name)}`).catch((error) => ({error}));
    for (const one of status.model_version_status || []) {
      rows.push([name, one.version, one.state, one.status?.error_message ?? '']);
    }
    if (status.error) rows.push([name, '', '', status.error.message]);
  }
  $('server').querySelector('tbody').replaceChildren(...rows.map((cells) => {
    const row = document.createElement('tr');
    for (const cell of cells) row.insertCell().textContent = cell;
    return row;
  }));
}

$('wish').onsubmit = (event) => event.preventDefault();
$('again').onclick = retry;
$('seed').oninput = typed;
$('seed-less').onclick = () => step(-1);
$('seed-more').onclick = () => step(1);
$('seed-random').onclick = random;
$('gallery-less').onclick = () => turn(-1);
$('gallery-more').onclick = () => turn(1);
$('copy-link').onclick = () => copy($('copy-link'), location.href);
$('copy-curl').onclick = () => copy($('copy-curl'), $('curl').textContent);
$('server').ontoggle = () => $('server').open && survey();
$('own-pick').onclick = () => $('own-file').click();
$('own-file').onchange = () => {
  paint($('own-file').files[0]);
  $('own-file').value = ''; // so that the same file may be chosen again
};
for (const kind of ['dragover', 'dragleave', 'drop']) {
  document.addEventListener(kind, (event) => {
    if (!creator.paints || !event.dataTransfer.types.includes('Files')) return;
    event.preventDefault(); // else the browser would leave the page for the file
    document.body.classList.toggle('dropping', kind === 'dragover');
    if (kind === 'drop') paint(event.dataTransfer.files[0]);
  });
}
window.onhashchange = () => {
  if (!met) return;
  const other = read();
  if (other.work) wanted();
  if (other.gallery) attempt(hang);
};
listen({
  label: (key) => {
    const label = met ? creator.about.labels.indexOf(key) : ANY;
    if (isKnown(label)) choose({label});
    return isKnown(label);
  },
  step, random, player,
});
attempt(meet);
