/** Small float64 helpers of the tests, written independently of the library so that they can contradict it. */
import { random } from '../../src/data/random.ts';

export type Numbers = ArrayLike<number>;

export function norm(x: Numbers): number {
  return Math.sqrt(Array.from(x).reduce((sum, value) => sum + value * value, 0));
}

/** Σ xᵢyᵢ */
export function dot(x: Numbers, y: Numbers): number {
  let sum = 0;
  for (let index = 0; index < x.length; index++) sum += x[index] * y[index];
  return sum;
}

/** ‖x − y‖ / ‖y‖ */
export function relativeError(x: Numbers, y: Numbers): number {
  if (x.length !== y.length) throw new Error(`lengths ${x.length} and ${y.length}`);
  return norm(Array.from(x, (value, index) => value - y[index])) / (norm(y) || 1);
}

/** Standard normal numbers, rounded to float32 so that every backend starts with the same ones. */
export function normals(count: number, seed: number, scale = 1): number[] {
  const generator = random(seed);
  return Array.from({ length: count }, () => Math.fround(scale * generator.normal()));
}

/** Normal numbers moved away from 0 and ±1, where some operations have kinks. */
export const normalsAwayFromKinks = (count: number, seed: number): number[] =>
  normals(count, seed).map((x) => (Math.abs(Math.abs(x) - 1) < 0.1 ? 1.3 * x : x + 0.1 * Math.sign(x)));

/** Absolute values of normal numbers, moved away from 0. */
export const positiveNormals = (count: number, seed: number): number[] =>
  normals(count, seed).map((x) => 0.3 + Math.abs(x));

/** op(A)·op(B) by its definition. */
export function matmul(a: Numbers, b: Numbers, m: number, k: number, n: number): number[] {
  return Array.from({ length: m * n }, (_, index) => {
    const [i, j] = [Math.floor(index / n), index % n];
    let sum = 0;
    for (let l = 0; l < k; l++) sum += a[i * k + l] * b[l * n + j];
    return sum;
  });
}

export function transpose(a: Numbers, rows: number, columns: number): number[] {
  return Array.from({ length: rows * columns }, (_, index) => a[(index % rows) * columns + Math.floor(index / rows)]);
}

export interface MonotoneProblem {
  readonly n: number;
  readonly batch: number;
  readonly margin: number;
  readonly A: number[];
  readonly B: number[];
  readonly W: number[];
  readonly b: number[];
  readonly v: number[];
}

/** W = (1 − m)I − AᵀA + B − Bᵀ with normal A, B of size about `spread`, rounded to float32. */
export function monotoneProblem(n: number, batch: number, seed: number, margin = 0.5, spread = 1): MonotoneProblem {
  const A = normals(n * n, seed, spread / Math.sqrt(n));
  const B = normals(n * n, seed + 1, spread / Math.sqrt(n));
  const gram = matmul(transpose(A, n, n), A, n, n, n);
  const W = Array.from({ length: n * n }, (_, index) => {
    const [i, j] = [Math.floor(index / n), index % n];
    return Math.fround((i === j ? 1 - margin : 0) - gram[index] + B[index] - B[j * n + i]);
  });
  return { n, batch, margin, A, B, W, b: normals(batch * n, seed + 2), v: normals(batch * n, seed + 3) };
}

/** Solves M x = r by Gaussian elimination with partial pivoting. */
export function denseSolve(matrix: Numbers, right: Numbers, n: number): number[] {
  const rows = Array.from({ length: n }, (_, i) => [
    ...Array.from({ length: n }, (_, j) => matrix[i * n + j]),
    right[i],
  ]);
  for (let column = 0; column < n; column++) {
    const pivot = rows
      .slice(column)
      .reduce((best, row, at) => (Math.abs(row[column]) > Math.abs(rows[best][column]) ? column + at : best), column);
    [rows[column], rows[pivot]] = [rows[pivot], rows[column]];
    for (let row = column + 1; row < n; row++) {
      const factor = rows[row][column] / rows[column][column];
      for (let j = column; j <= n; j++) rows[row][j] -= factor * rows[column][j];
    }
  }
  const x = new Array<number>(n).fill(0);
  for (let row = n - 1; row >= 0; row--) {
    let sum = rows[row][n];
    for (let j = row + 1; j < n; j++) sum -= rows[row][j] * x[j];
    x[row] = sum / rows[row][row];
  }
  return x;
}

interface Differences {
  readonly gradient: number[];
  /** The rounding error of each entry: the loss is known to a few ε, and a difference divides it by the step. */
  readonly rounding: number;
}

/**
 * The gradient of `loss` with respect to `arrays[index]`, by central differences of fourth order,
 * (8(f(x + h) − f(x − h)) − (f(x + 2h) − f(x − 2h))) / 12h, whose own error is about h⁴ and ε·|f|/h.
 */
export async function centralDifferences(
  loss: (arrays: number[][]) => Promise<number>,
  arrays: readonly number[][],
  index: number,
  h = 1e-3,
): Promise<Differences> {
  const gradient: number[] = [];
  let size = 0;
  for (let at = 0; at < arrays[index].length; at++) {
    const lossAt = async (by: number): Promise<number> => {
      const value = await loss(
        arrays.map((array, i) => (i === index ? array.map((x, j) => (j === at ? x + by : x)) : array)),
      );
      size = Math.max(size, Math.abs(value));
      return value;
    };
    const near = (await lossAt(h)) - (await lossAt(-h));
    const far = (await lossAt(2 * h)) - (await lossAt(-2 * h));
    gradient.push((8 * near - far) / (12 * h));
  }
  return { gradient, rounding: (64 * Number.EPSILON * size * Math.sqrt(gradient.length)) / h };
}

/** ‖gradient − differences‖ / ‖differences‖, after subtracting the part that rounding explains. */
export function gradientError(gradient: Numbers, differences: Differences): number {
  const error = norm(Array.from(gradient, (value, at) => value - differences.gradient[at]));
  return Math.max(0, error - differences.rounding) / (norm(differences.gradient) || 1);
}
