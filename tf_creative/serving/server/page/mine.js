// What can be done with a picture of one's own: vary it, and fill what is rubbed out of it.

import {squares} from './drawing.js';

const SEEDS = [0, 1, 2, 3, 4, 5, 6, 7]; // a variation of each
const THIN = 16; // pictures up to this size are rubbed out pixel by pixel, larger ones by 3 x 3
const $ = (id) => document.getElementById(id);

export class Mine {
  #work = null; // the picture, as painted
  #gap = new Set(); // pixels that are rubbed out
  #code = null; // what comes nearest to it, once that was asked for

  /**
   * `ask` runs a task that asks the server, and gives what came of it, if anything; `display` shows a
   * work.
   */
  constructor(creator, ask, display) {
    Object.assign(this, {creator, ask, display});
    $('vary').onclick = () => this.#vary();
    $('strength').onchange = () => $('shelf').children.length && this.#vary();
    $('fill').onclick = () => this.#fill();
    $('rub').onchange = () => this.#work && this.display(this.#work);
    const frame = $('frame-imagined');
    const rub = (event) => event.buttons && this.#rub(event);
    frame.addEventListener('pointerdown', rub);
    frame.addEventListener('pointermove', rub);
  }

  /** Takes a new picture. */
  begin(work) {
    this.#work = work;
    this.#code = null;
    this.#gap.clear();
    $('rub').checked = false;
    $('shelf').replaceChildren();
    this.display(work);
  }

  /** Is told what is shown now. */
  shown(work) {
    $('mine').hidden = !(work.isOwn && this.creator.varies);
    $('frame-imagined').classList.toggle('rubbed', this.#isRubbed(work));
    this.#mark(work);
  }

  #isRubbed(work) {
    return $('rub').checked && work === this.#work;
  }

  #mark(work) {
    const isMine = work === this.#work, width = work.about.shape[1], path = $('gap');
    const cells = [...this.#gap].map((pixel) => [Math.floor(pixel / width), pixel % width]);
    if (path) path.setAttribute('d', isMine ? squares(cells, 0) : '');
    $('fill').ariaDisabled = !this.#gap.size;
  }

  #rub(event) {
    const canvas = $('imagined'), work = this.#work;
    if (!canvas || !$('frame-imagined').classList.contains('rubbed')) return;
    event.preventDefault();
    const box = canvas.getBoundingClientRect(), [height, width] = work.about.shape;
    const row = Math.floor(((event.clientY - box.top) / box.height) * height);
    const column = Math.floor(((event.clientX - box.left) / box.width) * width);
    const reach = Math.max(height, width) > THIN ? 1 : 0;
    for (let y = row - reach; y <= row + reach; y++) {
      for (let x = column - reach; x <= column + reach; x++) {
        if (y >= 0 && y < height && x >= 0 && x < width) this.#gap.add(y * width + x);
      }
    }
    this.#mark(work);
  }

  async #vary() {
    const {creator} = this, {imagined} = this.#work, strength = Number($('strength').value);
    const works = await this.ask(async (signal) => {
      this.#code ??= await creator.near(imagined, imagined.map(() => true), signal);
      return creator.vary(this.#code, SEEDS, strength, signal);
    });
    if (works) $('shelf').replaceChildren(...[this.#work, ...works].map((work) => this.#button(work)));
  }

  async #fill() {
    if (!this.#gap.size) return;
    const {creator} = this, {imagined} = this.#work, gap = new Set(this.#gap);
    const work = await this.ask(async (signal) => {
      const found = await creator.near(imagined, imagined.map((_, at) => !gap.has(at)), signal);
      const filled = imagined.map((place, at) => (gap.has(at) ? found.imagined[at] : place));
      return creator.paint(filled, signal);
    });
    if (work) this.begin({...work, name: 'your picture, filled in'});
  }

  #button(work) {
    const button = document.createElement('button'), canvas = document.createElement('canvas');
    const name = work === this.#work ? work.name : 'a variation';
    Object.assign(button, {type: 'button', title: name});
    button.setAttribute('aria-label', name);
    button.onclick = () => this.display(work);
    work.view.small(canvas, work);
    button.append(canvas);
    return button;
  }
}
