import type { RunOptions } from '../backends/backend.ts';
import type { Engine } from '../tensor/engine.ts';
import { NotTraceableError } from '../tensor/engine-of.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';

/** Most iterations where they cannot be traced: all of them are run then, whether samples have stopped or not. */
export const EAGER_LIMIT = 64;

export type Build = (inputs: Tensor[], context: LoopContext, isTraced: boolean) => readonly Tensor[];

/**
 * As one Program; where the user's function solves something itself, which cannot be traced, kernel by kernel: then only the
 * limits of what it solves itself end anything early.
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
