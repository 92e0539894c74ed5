// Works of every label, by neighbouring seeds.

const WORKS = 40; // about so many, and at least one of each label
const MANY = 13, FEW = 5; // labels side by side on wide and on narrow screens
const ABREAST = 10; // works side by side on wide ones, where labels are fewer than that
const MOST = 9223372036854775807n;

export class Gallery {
  #from = 0n;
  #folder = document.getElementById('gallery');

  /** `open` is called with the work that somebody chooses. */
  constructor(open) {
    this.open = open;
    this.#folder.onkeydown = (event) => this.#key(event);
  }

  /** How many seeds are shown of each label, in whole rows. */
  static rows(labels) {
    const rows = Math.max(1, Math.round(WORKS / labels.length));
    return rows - (rows % across(ABREAST, labels.length));
  }

  /** The seeds and labels to ask for, by label; no seed is beyond what 64 bits hold. */
  static wishes(from, labels) {
    const rows = Gallery.rows(labels);
    const seeds = Array.from({length: rows}, (_, row) => from + BigInt(row));
    const within = seeds.filter((seed) => seed <= MOST);
    return labels.flatMap((label) => within.map((seed) => [seed, label]));
  }

  show(works) {
    const kinds = grouped(works);
    const columns = (most) => Math.ceil(kinds.size / Math.ceil(kinds.size / most));
    const layout = {
      many: columns(MANY),
      few: columns(FEW),
      'many-across': across(ABREAST, kinds.size),
      'few-across': across(FEW, kinds.size),
    };
    for (const [key, value] of Object.entries(layout)) {
      this.#folder.style.setProperty(`--${key}`, value);
    }
    this.#folder.replaceChildren(...[...kinds.values()].map((some) => this.#kind(some)));
    const first = this.#folder.querySelector('button');
    if (first) first.tabIndex = 0;
  }

  /** Marks the work that is shown large. */
  mark({seed, label}) {
    for (const button of this.#folder.querySelectorAll('button')) {
      const shown = button.dataset.seed === seed && button.dataset.label === String(label);
      if (shown) this.#reach(button);
      if (shown) button.setAttribute('aria-current', 'true');
      else button.removeAttribute('aria-current');
    }
  }

  #kind(works) {
    const kind = document.createElement('div'), shelf = document.createElement('div');
    kind.className = 'kind';
    const [{name}] = works;
    if (name) kind.append(Object.assign(document.createElement('h3'), {textContent: name}));
    shelf.append(...works.map((work) => this.#button(work)));
    kind.append(shelf);
    return kind;
  }

  #button(work) {
    const button = document.createElement('button'), canvas = document.createElement('canvas');
    const name = [work.name, `seed ${work.seed}`].filter(Boolean).join(', ');
    Object.assign(button, {type: 'button', tabIndex: -1, title: name});
    Object.assign(button.dataset, {seed: work.seed, label: work.label});
    button.setAttribute('aria-label', name);
    button.onclick = () => this.open(work);
    work.view.small(canvas, work);
    button.append(canvas);
    return button;
  }

  /** Makes a work the one that Tab leads to. */
  #reach(button) {
    for (const other of this.#folder.querySelectorAll('button')) other.tabIndex = -1;
    button.tabIndex = 0;
  }

  #key(event) {
    const buttons = [...this.#folder.querySelectorAll('button')];
    const here = document.activeElement;
    if (!buttons.includes(here) || event.ctrlKey || event.altKey || event.metaKey) return;
    const ways = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
    const ends = {Home: buttons[0], End: buttons.at(-1)};
    const there = ends[event.key] || (ways[event.key] && nearest(here, buttons, ways[event.key]));
    if (event.key in ways || event.key in ends) event.preventDefault();
    if (!there) return;
    this.#reach(there);
    there.focus();
  }
}

/** The nearest button in a direction, by where they stand on the screen. */
function nearest(here, buttons, [right, down]) {
  const middle = (button) => {
    const box = button.getBoundingClientRect();
    return [box.left + box.width / 2, box.top + box.height / 2];
  };
  const [x, y] = middle(here);
  let best = null, least = Infinity;
  for (const button of buttons) {
    const [left, top] = middle(button);
    const along = (left - x) * right + (top - y) * down;
    const aside = Math.abs((left - x) * down) + Math.abs((top - y) * right);
    const far = along + 4 * aside;
    if (along > 1 && far < least) [best, least] = [button, far];
  }
  return best;
}

/** How many works of a label stand side by side. */
function across(most, labels) {
  return Math.max(1, Math.floor(most / labels));
}

function grouped(works) {
  const kinds = new Map();
  for (const work of works) kinds.set(work.label, [...(kinds.get(work.label) || []), work]);
  return kinds;
}
