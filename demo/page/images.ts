/** Small arrays of numbers as images on a canvas. */
import { resolveColour } from './theme.ts';

type Colour = readonly [red: number, green: number, blue: number];

/** Grey images: white on black, as the data sets have them, in the theme's ink on its ground. */
export function drawGrey(
  canvas: HTMLCanvasElement,
  pixels: ArrayLike<number>,
  [height, width]: readonly number[],
): void {
  const shades = createShades(parseColour(resolveColour('sunken')), parseColour(resolveColour('ink')));
  drawPixels(canvas, height, width, (index) => shades(pixels[index]));
}

/** Numbers from the ground colour at 0 to `first` at the largest size where positive, `second` where negative. */
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
    return value < 0 ? negative(-value) : positive(value);
  });
}

/** Pixels of the ground between two images of a sheet: what is seen of a neighbour where the scale is no whole number. */
const GAP = 1;

export interface Sheet {
  /** What `background-image` and `background-size` are to be. */
  readonly image: string;
  readonly size: string;
  /** What `background-position` is to be for one of the images. */
  place(index: number): string;
  /** The picture is not needed any more. */
  discard(): void;
}

/**
 * Many grey images in one picture, one below the other. As canvases each would be a texture of its own, which every frame
 * hands to the compositor.
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
  await picture.decode(); // so that it is there at once
  return {
    image: `url(${address})`,
    size: `100% ${(100 * count * pitch) / height}%`,
    place: (index) => `0 ${(100 * index * pitch) / (count * pitch - height)}%`,
    discard: () => URL.revokeObjectURL(address),
  };
}

/** 0 is the ground. */
function insertGaps(pixels: Float32Array, count: number, each: number, gap: number): Float32Array {
  const all = new Float32Array(count * (each + gap));
  for (let index = 0; index < count; index++)
    all.set(pixels.subarray(index * each, (index + 1) * each), index * (each + gap));
  return all;
}

/** @param at the colour of a pixel, as four bytes of an image make one number */
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

/** Shades that a screen tells apart. */
const SHADES = 256;

/** Colours between two, by a share in [0, 1]; those beyond are the ends. */
function createShades(from: Colour, to: Colour): (share: number) => number {
  const bytes = new Uint8ClampedArray(4 * SHADES);
  for (let shade = 0; shade < SHADES; shade++) {
    const share = shade / (SHADES - 1);
    bytes.set([...from.map((part, at) => part + share * (to[at] - part)), 255], 4 * shade);
  }
  const words = new Uint32Array(bytes.buffer);
  return (share) => words[Math.round(Math.min(1, Math.max(0, share)) * (SHADES - 1))];
}

/** Of rgb(…), which is how a browser tells the colours of a style sheet that are written #… */
function parseColour(text: string): Colour {
  const [red, green, blue] = (text.match(/[\d.]+/g) ?? []).map(Number);
  return [red, green, blue];
}

/** The grid nearest to a square that has room for so many numbers. */
export function chooseGrid(count: number): readonly [height: number, width: number] {
  const width = Math.ceil(Math.sqrt(count));
  return [Math.ceil(count / width), width];
}
