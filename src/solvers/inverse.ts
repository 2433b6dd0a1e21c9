import { elementwise, product, reduceAll } from '../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import { initialState, monitor, statusOf } from './monitor.ts';

const LIMIT = 60;

/**
 * M⁻¹ by Newton-Schulz, X⁺ = X + X(I − MX), products only. With σ_min(M) ≥ s and ‖M‖ ≤ L the start X = cMᵀ,
 * c = 2/(s² + L²), gives ‖I − XM‖ ≤ (L² − s²)/(L² + s²) < 1, and the error is squared by each step.
 * @param matrix M, [n, n]
 * @param smallest s > 0, [1]
 * @param largest L, [1]
 * @param tolerance of ‖I − MX‖_F, [1]; ε is taken where it is smaller
 * @param wanted [1]: where it is 0 nothing is computed, and the result means nothing; default 1
 */
export function inverse(
  tracing: LoopContext,
  matrix: Tensor,
  smallest: Tensor,
  largest: Tensor,
  tolerance: Tensor,
  wanted?: Tensor,
): Tensor {
  const [n] = matrix.shape;
  const identity = tracing.constant({ kind: 'identity', order: n }, [n, n]);
  const squares = elementwise('add', [elementwise('square', [smallest]), elementwise('square', [largest])]);
  const start = elementwise('multiply', [
    product(matrix, identity, { transposeA: true }),
    elementwise('scale', [elementwise('reciprocal', [squares])], [2, 0]),
  ]);
  const unit = tracing.constant({ kind: 'fill', value: tracing.epsilon }, [1]);
  const reachable = elementwise('maximum', [tolerance, unit]);
  const fresh = initialState(tracing, 1);
  // A state full of numbers that are not 0 has stopped.
  const state = wanted ? elementwise('select', [wanted, fresh, elementwise('scale', [fresh], [0, 1])]) : fresh;
  const final = tracing.loop(
    { x: start, state },
    ({ state }) => statusOf(state),
    LIMIT,
    ({ x, state }) => {
      const error = product(matrix, x, { prior: identity, residual: true });
      // What the error will be after this step: its square.
      const next = elementwise('square', [reduceAll('norm', error)]);
      return {
        x: product(x, error, { bias: x }),
        state: monitor(state, next, reachable, unit),
      };
    },
  );
  return final.x;
}
