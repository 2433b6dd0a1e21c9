import type { TriangularSolveCall } from '../kernels.ts';
import type { Job } from '../queue.ts';

/** Solves op(L[s])·X[s] = B[s]: from the first row to the last, or from the last to the first for the transpose. */
export function* triangularSolve(call: TriangularSolveCall, slots: readonly Float64Array[]): Job {
  const { batch, order, columns, transposed, inputs, output } = call;
  const [l, b] = inputs.map((slot) => slots[slot]);
  const X = slots[output];
  X.set(b);
  for (let sample = 0; sample < batch; sample++) {
    const L = l.subarray(sample * order * order, (sample + 1) * order * order);
    const row = (i: number): number => (sample * order + i) * columns;
    for (let step = 0; step < order; step++) {
      const i = transposed ? order - 1 - step : step;
      for (let column = 0; column < columns; column++) {
        let sum = X[row(i) + column];
        for (let done = 0; done < step; done++) {
          const k = transposed ? order - 1 - done : done;
          sum -= (transposed ? L[k * order + i] : L[i * order + k]) * X[row(k) + column];
        }
        X[row(i) + column] = sum / L[i * order + i];
      }
      yield;
    }
  }
}
