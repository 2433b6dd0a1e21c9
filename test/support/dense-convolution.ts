/**
 * The monotone convolution as a dense matrix, in float64, straight from the definition: correlation on a torus,
 * (Kx)[o, p] = Σ K[o, c, t]·x[c, p + t − r]. It shares nothing with the library.
 */
import { matmul, type Numbers, norm, normals, transpose } from './numbers.ts';

export interface DenseProblem {
  readonly channels: number;
  readonly torus: readonly [number, number];
  readonly size: number;
  readonly A: Numbers;
  readonly B: Numbers;
  readonly g: number;
  readonly h: number;
  readonly m: number;
}

/** Normal kernels and numbers, rounded to float32. */
export function normalConvolution(
  channels: number,
  torus: readonly [number, number],
  size: number,
  seed: number,
): DenseProblem {
  const [g, h, m] = normals(3, seed + 2);
  const count = channels * channels * size * size;
  const [A, B] = [normals(count, seed), normals(count, seed + 1)];
  return { channels, torus, size, A, B, g, h, m: Math.fround(0.3 + Math.abs(m)) };
}

/** For each entry of the matrix of a correlation that is not 0: its row, its column, and the number of the kernel. */
function entriesOf(
  { channels, torus: [rows, columns], size }: Pick<DenseProblem, 'channels' | 'torus' | 'size'>,
  inputs = channels,
): [number, number, number][] {
  const wrap = (at: number, extent: number): number => ((at % extent) + extent) % extent;
  const r = (size - 1) / 2;
  const entries: [number, number, number][] = [];
  for (let o = 0; o < channels; o++)
    for (let c = 0; c < inputs; c++)
      for (let s = 0; s < size; s++)
        for (let t = 0; t < size; t++)
          for (let y = 0; y < rows; y++)
            for (let x = 0; x < columns; x++) {
              const from = (c * rows + wrap(y + s - r, rows)) * columns + wrap(x + t - r, columns);
              entries.push([(o * rows + y) * columns + x, from, ((o * inputs + c) * size + s) * size + t]);
            }
  return entries;
}

/** The matrix of the correlation with a kernel, [channels·pixels, inputs·pixels]. */
export function correlationMatrix(
  kernel: Numbers,
  problem: Pick<DenseProblem, 'channels' | 'torus' | 'size'>,
  inputs = problem.channels,
): number[] {
  const [rows, columns] = problem.torus;
  const [n, width] = [problem.channels * rows * columns, inputs * rows * columns];
  const matrix = new Array<number>(n * width).fill(0);
  for (const [row, column, at] of entriesOf(problem, inputs)) matrix[row * width + column] += kernel[at];
  return matrix;
}

export interface DenseConvolution {
  readonly n: number;
  readonly W: number[];
  /** The gradients of A, B, g, h and m for that of W. */
  pullback(gradient: Numbers): { A: number[]; B: number[]; g: number; h: number; m: number };
}

export function denseConvolution(problem: DenseProblem): DenseConvolution {
  const { channels, torus, g, h, m } = problem;
  const n = channels * torus[0] * torus[1];
  const gamma = Math.log1p(Math.exp(g));
  const unit = (kernel: Numbers): number[] => Array.from(kernel, (x) => x / norm(kernel));
  const [a, b] = [unit(problem.A), unit(problem.B)];
  const [A, B] = [correlationMatrix(a, problem), correlationMatrix(b, problem)];
  const symmetric = matmul(transpose(A, n, n), A, n, n, n);
  const turned = transpose(B, n, n);
  const W = symmetric.map((x, at) => (at % (n + 1) === 0 ? 1 - m : 0) - gamma * x + h * (B[at] - turned[at]));
  return {
    n,
    W,
    pullback(gradient) {
      const back = transpose(gradient, n, n);
      const both = Array.from(gradient, (x, at) => x + back[at]);
      const ofKernel = (P: Numbers, kernel: number[]): number[] => {
        const taps = new Array<number>(kernel.length).fill(0);
        for (const [row, column, at] of entriesOf(problem)) taps[at] += P[row * n + column];
        return taps;
      };
      const along = (P: Numbers, kernel: number[]): number => kernel.reduce((sum, x, at) => sum + x * P[at], 0);
      const projected = (P: Numbers, kernel: number[], given: Numbers): number[] =>
        kernel.map((x, at) => (P[at] - along(P, kernel) * x) / norm(given));
      const PA = ofKernel(matmul(A, both, n, n, n), a).map((x) => -gamma * x);
      const PB = ofKernel(
        Array.from(gradient, (x, at) => h * (x - back[at])),
        b,
      );
      const sum = (f: (at: number) => number): number => symmetric.reduce((total, _, at) => total + f(at), 0);
      return {
        A: projected(PA, a, problem.A),
        B: projected(PB, b, problem.B),
        g: (-sum((at) => gradient[at] * symmetric[at]) * 1) / (1 + Math.exp(-g)),
        h: sum((at) => gradient[at] * (B[at] - turned[at])),
        m: -Array.from({ length: n }, (_, i) => gradient[i * (n + 1)]).reduce((x, y) => x + y, 0),
      };
    },
  };
}
