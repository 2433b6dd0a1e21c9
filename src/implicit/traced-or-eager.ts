import type { RunOptions } from '../backends/backend.ts';
import type { Engine } from '../tensor/engine.ts';
import { NotTraceableError } from '../tensor/engine-of.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';

/**
 * The limit of iterations where `build` cannot be traced. All of them may run then, even after every sample has
 * stopped.
 */
export const EAGER_LIMIT = 64;

export type Build = (inputs: Tensor[], context: LoopContext, isTraced: boolean) => readonly Tensor[];

/**
 * Runs `build` as one Program. If the user's function solves an equation itself, it cannot be traced, and `build` runs
 * kernel by kernel. Only the limits of the inner solves can then end it early.
 */
export function runTracedOrEagerly(
  engine: Engine,
  name: string,
  inputs: readonly Tensor[],
  build: Build,
  limits: Pick<RunOptions, 'isCutShort'> = {},
): Tensor[] {
  try {
    return engine.traceAndRun(name, inputs, (traced, tracing) => build(traced, tracing, true), limits);
  } catch (error) {
    if (!(error instanceof NotTraceableError)) throw error;
    return engine.runEagerly(inputs, (plain, context) => build(plain, context, false));
  }
}
