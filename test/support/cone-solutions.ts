/**
 * Checks of what a solver of programs with symmetric cones returns, by sums over dense rows and Cholesky factors: none of
 * the code that they judge.
 */

import type { ConeBlock } from '../../src/backends/cone-kernels.ts';
import { runUninterrupted } from '../../src/backends/event-loop.ts';
import { solveByInteriorPoint } from '../../src/solvers/cones/interior-point/solve.ts';
import type { ConeData, ConePoint, ConeResult, ConeSettings } from '../../src/solvers/cones/problem.ts';
import type { SparseMatrix } from '../../src/solvers/programs/problem.ts';

type Numbers = ArrayLike<number>;

export const TIGHT: ConeSettings = { absolute: 1e-9, relative: 1e-9, limit: 200 };

export function solve(data: ConeData, settings: Partial<ConeSettings> = {}): ConeResult {
  return runUninterrupted(solveByInteriorPoint(data, { ...TIGHT, ...settings }));
}

/** The largest difference of two vectors. */
export function distance(first: Numbers, second: Numbers): number {
  return Array.from(first).reduce((largest, value, i) => Math.max(largest, Math.abs(value - second[i])), 0);
}

/** Mx, or Mᵀx. */
function times(M: SparseMatrix, x: Numbers, isTransposed = false): number[] {
  const result = new Array<number>(isTransposed ? M.columns : M.rows).fill(0);
  for (let j = 0; j < M.columns; j++) {
    for (let k = M.starts[j]; k < M.starts[j + 1]; k++) {
      if (isTransposed) result[j] += M.values[k] * x[M.indices[k]];
      else result[M.indices[k]] += M.values[k] * x[j];
    }
  }
  return result;
}

const dot = (x: Numbers, y: Numbers): number => Array.from(x).reduce((sum, value, i) => sum + value * y[i], 0);
const size = (x: Numbers): number => Array.from(x).reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);

/** Whether v is in the cone, or in its dual, moved by the tolerance. */
export function isInside(block: ConeBlock, v: Numbers, tolerance: number, isDual = false): boolean {
  const own = Array.from({ length: block.rows }, (_, i) => v[block.start + i]);
  if (block.type === 'free' || block.type === 'zero') {
    return (block.type === 'free') !== isDual || size(own) <= tolerance;
  }
  if (block.type === 'nonneg') return own.every((value) => value >= -tolerance);
  if (block.type === 'soc') return own[0] - Math.sqrt(dot(own.slice(1), own.slice(1))) >= -tolerance;
  return isDefinite(own, block.dim, 2 * tolerance);
}

/** Whether the matrix with this lower triangle, plus shift · I, has a Cholesky factor. */
function isDefinite(triangle: readonly number[], k: number, shift: number): boolean {
  const rows = Array.from({ length: k }, () => new Array<number>(k).fill(0));
  let position = 0;
  for (let j = 0; j < k; j++) {
    for (let i = j; i < k; i++)
      rows[i][j] = triangle[position++] * (i === j ? 1 : Math.SQRT1_2) + (i === j ? shift : 0);
  }
  for (let j = 0; j < k; j++) {
    for (let i = j; i < k; i++) for (let r = 0; r < j; r++) rows[i][j] -= rows[i][r] * rows[j][r];
    if (!(rows[j][j] > 0)) return false;
    const root = Math.sqrt(rows[j][j]);
    for (let i = j; i < k; i++) rows[i][j] /= root;
  }
  return true;
}

/** The largest residual of a solution relative to 1 + the size of its terms; ∞ outside the cones. */
export function solutionError({ P, c, A, b, blocks }: ConeData, { x, y, s }: ConePoint): number {
  const [Ax, Px, Aty] = [times(A, x), times(P, x), times(A, y, true)];
  const tolerance = 1e-9;
  for (const block of blocks) {
    if (!isInside(block, s, tolerance * (1 + size(s))) || !isInside(block, y, tolerance * (1 + size(y)), true)) {
      return Number.POSITIVE_INFINITY;
    }
  }
  const primal = size(Ax.map((value, i) => value + s[i] - b[i])) / (1 + Math.max(size(Ax), size(s), size(b)));
  const dual = size(Px.map((value, j) => value + c[j] + Aty[j])) / (1 + Math.max(size(Px), size(c), size(Aty)));
  const parts = [dot(x, Px), dot(c, x), dot(b, y)];
  const gap = Math.abs(parts[0] + parts[1] + parts[2]) / (1 + size(parts));
  return Math.max(primal, dual, gap);
}

/** How far a certificate is from meeting its conditions, relative to 1 + its size; ∞ if there is none. */
export function certificateError(data: ConeData, { status, certificate }: ConeResult): number {
  const { P, c, A, b, blocks } = data;
  if (!certificate) return Number.POSITIVE_INFINITY;
  const scale = 1 + size(certificate);
  const isDual = status === 'infeasible';
  const slack = isDual ? certificate : times(A, certificate).map((value) => -value);
  if (!blocks.every((block) => isInside(block, slack, 1e-10 * scale, isDual))) return Number.POSITIVE_INFINITY;
  const zero = size(isDual ? times(A, certificate, true) : times(P, certificate));
  return Math.max(zero / scale, Math.abs(1 + dot(isDual ? b : c, certificate)) / scale);
}

/** ½xᵀPx + cᵀx */
export function objectiveOf({ P, c }: ConeData, x: Numbers): number {
  return 0.5 * dot(x, times(P, x)) + dot(c, x);
}
