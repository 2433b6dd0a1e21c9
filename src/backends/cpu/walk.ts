/** The state of the homotopy that its stages and steps share. */
import type { Factor } from './factor.ts';

/** A group of problems with the same X, and the solution of the current one. */
export interface Walk {
  readonly rows: number;
  readonly features: number;
  readonly capacity: number;
  /** The columns of X, one after the other. */
  readonly columns: Float64Array;
  /** ‖Xⱼ‖² */
  readonly squares: Float64Array;
  y: Float64Array;
  /** The thresholds t. */
  penalty: Float64Array;
  /** ρ */
  ridge: number;
  readonly beta: Float64Array;
  /** The sign of the correlation of each feature in use; 0 for the other features. */
  readonly signs: Int8Array;
  /** A: the features in use, in the order of the rows of the factor of X_AᵀX_A + ρ. */
  readonly used: number[];
  readonly factor: Factor;
  /** g = Xᵀ(y − Xβ) − ρβ */
  readonly correlation: Float64Array;
}

/** vector += factor·Xⱼ */
export function addColumn({ rows, columns }: Walk, vector: Float64Array, j: number, factor: number): void {
  for (let row = 0; row < rows; row++) vector[row] += factor * columns[j * rows + row];
}

/** The product of `length` numbers of x from place i on and of y from place j on. */
export function dot(x: Float64Array, i: number, y: Float64Array, j: number, length: number): number {
  let sum = 0;
  for (let at = 0; at < length; at++) sum += x[i + at] * y[j + at];
  return sum;
}
