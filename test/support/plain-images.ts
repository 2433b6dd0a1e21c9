/** Operations on images as plain loops over numbers. Rows are images: channel, row, column. */

export interface PooledWindows {
  readonly channels: number;
  readonly size: readonly [number, number];
  readonly window: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
}

/** @param reduce gets the numbers of a window that are inside of the image, row by row */
export function poolNumbers(
  x: ArrayLike<number>,
  { size: [rows, columns], window, stride, padding }: PooledWindows,
  reduce: (inside: readonly number[]) => number,
): number[] {
  const counts = [rows, columns].map(
    (n, axis) => Math.floor((n + 2 * padding[axis] - window[axis]) / stride[axis]) + 1,
  );
  const result: number[] = [];
  for (let line = 0; line < x.length / (rows * columns); line++) {
    for (let r = 0; r < counts[0]; r++) {
      for (let c = 0; c < counts[1]; c++) {
        const inside: number[] = [];
        for (let i = 0; i < window[0]; i++) {
          for (let j = 0; j < window[1]; j++) {
            const [row, column] = [r * stride[0] - padding[0] + i, c * stride[1] - padding[1] + j];
            if (row < 0 || row >= rows || column < 0 || column >= columns) continue;
            inside.push(x[(line * rows + row) * columns + column]);
          }
        }
        result.push(reduce(inside));
      }
    }
  }
  return result;
}

/** The correlation of images with kernels [outputs, channels, window], and a number for each output. */
export function correlateNumbers(
  x: ArrayLike<number>,
  { channels, size: [rows, columns], window, stride, padding }: PooledWindows,
  { outputs, K, b }: { outputs: number; K: ArrayLike<number>; b?: ArrayLike<number> | undefined },
): number[] {
  const counts = [rows, columns].map(
    (n, axis) => Math.floor((n + 2 * padding[axis] - window[axis]) / stride[axis]) + 1,
  );
  const pixel = (sample: number, channel: number, row: number, column: number): number =>
    row < 0 || row >= rows || column < 0 || column >= columns
      ? 0
      : x[((sample * channels + channel) * rows + row) * columns + column];
  const result: number[] = [];
  for (let sample = 0; sample < x.length / (channels * rows * columns); sample++) {
    for (let o = 0; o < outputs; o++) {
      for (let r = 0; r < counts[0]; r++) {
        for (let c = 0; c < counts[1]; c++) {
          let total = b?.[o] ?? 0;
          for (let channel = 0; channel < channels; channel++) {
            for (let i = 0; i < window[0]; i++) {
              for (let j = 0; j < window[1]; j++) {
                const [row, column] = [r * stride[0] - padding[0] + i, c * stride[1] - padding[1] + j];
                const tap = ((o * channels + channel) * window[0] + i) * window[1] + j;
                total += K[tap] * pixel(sample, channel, row, column);
              }
            }
          }
          result.push(total);
        }
      }
    }
  }
  return result;
}
