/** Per-sample stopping: a state of five rows that the monitor kernel keeps, and that no host reads while a loop runs. */
import { STATE_ROWS, STATE_SIZE, STATUS } from '../backends/kernels.ts';
import { elementwise, elementwiseLaidOut, scalarStep } from '../tensor/kernels.ts';
import type { Context, Tensor } from '../tensor/tensor.ts';

/** Passes without a residual 10 % below the best one after which a sample counts as stale. */
export const STALE_LIMIT = 20;

/** [5, batch]: every sample running, no iterations, no residual yet. */
export function initialState(context: Context, batch: number): Tensor {
  const rows = Array.from({ length: STATE_SIZE }, (_, row) => (row === STATE_ROWS.best ? 1e30 : 0));
  const values = rows.flatMap((value) => Array.from({ length: batch }, () => value));
  return context.constant({ kind: 'values', values }, [STATE_SIZE, batch]);
}

export interface MonitorOptions {
  /** Stop a stale sample even where its residual is above the floor of the precision. */
  giveUp?: boolean;
  staleLimit?: number;
}

/** The state after an iteration with this residual; tolerance and floor are [batch] or [1]. */
export function monitor(
  state: Tensor,
  residual: Tensor,
  tolerance: Tensor,
  floor: Tensor,
  { giveUp = false, staleLimit = STALE_LIMIT }: MonitorOptions = {},
): Tensor {
  return scalarStep('monitor', state.shape[1], [state, residual, tolerance, floor], state.shape, [
    staleLimit,
    giveUp ? 1 : 0,
  ]);
}

/** The state for another run of iterations: samples that have stopped stay so, the rest start anew. */
export function freshState(state: Tensor): Tensor {
  const rows = (kept: number, best: number): Tensor => {
    const values = Array.from({ length: STATE_SIZE }, (_, row) =>
      row === STATE_ROWS.status ? kept : row === STATE_ROWS.best ? best : 0,
    );
    return state.context.constant({ kind: 'values', values }, [STATE_SIZE, 1]);
  };
  return elementwise('add', [elementwise('multiply', [state, rows(1, 0)]), rows(0, 1e30)]);
}

/** A sample that still runs in `inner`, whose limit has ended it, is given up. */
export function exhausted(state: Tensor, inner: Tensor): Tensor {
  const { context } = state;
  const running = (of: Tensor): Tensor => {
    const half = context.constant({ kind: 'fill', value: 0.5 }, [1]);
    return elementwise('greater', [half, statusOf(of)]);
  };
  const failed = elementwise('multiply', [running(state), running(inner)]);
  const values = Array.from({ length: STATE_SIZE }, (_, row) => (row === STATE_ROWS.status ? STATUS.gaveUp : 0));
  const row = context.constant({ kind: 'values', values }, [STATE_SIZE, 1]);
  return elementwise('add', [state, elementwise('multiply', [row, failed])]);
}

/** 1 for each sample that converged or stalled, else 0, [batch]. */
export function solvedIn(state: Tensor): Tensor {
  const status = statusOf(state);
  const limit = (value: number): Tensor => state.context.constant({ kind: 'fill', value }, [1]);
  const stopped = elementwise('greater', [status, limit(STATUS.running + 0.5)]);
  const failed = elementwise('greater', [status, limit(STATUS.stalled + 0.5)]);
  return elementwise('subtract', [stopped, failed]);
}

/** The state in which samples that are not solved run again, for another method. */
export function reopened(state: Tensor, solved: Tensor): Tensor {
  return freshState(elementwise('multiply', [state, solved]));
}

/** The first row, [batch]: 0 where a sample is running. */
export function statusOf(state: Tensor): Tensor {
  return rowOf(state, STATE_ROWS.status);
}

export function rowOf(state: Tensor, row: number): Tensor {
  const batch = state.shape[1];
  return elementwiseLaidOut('copy', [state], [{ offset: row * batch, strides: [0, 0, 0, 1] }], [batch]);
}

/** Row by row of [batch, n]: `after` where the sample is running in `state`, else `before`. */
export function whereRunning(state: Tensor, after: Tensor, before: Tensor): Tensor {
  const [batch, n] = after.shape;
  const status = { offset: 0, strides: [0, 0, 1, 0] as const };
  const whole = { offset: 0, strides: [0, 0, n, 1] as const };
  // The status is not 0 where the sample has stopped.
  return elementwiseLaidOut('select', [state, before, after], [status, whole, whole], [batch, n]);
}

/** A number for each sample, [batch], from one for all, [1]. */
export function repeated(value: Tensor, batch: number): Tensor {
  const zeros = value.context.constant({ kind: 'fill', value: 0 }, [batch]);
  return elementwise('add', [zeros, value]);
}

/** [batch] as [batch, 1]. */
export function column(x: Tensor): Tensor {
  return x.context.alias(x, [x.size, 1]);
}
