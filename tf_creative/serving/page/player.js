// The imagined work, and the painted one in the making.

import {after, covered, differing, draw, percent, squares} from './drawing.js';

const WHOLE = 5000; // milliseconds that all strokes take at speed 1,
const FASTEST = 20, SLOWEST = 250; // where each takes as long as this
const PLAY = 'M4 2l10 6-10 6z', PAUSE = 'M3 2h4v12H3zM9 2h4v12H9z';

const $ = (id) => document.getElementById(id);

export class Player {
  #work = null;
  #place = 0;
  #frame = 0; // of the animation; 0 while it is paused
  #say;

  constructor(say) {
    this.#say = say;
    const clicked = {
      play: () => this.toggle(),
      first: () => this.step(-Infinity),
      back: () => this.step(-1),
      forth: () => this.step(1),
      last: () => this.step(Infinity),
    };
    for (const [id, act] of Object.entries(clicked)) $(id).onclick = act;
    $('moment').oninput = () => {
      this.pause();
      this.#go(Number($('moment').value));
    };
    $('differ').onchange = () => this.#go(this.#place);
    $('speed').onchange = () => {
      if (this.#frame) this.#play();
    };
  }

  /** Shows another work: from its first stroke on, or finished. */
  show(work, name, plays) {
    this.pause();
    this.#work = work;
    const {about, imagined, strokes} = work, [height, width] = about.shape;
    draw($('imagined'), imagined, about);
    $('imagined').setAttribute('aria-label', `${name}, as imagined`);
    $('painted').setAttribute('aria-label', `${name}, as painted`);
    $('marks').setAttribute('viewBox', `0 0 ${width} ${height}`);
    const colours = strokes.map((stroke) => stroke[2]);
    draw($('strip'), colours, {...about, shape: [1, Math.max(colours.length, 1)]});
    $('strip').parentNode.style.setProperty('--strokes', Math.max(colours.length, 1));
    $('moment').max = strokes.length;
    this.#go(plays ? 0 : strokes.length);
    if (plays) this.#play();
  }

  toggle() {
    if (this.#frame) this.pause();
    else if (this.#work) this.#play();
  }

  step(count) {
    if (!this.#work) return;
    this.pause();
    this.#go(this.#place + count);
    this.#say(this.#words());
  }

  pause() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#label('Play', PLAY);
  }

  #play() {
    cancelAnimationFrame(this.#frame);
    const last = this.#work.strokes.length;
    const each = Math.min(Math.max(WHOLE / last, FASTEST), SLOWEST) / Number($('speed').value);
    const from = this.#place < last ? this.#place : 0;
    let begun = 0;
    const next = (now) => {
      begun ||= now;
      this.#go(from + Math.floor((now - begun) / each));
      if (this.#place < last) this.#frame = requestAnimationFrame(next);
      else this.pause();
    };
    this.#go(from);
    this.#frame = requestAnimationFrame(next);
    this.#label('Pause', PAUSE);
  }

  #go(place) {
    if (!this.#work) return;
    const {strokes, imagined, about} = this.#work;
    this.#place = Math.min(Math.max(place, 0), strokes.length);
    const pixels = after(this.#place, this.#work);
    draw($('painted'), pixels, about);
    const wrong = differing(pixels, imagined, about);
    const finished = this.#place === strokes.length;
    const newest = this.#place && !finished ? covered(strokes[this.#place - 1], about) : [];
    for (const id of ['newest', 'newest-edge']) $(id).setAttribute('d', squares(newest, 0));
    $('differing').setAttribute('d', $('differ').checked ? squares(wrong, 0.36) : '');
    $('moment').value = this.#place;
    $('moment').setAttribute('aria-valuetext', this.#words());
    $('counter').textContent = `stroke ${this.#place} of ${strokes.length}`;
    $('progress').textContent = percent(pixels.length - wrong.length, pixels.length);
    // Not `disabled`: the focus would be lost with it.
    for (const id of ['first', 'back']) $(id).ariaDisabled = !this.#place;
    for (const id of ['forth', 'last']) $(id).ariaDisabled = finished;
  }

  #words() {
    const {strokes} = this.#work, stroke = strokes[this.#place - 1];
    const where = stroke ? `, at row ${stroke[0] + 1}, column ${stroke[1] + 1}` : '';
    return `stroke ${this.#place} of ${strokes.length}${where}`;
  }

  #label(text, icon) {
    $('play-text').textContent = text;
    $('play-icon').setAttribute('d', icon);
  }
}
