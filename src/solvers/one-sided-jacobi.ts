/** One-sided Jacobi rotations (M. R. Hestenes 1958): rotations V make the columns of BV orthogonal. */
import type { Interruptible } from '../backends/event-loop.ts';
import { dot } from './matrices.ts';

const SWEEPS = 40;

/**
 * Rotates the columns in place until they are orthogonal; their norms are then the singular values of B.
 * @param columns those of B, of numbers whose squares neither overflow nor underflow
 * @returns the columns of V
 */
export function* orthogonalise(columns: readonly Float64Array[]): Interruptible<Float64Array[]> {
  const n = columns.length;
  const rotations = Array.from({ length: n }, (_, j) => Float64Array.from({ length: n }, (_, i) => (i === j ? 1 : 0)));
  let rotated = true;
  for (let sweep = 0; sweep < SWEEPS && rotated; sweep++) {
    rotated = false;
    for (let p = 0; p < n - 1; p++) {
      for (let q = p + 1; q < n; q++) {
        const [alpha, beta, gamma] = [
          dot(columns[p], columns[p]),
          dot(columns[q], columns[q]),
          dot(columns[p], columns[q]),
        ];
        if (!(Math.abs(gamma) > Number.EPSILON * Math.sqrt(alpha * beta))) continue;
        rotated = true;
        const zeta = (beta - alpha) / (2 * gamma);
        const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
        const cosine = 1 / Math.hypot(1, tangent);
        rotate(columns[p], columns[q], cosine, cosine * tangent);
        rotate(rotations[p], rotations[q], cosine, cosine * tangent);
      }
      yield;
    }
  }
  return rotations;
}

function rotate(x: Float64Array, y: Float64Array, cosine: number, sine: number): void {
  for (let i = 0; i < x.length; i++) {
    const entry = x[i];
    x[i] = cosine * entry - sine * y[i];
    y[i] = sine * entry + cosine * y[i];
  }
}
