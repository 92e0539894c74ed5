// The imagined work, and the one in the making, step by step.

import {draw} from './drawing.js';
import {Synth} from './synth.js';

const PLAY = 'M4 2l10 6-10 6z', PAUSE = 'M3 2h4v12H3zM9 2h4v12H9z';

const $ = (id) => document.getElementById(id);

export class Player {
  #work = null;
  #words = {};
  #place = 0;
  #frame = 0; // of the animation; 0 while it is paused
  #synth = new Synth();
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
    $('speed').onchange = $('hear').onchange = () => {
      if (this.#frame) this.#play();
    };
  }

  /** Has its controls speak of what the works of a view have. */
  fit(view, words) {
    this.pause();
    this.#work = null;
    this.#words = words;
    const {blank, last, step, steps, differ} = words;
    const buttons = {
      first: [`to ${blank}`, '<'],
      back: [`one ${step} back`, ','],
      forth: [`one ${step} on`, '.'],
      last: [`to ${last}`, '>'],
    };
    for (const [id, [label, key]] of Object.entries(buttons)) {
      $(id).setAttribute('aria-label', label);
      $(id).title = `${label} ( ${key} )`;
    }
    $('player').setAttribute('aria-label', steps);
    $('moment').setAttribute('aria-label', step);
    $('player').hidden = $('frame-imagined').parentNode.hidden = !view.go;
    $('differ').parentNode.hidden = !differ;
    $('hear').parentNode.hidden = !view.notes;
    $('strip').parentNode.hidden = !view.strip;
    $('story').replaceChildren();
  }

  /** Shows another work: from its first step on, if it `plays` and is silent, or finished. */
  show(work, name, plays) {
    this.pause();
    this.#work = work;
    const {view} = work;
    view.stage({imagined: $('frame-imagined'), made: $('frame-made')}, work, name);
    if (!view.go) return;
    const last = view.steps(work), begins = plays && !view.notes;
    if (view.strip) {
      const palette = view.strip(work), places = palette.map((_, place) => place);
      draw($('strip'), places, {palette, shape: [1, Math.max(last, 1)]});
      $('strip').parentNode.style.setProperty('--strokes', Math.max(last, 1));
    }
    $('moment').max = last;
    this.#go(begins ? 0 : last);
    if (begins) this.#play();
  }

  toggle() {
    if (this.#frame) this.pause();
    else if (this.#work) this.#play();
  }

  step(count) {
    if (!this.#work?.view.go) return;
    this.pause();
    this.#go(this.#place + count);
    this.#say($('moment').getAttribute('aria-valuetext'));
    const {view} = this.#work, now = this.#place - 1;
    const struck = Math.abs(count) === 1 ? this.#heard().filter(({start}) => start === now) : [];
    this.#synth.play(struck, now, view.pace(this.#work));
  }

  pause() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#synth.stop();
    $('stage').style.setProperty('--pace', '0s');
    this.#label('Play', PLAY);
  }

  #play() {
    const {view} = this.#work;
    if (!view.go) return;
    cancelAnimationFrame(this.#frame);
    const last = view.steps(this.#work);
    const each = view.pace(this.#work) / Number($('speed').value);
    const from = this.#place < last ? this.#place : 0;
    const sounding = view.notes ? 1 : 0; // what is heard counts from its beginning
    let begun = 0;
    $('stage').style.setProperty('--pace', `${each}s`);
    const next = (now) => {
      begun ||= now;
      const done = (now - begun) / (1000 * each);
      this.#go(from + Math.floor(done) + sounding);
      if (done < last - from) this.#frame = requestAnimationFrame(next);
      else this.pause();
    };
    this.#go(from);
    this.#synth.play(this.#heard(), from, each);
    this.#frame = requestAnimationFrame(next);
    this.#label('Pause', PAUSE);
  }

  /** The notes that are to be heard. */
  #heard() {
    const which = $('hear').value;
    return (which && this.#work.view.notes?.(this.#work, which)) || [];
  }

  #go(place) {
    if (!this.#work) return;
    const {view} = this.#work, last = view.steps(this.#work), {step} = this.#words;
    this.#place = Math.min(Math.max(place, 0), last);
    const {progress, said, told = ''} = view.go(this.#work, this.#place, $('differ').checked);
    const counted = `${step} ${this.#place} of ${last}`;
    $('moment').value = this.#place;
    $('moment').setAttribute('aria-valuetext', `${counted}${said}`);
    $('counter').textContent = `${counted}${told}`;
    $('progress').textContent = progress;
    // Not `disabled`: the focus would be lost with it.
    for (const id of ['first', 'back']) $(id).ariaDisabled = !this.#place;
    for (const id of ['forth', 'last']) $(id).ariaDisabled = this.#place === last;
  }

  #label(text, icon) {
    $('play-text').textContent = text;
    $('play-icon').setAttribute('d', icon);
  }
}
