import { MAXIMUM_SOLVE_ORDER } from '../backends/kernels.ts';
import { denseSolve, elementwise } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { KrylovProblem } from './krylov.ts';
import type { LinearMethod } from './linear.ts';
import { monitor } from './monitor.ts';

export interface DenseProblem extends KrylovProblem {
  /** S of each sample, [batch, n, n]; `prepare` adds it. */
  readonly matrix?: Tensor;
}

/**
 * Elimination, for n ≤ 16. The matrix of each sample is computed once, by n products with unit vectors. Each round is
 * a step of iterative refinement.
 */
export const dense: LinearMethod<DenseProblem> = {
  converges: 'linearly',
  prepare(context, problem) {
    const [batch, n] = problem.v.shape;
    if (n > MAXIMUM_SOLVE_ORDER) {
      throw new RangeError(
        `linearSolver: dense is for at most ${MAXIMUM_SOLVE_ORDER} unknowns, there are ${n}; take another one`,
      );
    }
    const unit = (length: number, at: number): number[] => Array.from({ length }, (_, index) => (index === at ? 1 : 0));
    const zeros = context.constant({ kind: 'fill', value: 0 }, [batch, n, n]);
    let matrix = zeros;
    for (let column = 0; column < n; column++) {
      const direction = Array.from({ length: batch }, () => unit(n, column)).flat();
      const image = problem.apply(context.constant({ kind: 'values', values: direction }, [batch, n]));
      const place = context.constant({ kind: 'values', values: unit(n, column) }, [1, 1, n]);
      matrix = elementwise('select', [place, context.alias(image, [batch, n, 1]), matrix]);
    }
    return { ...problem, matrix };
  },
  correct(context, { matrix, enter, leave }, { r, state }) {
    if (!matrix) throw new Error('dense: the problem was not prepared');
    const e = leave(denseSolve(matrix, enter(r)), r);
    // Every running sample has then made its one iteration.
    const nothing = context.constant({ kind: 'fill', value: 0 }, [1]);
    return { e, state: monitor(state, nothing, nothing, nothing) };
  },
};
