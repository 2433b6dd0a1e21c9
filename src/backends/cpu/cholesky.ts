import type { CholeskyCall } from '../kernels.ts';
import type { Job } from '../queue.ts';

/** A[s] = L·Lᵀ for each sample, row by row. */
export function* cholesky(
  { batch, order, epsilon, inputs, output }: CholeskyCall,
  slots: readonly Float64Array[],
): Job {
  const [a, out] = [slots[inputs[0]], slots[output]];
  const size = order * order;
  for (let sample = 0; sample < batch; sample++) {
    const L = out.subarray(sample * size, (sample + 1) * size).fill(0);
    const A = a.subarray(sample * size, (sample + 1) * size);
    let failed = 0;
    for (let i = 0; i < order && failed === 0; i++) {
      if (!factorRow(A, L, i, order, order * epsilon)) failed = i + 1;
      yield;
    }
    if (failed > 0) L.fill(Number.NaN);
    out[batch * size + sample] = failed;
  }
}

/** Computes row i of L. @returns false where its pivot is not greater than `least` times the diagonal entry of A */
function factorRow(A: Float64Array, L: Float64Array, i: number, order: number, least: number): boolean {
  for (let j = 0; j <= i; j++) {
    let sum = A[i * order + j];
    for (let k = 0; k < j; k++) sum -= L[i * order + k] * L[j * order + k];
    if (j < i) L[i * order + j] = sum / L[j * order + j];
    else if (!(sum > least * A[i * order + i] && sum < Number.POSITIVE_INFINITY)) return false;
    else L[i * order + i] = Math.sqrt(sum);
  }
  return true;
}
