/** Every parity case: a candidate backend against the float64 reference, on the same inputs. */
import { elementwiseCases } from './elementwise.ts';
import { loopCases } from './loops.ts';
import type { ParityCase } from './parity.ts';
import { largeProductCases, productCases } from './product.ts';
import { reduceCases } from './reduce.ts';
import { smallCases } from './small.ts';

/** The kernels that have several forms. */
export const formCases: readonly ParityCase[] = [...productCases, ...reduceCases];

export const parityCases: readonly ParityCase[] = [
  ...formCases,
  ...largeProductCases,
  ...elementwiseCases,
  ...smallCases,
  ...loopCases,
];

export type { ParityCase } from './parity.ts';
