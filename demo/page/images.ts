/** Small arrays of numbers as images on a canvas. */
import { colour } from './theme.ts';

type Colour = readonly [red: number, green: number, blue: number];

/** Grey images: white on black, as the data sets have them, in the theme's ink on its ground. */
export function drawGrey(
  canvas: HTMLCanvasElement,
  pixels: ArrayLike<number>,
  [height, width]: readonly number[],
): void {
  const [ground, ink] = [parsed(colour('sunken')), parsed(colour('ink'))];
  drawPixels(canvas, height, width, (index) => mixed(ground, ink, pixels[index]));
}

/** Numbers from the ground colour at 0 to `first` at the largest size where positive, `second` where negative. */
export function drawSigned(
  canvas: HTMLCanvasElement,
  values: ArrayLike<number>,
  [height, width]: readonly number[],
  largest: number,
): void {
  const [ground, first, second] = ['sunken', 'first', 'second'].map((name) => parsed(colour(name)));
  drawPixels(canvas, height, width, (index) => {
    const value = index < values.length ? values[index] / largest : 0;
    return mixed(ground, value < 0 ? second : first, Math.min(1, Math.abs(value)));
  });
}

function drawPixels(canvas: HTMLCanvasElement, height: number, width: number, at: (index: number) => Colour): void {
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext('2d');
  if (!context) return;
  const image = context.createImageData(width, height);
  for (let index = 0; index < width * height; index++) image.data.set([...at(index), 255], 4 * index);
  context.putImageData(image, 0, 0);
}

function mixed(from: Colour, to: Colour, share: number): Colour {
  return [0, 1, 2].map((part) => Math.round(from[part] + share * (to[part] - from[part]))) as unknown as Colour;
}

/** Of rgb(…), which is how a browser tells the colours of a style sheet that are written #… */
function parsed(text: string): Colour {
  const [red, green, blue] = (text.match(/[\d.]+/g) ?? []).map(Number);
  return [red, green, blue];
}

/** The grid nearest to a square that has room for so many numbers. */
export function gridOf(count: number): readonly [height: number, width: number] {
  const width = Math.ceil(Math.sqrt(count));
  return [Math.ceil(count / width), width];
}
