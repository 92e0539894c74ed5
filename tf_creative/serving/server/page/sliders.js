// Labels that are told by numbers, such as 're=1e+06 cl=0.8': a slider for each number.

const root = document.getElementById('sliders');

export class Sliders {
  #labels = [];
  #scales = []; // of each number: its name, values in order, and the slider
  #places = new Map(); // which label is named so

  /** `choose` is called with the label that somebody sets. */
  constructor(choose) {
    this.choose = choose;
  }

  /** Whether the labels are told by numbers. */
  get isOn() {
    return this.#scales.length > 0;
  }

  /** Makes a slider for each number by which all labels are told, if they are; `names` are longer. */
  fit(labels, names = {}) {
    this.#labels = labels.map(numbers);
    this.#places = new Map(labels.map((label, place) => [label, place]));
    const [first] = this.#labels, keys = first?.map(([key]) => key).join();
    const alike = (told) => told?.map(([key]) => key).join() === keys;
    const isTold = labels.length > 1 && first && this.#labels.every(alike);
    this.#scales = !isTold ? [] : first.map(([key], at) => {
      const values = [...new Set(this.#labels.map((told) => told[at][1]))];
      return {key, values, ...this.#slider(names[key] ?? key, values)};
    });
    root.hidden = !isTold;
    root.replaceChildren(...this.#scales.map(({held}) => held));
  }

  /** Puts the sliders where a label is. */
  show(label) {
    this.#scales.forEach(({values, input}, at) => {
      input.value = values.indexOf(this.#labels[label][at][1]);
    });
    this.#tell();
  }

  #slider(name, values) {
    const held = document.createElement('label'), input = document.createElement('input');
    const told = document.createElement('output');
    Object.assign(input, {type: 'range', min: 0, max: values.length - 1, step: 1});
    input.oninput = () => {
      this.#tell();
      const label = this.#places.get(this.#named());
      if (label !== undefined) this.choose(label);
    };
    held.append(`${name} `, told, input);
    return {held, input, told};
  }

  #named() {
    return this.#scales.map(({key, values, input}) => `${key}=${values[input.value]}`).join(' ');
  }

  #tell() {
    for (const {values, input, told} of this.#scales) {
      const value = values[input.value];
      told.value = Number(value).toLocaleString('en');
      input.setAttribute('aria-valuetext', told.value);
    }
  }
}

/** The parts of a label as (key, number in letters); null where it is no list of numbers. */
function numbers(label) {
  const parts = label.split(' ').map((part) => part.split('='));
  const isNumber = ([key, value]) => key && value && Number.isFinite(Number(value));
  return parts.every((part) => part.length === 2 && isNumber(part)) ? parts : null;
}
