/**
 * Checks of cone programs by sums over dense rows, in plain float64: residuals of solutions and of certificates, and the
 * matrix M(J) with its singular values. Of the code that they judge they share only the projections onto the cones.
 */
import type { ConeBlock } from '../../src/backends/cone-kernels.ts';
import { dualOf } from '../../src/solvers/cones/cone.ts';
import type { ConePoint } from '../../src/solvers/cones/problem.ts';
import { distancesToCones } from '../../src/solvers/cones/projections/project.ts';
import { dot } from './numbers.ts';
import { multiply } from './planted-programs.ts';

type Numbers = ArrayLike<number>;

/** The data of a program, row by row. */
export interface DenseCones {
  readonly n: number;
  readonly m: number;
  readonly blocks: readonly ConeBlock[];
  readonly P: Float64Array;
  readonly A: Float64Array;
  readonly b: Float64Array;
  readonly c: Float64Array;
}

export const largest = (x: Numbers): number =>
  Array.from(x).reduce((most, value) => (Math.abs(value) <= most ? most : Math.abs(value)), 0);

export const multiplyTransposed = (A: Numbers, y: Numbers, m: number, n: number): Float64Array =>
  Float64Array.from({ length: n }, (_, j) => {
    let sum = 0;
    for (let i = 0; i < m; i++) sum += A[i * n + j] * y[i];
    return sum;
  });

/**
 * The largest of |Ax + s − b|, |Px + c + Aᵀy|, the distances of s from K and of y from K*, and |xᵀPx + cᵀx + bᵀy|, each
 * relative to 1 + the size of its terms; NaN where a number is not finite.
 */
export function kktError({ n, m, blocks, P, A, b, c }: DenseCones, point: ConePoint): number {
  const [x, y, s] = [point.x, point.y, point.s].map((part) => Float64Array.from(part));
  const [Ax, Px, Aty] = [multiply(A, x, m, n), multiply(P, x, n, n), multiplyTransposed(A, y, m, n)];
  const terms = [dot(x, Px), dot(c, x), dot(b, y)];
  const errors = [
    largest(Ax.map((value, i) => value + s[i] - b[i])) / (1 + Math.max(largest(Ax), largest(s), largest(b))),
    largest(Px.map((value, j) => value + c[j] + Aty[j])) / (1 + Math.max(largest(Px), largest(c), largest(Aty))),
    largest(distancesToCones(blocks, s)) / (1 + largest(s)),
    largest(distancesToCones(blocks.map(dualOf), y)) / (1 + largest(y)),
    Math.abs(terms[0] + terms[1] + terms[2]) / (1 + largest(terms)),
  ];
  return errors.reduce((most, error) => (error <= most ? most : error), 0);
}

/**
 * How far a vector is from showing what the status says, relative to 1 + its size. infeasible: Aᵀy = 0, y ∈ K*,
 * bᵀy = −1. unbounded: Px = 0, −Ax ∈ K, cᵀx = −1. NaN without a vector, or for another status.
 */
export function unsolvableError(
  { n, m, blocks, P, A, b, c }: DenseCones,
  status: string,
  vector: Float64Array | undefined,
): number {
  if (!vector) return Number.NaN;
  const errors: Readonly<Record<string, () => number[]>> = {
    infeasible: () => [
      largest(multiplyTransposed(A, vector, m, n)),
      largest(distancesToCones(blocks.map(dualOf), vector)),
      Math.abs(dot(b, vector) + 1),
    ],
    unbounded: () => [
      largest(multiply(P, vector, n, n)),
      largest(
        distancesToCones(
          blocks,
          multiply(A, vector, m, n).map((value) => -value),
        ),
      ),
      Math.abs(dot(c, vector) + 1),
    ],
  };
  return largest(errors[status]?.() ?? [Number.NaN]) / (1 + largest(vector));
}

/** M(J) = [P, AᵀJ; −A, I − J], row by row. */
export function residualJacobian(
  { n, m, P, A }: Pick<DenseCones, 'n' | 'm' | 'P' | 'A'>,
  J: readonly Numbers[],
): number[][] {
  const upper = Array.from({ length: n }, (_, j) => [
    ...P.subarray(j * n, j * n + n),
    ...Array.from({ length: m }, (__, k) => {
      let sum = 0;
      for (let i = 0; i < m; i++) sum += A[i * n + j] * J[i][k];
      return sum;
    }),
  ]);
  const lower = Array.from({ length: m }, (_, i) => [
    ...A.subarray(i * n, i * n + n).map((value) => -value),
    ...Array.from({ length: m }, (__, k) => Number(i === k) - J[i][k]),
  ]);
  return [...upper, ...lower];
}

const SWEEPS = 40;

/** The singular values of a square matrix, by one-sided Jacobi rotations of its rows. Returns the least and the largest. */
export function singularRange(matrix: readonly Numbers[]): { readonly least: number; readonly most: number } {
  const rows = matrix.map((row) => Float64Array.from(row));
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let isDone = true;
    for (let p = 0; p < rows.length; p++) {
      for (let q = p + 1; q < rows.length; q++) if (rotate(rows[p], rows[q])) isDone = false;
    }
    if (isDone) break;
  }
  const values = rows.map((row) => Math.sqrt(dot(row, row)));
  return { least: Math.min(...values), most: Math.max(...values) };
}

/** Makes two rows orthogonal. @returns false where they were */
function rotate(a: Float64Array, b: Float64Array): boolean {
  let [aa, bb, ab] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    aa += a[i] * a[i];
    bb += b[i] * b[i];
    ab += a[i] * b[i];
  }
  if (Math.abs(ab) <= 1e-15 * Math.sqrt(aa * bb) || ab === 0) return false;
  const zeta = (bb - aa) / (2 * ab);
  const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
  const cosine = 1 / Math.sqrt(1 + t * t);
  const sine = cosine * t;
  for (let i = 0; i < a.length; i++) {
    const kept = a[i];
    a[i] = cosine * kept - sine * b[i];
    b[i] = sine * kept + cosine * b[i];
  }
  return true;
}
