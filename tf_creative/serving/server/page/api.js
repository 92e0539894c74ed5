// The creator that the server serves, by the REST API.

import * as views from './views.js';

const MODEL = 'v1/models/creator';

/** Why there is nothing to show, in words for people; what passes is worth asking again. */
export class Trouble extends Error {
  constructor(title, text, passes = true) {
    super(text);
    Object.assign(this, {title, passes});
  }
}

class Refusal extends Trouble {
  constructor(status, said) {
    super('The server refuses.', said || `It answered with status ${status}.`, status >= 500);
    this.status = status;
  }
}

export async function ask(path, signal, body) {
  const how = body ? {method: 'POST', body} : {};
  let response, content;
  try {
    response = await fetch(path, {...how, signal, cache: 'no-store'});
    content = await response.text();
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Trouble(
      'The server does not answer.',
      'It may have been stopped, or the network is down. This page goes on asking.',
    );
  }
  try {
    content = JSON.parse(content);
  } catch {
    content = {error: `What it answered at ${path} is no JSON (status ${response.status}).`};
    if (response.ok) throw new Refusal(502, content.error);
  }
  if (!response.ok) throw new Refusal(response.status, content.error);
  return content;
}

/** A request as JSON, made by hand: seeds are of 64 bits, which JSON.stringify does not write. */
export function body(signature, seeds, labels) {
  const label = labels ? `,"label":[${labels}]` : '';
  return `{"signature_name":"${signature}","inputs":{"seed":[${seeds}]${label}}}`;
}

/** The same for a picture to be painted, given as places in the palette. */
function wanted(pixels, shape) {
  return JSON.stringify({signature_name: 'paint', inputs: {target: [rows(pixels, shape)]}});
}

function rows(pixels, [height, width]) {
  return Array.from({length: height}, (_, y) => pixels.slice(y * width, (y + 1) * width));
}

/** The command that gives the work that is shown. */
export function curl({seed, label, imagined, isOwn, about: {shape}}, isDrawn) {
  const url = new URL(`${MODEL}:predict`, location.href);
  const asked = () => body('serving_default', [seed], [isDrawn ? -1 : label]);
  return `curl -d '${isOwn ? wanted(imagined, shape) : asked()}' ${url}`;
}

export function bytes(packed) {
  return Uint8Array.from(atob(packed.b64), (letter) => letter.charCodeAt(0));
}

/** A label in words: in data sets they are often tied by underscores. */
export function named(label = '') {
  return label.length > 1 ? label.replaceAll('_', ' ') : label;
}

export class Creator {
  version = '';
  about = null;
  view = null;
  paints = false; // whether its hand can be shown a picture,
  varies = false; // and whether it can imagine what is like it

  /** Learns which version is the newest and, if that is news, what it says of itself. */
  async meet(signal) {
    const version = await newest(signal);
    if (version === this.version) return;
    const about = await told(version, signal), view = views.of(about);
    const {metadata} = await ask(`${MODEL}/versions/${version}/metadata`, signal);
    const {paint, near, vary} = metadata.signature_def.signature_def;
    const paints = Boolean(view.isPainted && paint), varies = Boolean(paints && near && vary);
    Object.assign(this, {version, about, view, paints, varies});
  }

  /** The work that the hand makes of a picture, given as places in the palette. */
  async paint(pixels, signal) {
    const outputs = await this.#predict(wanted(pixels, this.about.shape), signal);
    return this.#own({...outputs, imagined: [pixels]}, 0, {isGiven: true, name: 'your picture'});
  }

  /** The code and label whose work comes nearest to a picture where `given` is true, and that work. */
  async near(pixels, given, signal) {
    const {shape} = this.about;
    const inputs = {target: [rows(pixels, shape)], given: [rows(given, shape)], label: [-1]};
    const body = JSON.stringify({signature_name: 'near', inputs});
    const {z: [z], label: [label], imagined: [imagined]} = await this.#predict(body, signal);
    return {z, label, imagined: imagined.flat()};
  }

  /** New works around a code, one for each seed; the further from it the larger `strength` is. */
  async vary({z, label}, seeds, strength, signal) {
    const each = (value) => seeds.map(() => value);
    const inputs = {z: each(z), label: each(label), seed: seeds, strength: each(strength)};
    const outputs = await this.#predict(JSON.stringify({signature_name: 'vary', inputs}), signal);
    return seeds.map((_, row) => this.#own(outputs, row, {name: 'a variation of your picture'}));
  }

  async #predict(body, signal) {
    return (await ask(`${MODEL}/versions/${this.version}:predict`, signal, body)).outputs;
  }

  /** A work that no seed stands for. */
  #own({imagined, work, strokes, png_bytes: png}, row, more) {
    const {version, about, view} = this;
    return {
      ...more,
      isOwn: true,
      seed: '',
      version,
      about,
      view,
      imagined: imagined[row].flat(),
      work: work[row].flat(),
      strokes: strokes[row].filter((stroke) => stroke[0] >= 0),
      files: {png: png[row]},
    };
  }

  /** The work of each seed and label, in one request to the version that is named in each. */
  async works(seeds, labels, signal) {
    await this.meet(signal);
    const {version, about, view} = this;
    const asked = `${MODEL}/versions/${version}:predict`;
    const {outputs} = await ask(asked, signal, body('serving_default', seeds, labels));
    return seeds.map((seed, row) => {
      const told = Object.entries(outputs).map(([name, values]) => [name, values[row]]);
      const files = told.filter(([name]) => name.endsWith('_bytes'));
      const one = Object.fromEntries(told), {label, imagined, work, strokes, authenticity} = one;
      return {
        ...one,
        seed: String(seed),
        version,
        about,
        view,
        name: named(about.labels[label]),
        imagined: imagined.flat(),
        work: work.flat(),
        strokes: strokes.filter((stroke) => stroke[0] >= 0),
        score: Number(authenticity),
        files: Object.fromEntries(files.map(([name, file]) => [name.slice(0, -6), file])),
      };
    });
  }
}

async function newest(signal) {
  let held;
  try {
    held = (await ask(MODEL, signal)).model_version_status || [];
  } catch (refusal) {
    if (refusal.status !== 404) throw refusal;
    held = [];
  }
  const served = held.filter((one) => one.state === 'AVAILABLE').map((one) => one.version);
  if (served.length) return served.reduce((a, b) => (BigInt(a) > BigInt(b) ? a : b));
  if (held.some((one) => one.state === 'START' || one.state === 'LOADING')) {
    throw new Trouble('The creator is being loaded.', 'It will be there in a moment.');
  }
  const faults = held.map((one) => one.status?.error_message).filter(Boolean);
  throw new Trouble(
    'No creator is served here.',
    faults.join(' ') || 'Export a run by python -m tf_creative.export; it is picked up by itself.',
  );
}

/** What a version tells of itself; a server that has no file of it has a signature. */
async function told(version, signal) {
  try {
    return await ask('about.json', signal);
  } catch (refusal) {
    if (refusal.status !== 404) throw refusal;
  }
  const asked = `${MODEL}/versions/${version}:predict`;
  const {outputs} = await ask(asked, signal, body('about', [0]));
  const packed = (outputs.about_bytes || outputs)[0];
  return JSON.parse(new TextDecoder().decode(bytes(packed)));
}
