/** Kernels that run a whole loop, or a pass of one, in a single call. No tape follows them. */
import {
  type ActivationName,
  type ActivationParameters,
  type IterateCall,
  type IterationName,
  type LassoSizes,
  type PassCall,
  passLayout,
  STATE_SIZE,
} from '../backends/kernels.ts';
import { joinEndToEnd, joinNumbers, takePart } from './move-kernels.ts';
import type { Shape } from './shape.ts';
import type { Tensor } from './tensor.ts';

/** When each sample of a whole loop stops; see `monitor`. */
export interface StopRule {
  readonly tolerance: Tensor; // [batch] or [1]
  readonly floor: Tensor; // [batch] or [1]
  readonly limit: number;
  readonly staleLimit: number;
  readonly giveUp: boolean;
}

export interface IterateOptions extends StopRule {
  readonly iteration: IterationName;
  /** Whether `iterateRows` accelerates the iteration. Default false. */
  readonly accelerated?: boolean;
  /**
   * M: [n, n] for a pass; for `iterateRows` its columns are padded with zeros to a multiple of 4, see
   * `padColumns`.
   */
  readonly matrix: Tensor;
  readonly b: Tensor; // [batch, n]
  /** α, [1]; undefined for picard. */
  readonly step: Tensor | undefined;
  /** d, [batch, n], if σ(p) = d∘p; undefined if σ is the activation. */
  readonly slope: Tensor | undefined;
  readonly activation: ActivationName;
  readonly activationParameters: ActivationParameters;
}

/** Samples x, [batch, n], and their state, [5, batch]. */
type Samples = Readonly<Record<'x' | 'state', Tensor>>;

/**
 * Runs an iteration until every sample has stopped, in one kernel call.
 * @param x [batch, n]
 * @param state [5, batch]
 */
export function iterateRows(x: Tensor, state: Tensor, options: IterateOptions): Samples {
  const { matrix, limit, accelerated = false } = options;
  const call = { kernel: 'iterate' as const, accelerated, stride: matrix.shape[1], limit };
  return readSamples(callIteration(call, joinEndToEnd(x, state), options), x, state);
}

interface ProximalGradientOptions extends StopRule {
  readonly accelerated: boolean;
  /** G of each group, one below the other; columns padded as for `iterateRows`. */
  readonly gram: Tensor;
  readonly moment: Tensor; // c, [batch, features]
  readonly threshold: Tensor; // t, [batch, features]
  /** s, ρ, f and o of `ProximalGradientCall`, end to end: [4·batch]. */
  readonly scalars: Tensor;
}

/**
 * Runs proximal gradient steps for Lasso problems until each problem has stopped; see `ProximalGradientCall`.
 * Tolerance and floor are [batch].
 * @param x β, [batch, features]
 * @param state [5, batch]
 */
export function proximalGradientRows(x: Tensor, state: Tensor, options: ProximalGradientOptions): Samples {
  const { gram, moment, threshold, scalars, tolerance, floor, ...settings } = options;
  const { context } = x;
  const [batch, n] = x.shape;
  const [height, stride] = gram.shape;
  const call = { kernel: 'proximalGradient' as const, ...settings, groups: height / n, batch, n, stride };
  const carried = joinEndToEnd(x, state);
  const operands = [carried, gram, moment, threshold, scalars, tolerance, floor];
  return readSamples(context.call(call, operands, [carried.size + x.size + batch]), x, state);
}

interface SplittingOptions extends StopRule {
  /** Whether it is over-relaxed. */
  readonly accelerated: boolean;
  /** M of each group, one below the other; columns padded as for `iterateRows`. */
  readonly matrix: Tensor;
  readonly shift: Tensor; // c, [batch, n]
  readonly low: Tensor; // [batch, n]
  readonly high: Tensor; // [batch, n]
}

/**
 * Runs the splitting for quadratic programs until each sample has stopped; see `SplittingCall`. Tolerance and floor are
 * [batch].
 * @param x s, [batch, n]
 * @param state [5, batch]
 */
export function splittingRows(x: Tensor, state: Tensor, options: SplittingOptions): Samples {
  const { matrix, shift, low, high, tolerance, floor, ...settings } = options;
  const [batch, n] = x.shape;
  const [height, stride] = matrix.shape;
  const call = { kernel: 'splitting' as const, ...settings, groups: height / n, batch, n, stride };
  const carried = joinEndToEnd(x, state);
  const operands = [carried, matrix, shift, low, high, tolerance, floor];
  return readSamples(x.context.call(call, operands, [carried.size]), x, state);
}

/** Takes the samples from the start of the result of a whole loop. */
function readSamples(end: Tensor, x: Tensor, state: Tensor): Samples {
  return { x: takePart(end, 0, x.shape), state: takePart(end, x.size, state.shape) };
}

type Fused = Pick<IterateCall, 'kernel' | 'accelerated' | 'stride' | 'limit'> | Pick<PassCall, 'kernel' | 'transposed'>;

function callIteration(fused: Fused, carried: Tensor, options: IterateOptions): Tensor {
  const { matrix, b, step, tolerance, floor, slope, limit: _, accelerated: _accelerated, ...settings } = options;
  const [batch, n] = b.shape;
  const shared = { tolerance: tolerance.size === 1, floor: floor.size === 1 };
  const { epsilon } = b.context;
  const call = { ...settings, batch, n, epsilon, shared, ...fused };
  return b.context.call(call, [carried, matrix, b, step, tolerance, floor, slope], carried.shape);
}

/**
 * Runs one pass on the result of the pass before; see `PassCall`.
 * @param transposed whether to multiply by Mᵀ in place of M
 */
export function passRows(carried: Tensor, transposed: boolean, options: IterateOptions): Tensor {
  return callIteration({ kernel: 'pass', transposed }, carried, options);
}

/**
 * The operand of the first pass.
 * @param factor the rows that are multiplied in place of x, [batch, n]
 */
export function packPass(factor: Tensor, x: Tensor, state: Tensor): Tensor {
  const [batch, n] = x.shape;
  return joinNumbers(joinEndToEnd(factor, x), state, passLayout(batch, n).end);
}

/** The parts of the result of a pass. */
export function unpackPass(carried: Tensor, shape: Shape): Record<'factor' | 'kept' | 'state', Tensor> {
  const { factor, kept, state } = passLayout(shape[0], shape[1]);
  return {
    factor: takePart(carried, factor, shape),
    kept: takePart(carried, kept, shape),
    state: takePart(carried, state, [STATE_SIZE, shape[0]]),
  };
}

/** Runs coordinate descent, for one problem after the other; see `CoordinateDescentCall`. */
export function coordinateDescent(operands: readonly Tensor[], sizes: LassoSizes, limit: number): Tensor {
  const call = { kernel: 'coordinateDescent' as const, ...sizes, limit };
  return operands[0].context.call(call, operands, [sizes.batch, sizes.features + 1]);
}

/** Solves Lasso problems to rounding by a homotopy; see `HomotopyCall`. */
export function homotopy(operands: readonly Tensor[], sizes: LassoSizes, limit: number, capacity: number): Tensor {
  const call = { kernel: 'homotopy' as const, ...sizes, limit, capacity };
  return operands[0].context.call(call, operands, [sizes.batch, sizes.features + 2]);
}
