import type { SolveCall } from '../kernels.ts';

/** Solves G[s]·x[s] = r[s] for each sample, by Gaussian elimination with partial pivoting. */
export function solve(call: SolveCall, slots: readonly Float64Array[]): void {
  const { batch, order } = call;
  const [matrices, rights] = call.inputs.map((slot) => slots[slot]);
  const out = slots[call.output];
  for (let sample = 0; sample < batch; sample++) {
    const g = matrices.slice(sample * order * order, (sample + 1) * order * order);
    const x = rights.slice(sample * order, (sample + 1) * order);
    solveInPlace(g, x, order);
    out.set(x, sample * order);
  }
}

/** Solves G·x = r. @param x holds r, which the solution replaces @param g is overwritten */
export function solveInPlace(g: Float64Array, x: Float64Array, order: number): void {
  eliminate(g, x, order);
  backSubstitute(g, x, order);
}

function eliminate(g: Float64Array, x: Float64Array, order: number): void {
  for (let column = 0; column < order; column++) {
    let pivot = column;
    for (let row = column + 1; row < order; row++) {
      // A NaN always becomes the pivot, since it could vanish from the result otherwise.
      if (!(Math.abs(g[row * order + column]) <= Math.abs(g[pivot * order + column]))) pivot = row;
    }
    if (pivot !== column) {
      for (let j = 0; j < order; j++) {
        const kept = g[column * order + j];
        g[column * order + j] = g[pivot * order + j];
        g[pivot * order + j] = kept;
      }
      const kept = x[column];
      x[column] = x[pivot];
      x[pivot] = kept;
    }
    const diagonal = g[column * order + column];
    if (diagonal === 0) continue;
    for (let row = column + 1; row < order; row++) {
      const factor = g[row * order + column] / diagonal;
      for (let j = column; j < order; j++) g[row * order + j] -= factor * g[column * order + j];
      x[row] -= factor * x[column];
    }
  }
}

function backSubstitute(g: Float64Array, x: Float64Array, order: number): void {
  for (let row = order - 1; row >= 0; row--) {
    let right = x[row];
    for (let j = row + 1; j < order; j++) right -= g[row * order + j] * x[j];
    const diagonal = g[row * order + row];
    x[row] = diagonal === 0 ? 0 : right / diagonal;
  }
}
