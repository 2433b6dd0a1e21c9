/** The sizes to which the slacks and multipliers of a program are compared. */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { PrimalDual, ProgramData } from '../../solvers/programs/problem.ts';
import { largestMagnitude } from '../../solvers/programs/residuals.ts';
import { eachEntry } from '../../solvers/programs/sparse.ts';
import { createKktMatrix } from './kkt-system.ts';
import { multiplySparseAbsolute, multiplySparseTransposedAbsolute } from './products.ts';

/** Sizes of terms, in the units of the data. */
export interface ProgramScales {
  /** m: what a slack of each row is small against. */
  readonly slack: Float64Array;
  /** m: what a multiplier is small against. */
  readonly multiplier: Float64Array;
}

/** Factors of variables and of rows with which [P Aᵀ; A 0] is equilibrated. */
export interface Equilibration {
  readonly D: Float64Array;
  readonly E: Float64Array;
}

export function* equilibrateAllRows(data: ProgramData): Interruptible<Equilibration> {
  const rows = Array.from({ length: data.m }, (_, row) => row);
  const { scale } = yield* createKktMatrix(data, { rows, damping: new Float64Array(data.m) });
  return { D: scale.slice(0, data.n), E: scale.slice(data.n) };
}

/**
 * In the coordinates in which [P Aᵀ; A 0] is equilibrated, one size serves all of x, one all of y. A slack is also
 * compared to the terms of its own row.
 */
export function measureProgram(data: ProgramData, { x, y }: PrimalDual, { D, E }: Equilibration): ProgramScales {
  const { P, q, A, l, u } = data;
  const scaledBounds = Float64Array.from(l, (value, row) => {
    const near = [value, u[row]].filter(Number.isFinite).map(Math.abs);
    return E[row] * (near.length > 0 ? Math.min(...near) : 0);
  });
  const scaledX = x.map((value, j) => value / D[j]);
  const primalSize = largestMagnitude(scaledX) || largestMagnitude(scaledBounds) || 1;
  const rowTerms = multiplySparseAbsolute(A, x);
  const [curved, pulled] = [multiplySparseAbsolute(P, x), multiplySparseTransposedAbsolute(A, y)];
  const dualTerms = Float64Array.from(q, (value, j) => curved[j] + Math.abs(value) + pulled[j]);
  const dualSize =
    largestMagnitude(dualTerms.map((value, j) => value * D[j])) || largestCurvature(data, D) * primalSize || 1;
  return {
    slack: rowTerms.map((value, row) => Math.max(value, primalSize / E[row])),
    multiplier: E.map((value) => dualSize * value),
  };
}

function largestCurvature({ P }: ProgramData, D: Float64Array): number {
  let size = 0;
  eachEntry(P, (row, column, value) => {
    size = Math.max(size, Math.abs(value * D[row] * D[column]));
  });
  return size;
}
