/** Lowers the kernels that are whole loops of a solver. */
import {
  ABSENT,
  ACTIVATIONS,
  ITERATIONS,
  type IterateCall,
  type ProximalGradientCall,
  type SplittingCall,
} from '../kernels.ts';
import type { PlannedCall } from '../plan.ts';
import { type Dispatch, distributeGroups, f, type ProductVariants, u } from './dispatch.ts';

/** Samples in a workgroup of iterate and of the loops for groups, and columns of an invocation in all of them. */
const ROWS = 8;
const GROUPED_ROWS = 4;
const COLUMNS = 4;
/**
 * Workgroup memory of iterate, which needs the most: 2 vec4s per column for the vectors, 4 vec4s per invocation for the
 * sums, and a little more.
 */
const BYTES_PER_COLUMN = 2 * 16 + (4 * 16) / COLUMNS;
const OTHER_BYTES = 256;

/**
 * The number of iterations that most solves need, and of which the estimated work of a dispatch consists. A dispatch
 * may carry out at least so many, and up to so many times as many as `dispatchWork` allows.
 */
const EXPECTED_ITERATIONS = 8;

/** The largest number of iterations in a dispatch: even the smallest iteration takes some microseconds. */
const MAXIMUM_ITERATIONS = 10_000;

/**
 * The widest iteration on a software adapter. With many invocations, the four barriers of an iteration cost more than
 * separate dispatches do. Without the whole-loop kernel, a solve and its gradient by Peaceman-Rachford took 1.4, 1.2,
 * 1.0, 1.0 and 0.8 times as long at n = 64, 96, 112, 128 and 192, forward-backward 2.4, 2.4 and 1.6 times at 64, 96 and
 * 128, and FISTA along a Lasso path of 100 λ 1.9, 2.9 and 1.8 times with 10, 64 and 128 features.
 */
const WIDEST_ON_PROCESSOR = 128;

/** The largest n for which a workgroup can hold its samples and the whole-loop kernel is the faster way. */
export function widestIterationOn(limits: GPUSupportedLimits, { tiled }: ProductVariants): number {
  const invocations = Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX);
  const columns = Math.floor((limits.maxComputeWorkgroupStorageSize - OTHER_BYTES) / BYTES_PER_COLUMN);
  const fitting = Math.min(columns - (columns % COLUMNS), COLUMNS * invocations);
  return tiled ? fitting : Math.min(fitting, WIDEST_ON_PROCESSOR);
}

export function lowerIterate(call: IterateCall, planned: PlannedCall, variants: ProductVariants): Dispatch[] {
  const { accelerated, batch, n, stride, shared, giveUp } = call;
  return lowerWholeLoop(call, planned, variants, {
    shader: accelerated ? 'anderson' : 'iterate',
    constants: {
      METHOD: ITERATIONS.indexOf(call.iteration),
      ACTIVATION: ACTIVATIONS.indexOf(call.activation),
      SLOPED: call.inputs[6] === ABSENT ? 0 : 1,
    },
    sizes: [
      ...u(batch, n, stride / COLUMNS, shared.tolerance ? 1 : 0, shared.floor ? 1 : 0, giveUp ? 1 : 0),
      ...f(call.staleLimit, call.epsilon, ...call.activationParameters),
      ...u(0), // `zero`: a 0 that no compiler knows
    ],
    groups: distributeGroups(accelerated ? batch : Math.ceil(batch / ROWS)),
  });
}

export function lowerGrouped(
  call: ProximalGradientCall | SplittingCall,
  planned: PlannedCall,
  variants: ProductVariants,
): Dispatch[] {
  const { batch, groups, n, giveUp } = call;
  return lowerWholeLoop(call, planned, variants, {
    shader: call.kernel,
    constants: { ACCELERATED: call.accelerated ? 1 : 0 },
    sizes: [...u(batch, groups, n, giveUp ? 1 : 0), ...f(call.staleLimit)],
    groups: distributeGroups(groups * Math.ceil(batch / groups / GROUPED_ROWS)),
  });
}

/**
 * Splits a loop into several dispatches if one must not carry out as many iterations as the limit. Dispatches after the
 * last sample has stopped return at once.
 * @param dispatch the fields that all dispatches share; the number of iterations of a dispatch goes before its sizes
 */
function lowerWholeLoop(
  { limit, stride, batch, n }: IterateCall | ProximalGradientCall | SplittingCall,
  planned: PlannedCall,
  { dispatchWork }: ProductVariants,
  dispatch: Pick<Dispatch, 'shader' | 'constants' | 'sizes' | 'groups'>,
): Dispatch[] {
  const each = 2 * batch * n ** 2; // the work of an iteration
  const iterations = Math.min(
    Math.max(EXPECTED_ITERATIONS * Math.floor(dispatchWork / each), EXPECTED_ITERATIONS),
    MAXIMUM_ITERATIONS,
    limit,
  );
  const [carried, ...others] = planned.operands;
  return Array.from({ length: Math.ceil(limit / iterations) }, (_, index) => ({
    ...dispatch,
    constants: { ...dispatch.constants, CONTINUED: index === 0 ? 0 : 1, THREADS: stride / COLUMNS },
    sizes: [...u(Math.min(iterations, limit - index * iterations)), ...dispatch.sizes],
    operands: [index === 0 ? carried : ABSENT, ...others],
    result: planned.output,
    // Most solves end before the later dispatches.
    work: index === 0 ? each * Math.min(iterations, EXPECTED_ITERATIONS) : each,
    ...(index > 0 && { isContinued: true }),
  }));
}
