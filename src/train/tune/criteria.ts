/** Criteria by which penalties are chosen: one number per candidate, differentiable through the Lasso solutions. */
import { COUNT, createArgumentError, INDEX } from '../../arguments/check.ts';
import { readOptions } from '../../arguments/options.ts';
import { type FoldOptions, foldMasks } from '../../data/folds.ts';
import { random } from '../../data/random.ts';
import type { LassoSolution } from '../../implicit/lasso/lasso.ts';
import { concat } from '../../tensor/arrange.ts';
import type { Scope } from '../../tensor/scope.ts';
import { formatShape } from '../../tensor/shape.ts';
import { checkTogether, TENSOR, type Tensor } from '../../tensor/tensor.ts';

/** The rows to which the Lasso is fitted. */
export interface RowSplit {
  /** [rows, features] */
  readonly X: Tensor;
  /** [rows] */
  readonly y: Tensor;
  /** Weight ≥ 0 of each row, [rows]. Default 1. */
  readonly rowWeights?: Tensor | undefined;
}

/** A criterion judges on other rows than those of the fit. */
export interface HeldOutSplit {
  /** 'held-out'. */
  readonly kind: 'held-out';
  /** These rows. */
  readonly rows: RowSplit;
}

/** A criterion judges on each fold of the rows in turn. */
export interface FoldSplit {
  /** 'folds'. */
  readonly kind: 'folds';
  /** The number of folds. */
  readonly folds: number;
  /** The seed of the random partition. */
  readonly seed: number;
}

/** The rows on which a criterion judges. */
export type CriterionSplit = HeldOutSplit | FoldSplit;

/** A criterion by which `tune` chooses the penalty. */
export interface Criterion {
  /** The name under which results report it. */
  readonly name: string;
  /** The rows on which it judges, for `tuneSparseModel` and `tuneSupportVectorMachine`, which take no criterion without them. */
  readonly split?: CriterionSplit;
  /** Prepares one evaluation on the rows. Tensors are made in its scope. */
  begin(scope: Scope, rows: RowSplit): Judge;
}

/**
 * Evaluates a criterion. Each candidate is solved in `copies` Lasso problems, which differ in their rows or targets.
 * Problems are ordered as (copy, candidate).
 */
export interface Judge {
  /** The number of problems per candidate. */
  readonly copies: number;
  /** [copies, rows], with 1 for the rows to which a copy is fitted, else 0. Default: all rows. */
  readonly masks?: Tensor;
  /**
   * For each copy, the share of all rows to which it is fitted. Its penalties are multiplied by that share. Default: 1.
   */
  readonly shares?: readonly number[];
  /** The targets, [copies·candidates, rows], where copies differ in them. Default: y for all. */
  targets?(candidates: number): Tensor;
  /** Returns the criterion of each candidate, [candidates]. */
  judge(solution: LassoSolution, candidates: number): Tensor;
}

/** The residuals y − Xβ − β₀, [problems, rows]. */
function computeResiduals({ X, y }: RowSplit, { beta, intercept }: LassoSolution): Tensor {
  const target = y.shape.length === 1 ? y.reshape([1, y.size]) : y;
  return target.sub(beta.matmul(X, { transposeB: true })).sub(intercept.reshape([intercept.size, 1]));
}

/**
 * The mean squared error on held-out rows, to which the Lasso is not fitted; for `tuneSparseModel`, the mean of the loss of
 * the model.
 * @param rows X, [rows, features], and y, [rows], or [rows, tasks] for a sparse model of several; with `rowWeights` the mean is weighted by them
 */
export function heldOut(rows: RowSplit): Criterion {
  const { X, y, rowWeights } = readOptions('heldOut', rows, { X: TENSOR, y: TENSOR, rowWeights: TENSOR }, 'X', 'y');
  checkTogether('heldOut', { X, y, rowWeights });
  if (X.shape.length !== 2 || y.shape.length < 1 || y.shape.length > 2 || y.shape[0] !== X.shape[0]) {
    throw new RangeError(
      `heldOut: X has shape ${formatShape(X.shape)} and y ${formatShape(y.shape)}; they must be [rows, features] and [rows], or [rows, tasks]`,
    );
  }
  if (rowWeights && (rowWeights.shape.length !== 1 || rowWeights.size !== y.shape[0])) {
    throw new RangeError(`heldOut: rowWeights has shape ${formatShape(rowWeights.shape)}; it must be [${y.shape[0]}]`);
  }
  return {
    name: 'held-out error',
    split: { kind: 'held-out', rows: { X, y, rowWeights } },
    begin: (scope) => {
      if (y.shape.length !== 1) {
        throw new RangeError(
          `heldOut: y has shape ${formatShape(y.shape)}; tune takes one target, [rows], and several tasks are for tuneSparseModel`,
        );
      }
      const own = { X: scope.use(X), y: scope.use(y) };
      const weights = rowWeights && scope.use(rowWeights);
      const judge = (solution: LassoSolution): Tensor => {
        const squared = computeResiduals(own, solution).square();
        return weights ? squared.mul(weights.div(weights.sum())).sum(1) : squared.mean(1);
      };
      return { copies: 1, judge };
    },
  };
}

/**
 * The mean over the folds of the mean squared error on the held-out rows (M. Stone, 1974); for `tuneSparseModel`, of the
 * mean loss of the model. All folds are solved as one
 * batch.
 */
export function crossValidation(options?: FoldOptions): Criterion {
  const { folds = 5, seed = 0 } = readOptions('crossValidation', options, { folds: COUNT, seed: INDEX });
  if (folds < 2) throw createArgumentError('crossValidation: folds', folds, 'an integer from 2');
  return {
    name: `${folds}-fold cross-validation`,
    split: { kind: 'folds', folds, seed },
    begin(scope, rows) {
      const { count, training, heldOut } = foldMasks(rows.y.size, { folds, seed });
      const sizes = Array.from({ length: folds }, (_, fold) =>
        heldOut.subarray(fold * count, (fold + 1) * count).reduce((sum, one) => sum + one, 0),
      );
      const masks = scope.tensor(training, [folds, count]);
      if (rows.rowWeights) return judgeWeightedFolds(scope, rows, rows.rowWeights, { masks, heldOut, folds, count });
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

/**
 * Cross-validation with weighted rows: the error of a fold is the weighted mean over its held-out rows, and folds count
 * alike. Penalties are multiplied by the share of the rows, as without weights: how weights fall onto folds is random.
 */
function judgeWeightedFolds(
  scope: Scope,
  rows: RowSplit,
  rowWeights: Tensor,
  { masks, heldOut, folds, count }: { masks: Tensor; heldOut: Uint8Array; folds: number; count: number },
): Judge {
  const held = scope.tensor(heldOut, [folds, count]).mul(rowWeights);
  // A fold whose rows all have weight 0 has no error: 0/0 would be NaN.
  const totals = held.sum(1, { keepAxes: true }).maximum(scope.tensor([1e-30], [1, 1]));
  const weights = held.div(totals).div(folds).reshape([folds, 1, count]);
  const sizes = Array.from({ length: folds }, (_, fold) =>
    heldOut.subarray(fold * count, (fold + 1) * count).reduce((sum, one) => sum + one, 0),
  );
  return {
    copies: folds,
    masks,
    shares: sizes.map((size) => 1 - size / count),
    judge: (solution, candidates) =>
      computeResiduals(rows, solution).square().reshape([folds, candidates, count]).mul(weights).sum([0, 2]),
  };
}

/** Options of `sure`. */
export interface SureOptions {
  /** The standard deviation σ > 0 of the noise in y. */
  deviation: number;
  /** Seed of the direction δ along which the degrees of freedom are estimated, an integer from 0. Default 0. */
  seed?: number;
}

/**
 * Stein's unbiased estimate of the risk per row, (‖y − f(y)‖² + 2σ²·dof)/rows − σ² with f(y) = Xβ + β₀. The degrees of
 * freedom are piecewise constant in the penalty. A finite difference makes them differentiable: dof = ⟨f(y + εδ) −
 * f(y), δ⟩/ε with a Gaussian δ and ε = 2σ/rows^0.3 (Deledalle, Vaiter, Fadili & Peyré 2014).
 */
export function sure(options: SureOptions): Criterion {
  const { deviation, seed = 0 } = readOptions('sure', options, { deviation: 0, seed: INDEX });
  if (!(Number.isFinite(deviation) && deviation > 0)) {
    throw createArgumentError('sure: deviation', deviation, 'a finite number > 0, the noise in y');
  }
  return {
    name: "Stein's unbiased risk estimate",
    begin(scope, { X, y, rowWeights }) {
      if (rowWeights)
        throw new RangeError('sure: it is for rows of equal weight; leave rowWeights out, or use crossValidation');
      const count = y.size;
      const epsilon = (2 * deviation) / count ** 0.3;
      const generator = random(seed);
      const direction = scope.tensor(
        Array.from({ length: count }, () => generator.normal()),
        [1, count],
      );
      return {
        copies: 2,
        targets(candidates) {
          const moved = direction.mul(epsilon).add(y);
          const both = concat([y.reshape([1, count]), moved]).reshape([2, 1, count]);
          const zeros = scope.tensor(new Float64Array(candidates), [1, candidates, 1]);
          return both.add(zeros).reshape([2 * candidates, count]);
        },
        judge({ beta, intercept }, candidates) {
          const fitted = beta.matmul(X, { transposeB: true }).add(intercept.reshape([2 * candidates, 1]));
          const first = fitted.slice([0, 0], [candidates, count]);
          const second = fitted.slice([candidates, 0], [candidates, count]);
          const freedom = second.sub(first).mul(direction).sum(1).div(epsilon);
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
