// Notes as sound: a plain, soft instrument of the Web Audio API.

const PARTIALS = [0, 1, 0.5, 0.3, 0.15, 0.08, 0.04]; // how loud each is; the first is no sound
const LOUD = 0.3, RISE = 0.008, FADE = 0.6, FALL = 0.06; // seconds, but for the loudness
const SOON = 0.03;

export class Synth {
  #context = null;
  #out = null; // of what is being played

  /** Plays notes from a step on, each step so many seconds long, after somebody's key or click. */
  play(notes, from, each) {
    this.stop();
    if (!notes.length) return;
    this.#context ||= new AudioContext();
    const context = this.#context;
    context.resume();
    this.#out = new GainNode(context, {gain: LOUD});
    this.#out.connect(context.destination);
    const begin = context.currentTime + SOON - from * each;
    for (const {start, length, pitch} of notes) {
      const on = Math.max(begin + start * each, context.currentTime);
      const off = begin + (start + length) * each;
      if (off > on) this.#tone(pitch, on, off);
    }
  }

  stop() {
    if (!this.#out) return;
    const now = this.#context.currentTime, out = this.#out;
    out.gain.setTargetAtTime(0, now, FALL / 4);
    setTimeout(() => out.disconnect(), 8000 * FALL);
    this.#out = null;
  }

  #tone(pitch, on, off) {
    const context = this.#context, silent = new Float32Array(PARTIALS.length);
    const wave = new PeriodicWave(context, {real: silent, imag: PARTIALS});
    const frequency = 440 * 2 ** ((pitch - 69) / 12);
    const tone = new OscillatorNode(context, {type: 'custom', periodicWave: wave, frequency});
    const shape = new GainNode(context, {gain: 0});
    shape.gain.setValueAtTime(0, on);
    shape.gain.linearRampToValueAtTime(1, on + RISE);
    shape.gain.setTargetAtTime(0, on + RISE, FADE);
    shape.gain.setTargetAtTime(0, Math.max(off - FALL, on + RISE), FALL / 4);
    tone.connect(shape).connect(this.#out);
    tone.start(on);
    tone.stop(off + FALL);
  }
}
