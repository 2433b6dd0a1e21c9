/** Robust pooling of one sample: the y that minimises Σ wᵢρ(y − xᵢ). */

/** The data of one sample. */
export interface PoolingData {
  readonly x: Float64Array;
  /** wᵢ ≥ 0, of which some are > 0. */
  readonly weights: Float64Array;
  /** α > 0 */
  readonly scale: number;
}

/** A minimum. */
export interface PoolingMinimum {
  readonly y: number;
  /** A second minimiser, far from y, whose value is the same up to `excess`. */
  readonly rival?: {
    readonly y: number;
    /** How much its value is above that of y, relative to the weights and what a residual of α costs. */
    readonly excess: number;
  };
  /** Where the minimisers are an interval: its length. */
  readonly length?: number;
  readonly iterations: number;
}

/** Σ of numbers that a function gives for each index. */
export function sumOver(count: number, term: (index: number) => number): number {
  let sum = 0;
  for (let index = 0; index < count; index++) sum += term(index);
  return sum;
}
