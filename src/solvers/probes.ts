import { random } from '../data/random.ts';
import type { Context, Tensor } from '../tensor/tensor.ts';

/** Number of probes: as many rows as a product processes at a time. */
export const PROBES = 8;

/** Rows of standard normal numbers, [PROBES, n], the same at every call. */
export function probes(context: Context, n: number): Tensor {
  const generator = random(n);
  const values = Array.from({ length: PROBES * n }, () => generator.normal());
  return context.constant({ kind: 'values', values }, [PROBES, n]);
}
