/** Kernels that solve quadratic programs; kernels.ts lists them with the others. */
import type { GroupedLoopCall } from './iteration-kernels.ts';

/** α of an accelerated splitting. */
export const OVER_RELAXATION = 1.6;

/**
 * A whole loop of the splitting for quadratic programs (solvers/programs/splitting/iteration.ts). As in IterateCall,
 * each sample iterates until the rule of `monitor` stops it, at most `limit` times, and returns its last s⁺. With p =
 * min(max(s, low), high)
 *   d = ((2p − s)·M + c) − p,  s⁺ = s + αd,  residual ratio(‖d‖, ‖s⁺‖),
 * where α is OVER_RELAXATION if `accelerated`, else 1, and `ratio` is that of SCALARS. Only the CPU, and backends
 * outside HOST_BACKENDS that have a `widestIteration`, offer it.
 * Operands [carried, M, c, low, high, tolerance, floor]:
 *   carried           s [batch, n], followed by the state [5, batch] of the samples (STATE_ROWS); likewise the result
 *   M                 [groups·n, stride], symmetric for each group
 *   c, low, high      [batch, n]
 *   tolerance, floor  [batch]
 */
export interface SplittingCall extends GroupedLoopCall {
  readonly kernel: 'splitting';
}
