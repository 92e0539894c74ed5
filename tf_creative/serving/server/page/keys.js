// Keys that work anywhere on the page, and those of the seed field.

const $ = (id) => document.getElementById(id);
const OFF = 'keys-off';

/** `label` takes a key that names one and says whether it does; the rest is acted on. */
export function listen({label, step, random, player}) {
  const anywhere = {
    ' ': () => player.toggle(),
    ',': () => player.step(-1),
    '.': () => player.step(1),
    '<': () => player.step(-Infinity),
    '>': () => player.step(Infinity),
    '+': () => step(1),
    '*': random,
    '/': () => $('seed').select(),
  };
  const outside = {'-': () => step(-1)}; // of the seed field, where it may begin a number
  const inside = {
    ArrowUp: () => step(1),
    ArrowDown: () => step(-1),
    PageUp: () => step(10),
    PageDown: () => step(-10),
  };
  $('keys').checked = !stored(OFF);
  $('keys').onchange = () => store(OFF, !$('keys').checked);
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
    const {key, target} = event, typing = target === $('seed');
    let act = typing ? inside[key] : null;
    if (!act && $('keys').checked && !taken(target, key)) {
      if (!typing && label(key)) act = () => {};
      else act = anywhere[key] || (!typing && outside[key]);
    }
    if (!act) return;
    event.preventDefault();
    act();
  });
}

/** Whether a part of the page makes something of the key itself. */
function taken(target, key) {
  if (target.matches('select')) return true;
  return key === ' ' && target.matches('button, a, summary, input[type=checkbox], pre');
}

function stored(name) {
  try {
    return localStorage.getItem(name) === 'true';
  } catch {
    return false; // where nothing may be kept
  }
}

function store(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // It holds until the page is left.
  }
}
