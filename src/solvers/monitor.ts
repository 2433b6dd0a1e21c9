/** Stopping of each sample. The monitor kernel updates a state of five rows, which no host reads while a loop runs. */
import { STATE_ROWS, STATE_SIZE, STATUS } from '../backends/kernels.ts';
import { elementwise, elementwiseLaidOut, scalarStep } from '../tensor/kernels.ts';
import type { Context, Tensor } from '../tensor/tensor.ts';

/** A sample is stale after this many residuals in a row of which none was 10 % below the best one. */
export const STALE_LIMIT = 20;

/** From here on float32 cannot count in steps of 1. */
const MAXIMUM_COUNT = 2 ** 24;

/**
 * The state in which every sample runs and has no residual yet, [5, batch].
 * @param limit largest number of iterations of a sample
 */
export function initialState(context: Context, batch: number, limit: number): Tensor {
  const rows = rowsOf({ remaining: Math.min(limit, MAXIMUM_COUNT), best: 1e30 });
  const values = rows.flatMap((value) => Array.from({ length: batch }, () => value));
  return context.constant({ kind: 'values', values }, [STATE_SIZE, batch]);
}

/** One number for each row of the state; 0 for rows without one. */
function rowsOf(given: Partial<Record<keyof typeof STATE_ROWS, number>>): number[] {
  const names = Object.keys(STATE_ROWS) as (keyof typeof STATE_ROWS)[];
  const rows = Array.from({ length: STATE_SIZE }, () => 0);
  for (const name of names) rows[STATE_ROWS[name]] = given[name] ?? 0;
  return rows;
}

function constantRows(context: Context, given: Parameters<typeof rowsOf>[0]): Tensor {
  return context.constant({ kind: 'values', values: rowsOf(given) }, [STATE_SIZE, 1]);
}

interface MonitorOptions {
  /** Whether a stale sample stops even if its residual is above the floor of the precision. */
  giveUp?: boolean;
  staleLimit?: number;
  /** Number of iterations that the residual stands for. Default 1. */
  count?: number;
}

/** The state after an iteration with this residual. Tolerance and floor are [batch] or [1]. */
export function monitor(
  state: Tensor,
  residual: Tensor,
  tolerance: Tensor,
  floor: Tensor,
  { giveUp = false, staleLimit = STALE_LIMIT, count = 1 }: MonitorOptions = {},
): Tensor {
  return scalarStep('monitor', state.shape[1], [state, residual, tolerance, floor], state.shape, [
    staleLimit,
    giveUp ? 1 : 0,
    count,
  ]);
}

/**
 * The state for another run of iterations: samples that have stopped stay stopped, and the others start again, with
 * `more` iterations in addition to those that remain.
 */
export function createFreshState(state: Tensor, more = 0): Tensor {
  const { context } = state;
  const kept = elementwise('multiply', [state, constantRows(context, { status: 1, remaining: 1 })]);
  return elementwise('add', [kept, constantRows(context, { remaining: more, best: 1e30 })]);
}

/** The state of the rounds after a round whose own state is `inner`: it takes over how many iterations remain. */
export function takeOverRemaining(state: Tensor, inner: Tensor): Tensor {
  return elementwise('select', [constantRows(state.context, { remaining: 1 }), inner, state]);
}

/**
 * The state after further iterations: a sample that has none left stops.
 * @param iterations their number, [batch]; default 0
 */
export function countIterations(state: Tensor, iterations?: Tensor): Tensor {
  const { context } = state;
  const made = iterations && elementwise('multiply', [iterations, constantRows(context, { remaining: 1 })]);
  const after = made ? elementwise('subtract', [state, made]) : state;
  const half = context.constant({ kind: 'fill', value: 0.5 }, [1]);
  const spent = elementwise('greater', [half, rowOf(after, STATE_ROWS.remaining)]);
  return elementwise('maximum', [
    after,
    elementwise('multiply', [spent, constantRows(context, { status: STATUS.exhausted })]),
  ]);
}

/** 1 for each sample that converged or stalled, else 0, [batch]. */
export function solvedIn(state: Tensor): Tensor {
  const status = statusOf(state);
  const limit = (value: number): Tensor => state.context.constant({ kind: 'fill', value }, [1]);
  const stopped = elementwise('greater', [status, limit(STATUS.running + 0.5)]);
  const failed = elementwise('greater', [status, limit(STATUS.stalled + 0.5)]);
  return elementwise('subtract', [stopped, failed]);
}

/**
 * The state in which samples that are not solved run again, with another method.
 * @param more iterations that every sample gets in addition to those that remain, whether it runs again or not
 */
export function reopenUnsolved(state: Tensor, solved: Tensor, more: number): Tensor {
  const { context } = state;
  const keeping = elementwise('maximum', [solved, constantRows(context, { remaining: 1 })]);
  const keptRows = elementwise('multiply', [keeping, constantRows(context, { status: 1, remaining: 1 })]);
  const kept = elementwise('multiply', [state, keptRows]);
  return elementwise('add', [kept, constantRows(context, { remaining: more, best: 1e30 })]);
}

/** Number of iterations made, [batch]. @param limit number of iterations that every sample was given */
export function iterationsIn(state: Tensor, limit: number): Tensor {
  return elementwise('scale', [rowOf(state, STATE_ROWS.remaining)], [-1, Math.min(limit, MAXIMUM_COUNT)]);
}

/**
 * The share of `limit` iterations for each method of a chain: equal, except that methods which never need so many
 * leave the rest to those before them.
 * @param most for each of the `count` methods: the largest number that it ever needs, if there is one
 */
export function sharesOf(limit: number, count: number, most: readonly (number | undefined)[] = []): number[] {
  const shares: number[] = [];
  let left = Math.min(limit, MAXIMUM_COUNT);
  for (let index = count - 1; index >= 0; index--) {
    shares[index] = Math.min(most[index] ?? left, Math.floor(left / (index + 1)));
    left -= shares[index];
  }
  return shares;
}

/** The row of statuses, [batch]: 0 for a running sample. */
export function statusOf(state: Tensor): Tensor {
  return rowOf(state, STATE_ROWS.status);
}

/** A row of the state, [batch]. @param row one of STATE_ROWS */
export function rowOf(state: Tensor, row: number): Tensor {
  const batch = state.shape[1];
  return elementwiseLaidOut('copy', [state], [{ offset: row * batch, strides: [0, 0, 0, 1] }], [batch]);
}

/** Chooses row by row of [batch, n]: `after` if the sample runs in `state`, else `before`. */
export function whereRunning(state: Tensor, after: Tensor, before: Tensor): Tensor {
  const [batch, n] = after.shape;
  const status = { offset: 0, strides: [0, 0, 1, 0] as const };
  const whole = { offset: 0, strides: [0, 0, n, 1] as const };
  // The status of a sample that has stopped is not 0.
  return elementwiseLaidOut('select', [state, before, after], [status, whole, whole], [batch, n]);
}

/** Turns one number for all samples, [1], into one for each of them, [batch]. */
export function repeatForBatch(value: Tensor, batch: number): Tensor {
  const zeros = value.context.constant({ kind: 'fill', value: 0 }, [batch]);
  return elementwise('add', [zeros, value]);
}

/** [batch] as [batch, 1]. */
export function asColumn(x: Tensor): Tensor {
  return x.context.alias(x, [x.size, 1]);
}
