import type { BatchedInvertCall } from '../kernels.ts';
import type { Job } from '../queue.ts';
import { eliminatePivot } from './invert.ts';

/** A[s]⁻¹ for each sample, by Gauss-Jordan elimination without pivoting. */
export function* batchedInvert(
  { batch, order, epsilon, inputs, output }: BatchedInvertCall,
  slots: readonly Float64Array[],
): Job {
  const [a, out] = [slots[inputs[0]], slots[output]];
  const size = order * order;
  out.set(a);
  for (let sample = 0; sample < batch; sample++) {
    const x = out.subarray(sample * size, (sample + 1) * size);
    let failed = 0;
    for (let pivot = 0; pivot < order && failed === 0; pivot++) {
      const at = pivot * order + pivot;
      const least = order * epsilon * a[sample * size + at];
      if (x[at] > least && x[at] < Number.POSITIVE_INFINITY) eliminatePivot(x, order, pivot);
      else failed = pivot + 1;
      yield;
    }
    if (failed > 0) x.fill(Number.NaN);
    out[batch * size + sample] = failed;
  }
}
