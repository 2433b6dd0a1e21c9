import { ABSENT, ACTIVATIONS, ITERATIONS, type IterateCall } from '../kernels.ts';
import type { PlannedCall } from '../plan.ts';
import { type Dispatch, type Forms, f, flatGroups, u } from './dispatch.ts';

/** Samples of a workgroup, and columns of each of its invocations. */
const ROWS = 8;
const COLUMNS = 4;
/** vec4s of workgroup memory: 2 a column for the vectors, 4 an invocation for the sums; a few more for the rest. */
const BYTES_PER_COLUMN = 2 * 16 + (4 * 16) / COLUMNS;
const OTHER_BYTES = 256;

/** Iterations that most solves need: what a dispatch is expected to do. It may do so many in any case. */
const EXPECTED = 8;

/**
 * On a software adapter four barriers an iteration cost more than dispatches do, once many invocations meet at them: a solve
 * and its gradient by Peaceman-Rachford took 1.4, 1.2, 1.0, 1.0 and 0.8 times as long without this at n = 64, 96, 112, 128
 * and 192, forward-backward 2.4, 2.4 and 1.6 times at 64, 96 and 128.
 */
const WIDEST_ON_PROCESSOR = 128;

/** Largest n of which a workgroup holds its samples, and for which it is the faster way. */
export function widestIterationOn(limits: GPUSupportedLimits, { tiled }: Forms): number {
  const invocations = Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX);
  const columns = Math.floor((limits.maxComputeWorkgroupStorageSize - OTHER_BYTES) / BYTES_PER_COLUMN);
  const fitting = Math.min(columns - (columns % COLUMNS), COLUMNS * invocations);
  return tiled ? fitting : Math.min(fitting, WIDEST_ON_PROCESSOR);
}

/** Several dispatches where the limit is more than one may do; those after the last sample has stopped return at once. */
export function lowerIterate(call: IterateCall, step: PlannedCall, { dispatchWork }: Forms): Dispatch[] {
  const { batch, n, stride, limit } = call;
  const each = 2 * batch * n ** 2;
  const trips = Math.min(Math.max(EXPECTED * Math.floor(dispatchWork / each), EXPECTED), limit);
  const [carried, ...others] = step.operands;
  return Array.from({ length: Math.ceil(limit / trips) }, (_, index) => ({
    shader: 'iterate',
    constants: {
      METHOD: ITERATIONS.indexOf(call.iteration),
      ACTIVATION: ACTIVATIONS.indexOf(call.activation),
      SLOPED: call.inputs[6] === ABSENT ? 0 : 1,
      CONTINUED: index === 0 ? 0 : 1,
      THREADS: stride / COLUMNS,
    },
    sizes: [
      ...u(batch, n, stride / COLUMNS, Math.min(trips, limit - index * trips)),
      ...u(call.shared.tolerance ? 1 : 0, call.shared.floor ? 1 : 0, call.giveUp ? 1 : 0),
      ...f(call.staleLimit, call.epsilon, ...call.activationParameters),
      ...u(0), // zero
    ],
    operands: [index === 0 ? carried : ABSENT, ...others],
    result: step.output,
    groups: flatGroups(Math.ceil(batch / ROWS)),
    // Most solves have ended before the later ones.
    work: index === 0 ? each * Math.min(trips, EXPECTED) : each,
  }));
}
