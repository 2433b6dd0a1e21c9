/** Kernels that do the same for every sample of a batch. */
import type { BatchedProductCall } from '../kernels.ts';
import type { PlannedCall } from '../plan.ts';
import { type Dispatch, type Forms, f, u } from './dispatch.ts';
import { epilogueConstants } from './lower-product.ts';

/** Rows and columns of C that an invocation computes, and invocations of a workgroup. */
const TILE = 4;
const EDGE = 8;
const INVOCATIONS = 64;
const MOST_GROUPS = 65_535;

export function lowerBatchedProduct(call: BatchedProductCall, step: PlannedCall, forms: Forms): Dispatch[] {
  const { batch, m, n, k, transposeA, transposeB } = call;
  const width = Math.min(EDGE, Math.ceil(n / TILE));
  const height = Math.min(EDGE, Math.ceil(m / TILE));
  const together = Math.max(1, Math.min(batch, Math.floor(INVOCATIONS / (width * height))));
  const blocks = Math.ceil(m / (TILE * height));
  const work = 2 * m * n * k;
  const atOnce =
    together *
    Math.max(1, Math.min(Math.floor(forms.dispatchWork / (work * together)), Math.floor(MOST_GROUPS / blocks)));
  return stretches(batch, atOnce).map(([first, end]) => ({
    shader: 'batched-product',
    constants: {
      WIDTH: width,
      HEIGHT: height,
      SAMPLES: together,
      SHARED_A: call.sharedA ? 1 : 0,
      SHARED_B: call.sharedB ? 1 : 0,
      ...epilogueConstants(call),
    },
    sizes: [
      ...u(m, n, k, first * m, end * m),
      ...u(...(transposeA ? [1, m] : [k, 1])),
      ...u(...(transposeB ? [1, k] : [n, 1])),
      ...f(...call.activationParameters),
    ],
    operands: step.operands,
    result: step.output,
    groups: [Math.ceil(n / (TILE * width)), blocks * Math.ceil((end - first) / together)],
    work: work * (end - first),
  }));
}

/** `count` in stretches of `length`: where each begins and ends. */
function stretches(count: number, length: number): [number, number][] {
  return Array.from({ length: Math.ceil(count / length) }, (_, index) => [
    index * length,
    Math.min((index + 1) * length, count),
  ]);
}
