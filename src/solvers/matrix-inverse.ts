import { elementwise, invertMatrix, product, reduceAll } from '../tensor/kernels.ts';
import { transpose } from '../tensor/operations.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import { initialState, monitor, statusOf } from './monitor.ts';
import { PROBES, probes } from './probes.ts';

const LIMIT = 60;
/** If ‖I − MX‖_F is at least this, X is not worth improving. */
const MAXIMUM_ERROR = 0.9;
/** Rounding of ‖I − MX‖_F, in units of n·ε. */
const ROUNDING = 4;

interface InverseOptions {
  /** s > 0 with σ_min(M) ≥ s, [1] */
  readonly smallest: Tensor;
  /** L ≥ ‖M‖, [1] */
  readonly largest: Tensor;
  /** Bound of ‖I − MX‖_F, [1]; ε if that is larger. */
  readonly tolerance: Tensor;
  /** [1]: if it is 0, nothing is iterated and the result means nothing. Default 1. */
  readonly wanted?: Tensor;
  /** About M⁻¹, such as the inverse of a similar matrix, [n, n]: Newton-Schulz starts from it if it is close enough. */
  readonly near?: Tensor;
}

/**
 * Computes M⁻¹ if M + Mᵀ is positive definite. Newton-Schulz, X⁺ = X + X(I − MX), needs products only. With σ_min(M)
 * ≥ s and ‖M‖ ≤ L it starts from X = cMᵀ, c = 2/(s² + L²), so that ‖I − XM‖ ≤ (L² − s²)/(L² + s²) < 1, and each
 * iteration squares the error. If the inverse is needed in any case (there is no `wanted`), a host backend eliminates
 * instead, and uses Newton-Schulz if ‖I − MX‖ shows that elimination failed; on another backend a `near` X with
 * ‖I − MX‖_F < MAXIMUM_ERROR replaces the start.
 * @param matrix M, [n, n]
 */
export function matrixInverse(tracing: LoopContext, matrix: Tensor, options: InverseOptions): Tensor {
  const number = (value: number): Tensor => tracing.constant({ kind: 'fill', value }, [1]);
  const enough = elementwise('maximum', [options.tolerance, number(tracing.epsilon)]);
  const { wanted } = options;
  const start = startOf(matrix, options);
  const running = initialState(tracing, 1, LIMIT);
  // A sample whose status is not 0 has stopped.
  const stoppedIf = (flag: Tensor): Tensor => elementwise('add', [running, flag]);
  if (wanted) {
    const state = stoppedIf(elementwise('greater', [number(0.5), wanted]));
    return runNewtonSchulz(tracing, matrix, start, state, enough);
  }
  if (!tracing.runsOnHost) {
    const { near } = options;
    if (!near) return runNewtonSchulz(tracing, matrix, start, running, enough);
    // This is the first iteration of the loop, so that finding out whether X is near costs no further product.
    const stepped = newtonSchulzStep(tracing, matrix, near);
    const isNear = elementwise('greater', [number(MAXIMUM_ERROR ** 2), stepped.squared]); // not where it is NaN
    const either = (yes: Tensor, no: Tensor): Tensor => elementwise('select', [isNear, yes, no]);
    const state = either(monitor(running, stepped.squared, enough, enough), running);
    return runNewtonSchulz(tracing, matrix, either(stepped.x, start), state, enough);
  }
  const eliminated = invertMatrix(matrix);
  const error = probeError(tracing, matrix, eliminated);
  const near = elementwise('greater', [number(MAXIMUM_ERROR), error]); // not where it is NaN
  const reachable = elementwise('maximum', [enough, number(ROUNDING * matrix.shape[0] * tracing.epsilon)]);
  const state = stoppedIf(elementwise('greater', [reachable, error]));
  return runNewtonSchulz(tracing, matrix, elementwise('select', [near, eliminated, start]), state, reachable);
}

/** Iterates until the error is small, from a state that may say that no iteration is needed. */
function runNewtonSchulz(tracing: LoopContext, matrix: Tensor, start: Tensor, initial: Tensor, enough: Tensor): Tensor {
  const final = tracing.loop(
    { x: start, state: initial },
    ({ state }) => statusOf(state),
    LIMIT,
    ({ x, state }) => {
      const next = newtonSchulzStep(tracing, matrix, x);
      return { x: next.x, state: monitor(state, next.squared, enough, enough) };
    },
  );
  return final.x;
}

/** @returns X⁺, and ‖I − MX‖_F², which ‖I − MX⁺‖_F does not exceed, [1] */
function newtonSchulzStep(tracing: LoopContext, matrix: Tensor, x: Tensor): { x: Tensor; squared: Tensor } {
  const [n] = matrix.shape;
  const identity = tracing.constant({ kind: 'identity', order: n }, [n, n]);
  const error = product(matrix, x, { prior: identity, residual: true });
  return { x: product(x, error, { bias: x }), squared: elementwise('square', [reduceAll('norm', error)]) };
}

/** cMᵀ */
function startOf(matrix: Tensor, { smallest, largest }: InverseOptions): Tensor {
  const squares = elementwise('add', [elementwise('square', [smallest]), elementwise('square', [largest])]);
  return elementwise('multiply', [
    transpose(matrix),
    elementwise('scale', [elementwise('reciprocal', [squares])], [2, 0]),
  ]);
}

/**
 * About ‖I − MX‖_F, [1]: the root of the mean of ‖ωᵀ(I − MX)‖² over standard normal ω, whose expectation is the
 * square of the norm.
 */
function probeError(tracing: LoopContext, matrix: Tensor, x: Tensor): Tensor {
  const rows = probes(tracing, matrix.shape[0]);
  const missed = product(product(rows, matrix), x, { prior: rows, residual: true });
  return elementwise('scale', [reduceAll('norm', missed)], [1 / Math.sqrt(PROBES), 0]);
}
