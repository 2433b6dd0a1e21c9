/** Draws small arrays of numbers as images on a canvas. */
import { resolveColour } from './theme.ts';

type Colour = readonly [red: number, green: number, blue: number];

/** Draws a grey image in the theme's colours: 0 is the background and 1 the colour of text. */
export function drawGrey(
  canvas: HTMLCanvasElement,
  pixels: ArrayLike<number>,
  [height, width]: readonly number[],
): void {
  const shades = createShades(parseColour(resolveColour('sunken')), parseColour(resolveColour('ink')));
  drawPixels(canvas, height, width, (index) => shades(pixels[index]));
}

export function clearCanvas(canvas: HTMLCanvasElement): void {
  canvas.getContext('2d')?.clearRect(0, 0, canvas.width, canvas.height);
}

/**
 * Draws signed numbers: 0 is the background, and the colours `first` and `second` stand for `largest` and −`largest`.
 * NaN is left transparent.
 */
export function drawSigned(
  canvas: HTMLCanvasElement,
  values: ArrayLike<number>,
  [height, width]: readonly number[],
  largest: number,
): void {
  const ground = parseColour(resolveColour('sunken'));
  const [positive, negative] = [
    createShades(ground, parseColour(resolveColour('first'))),
    createShades(ground, parseColour(resolveColour('second'))),
  ];
  drawPixels(canvas, height, width, (index) => {
    const value = index < values.length ? values[index] / largest : 0;
    if (Number.isNaN(value)) return 0;
    return value < 0 ? negative(-value) : positive(value);
  });
}

/** Feature maps side by side, with a transparent line between them. @param values [maps, height, width] */
export function arrangeMaps(
  values: ArrayLike<number>,
  [maps, height, width]: readonly number[],
): { readonly values: Float32Array; readonly shape: readonly [height: number, width: number] } {
  const [down, across] = chooseGrid(maps);
  const shape = [down * (height + GAP) - GAP, across * (width + GAP) - GAP] as const;
  const arranged = new Float32Array(shape[0] * shape[1]).fill(Number.NaN);
  for (let map = 0; map < maps; map++) {
    const [top, left] = [Math.floor(map / across) * (height + GAP), (map % across) * (width + GAP)];
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        arranged[(top + row) * shape[1] + left + column] = values[(map * height + row) * width + column];
      }
    }
  }
  return { values: arranged, shape };
}

/**
 * Background pixels between two images of a sheet. At a fractional scale they keep a neighbour from showing through.
 */
const GAP = 1;

export interface Sheet {
  /** The values of `background-image` and `background-size`. */
  readonly image: string;
  readonly size: string;
  /** Returns the value of `background-position` for one of the images. */
  place(index: number): string;
  /** Releases the picture. */
  discard(): void;
}

/**
 * Draws many grey images into one picture, one below the other. Separate canvases would each be a texture, all of which
 * go to the compositor in every frame.
 * @param pixels [count, height, width]
 */
export async function createSheet(pixels: Float32Array, count: number, shape: readonly number[]): Promise<Sheet> {
  const [height, width] = shape;
  const pitch = height + GAP;
  const canvas = document.createElement('canvas');
  drawGrey(canvas, insertGaps(pixels, count, height * width, GAP * width), [count * pitch, width]);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve));
  if (!blob) throw new Error(`${count} images of ${height} × ${width} do not fit into one picture`);
  const address = URL.createObjectURL(blob);
  const picture = new Image();
  picture.src = address;
  await picture.decode(); // so that it can be shown at once
  return {
    image: `url(${address})`,
    size: `100% ${(100 * count * pitch) / height}%`,
    place: (index) => `0 ${(100 * index * pitch) / (count * pitch - height)}%`,
    discard: () => URL.revokeObjectURL(address),
  };
}

/** Inserts gaps of zeros, which are drawn as background. */
function insertGaps(pixels: Float32Array, count: number, each: number, gap: number): Float32Array {
  const all = new Float32Array(count * (each + gap));
  for (let index = 0; index < count; index++)
    all.set(pixels.subarray(index * each, (index + 1) * each), index * (each + gap));
  return all;
}

/** @param at returns the colour of a pixel as a 32-bit number of its four bytes */
function drawPixels(canvas: HTMLCanvasElement, height: number, width: number, at: (index: number) => number): void {
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext('2d');
  if (!context) return;
  const image = context.createImageData(width, height);
  const words = new Uint32Array(image.data.buffer);
  for (let index = 0; index < words.length; index++) words[index] = at(index);
  context.putImageData(image, 0, 0);
}

/** The number of shades that a screen can show. */
const SHADES = 256;

/** Returns a function that interpolates between two colours, by a share that is clamped to [0, 1]. */
function createShades(from: Colour, to: Colour): (share: number) => number {
  const bytes = new Uint8ClampedArray(4 * SHADES);
  for (let shade = 0; shade < SHADES; shade++) {
    const share = shade / (SHADES - 1);
    bytes.set([...from.map((part, at) => part + share * (to[at] - part)), 255], 4 * shade);
  }
  const words = new Uint32Array(bytes.buffer);
  return (share) => words[Math.round(Math.min(1, Math.max(0, share)) * (SHADES - 1))];
}

/** Parses rgb(…), the form in which browsers return a computed colour. */
function parseColour(text: string): Colour {
  const [red, green, blue] = (text.match(/[\d.]+/g) ?? []).map(Number);
  return [red, green, blue];
}

/** Chooses the most nearly square grid that has room for `count` numbers. */
export function chooseGrid(count: number): readonly [height: number, width: number] {
  const width = Math.ceil(Math.sqrt(count));
  return [Math.ceil(count / width), width];
}
