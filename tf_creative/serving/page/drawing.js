// Pictures on canvases, and what each stroke covers.

/** Shows pixels, places in the palette, at one pixel each: how large they look is for CSS. */
export function draw(canvas, pixels, {shape: [height, width], palette}) {
  Object.assign(canvas, {height, width});
  const rgba = new Uint8ClampedArray(4 * height * width);
  pixels.forEach((place, pixel) => rgba.set([...palette[place], 255], 4 * pixel));
  canvas.getContext('2d').putImageData(new ImageData(rgba, width, height), 0, 0);
}

/** The pixels, as (row, column), under a stroke; what lies outside is cut off. */
export function covered([row, column, , shape = 0], {shape: [height, width], shapes}) {
  return shapes[shape]
    .map(([down, right]) => [row + down, column + right])
    .filter(([y, x]) => y >= 0 && y < height && x >= 0 && x < width);
}

/** The canvas after some of the strokes; before the first of them it is blank. */
export function after(count, {strokes, about}) {
  const [height, width] = about.shape;
  const pixels = new Array(height * width).fill(0);
  for (const stroke of strokes.slice(0, count)) {
    for (const [y, x] of covered(stroke, about)) pixels[y * width + x] = stroke[2];
  }
  return pixels;
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
