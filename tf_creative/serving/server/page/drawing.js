// Pictures on canvases, the frames that they hang in, and marks over them.

const SVG = 'http://www.w3.org/2000/svg';

/**
 * Shows pixels, places in the palette of RGB or RGBA, at one pixel each: how large they look is for
 * CSS.
 */
export function draw(canvas, pixels, {shape: [height, width], palette}) {
  Object.assign(canvas, {height, width});
  const rgba = new Uint8ClampedArray(4 * height * width);
  const opaque = palette.map(([red, green, blue, alpha = 255]) => [red, green, blue, alpha]);
  pixels.forEach((place, pixel) => rgba.set(opaque[place], 4 * pixel));
  canvas.getContext('2d').putImageData(new ImageData(rgba, width, height), 0, 0);
}

/** A new canvas in a frame, with what is to lie over it. */
export function hang(frame, id, name, ...over) {
  const canvas = document.createElement('canvas');
  canvas.id = id;
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', name);
  frame.replaceChildren(canvas, ...over);
  return canvas;
}

/** Paths of these ids over a picture of this shape. */
export function marks([height, width], ids) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'marks');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  for (const id of ids) svg.append(Object.assign(document.createElementNS(SVG, 'path'), {id}));
  return svg;
}

/** The places where two pictures differ, as (row, column). */
export function differing(one, other, {shape: [, width]}) {
  const places = one.flatMap((place, pixel) => (place === other[pixel] ? [] : [pixel]));
  return places.map((pixel) => [Math.floor(pixel / width), pixel % width]);
}

/** Squares as an SVG path, each drawn in from the edges of its pixel. */
export function squares(cells, inset) {
  const side = 1 - 2 * inset;
  return cells
    .map(([y, x]) => `M${x + inset} ${y + inset}h${side}v${side}h${-side}z`)
    .join('');
}

/** Whole percents, but 100 only for all and 0 only for none. */
export function percent(some, all) {
  const share = Math.round((100 * some) / all);
  return `${some && some < all ? Math.min(Math.max(share, 1), 99) : share}%`;
}
