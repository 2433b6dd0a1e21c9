/** Every parity case: a candidate backend against the float64 reference, on the same inputs. */
import { batchedProductCases } from './batched-product.ts';
import { elementwiseCases, elementwiseVariantCases } from './elementwise.ts';
import { loopCases } from './loops.ts';
import { moveCases } from './move.ts';
import { operationCases } from './operations.ts';
import type { ParityCase } from './parity.ts';
import { productCases, productVariantCases } from './product.ts';
import { reduceCases } from './reduce.ts';
import { rowsCases } from './rows.ts';
import { smallCases } from './small.ts';
import { specialCases, specialVariantCases } from './special.ts';

/**
 * Cases that depend on the variants of the kernels. Loops are among them, because passes are recorded ahead with the
 * variants of a GPU.
 */
export const variantCases: readonly ParityCase[] = [
  ...productVariantCases,
  ...reduceCases,
  ...rowsCases,
  ...moveCases,
  ...elementwiseVariantCases,
  ...loopCases,
  ...specialVariantCases,
];

export const parityCases: readonly ParityCase[] = [
  ...productCases,
  ...batchedProductCases,
  ...reduceCases,
  ...rowsCases,
  ...moveCases,
  ...elementwiseCases,
  ...smallCases,
  ...loopCases,
  ...operationCases,
  ...specialCases,
];

/** For backends that have the kernel, that is, with a widestIteration. */
export { acceleratedCases, iterateCases } from './iterate.ts';
export type { ParityCase } from './parity.ts';
