// Levels that are walked through by MiniGrid's rules, which are replayed here.
//
// A cell is one number: its tile, the trace of play on it, and whether a door or a key has changed.

import {hang, marks, squares} from '../drawing.js';

const BEEN = 1, HERE = 2, TRACES = 6; // traces: HERE + direction is the agent
const AHEAD = [[0, 1], [1, 0], [0, -1], [-1, 0]]; // right, down, left, up: rows and columns
const WHOLE = 8, FASTEST = 0.06, SLOWEST = 0.3; // seconds: of all actions, of each

export function words() {
  return {
    lead: 'A generator imagines the level; an agent walks through it to the green goal, action by '
      + 'action.',
    imagined: 'imagined',
    done: 'walked',
    step: 'action',
    steps: 'actions',
    blank: 'the start',
    last: 'the end of the walk',
    label: 'kind',
    outcome: 'solved',
    meaning: 'The agent has reached the green goal in time. Lava ends a walk; where a level has a '
      + 'key, its doors open only for who carries it. The shortest way is what a search finds; '
      + 'turning left or right, taking the key (pickup), opening a door (toggle) are actions, too.',
  };
}

export function stage({imagined, made}, work, name) {
  paint(hang(imagined, 'imagined', `${name}, as imagined`), work.imagined, work.about);
  const over = marks(work.about.shape, ['newest-edge', 'newest']);
  const moves = document.createElement('p');
  moves.id = 'moves';
  for (const {action, from, to} of runs(work)) {
    const move = document.createElement('span');
    move.textContent = to - from > 1 ? `${action} \u00d7${to - from}` : action;
    Object.assign(move.dataset, {from, to});
    moves.append(move, ' ');
  }
  hang(made, 'painted', `${name}, as walked`, over);
  document.getElementById('story').replaceChildren(moves, key(work.about));
}

export function small(canvas, {work, about}) {
  paint(canvas, work, about);
}

export function steps({strokes}) {
  return strokes.length;
}

export function pace({strokes}) {
  return Math.min(Math.max(WHOLE / strokes.length, FASTEST), SLOWEST);
}

export function go(work, place) {
  const {strokes, about} = work, [, width] = about.shape;
  const {cells, place: here, carries} = after(place, work);
  paint(document.getElementById('painted'), cells, about);
  const path = squares(place < strokes.length ? [[Math.floor(here / width), here % width]] : [], 0);
  for (const id of ['newest', 'newest-edge']) document.getElementById(id).setAttribute('d', path);
  for (const move of document.querySelectorAll('#moves span')) {
    const isNow = move.dataset.from < place && place <= move.dataset.to;
    move.toggleAttribute('data-now', isNow);
  }
  const row = Math.floor(here / width) + 1, column = (here % width) + 1;
  const action = place ? `: ${about.actions[strokes[place - 1][0]]}` : '';
  return {
    progress: carries ? 'with the key' : '',
    told: action,
    said: `${action}, at row ${row}, column ${column}`,
  };
}

export function outcome(work) {
  const {strokes, about: {horizon, tiles}, solved, solvable, path_length: shortest} = work;
  const {cells, place} = after(strokes.length, work), count = strokes.length;
  const hasBurnt = cells[place] % tiles.length === tiles.indexOf('lava');
  const acted = `${count} ${count === 1 ? 'action' : 'actions'}`;
  const why = hasBurnt ? `lava ended it after ${acted}` : `time was up after ${acted}`;
  const value = solved ? 'Solved' : 'Not solved';
  return {
    value,
    text: solved ? `in ${acted}` : why,
    detail: solvable
      ? `the shortest way takes ${shortest} of at most ${horizon}`
      : 'a search finds no way to the goal',
    gist: `${value.toLowerCase()}, ${acted}`,
  };
}

/** The cells after some of the actions, where the agent is, and whether it carries a key. */
export function after(count, {imagined, strokes, about: {shape: [height, width], tiles, actions}}) {
  const kinds = tiles.length, change = kinds * TRACES;
  const named = ['wall', 'start', 'door', 'key'].map((tile) => tiles.indexOf(tile));
  const [wall, start, door, key] = named;
  const cells = imagined.map((code) => code % kinds);
  const isLocked = cells.includes(key);
  let place = Math.max(cells.indexOf(start), 0), direction = 0, carries = false;
  const leave = (trace) => {
    const code = cells[place];
    cells[place] = code + kinds * (trace - (Math.floor(code / kinds) % TRACES));
  };
  leave(HERE);
  for (const [number] of strokes.slice(0, count)) {
    const action = actions[number], [down, right] = AHEAD[direction];
    const row = Math.floor(place / width) + down, column = (place % width) + right;
    const isInside = row >= 0 && row < height && column >= 0 && column < width;
    const front = row * width + column, code = isInside ? cells[front] : wall;
    const tile = code % kinds, isChanged = code >= change;
    if (action === 'left') direction = (direction + 3) % 4;
    if (action === 'right') direction = (direction + 1) % 4;
    if (action === 'pickup' && tile === key && !isChanged && !carries) {
      cells[front] += change;
      carries = true;
    }
    if (action === 'toggle' && tile === door && (isChanged || !isLocked || carries)) {
      cells[front] += isChanged ? -change : change;
    }
    if (action === 'forward' && (isChanged || ![wall, door, key].includes(tile))) {
      leave(BEEN);
      place = front;
    }
    leave(HERE + direction);
  }
  return {cells, place, carries};
}

/** What the tiles are. */
function key({tiles, pictures}) {
  const list = document.createElement('p');
  list.id = 'tiles';
  tiles.forEach((name, tile) => {
    const item = document.createElement('span'), canvas = document.createElement('canvas');
    paint(canvas, [tile], {shape: [1, 1], pictures});
    item.append(canvas, ` ${name}`);
    list.append(item);
  });
  return list;
}

/** The actions, of which the same in a row are one. */
function runs({strokes, about: {actions}}) {
  const found = [];
  strokes.forEach(([number], from) => {
    const action = actions[number];
    if (found.at(-1)?.action === action) found.at(-1).to = from + 1;
    else found.push({action, from, to: from + 1});
  });
  return found;
}

function paint(canvas, cells, {shape: [height, width], pictures}) {
  const side = pictures[0].length;
  Object.assign(canvas, {height: height * side, width: width * side});
  const rgba = new Uint8ClampedArray(4 * canvas.height * canvas.width);
  cells.forEach((code, cell) => {
    const top = side * Math.floor(cell / width), left = side * (cell % width);
    pictures[code].forEach((row, y) => row.forEach((colour, x) => {
      rgba.set([...colour, 255], 4 * ((top + y) * canvas.width + left + x));
    }));
  });
  const image = new ImageData(rgba, canvas.width, canvas.height);
  canvas.getContext('2d').putImageData(image, 0, 0);
}
