import type { ComplexProductCall, FourierCall } from '../kernels.ts';
import type { Job } from '../queue.ts';

/** Sums over one axis: e^{∓iθ} for the angles whose cosines and sines are given. */
interface Axis {
  readonly extent: number;
  cosine(f: number, p: number): number;
  sine(f: number, p: number): number;
}

function axesOf({ rows, columns }: FourierCall, roots: Float64Array): readonly [Axis, Axis] {
  const axis = (extent: number, start: number): Axis => ({
    extent,
    cosine: (f, p) => roots[start + ((f * p) % extent)],
    sine: (f, p) => roots[start + extent + ((f * p) % extent)],
  });
  return [axis(rows, 0), axis(columns, 2 * rows)];
}

/** The transform line by line, first along columns and then along rows; or its inverse. */
export function* fourier(call: FourierCall, slots: readonly Float64Array[]): Job {
  const { lines, inputs, output, inverse } = call;
  const [x, roots] = inputs.map((slot) => slots[slot]);
  const axes = axesOf(call, roots);
  for (let line = 0; line < lines; line++) {
    if (inverse) toImage(call, axes, x, slots[output], line);
    else toSpectrum(call, axes, x, slots[output], line);
    yield;
  }
}

function toSpectrum(
  { lines, rows, columns }: FourierCall,
  [along, across]: readonly [Axis, Axis],
  images: Float64Array,
  spectrum: Float64Array,
  line: number,
): void {
  const start = line * rows * columns;
  for (let f2 = 0; 2 * f2 <= columns; f2++) {
    const [re, im] = [new Float64Array(rows), new Float64Array(rows)];
    for (let p1 = 0; p1 < rows; p1++) {
      for (let p2 = 0; p2 < columns; p2++) {
        const value = images[start + p1 * columns + p2];
        re[p1] += across.cosine(f2, p2) * value;
        im[p1] -= across.sine(f2, p2) * value;
      }
    }
    for (let f1 = 0; f1 < rows; f1++) {
      let [a, b] = [0, 0];
      for (let p1 = 0; p1 < rows; p1++) {
        const [cosine, sine] = [along.cosine(f1, p1), along.sine(f1, p1)];
        a += cosine * re[p1] + sine * im[p1];
        b += cosine * im[p1] - sine * re[p1];
      }
      const at = 2 * (f2 * rows + f1) * lines + line;
      spectrum[at] = a;
      spectrum[at + lines] = b;
    }
  }
}

function toImage(
  { lines, rows, columns }: FourierCall,
  [along, across]: readonly [Axis, Axis],
  spectrum: Float64Array,
  images: Float64Array,
  line: number,
): void {
  const start = line * rows * columns;
  images.fill(0, start, start + rows * columns);
  for (let f2 = 0; 2 * f2 <= columns; f2++) {
    const weight = (f2 === 0 || 2 * f2 === columns ? 1 : 2) / (rows * columns);
    for (let p1 = 0; p1 < rows; p1++) {
      let [re, im] = [0, 0];
      for (let f1 = 0; f1 < rows; f1++) {
        const at = 2 * (f2 * rows + f1) * lines + line;
        const [cosine, sine] = [along.cosine(f1, p1), along.sine(f1, p1)];
        re += cosine * spectrum[at] - sine * spectrum[at + lines];
        im += cosine * spectrum[at + lines] + sine * spectrum[at];
      }
      for (let p2 = 0; p2 < columns; p2++) {
        images[start + p1 * columns + p2] += weight * (across.cosine(f2, p2) * re - across.sine(f2, p2) * im);
      }
    }
  }
}

/** Products of complex matrices, sample by sample. */
export function* complexProduct(call: ComplexProductCall, slots: readonly Float64Array[]): Job {
  const { batch, m, n, k, transposeA, transposeB, conjugate, inputs, output } = call;
  const [a, b, imaginary] = inputs.map((slot) => slots[slot] as Float64Array | undefined) as Float64Array[];
  const sign = conjugate ? -1 : 1;
  const stepB = imaginary ? k * n : 2 * k * n;
  for (let sample = 0; sample < batch; sample++) {
    const [startA, startB, start] = [2 * sample * m * k, sample * stepB, 2 * sample * m * n];
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let [re, im] = [0, 0];
        for (let l = 0; l < k; l++) {
          const atA = startA + (transposeA ? l * m + i : i * k + l);
          const atB = startB + (transposeB ? j * k + l : l * n + j);
          const [a0, a1] = [a[atA], a[atA + m * k]];
          const [b0, b1] = [b[atB], sign * (imaginary ? imaginary[atB] : b[atB + k * n])];
          re += a0 * b0 - a1 * b1;
          im += a0 * b1 + a1 * b0;
        }
        slots[output][start + i * n + j] = re;
        slots[output][start + (m + i) * n + j] = im;
      }
    }
    yield;
  }
}
