/** What a penalty is judged by: one number for each candidate, differentiable through the Lasso solutions. */
import { COUNT, INDEX, refusal } from '../../arguments/check.ts';
import { readOptions } from '../../arguments/options.ts';
import { type FoldOptions, foldMasks } from '../../data/folds.ts';
import { random } from '../../data/random.ts';
import type { LassoSolution } from '../../implicit/lasso/lasso.ts';
import { concat } from '../../tensor/arrange.ts';
import type { Scope } from '../../tensor/engine.ts';
import { describe } from '../../tensor/shape.ts';
import { checkTogether, TENSOR, type Tensor } from '../../tensor/tensor.ts';

/** The rows that are fitted. */
export interface RowSplit {
  /** [rows, features] */
  readonly X: Tensor;
  /** [rows] */
  readonly y: Tensor;
}

export interface Criterion {
  readonly name: string;
  /** Makes what is needed of the data, in the scope of one evaluation. */
  begin(scope: Scope, rows: RowSplit): Judge;
}

/** Each candidate is solved for in `copies` problems; problems are in the order (copy, candidate). */
export interface Judge {
  readonly copies: number;
  /** [copies, rows]: the rows that each copy is fitted to. */
  readonly masks?: Tensor;
  /** Of each copy, the rows it is fitted to as a share of all: its penalties are multiplied by that. */
  readonly shares?: readonly number[];
  /** [copies·candidates, rows] where the copies differ in it; default y for all. */
  targets?(candidates: number): Tensor;
  /** The criterion of each candidate, [candidates]. */
  judge(solution: LassoSolution, candidates: number): Tensor;
}

/** y − Xβ − β₀, [problems, rows]. */
function computeResiduals({ X, y }: RowSplit, { beta, intercept }: LassoSolution): Tensor {
  const target = y.shape.length === 1 ? y.reshape([1, y.size]) : y;
  return target.sub(beta.matmul(X, { transposeB: true })).sub(intercept.reshape([intercept.size, 1]));
}

/** The mean squared error on rows that are not fitted. */
export function heldOut(rows: RowSplit): Criterion {
  const { X, y } = readOptions('heldOut', rows, { X: TENSOR, y: TENSOR }, 'X', 'y');
  checkTogether('heldOut', { X, y });
  if (X.shape.length !== 2 || y.shape.length !== 1 || y.size !== X.shape[0]) {
    throw new RangeError(
      `heldOut: X has shape ${describe(X.shape)} and y ${describe(y.shape)}; they must be [rows, features] and [rows]`,
    );
  }
  return {
    name: 'held-out error',
    begin: (scope) => {
      const own = { X: scope.use(X), y: scope.use(y) };
      return { copies: 1, judge: (solution) => computeResiduals(own, solution).square().mean(1) };
    },
  };
}

/** The mean over the folds of the mean squared error on the rows held out (M. Stone, 1974); all folds are one batch. */
export function crossValidation(options?: FoldOptions): Criterion {
  const { folds = 5, seed = 0 } = readOptions('crossValidation', options, { folds: COUNT, seed: INDEX });
  if (folds < 2) throw refusal('crossValidation: folds', folds, 'an integer from 2');
  return {
    name: `${folds}-fold cross-validation`,
    begin(scope, rows) {
      const { count, training, heldOut } = foldMasks(rows.y.size, { folds, seed });
      const sizes = Array.from({ length: folds }, (_, fold) =>
        heldOut.subarray(fold * count, (fold + 1) * count).reduce((sum, one) => sum + one, 0),
      );
      const masks = scope.tensor(training, [folds, count]);
      const shares = Float64Array.from(heldOut, (one, at) => one / (folds * sizes[Math.floor(at / count)]));
      const weights = scope.tensor(shares, [folds, 1, count]);
      return {
        copies: folds,
        masks,
        shares: sizes.map((size) => 1 - size / count),
        judge(solution, candidates) {
          const squared = computeResiduals(rows, solution).square().reshape([folds, candidates, count]);
          return squared.mul(weights).sum([0, 2]);
        },
      };
    },
  };
}

export interface SureOptions {
  /** σ > 0 of the noise in y. */
  deviation: number;
  /** Of the direction in which the degrees of freedom are measured, an integer from 0. Default 0. */
  seed?: number;
}

/**
 * Stein's unbiased estimate of the risk, divided by the rows: (‖y − f(y)‖² + 2σ²·dof)/rows − σ², f(y) = Xβ + β₀. The degrees of
 * freedom, which are piecewise constant, are measured so that they can be differentiated: dof = ⟨f(y + εδ) − f(y), δ⟩/ε
 * with a Gaussian δ and ε = 2σ/rows^0.3 (Deledalle, Vaiter, Fadili & Peyré 2014).
 */
export function sure(options: SureOptions): Criterion {
  const { deviation, seed = 0 } = readOptions('sure', options, { deviation: 0, seed: INDEX });
  if (!(Number.isFinite(deviation) && deviation > 0)) {
    throw refusal('sure: deviation', deviation, 'a finite number > 0, the noise in y');
  }
  return {
    name: "Stein's unbiased risk estimate",
    begin(scope, { X, y }) {
      const count = y.size;
      const step = (2 * deviation) / count ** 0.3;
      const generator = random(seed);
      const direction = scope.tensor(
        Array.from({ length: count }, () => generator.normal()),
        [1, count],
      );
      return {
        copies: 2,
        targets(candidates) {
          const moved = direction.mul(step).add(y);
          const both = concat([y.reshape([1, count]), moved]).reshape([2, 1, count]);
          const zeros = scope.tensor(new Float64Array(candidates), [1, candidates, 1]);
          return both.add(zeros).reshape([2 * candidates, count]);
        },
        judge({ beta, intercept }, candidates) {
          const fitted = beta.matmul(X, { transposeB: true }).add(intercept.reshape([2 * candidates, 1]));
          const first = fitted.slice([0, 0], [candidates, count]);
          const second = fitted.slice([candidates, 0], [candidates, count]);
          const freedom = second.sub(first).mul(direction).sum(1).div(step);
          const misfit = y.reshape([1, count]).sub(first).square().sum(1);
          return misfit
            .add(freedom.mul(2 * deviation ** 2))
            .div(count)
            .sub(deviation ** 2);
        },
      };
    },
  };
}
