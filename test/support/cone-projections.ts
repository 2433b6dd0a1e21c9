/** Dense views of the projections onto cones, for the tests that compare them with what they must be. */
import { readFileSync } from 'node:fs';
import type { ConeBlock, ConeType } from '../../src/backends/cone-kernels.ts';
import { random } from '../../src/data/random.ts';
import { readCones } from '../../src/solvers/cones/cone.ts';
import type { Projection, SparseVector } from '../../src/solvers/cones/projection.ts';
import { projectOntoCones } from '../../src/solvers/cones/projections/project.ts';

type Vector = readonly number[];
type Matrix = readonly Vector[];

/** See test/fixtures/README.md. */
interface ReferenceSet {
  readonly type: ConeType;
  readonly dim: number;
  readonly alpha?: number;
  readonly points: readonly {
    readonly v: Vector;
    readonly proj: Vector;
    readonly h: Vector;
    readonly jvp: Vector;
    readonly jacobian?: Matrix;
  }[];
  readonly kinks: readonly {
    readonly what: string;
    readonly v: Vector;
    readonly proj: Vector;
    readonly one_sided: readonly { readonly h: Vector; readonly plus: Vector; readonly minus: Vector }[];
    readonly J_min: Matrix;
    readonly J_max: Matrix;
  }[];
}

interface HardCase {
  readonly type: 'exp' | 'pow';
  readonly alpha?: number;
  readonly v: Vector;
  readonly proj: Vector;
}

export const REFERENCE = JSON.parse(
  readFileSync(new URL('../fixtures/cone-projections.json', import.meta.url), 'utf8'),
) as { readonly sets: readonly ReferenceSet[]; readonly hard: readonly HardCase[] };

/** One cone, from row 0 on. */
export function blockOf(type: ConeType, dim: number, alpha?: number): ConeBlock {
  return readCones('cone', [alpha === undefined ? { type, dim } : { type, dim, alpha }])[0];
}

/** Some cones of every kind. */
export const BLOCKS: readonly ConeBlock[] = [
  blockOf('zero', 2),
  blockOf('free', 2),
  blockOf('nonneg', 4),
  blockOf('soc', 1),
  blockOf('soc', 2),
  blockOf('soc', 5),
  blockOf('psd', 1),
  blockOf('psd', 2),
  blockOf('psd', 5),
  blockOf('exp', 3),
  blockOf('expdual', 3),
  blockOf('pow', 3, 0.5),
  blockOf('pow', 3, 0.2),
  blockOf('pow', 3, 0.9),
  blockOf('powdual', 3, 0.2),
];

export const nameOf = ({ type, dim, alpha }: ConeBlock): string =>
  `${type}(${Number.isNaN(alpha) ? dim : `α = ${alpha}`})`;

/** m × m: the columns Je. */
export function denseJacobian(projection: Projection, shares: ArrayLike<number>): number[][] {
  const m = projection.value.length;
  const columns = Array.from({ length: m }, (_, j) => {
    const unit = new Float64Array(m);
    const column = new Float64Array(m);
    unit[j] = 1;
    projection.apply(unit, column, shares);
    return column;
  });
  return Array.from({ length: m }, (_, i) => columns.map((column) => column[i]));
}

/** J with the same share of every kink. */
export const elementWith = (projection: Projection, share: number): number[][] =>
  denseJacobian(projection, new Float64Array(projection.kinks.length).fill(share));

export function dense({ rows, values }: SparseVector, m: number): number[] {
  const vector = new Array<number>(m).fill(0);
  rows.forEach((row, index) => {
    vector[row] += values[index];
  });
  return vector;
}

/** Jh */
export function applied(projection: Projection, h: ArrayLike<number>, share = 0.5): Float64Array {
  const out = new Float64Array(h.length);
  projection.apply(Float64Array.from(h), out, new Float64Array(projection.kinks.length).fill(share));
  return out;
}

/** max |aᵢ − bᵢ|; a NaN in either gives NaN. */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`lengths ${a.length} and ${b.length}`);
  let largest = 0;
  for (let i = 0; i < a.length; i += 1) largest = Math.max(largest, Math.abs(a[i] - b[i]));
  return largest;
}

/** The least pivot of an elimination of a symmetric matrix, which is positive where the matrix is positive definite. */
export function leastPivot(matrix: Matrix): number {
  const A = matrix.map((row) => [...row]);
  let least = Number.POSITIVE_INFINITY;
  for (let k = 0; k < A.length; k += 1) {
    least = Math.min(least, A[k][k]);
    for (let i = k + 1; i < A.length; i += 1) {
      const factor = A[i][k] / A[k][k];
      for (let j = k; j < A.length; j += 1) A[i][j] -= factor * A[k][j];
    }
  }
  return least;
}

/** Σ weight·(entries), entry by entry. */
export function combined(...terms: readonly (readonly [number, Matrix])[]): number[][] {
  return terms[0][1].map((row, i) =>
    row.map((_, j) => terms.reduce((sum, [weight, matrix]) => sum + weight * matrix[i][j], 0)),
  );
}

export const identity = (m: number): number[][] =>
  Array.from({ length: m }, (_, i) => Array.from({ length: m }, (__, j) => Number(i === j)));

/** Σ wwᵀ */
export const outerProducts = (vectors: Matrix, m: number): number[][] =>
  identity(m).map((row, i) => row.map((_, j) => vectors.reduce((sum, w) => sum + w[i] * w[j], 0)));

/** Normal numbers, each entry at a scale of its own between 10^−spread and 10^spread. */
export function vectorsOf(count: number, m: number, seed: number, spread = 0): Float64Array[] {
  const generator = random(seed);
  return Array.from({ length: count }, () =>
    Float64Array.from({ length: m }, () => generator.normal() * 10 ** (spread * (2 * generator.uniform() - 1))),
  );
}

/** A basis of ker(I − J_max). */
export function onesOf(projection: Projection): SparseVector[] {
  return projection.eigenvectors().flatMap(({ vector, high }) => (high === 1 ? [vector] : []));
}

/** A basis of the range of J_min. */
export function supportOf(projection: Projection): SparseVector[] {
  return projection.eigenvectors().flatMap(({ vector, low }) => (low > 0 ? [vector] : []));
}

/**
 * Projects onto one cone.
 * @param v the rows of the block alone, in which kinks count their rows too; entries that are not finite give NaN
 * @param tolerance how far v may be from a kink and count as at it, in the units of v; with 0 it must be there exactly
 */
export function projectOntoBlock(block: ConeBlock, v: Float64Array, tolerance: number): Projection {
  return projectOntoCones([{ ...block, start: 0 }], v, () => tolerance);
}
