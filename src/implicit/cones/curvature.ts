/**
 * What of the derivatives a singular M(J) leaves right. Where y is not unique, the derivatives of x and s are the same for
 * every y only if these have the same J: J depends on y where the boundary of a cone is curved, as the multiplier of a
 * constraint weighs the curvature of it. In the same way s decides about the derivative of y.
 */
import type { ConeBlock } from '../../backends/cone-kernels.ts';
import type { ConeData } from '../../solvers/cones/problem.ts';
import type { Eigenvector } from '../../solvers/cones/projection.ts';
import { largestMagnitude } from '../../solvers/programs/residuals.ts';
import type { KktKernel } from '../programs/kkt-kernel.ts';
import { multiplySparse, multiplySparseAbsolute } from '../programs/products.ts';
import { type Eigenrows, fromEigenvectors } from './eigenrows.ts';

/** Whether derivatives are the same for all solutions, of which the one that was found is some. */
export interface SharedDerivatives {
  /** Those of x and s, whatever y is. */
  readonly ofPrimal: boolean;
  /** That of y, whatever x and s are. */
  readonly ofDual: boolean;
}

/** @param rows the places of the eigenvectors that `kernel.rows` has numbers for */
export function sharedDerivatives(
  { A, blocks }: Pick<ConeData, 'A' | 'blocks'>,
  { eigenvectors }: Eigenrows,
  rows: readonly number[],
  kernel: Pick<KktKernel, 'rows' | 'variables' | 'rounding'>,
): SharedDerivatives {
  // Where J is I or 0 on all of a cone it is that at the solutions near by, too.
  const bent = (isFlat: (eigenvector: Eigenvector) => boolean): readonly ConeBlock[] =>
    blocks.filter((block) => isCurved(block) && !eigenvectorsOf(eigenvectors, block).every(isFlat));
  const moves = (direction: Float64Array, sizes: Float64Array, among: readonly ConeBlock[]): boolean =>
    among.some(({ start, rows: count }) => {
      const [moved, size] = [direction, sizes].map((each) => largestMagnitude(each.subarray(start, start + count)));
      return moved > kernel.rounding * size;
    });
  const [primal, dual] = [bent(({ low }) => low === 1), bent(({ high }) => high === 0)];
  return {
    ofPrimal: !kernel.rows.some((coordinates) => {
      const w = fromEigenvectors(eigenvectors, rows, coordinates);
      return moves(w, new Float64Array(w.length).fill(largestMagnitude(w)), primal);
    }),
    ofDual: !kernel.variables.some((u) => moves(multiplySparse(A, u), multiplySparseAbsolute(A, u), dual)),
  };
}

/** A line, and the product of two half-lines that a second-order cone of two rows is, have flat boundaries. */
function isCurved({ type, dim }: ConeBlock): boolean {
  if (type === 'zero' || type === 'free' || type === 'nonneg') return false;
  if (type === 'soc') return dim > 2;
  return type !== 'psd' || dim > 1;
}

function eigenvectorsOf(eigenvectors: readonly Eigenvector[], { start, rows }: ConeBlock): readonly Eigenvector[] {
  return eigenvectors.filter(({ vector }) => vector.rows[0] >= start && vector.rows[0] < start + rows);
}
