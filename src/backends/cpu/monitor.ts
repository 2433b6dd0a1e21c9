import { STATE_ROWS, STATUS } from '../kernels.ts';

/** The parameters that decide when a sample stops; see STATE_ROWS. */
export interface Rule {
  readonly tolerance: number;
  readonly floor: number;
  readonly staleLimit: number;
  readonly giveUp: boolean;
  /** The number of iterations since the previous residual. Default 1. */
  readonly count?: number;
}

/**
 * Updates the state of a running sample with its new residual.
 * @param at where `state` holds a row of the sample
 */
export function observe(state: Float64Array, at: (row: number) => number, residual: number, rule: Rule): void {
  const best = state[at(STATE_ROWS.best)];
  const stale = residual < 0.9 * best ? 0 : state[at(STATE_ROWS.stale)] + 1;
  state[at(STATE_ROWS.remaining)] -= rule.count ?? 1;
  state[at(STATE_ROWS.residual)] = residual;
  state[at(STATE_ROWS.stale)] = stale;
  state[at(STATE_ROWS.best)] = Math.min(best, residual);
  state[at(STATE_ROWS.status)] = statusAfter(residual, stale, state[at(STATE_ROWS.remaining)], rule);
}

function statusAfter(
  residual: number,
  stale: number,
  remaining: number,
  { tolerance, floor, staleLimit, giveUp }: Rule,
): number {
  if (!(residual <= 1e30)) return STATUS.diverged; // also when it is NaN
  if (residual <= tolerance) return STATUS.converged;
  if (stale < staleLimit && remaining > 0) return STATUS.running;
  if (residual <= 4 * floor) return STATUS.stalled;
  if (stale >= staleLimit && giveUp) return STATUS.gaveUp;
  return remaining <= 0 ? STATUS.exhausted : STATUS.running;
}
