import type { InvertCall } from '../kernels.ts';
import type { Job } from '../queue.ts';

/** A⁻¹, by Gauss-Jordan elimination without pivoting. */
export function* invert({ order, inputs, output }: InvertCall, slots: readonly Float64Array[]): Job {
  const x = slots[output];
  x.set(slots[inputs[0]]);
  for (let pivot = 0; pivot < order; pivot++) {
    eliminatePivot(x, order, pivot);
    yield;
  }
}

/** Performs one step of the elimination in place. */
export function eliminatePivot(x: Float64Array, order: number, pivot: number): void {
  const reciprocal = 1 / x[pivot * order + pivot];
  x[pivot * order + pivot] = 1;
  for (let j = 0; j < order; j++) x[pivot * order + j] *= reciprocal;
  for (let row = 0; row < order; row++) {
    if (row === pivot) continue;
    const factor = x[row * order + pivot];
    x[row * order + pivot] = 0;
    for (let j = 0; j < order; j++) x[row * order + j] -= factor * x[pivot * order + j];
  }
}
