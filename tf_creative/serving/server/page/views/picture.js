// Works of which this page knows no more than the pictures that come with them.

import {bytes} from '../api.js';
import {hang} from '../drawing.js';

export function words({view, world}) {
  const unknown = view ? `a world's view '${view}'` : `${world || 'this world'}`;
  return {
    lead: `This page does not know how to show ${unknown}: it shows pictures of what was made.`,
    done: 'made',
    step: 'step',
    steps: 'steps',
    blank: 'the beginning',
    last: 'the end',
    label: 'label',
    outcome: 'steps',
    meaning: 'How many steps the agent took.',
  };
}

export function stage({made}, work, name) {
  small(hang(made, 'painted', name), work);
}

export async function small(canvas, {files: {png}}) {
  const image = await createImageBitmap(new Blob([bytes(png)], {type: 'image/png'}));
  Object.assign(canvas, {height: image.height, width: image.width});
  canvas.getContext('2d').drawImage(image, 0, 0);
}

export function outcome({strokes}) {
  const count = `${strokes.length} ${strokes.length === 1 ? 'step' : 'steps'}`;
  return {value: count, text: 'were taken', detail: '', gist: count};
}
