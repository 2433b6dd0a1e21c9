import type { BatchedProductCall } from '../kernels.ts';
import type { Job } from '../queue.ts';
import { epilogue, multiplyRows, transpose } from './product.ts';

/** C[s] = epilogue(op(A[s])·op(B[s])), sample by sample. */
export function* batchedProduct(call: BatchedProductCall, slots: readonly Float64Array[]): Job {
  const { batch, m, n, k, sharedA, sharedB } = call;
  const [a, b] = call.inputs.map((slot) => slots[slot]);
  const out = slots[call.output];
  for (let sample = 0; sample < batch; sample++) {
    const part = (x: Float64Array, isShared: boolean, size: number): Float64Array =>
      isShared ? x : x.subarray(sample * size, (sample + 1) * size);
    const left = part(a, sharedA, m * k);
    const right = part(b, sharedB, k * n);
    // Rows of op(A) are multiplied with rows of op(B)ᵀ: the numbers of both are adjacent in memory.
    multiplyRows(
      call.transposeA ? transpose(left, k, m) : left,
      call.transposeB ? right : transpose(right, k, n),
      part(out, false, m * n),
      0,
      m,
      n,
      k,
    );
    yield;
  }
  epilogue(call, slots, out);
}
