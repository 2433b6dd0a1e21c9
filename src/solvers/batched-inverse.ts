/** The inverse of each matrix of a batch. */
import { batchedProduct, invertBatch } from '../tensor/batched.ts';
import { elementwise, elementwiseLaidOut, reduceAxes } from '../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import { initialState, monitor, statusOf } from './monitor.ts';

/** Enough iterations for every matrix that its precision can tell from a singular one. */
const LIMIT = 80;
/** If ‖I − AX‖_F is at least this, X is no inverse. */
const MAXIMUM_ERROR = 0.5;

interface BatchedInverse {
  /** [batch, order, order]; NaN for a sample that has failed. */
  readonly inverse: Tensor;
  /** [batch]: 0, or another number if no X with ‖I − AX‖_F < ½ was found. */
  readonly failed: Tensor;
}

/**
 * Computes A[s]⁻¹ if A[s] + A[s]ᵀ is positive definite. Host backends eliminate. The others use Newton-Schulz, X⁺ = X
 * + X(I − AX), which needs products only, from X = Aᵀ/(‖A‖₁‖A‖∞), with which ‖I − XA‖ < 1 for every regular A (A.
 * Ben-Israel, D. Cohen 1966).
 * @param a [batch, order, order]
 */
export function batchedInverse(tracing: LoopContext, a: Tensor): BatchedInverse {
  const [batch, order] = a.shape;
  const { factor: x, failed } = tracing.runsOnHost
    ? invertBatch(a)
    : { factor: runNewtonSchulz(tracing, a), failed: tracing.constant({ kind: 'fill', value: 0 }, [batch]) };
  const number = (value: number): Tensor => tracing.constant({ kind: 'fill', value }, [1]);
  const near = elementwise('greater', [number(MAXIMUM_ERROR), norms(computeError(tracing, a, x))]); // not where it is NaN
  const hasFailed = elementwise('maximum', [failed, elementwise('scale', [near], [-1, 1])]);
  const each = { offset: 0, strides: [0, 1, 0, 0] as const };
  const whole = { offset: 0, strides: [0, order * order, order, 1] as const };
  const one = { offset: 0, strides: [0, 0, 0, 0] as const };
  return {
    inverse: elementwiseLaidOut('select', [hasFailed, number(Number.NaN), x], [each, one, whole], a.shape),
    failed: hasFailed,
  };
}

/** Iterates until ‖I − AX⁺‖ is at the level of rounding in A or X. */
function runNewtonSchulz(tracing: LoopContext, a: Tensor, limit = LIMIT): Tensor {
  const [batch, order] = a.shape;
  const enough = tracing.constant({ kind: 'fill', value: order * tracing.epsilon }, [1]);
  const size = norms(a);
  const final = tracing.loop(
    { x: startOf(a), state: initialState(tracing, batch, limit) },
    ({ state }) => statusOf(state),
    limit,
    ({ x, state }) => {
      const missed = computeError(tracing, a, x);
      // ‖I − AX⁺‖ ≤ ‖I − AX‖² is compared with what rounding leaves, about ε‖A‖‖X‖.
      const rounding = elementwise('multiply', [size, norms(x)]);
      const residual = elementwise('divide', [elementwise('square', [norms(missed)]), rounding]);
      return { x: batchedProduct(x, missed, { bias: x }), state: monitor(state, residual, enough, enough) };
    },
  );
  return final.x;
}

/** I − AX */
function computeError(tracing: LoopContext, a: Tensor, x: Tensor): Tensor {
  const [, order] = a.shape;
  const identity = tracing.constant({ kind: 'identity', order }, [order, order]);
  const one = { offset: 0, strides: [0, 0, order, 1] as const };
  const prior = elementwiseLaidOut('copy', [identity], [one], a.shape);
  return batchedProduct(a, x, { prior, residual: true });
}

/** ‖·‖_F of each sample, [batch]. */
function norms(a: Tensor): Tensor {
  return reduceAxes('norm', [a], 1, 3);
}

/** Aᵀ/(‖A‖₁‖A‖∞) */
function startOf(a: Tensor): Tensor {
  const [, order] = a.shape;
  const sizes = elementwise('abs', [a]);
  const [byColumns, byRows] = [1, 2].map((axis) =>
    reduceAxes('maximum', [reduceAxes('sum', [sizes], axis, axis + 1)], 1, 2),
  );
  const factors = elementwise('reciprocal', [elementwise('multiply', [byColumns, byRows])]);
  const turned = { offset: 0, strides: [0, order * order, 1, order] as const };
  const each = { offset: 0, strides: [0, 1, 0, 0] as const };
  return elementwiseLaidOut('multiply', [a, factors], [turned, each], a.shape);
}
