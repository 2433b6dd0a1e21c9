/** From strokes to an image of few pixels, centred and scaled as the digits of a data set are. */

export type Place = readonly [x: number, y: number];
export type Stroke = readonly Place[];

/** How the images of a data set were made. */
export interface Framing {
  readonly height: number;
  readonly width: number;
  /** Rows and columns left free around the digit: none in the 8 × 8 digits, 4 in MNIST. */
  readonly border: number;
  /** Width of the pen, in pixels. */
  readonly pen: number;
}

export function framingFor([height, width]: readonly number[]): Framing {
  const smallest = Math.min(height, width);
  return smallest <= 12
    ? { height, width, border: 0, pen: 1.25 }
    : { height, width, border: Math.round(smallest / 7), pen: smallest / 11 };
}

/** Points in each direction of a pixel at which is asked whether it is covered. */
const SAMPLES = 4;

/**
 * The digit fills the frame in its longer direction and stands in the middle.
 * @returns height × width numbers in [0, 1], the share of each pixel that is covered; all 0 without strokes
 */
export function rasterised(strokes: readonly Stroke[], framing: Framing): Float32Array {
  const { height, width, pen } = framing;
  const image = new Float32Array(height * width);
  const lines = placed(strokes, framing);
  const reach = (pen / 2) ** 2;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      let covered = 0;
      for (let sample = 0; sample < SAMPLES ** 2; sample++) {
        const x = column + ((sample % SAMPLES) + 0.5) / SAMPLES;
        const y = row + (Math.floor(sample / SAMPLES) + 0.5) / SAMPLES;
        if (lines.some(([from, to]) => squaredDistance([x, y], from, to) <= reach)) covered++;
      }
      image[row * width + column] = covered / SAMPLES ** 2;
    }
  }
  return image;
}

type Line = readonly [Place, Place];

/** The pieces of the strokes, in the frame. */
function placed(strokes: readonly Stroke[], { height, width, border, pen }: Framing): Line[] {
  const all = strokes.flat();
  if (all.length === 0) return [];
  const [xs, ys] = [all.map(([x]) => x), all.map(([, y]) => y)];
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const room = [width - 2 * border - pen, height - 2 * border - pen];
  const scale = Math.min(room[0] / Math.max(right - left, 1e-9), room[1] / Math.max(bottom - top, 1e-9));
  const at = ([x, y]: Place): Place => [
    width / 2 + scale * (x - (left + right) / 2),
    height / 2 + scale * (y - (top + bottom) / 2),
  ];
  // A point alone is as large as the pen, not as the frame.
  const isPoint = right - left < 1e-9 && bottom - top < 1e-9;
  const place = isPoint ? (): Place => [width / 2, height / 2] : at;
  return strokes.flatMap((stroke) =>
    stroke.length === 1
      ? [[place(stroke[0]), place(stroke[0])] as const]
      : stroke.slice(1).map((to, index) => [place(stroke[index]), place(to)] as const),
  );
}

function squaredDistance([x, y]: Place, [x0, y0]: Place, [x1, y1]: Place): number {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / length));
  return (x - x0 - along * dx) ** 2 + (y - y0 - along * dy) ** 2;
}
