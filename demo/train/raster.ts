/** Turns strokes into a small image that is centred and scaled as the digits of a data set are. */

export type Place = readonly [x: number, y: number];
export type Stroke = readonly Place[];

/** How the images of a data set were framed. */
interface Framing {
  readonly height: number;
  readonly width: number;
  /** Empty rows and columns around the digit, in pixels: none in the 8 × 8 digits, 4 in MNIST. */
  readonly border: number;
  /** The width of the pen, in pixels. */
  readonly pen: number;
}

export function chooseFraming([height, width]: readonly number[]): Framing {
  const smallest = Math.min(height, width);
  return smallest <= 12
    ? { height, width, border: 0, pen: 1.25 }
    : { height, width, border: Math.round(smallest / 7), pen: smallest / 11 };
}

/** The number of sample points in each direction of a pixel. */
const SAMPLES = 4;

/**
 * Draws the strokes so that the digit fills the frame in its longer direction and is centred.
 * @returns height × width numbers in [0, 1]: the share of each pixel that is covered. All are 0 without strokes.
 */
export function rasterise(strokes: readonly Stroke[], framing: Framing): Float32Array {
  const { height, width, pen } = framing;
  const across = width * SAMPLES;
  const covered = new Uint8Array(height * SAMPLES * across);
  for (const line of placeStrokes(strokes, framing)) markCovered(covered, [height * SAMPLES, across], line, pen / 2);
  const image = new Float32Array(height * width);
  for (const [sample, isCovered] of covered.entries()) {
    const [row, column] = [Math.floor(sample / across / SAMPLES), Math.floor((sample % across) / SAMPLES)];
    image[row * width + column] += isCovered / SAMPLES ** 2;
  }
  return image;
}

/** Marks the sample points within `reach` of a line. It only examines the rectangle around the line. */
function markCovered(
  covered: Uint8Array,
  [down, across]: readonly [number, number],
  [from, to]: Line,
  reach: number,
): void {
  const [columns, rows] = [0, 1].map((axis) => [
    Math.max(0, Math.floor((Math.min(from[axis], to[axis]) - reach) * SAMPLES)),
    Math.min([across, down][axis], Math.ceil((Math.max(from[axis], to[axis]) + reach) * SAMPLES)),
  ]);
  for (let row = rows[0]; row < rows[1]; row++) {
    for (let column = columns[0]; column < columns[1]; column++) {
      const sample: Place = [(column + 0.5) / SAMPLES, (row + 0.5) / SAMPLES];
      if (computeSquaredDistance(sample, from, to) <= reach ** 2) covered[row * across + column] = 1;
    }
  }
}

type Line = readonly [Place, Place];

/** Splits the strokes into line segments, in the coordinates of the frame. */
function placeStrokes(strokes: readonly Stroke[], { height, width, border, pen }: Framing): Line[] {
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
  // A single point is drawn in the size of the pen and not scaled to the frame.
  const isPoint = right - left < 1e-9 && bottom - top < 1e-9;
  const place = isPoint ? (): Place => [width / 2, height / 2] : at;
  return strokes.flatMap((stroke) =>
    stroke.length === 1
      ? [[place(stroke[0]), place(stroke[0])] as const]
      : stroke.slice(1).map((to, index) => [place(stroke[index]), place(to)] as const),
  );
}

function computeSquaredDistance([x, y]: Place, [x0, y0]: Place, [x1, y1]: Place): number {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / length));
  return (x - x0 - along * dx) ** 2 + (y - y0 - along * dy) ** 2;
}
