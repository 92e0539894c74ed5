// A picture of one's own. It is read here: the server gets places in its palette, and no file.

const MOST_BYTES = 16 << 20, MOST_PIXELS = 25e6; // of a file
const FINE = 8; // so many pixels of each side of a cell are averaged
const OPAQUE = 128; // least alpha that is not clear
const PNG = [0x89, 0x50, 0x4e, 0x47];

/** The pixels of a file as places in the palette; an Error says why there are none. */
export async function read(file, {shape: [height, width], palette}) {
  if (file.size > MOST_BYTES) throw new Error('It has more than 16 MB: choose a smaller one.');
  const head = new DataView(await file.slice(0, 24).arrayBuffer());
  const isPng = head.byteLength === 24 && PNG.every((byte, at) => head.getUint8(at) === byte);
  // Asked before it is decoded: a small file may hold a picture that fills the memory.
  if (isPng) check(head.getUint32(16), head.getUint32(20));
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) throw new Error('It cannot be read as a picture: choose a PNG, JPEG, GIF or WebP.');
  check(picture.width, picture.height);
  return places(cells(picture, height, width), palette);
}

function check(width, height) {
  if (width * height <= MOST_PIXELS) return;
  throw new Error(`It is ${width} x ${height}, more than 25 million pixels: make it smaller.`);
}

/** The middle of a picture, as large as it can be, as cells of RGBA: means weighed by alpha. */
function cells(picture, height, width) {
  const scale = Math.min(picture.width / width, picture.height / height);
  const [wide, high] = [width * scale, height * scale];
  const fine = scale > 1 ? FINE : 1;
  const page = new OffscreenCanvas(width * fine, height * fine), context = page.getContext('2d');
  context.imageSmoothingEnabled = scale > 1;
  context.imageSmoothingQuality = 'high';
  const [left, top] = [(picture.width - wide) / 2, (picture.height - high) / 2];
  context.drawImage(picture, left, top, wide, high, 0, 0, page.width, page.height);
  const {data} = context.getImageData(0, 0, page.width, page.height);
  return Array.from({length: height * width}, (_, cell) => {
    const sum = [0, 0, 0, 0];
    for (let part = 0; part < fine * fine; part++) {
      const y = Math.floor(cell / width) * fine + Math.floor(part / fine);
      const at = 4 * (y * page.width + (cell % width) * fine + (part % fine)), alpha = data[at + 3];
      for (const channel of [0, 1, 2]) sum[channel] += data[at + channel] * alpha;
      sum[3] += alpha;
    }
    const colour = sum.slice(0, 3).map((part) => (sum[3] ? part / sum[3] : 0));
    return [...colour, sum[3] / (fine * fine)];
  });
}

/** The nearest colour of each cell; what is clear is clear, or else shows the blank canvas. */
function places(rgba, palette) {
  const isClear = palette[0][3] === 0, first = isClear ? 1 : 0;
  return rgba.map(([red, green, blue, alpha]) => {
    if (isClear && alpha < OPAQUE) return 0;
    const share = isClear ? 1 : alpha / 255;
    const seen = [red, green, blue].map((x, at) => share * x + (1 - share) * palette[0][at]);
    const far = palette.map((colour) => seen.reduce((sum, x, at) => sum + (x - colour[at]) ** 2, 0));
    let best = first;
    for (let place = first; place < far.length; place++) if (far[place] < far[best]) best = place;
    return best;
  });
}
