/** Where the homotopy is: what its stages and steps share. */
import type { Factor } from './factor.ts';

/** A group, and where the last of its problems has been left. */
export interface Walk {
  readonly rows: number;
  readonly features: number;
  readonly capacity: number;
  readonly columns: Float64Array;
  /** ‖Xⱼ‖² */
  readonly squares: Float64Array;
  y: Float64Array;
  /** t */
  penalty: Float64Array;
  ridge: number;
  readonly beta: Float64Array;
  /** Of the features in use, A: that of their correlation; 0 for the others. */
  readonly signs: Int8Array;
  /** A, in the order of the factor of X_AᵀX_A + ρ. */
  readonly used: number[];
  readonly factor: Factor;
  /** g = Xᵀ(y − Xβ) − ρβ */
  readonly correlation: Float64Array;
}

/** vector += factor·Xⱼ */
export function addColumn({ rows, columns }: Walk, vector: Float64Array, j: number, factor: number): void {
  for (let row = 0; row < rows; row++) vector[row] += factor * columns[j * rows + row];
}

export function dot(x: Float64Array, i: number, y: Float64Array, j: number, length: number): number {
  let sum = 0;
  for (let at = 0; at < length; at++) sum += x[i + at] * y[j + at];
  return sum;
}
