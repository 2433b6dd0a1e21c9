/** Whole loops of a solver. */
import { ABSENT, ACTIVATIONS, ITERATIONS, type IterateCall, type ProximalGradientCall } from '../kernels.ts';
import type { PlannedCall } from '../plan.ts';
import { type Dispatch, distributeGroups, f, type ProductVariants, u } from './dispatch.ts';

/** Samples of a workgroup, of iterate and of proximal-gradient, and columns of each invocation of both. */
const ROWS = 8;
const PROXIMAL_ROWS = 4;
const COLUMNS = 4;
/**
 * vec4s of workgroup memory of iterate, the larger one: 2 a column for the vectors, 4 an invocation for the sums; a few
 * more for the rest.
 */
const BYTES_PER_COLUMN = 2 * 16 + (4 * 16) / COLUMNS;
const OTHER_BYTES = 256;

/** Iterations that most solves need: what a dispatch is expected to do. It may do so many in any case. */
const EXPECTED_ITERATIONS = 8;

/** And the most of them: however small, each takes some microseconds. */
const MAXIMUM_ITERATIONS = 10_000;

/**
 * On a software adapter four barriers an iteration cost more than dispatches do, once many invocations meet at them: a
 * solve and its gradient by Peaceman-Rachford took 1.4, 1.2, 1.0, 1.0 and 0.8 times as long without this at n = 64, 96,
 * 112, 128 and 192, forward-backward 2.4, 2.4 and 1.6 times at 64, 96 and 128, and FISTA along a Lasso path of 100 λ
 * 1.9, 2.9 and 1.8 times with 10, 64 and 128 features.
 */
const WIDEST_ON_PROCESSOR = 128;

/** Largest n of which a workgroup holds its samples, and for which it is the faster way. */
export function widestIterationOn(limits: GPUSupportedLimits, { tiled }: ProductVariants): number {
  const invocations = Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX);
  const columns = Math.floor((limits.maxComputeWorkgroupStorageSize - OTHER_BYTES) / BYTES_PER_COLUMN);
  const fitting = Math.min(columns - (columns % COLUMNS), COLUMNS * invocations);
  return tiled ? fitting : Math.min(fitting, WIDEST_ON_PROCESSOR);
}

export function lowerIterate(call: IterateCall, step: PlannedCall, variants: ProductVariants): Dispatch[] {
  const { accelerated, batch, n, stride, shared, giveUp } = call;
  return lowerWholeLoop(call, step, variants, 2 * batch * n ** 2, {
    shader: accelerated ? 'anderson' : 'iterate',
    constants: {
      METHOD: ITERATIONS.indexOf(call.iteration),
      ACTIVATION: ACTIVATIONS.indexOf(call.activation),
      SLOPED: call.inputs[6] === ABSENT ? 0 : 1,
    },
    sizes: [
      ...u(batch, n, stride / COLUMNS, shared.tolerance ? 1 : 0, shared.floor ? 1 : 0, giveUp ? 1 : 0),
      ...f(call.staleLimit, call.epsilon, ...call.activationParameters),
      ...u(0), // zero
    ],
    groups: distributeGroups(accelerated ? batch : Math.ceil(batch / ROWS)),
  });
}

export function lowerProximalGradient(
  call: ProximalGradientCall,
  step: PlannedCall,
  variants: ProductVariants,
): Dispatch[] {
  const { batch, groups, features, giveUp } = call;
  return lowerWholeLoop(call, step, variants, 2 * batch * features ** 2, {
    shader: 'proximal-gradient',
    constants: { ACCELERATED: call.accelerated ? 1 : 0 },
    sizes: [...u(batch, groups, features, giveUp ? 1 : 0), ...f(call.staleLimit)],
    groups: distributeGroups(groups * Math.ceil(batch / groups / PROXIMAL_ROWS)),
  });
}

/**
 * Several dispatches where the limit is more than one may do; those after the last sample has stopped return at once.
 * @param each work of an iteration
 * @param dispatch what all have in common; before its sizes goes how many iterations one makes
 */
function lowerWholeLoop(
  { limit, stride }: IterateCall | ProximalGradientCall,
  step: PlannedCall,
  { dispatchWork }: ProductVariants,
  each: number,
  dispatch: Pick<Dispatch, 'shader' | 'constants' | 'sizes' | 'groups'>,
): Dispatch[] {
  const iterations = Math.min(
    Math.max(EXPECTED_ITERATIONS * Math.floor(dispatchWork / each), EXPECTED_ITERATIONS),
    MAXIMUM_ITERATIONS,
    limit,
  );
  const [carried, ...others] = step.operands;
  return Array.from({ length: Math.ceil(limit / iterations) }, (_, index) => ({
    ...dispatch,
    constants: { ...dispatch.constants, CONTINUED: index === 0 ? 0 : 1, THREADS: stride / COLUMNS },
    sizes: [...u(Math.min(iterations, limit - index * iterations)), ...dispatch.sizes],
    operands: [index === 0 ? carried : ABSENT, ...others],
    result: step.output,
    // Most solves have ended before the later ones.
    work: index === 0 ? each * Math.min(iterations, EXPECTED_ITERATIONS) : each,
    ...(index > 0 && { isContinued: true }),
  }));
}
