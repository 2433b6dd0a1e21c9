/** Solves a batch of cone programs by operator splitting, on tensors. */
import type { ConeBlock } from '../../../backends/cone-kernels.ts';
import { elementwise } from '../../../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../../../tensor/tensor.ts';
import { type ConeTensors, coneProblem } from './cone-set.ts';
import { type SplittingResult, type SplittingSettings, solveBatch } from './solve.ts';

/** Where to start; any may be absent, or the same for all samples. */
export interface ConeStart {
  /** [batch, n] or [n] */
  readonly x?: Tensor | undefined;
  /** [batch, m] or [m] */
  readonly y?: Tensor | undefined;
  /** [batch, m] or [m] */
  readonly s?: Tensor | undefined;
}

export interface ConeSplittingResult extends Omit<SplittingResult, 'z'> {
  /** b − Ax up to the residual, in K, [batch, m]. */
  readonly s: Tensor;
}

/**
 * Traces the solve. An infeasible or unbounded program does not converge; it ends with another status.
 * @param blocks K, m rows together
 * @throws RangeError if the shapes do not fit
 */
export function solveConesBySplitting(
  context: LoopContext,
  given: ConeTensors,
  blocks: readonly ConeBlock[],
  settings: SplittingSettings,
  { x, y, s }: ConeStart = {},
): ConeSplittingResult {
  const [m, n] = given.A.shape.slice(-2);
  const problem = coneProblem(given, blocks, { x: [x, n], y: [y, m], s: [s, m] });
  const start = { x, y, z: s && elementwise('negate', [s]) };
  const { z, ...found } = solveBatch(context, problem, settings, start);
  return { ...found, s: elementwise('negate', [z]) };
}
