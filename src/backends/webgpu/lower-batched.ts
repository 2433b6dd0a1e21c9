/** Lowers the kernels that treat one matrix for each sample of a batch. */
import type { BatchedProductCall, CholeskyCall, TriangularSolveCall } from '../kernels.ts';
import type { PlannedCall } from '../plan.ts';
import { type Dispatch, distributeGroups, f, groupsForInvocations, type ProductVariants, u } from './dispatch.ts';
import { epilogueConstants } from './lower-product.ts';

/** An invocation computes TILE × TILE numbers of C. A workgroup has at most EDGE × EDGE invocations for a sample. */
const TILE = 4;
const EDGE = 8;
const INVOCATIONS = 64;
const MAXIMUM_GROUPS = 65_535;

export function lowerBatchedProduct(
  call: BatchedProductCall,
  planned: PlannedCall,
  variants: ProductVariants,
): Dispatch[] {
  const { batch, m, n, k, transposeA, transposeB } = call;
  const width = Math.min(EDGE, Math.ceil(n / TILE));
  const height = Math.min(EDGE, Math.ceil(m / TILE));
  const together = Math.max(1, Math.min(batch, Math.floor(INVOCATIONS / (width * height))));
  const blocks = Math.ceil(m / (TILE * height));
  const work = 2 * m * n * k;
  const atOnce =
    together *
    Math.max(1, Math.min(Math.floor(variants.dispatchWork / (work * together)), Math.floor(MAXIMUM_GROUPS / blocks)));
  return splitRange(batch, atOnce).map(([first, end]) => ({
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
    operands: planned.operands,
    result: planned.output,
    groups: [Math.ceil(n / (TILE * width)), blocks * Math.ceil((end - first) / together)],
    work: work * (end - first),
  }));
}

/** Splits 0 … count into ranges of at most `length`: the start and the end of each. */
export function splitRange(count: number, length: number): [number, number][] {
  return Array.from({ length: Math.ceil(count / length) }, (_, index) => [
    index * length,
    Math.min((index + 1) * length, count),
  ]);
}

/** The share of the arithmetic units of a GPU that one workgroup can use: about a thirtieth. */
const WORKGROUP_SHARE = 1 / 32;

export function lowerCholesky(call: CholeskyCall, planned: PlannedCall, variants: ProductVariants): Dispatch[] {
  const { batch, order, epsilon } = call;
  const work = order ** 3 / 3;
  // Each sample is the work of one workgroup, whatever the number of samples, so its share bounds the columns of a
  // dispatch.
  const maximumWork = variants.dispatchWork * (variants.tiled ? WORKGROUP_SHARE : 1);
  const columns = Math.max(1, Math.min(order, Math.floor((order * maximumWork) / work)));
  const samples = Math.max(1, Math.floor((variants.dispatchWork * order) / (work * columns)));
  return splitRange(batch, samples).flatMap(([firstSample, endSample]) =>
    splitRange(order, columns).map(([startColumn, endColumn]) => ({
      shader: 'cholesky',
      constants: {},
      sizes: [
        ...u(batch, order, firstSample, endSample, startColumn, endColumn),
        ...f(order * epsilon),
        ...u(0), // `zero`: a 0 that no compiler knows
      ],
      operands: planned.operands,
      result: planned.output,
      groups: distributeGroups(endSample - firstSample),
      work: (work * (endSample - firstSample) * (endColumn - startColumn)) / order,
    })),
  );
}

export function lowerTriangularSolve(
  call: TriangularSolveCall,
  planned: PlannedCall,
  variants: ProductVariants,
): Dispatch[] {
  const { batch, order, columns, transposed } = call;
  const work = order ** 2;
  return splitRange(batch * columns, Math.max(1, Math.floor(variants.dispatchWork / work))).map(([first, end]) => ({
    shader: 'triangular-solve',
    constants: { TRANSPOSED: transposed ? 1 : 0 },
    sizes: u(order, columns, first, end),
    operands: planned.operands,
    result: planned.output,
    groups: groupsForInvocations(end - first),
    work: work * (end - first),
  }));
}
