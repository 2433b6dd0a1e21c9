/** Where a Lasso path starts: the least penalty at which every penalised coefficient is 0. */
import { type Checks, readOptions } from '../../arguments/options.ts';
import { centreColumns, correlate, project, totals } from '../../solvers/lasso/design.ts';
import { countedPart } from '../../solvers/lasso/problem.ts';
import { asColumn } from '../../solvers/monitor.ts';
import { elementwise, product, reduceAll, reduceRows } from '../../tensor/kernels.ts';
import { joinEndToEnd } from '../../tensor/move-kernels.ts';
import type { LoopContext, Tensor } from '../../tensor/tensor.ts';
import { unlessAborted } from '../run-limits.ts';
import { lasso } from './lasso.ts';
import { type CheckedLasso, checkLasso, LASSO_OPTIONS, type LassoOptions } from './options.ts';
import { appendExtremes, checkExtremes } from './ranges.ts';
import { weightMasks } from './row-weights.ts';

/** Options of `largestPenalty`, which are those of `lasso`. */
export type LargestPenaltyOptions = Pick<
  LassoOptions,
  | 'X'
  | 'y'
  | 'weights'
  | 'masks'
  | 'rowWeights'
  | 'nonNegative'
  | 'intercept'
  | 'ridge'
  | 'solver'
  | 'tolerance'
  | 'limit'
  | 'signal'
>;

const { X, y, weights, masks, rowWeights, nonNegative, intercept, ridge, solver, tolerance, limit, signal } =
  LASSO_OPTIONS;
const LARGEST_PENALTY_OPTIONS: Checks<LargestPenaltyOptions> = {
  ...{ X, y, weights, masks, rowWeights, nonNegative, intercept, ridge, solver, tolerance, limit, signal },
};

/**
 * Computes log λ_max = ln maxⱼ |XⱼᵀP(y − Xβ⁰)|/wⱼ for each problem, over the features with wⱼ > 0: for every larger λ
 * these coefficients are 0, and β = β⁰. Features with wⱼ = 0 keep the coefficients of the regression of y on them,
 * with the ridge if there is one; `solver`, `tolerance` and `limit` apply to that regression. Without such features
 * β⁰ = 0. With `nonNegative` only XⱼᵀP(y − Xβ⁰) > 0 counts.
 *
 * @returns one number for each problem; −∞ if Xᵀ of the residual is 0 up to rounding, so that λ changes nothing.
 *   Rejects with the signal's reason once the signal is aborted
 * @throws RangeError if a shape or a number is wrong; ConvergenceError if the regression was not solved
 */
export async function largestPenalty(options: LargestPenaltyOptions): Promise<number[]> {
  return [
    ...(await findLargestPenalties(readOptions('largestPenalty', options, LARGEST_PENALTY_OPTIONS, 'X', 'y'))).largest,
  ];
}

/** Computes log λ_max of one problem. @throws RangeError that says why λ changes nothing, if it does not */
export async function finiteLargestPenalty(options: LargestPenaltyOptions): Promise<number> {
  const { largest, free, penalised } = await findLargestPenalties(options);
  if (Number.isFinite(largest[0])) return largest[0];
  if (!penalised) throw new RangeError('weights: all are 0, so that λ changes nothing: one call of lasso is the path');
  if (free) {
    throw new RangeError(
      'y: the features without a penalty (weights of 0) explain all of it that X can, so that the others are 0 for every λ',
    );
  }
  const { X, masks, intercept, nonNegative } = options;
  if (nonNegative) throw new RangeError('y: Xᵀy is nowhere above 0, so that with nonNegative β is 0 for every λ');
  if (!intercept) throw new RangeError('y: Xᵀy is 0, so that β is 0 for every λ');
  const [y, mask] = await unlessAborted(Promise.all([options.y.data(), masks?.data()]), options.signal);
  const counted = y.slice(0, X.shape[0]).filter((_, row) => mask?.[row] !== 0);
  const where = counted.length === y.length ? 'every row' : 'every row that counts';
  throw new RangeError(
    counted.every((value) => value === counted[0])
      ? `y: it is ${counted[0]} in ${where}, which the intercept explains: β is 0 for every λ`
      : 'y: Xᵀy is 0, so that β is 0 for every λ (the means taken off, as the intercept does)',
  );
}

interface LargestPenalties {
  /** log λ_max of each problem. */
  readonly largest: readonly number[];
  /** Whether some feature has no penalty, and whether some feature has one. */
  readonly free: boolean;
  readonly penalised: boolean;
}

async function findLargestPenalties(options: LargestPenaltyOptions): Promise<LargestPenalties> {
  const { X, y, weights, signal } = options;
  signal?.throwIfAborted();
  const checked = checkLasso({ ...options, logLambda: 0 });
  const numbers = weights && (await unlessAborted(weights.data(), signal));
  const wrong = numbers?.findIndex((weight) => !(weight >= 0 && Number.isFinite(weight))) ?? -1;
  if (numbers && wrong >= 0) {
    throw new RangeError(`weights[${wrong}]: it is ${numbers[wrong]}; it must be a finite number of at least 0`);
  }
  const free = numbers?.includes(0) ?? false;
  const penalised = numbers?.some((weight) => weight > 0) ?? true;
  if (!penalised) return { largest: Array<number>(checked.batch).fill(Number.NEGATIVE_INFINITY), free, penalised };
  const without = free && numbers ? regressUnpenalised(checked, options, numbers) : undefined;
  try {
    const {
      options: { masks, rowWeights },
      made,
    } = weightMasks(options);
    const peaks = computePeaks(checked, { X, y, weights, masks, beta: without?.beta });
    const reading = peaks.data();
    for (const each of [peaks, ...made]) each.dispose();
    const read = await unlessAborted(reading, signal);
    const { batch } = checked;
    if (read[batch] > 0) throw new RangeError('X, y or masks holds NaN or an infinity; every number must be finite');
    checkExtremes(read.subarray(batch + 1), { masks }, rowWeights !== undefined);
    return { largest: Array.from(read.subarray(0, batch), Math.log), free, penalised };
  } finally {
    without?.dispose();
  }
}

/** log λ for which λ outweighs every finite correlation. */
const PROHIBITIVE = { float32: 80, float64: 600 } as const;

/** The regression of y on the features without a penalty: a Lasso whose penalty keeps the other coefficients at 0. */
function regressUnpenalised({ engine }: CheckedLasso, options: LargestPenaltyOptions, weights: ArrayLike<number>) {
  const { X } = options;
  const shape = (options.weights as Tensor).shape;
  const isPenalised = engine.upload(Float64Array.from(weights, Math.sign), shape, X);
  try {
    const logLambda = engine.epsilon > 1e-10 ? PROHIBITIVE.float32 : PROHIBITIVE.float64;
    return lasso({ ...options, weights: isPenalised, logLambda });
  } finally {
    isPenalised.dispose();
  }
}

type Arguments = Readonly<Record<'X' | 'y', Tensor> & Partial<Record<'weights' | 'masks' | 'beta', Tensor>>>;

/** Rounding of a sum in units of ε: `growth`·√rows, plus `least`; `regressed` times as much after a regression. */
const ROUNDING = { growth: 0.5, least: 4, regressed: 64 } as const;

/**
 * Computes maxⱼ |Xⱼᵀr|/wⱼ with r = P(y − Xβ), and 0 where it is only rounding, [batch]; behind these the number of
 * entries that are not finite, and the extremes.
 */
function computePeaks(
  { engine, batch, rows, groups, settings: { intercept, nonNegative } }: CheckedLasso,
  given: Arguments,
): Tensor {
  const names = (['X', 'y', 'weights', 'masks', 'beta'] as const).filter((name) => given[name]);
  const units = (ROUNDING.least + ROUNDING.growth * Math.sqrt(rows)) * (given.beta ? ROUNDING.regressed : 1);
  const build = (tensors: Tensor[], context: LoopContext): Tensor[] => {
    const traced = Object.fromEntries(names.map((name, index) => [name, tensors[index]])) as unknown as Arguments;
    const { masks, weights, beta } = traced;
    const design = { X: centreColumns(traced.X, intercept), masks, intercept };
    const absolute = (x: Tensor): Tensor => elementwise('abs', [x]);
    const sum = (a: Tensor, b: Tensor): Tensor => elementwise('add', [a, b]);
    const y = sum(context.constant({ kind: 'fill', value: 0 }, [batch, rows]), traced.y);
    const fitted = beta && product(beta, design.X, { transposeB: true });
    const error = fitted ? elementwise('subtract', [y, fitted]) : y;
    const moment = countedPart({ nonNegative }, correlate(design, project(design, error)));
    // Bound of the rounding of these sums: Σ |Xᵢⱼ|mᵢ(|yᵢ| + |(Xβ)ᵢ|), to which an intercept adds the mean that it
    // takes off.
    const counted = (terms: Tensor): Tensor => project({ masks, intercept: false }, terms);
    const terms = fitted ? sum(absolute(y), absolute(fitted)) : absolute(y);
    const all = intercept ? sum(terms, asColumn(meanOf(reduceRows('sum', [counted(terms)])))) : terms;
    const noise = elementwise('scale', [product(counted(all), absolute(design.X))], [units * context.epsilon, 0]);
    const telling = elementwise('multiply', [moment, elementwise('greater', [moment, noise])]);
    const nothing = context.constant({ kind: 'fill', value: 0 }, [1]);
    const relative = weights
      ? elementwise('select', [weights, elementwise('divide', [telling, weights]), nothing])
      : telling;
    const notFinite = [traced.X, traced.y, ...(masks ? [masks] : [])].map((x) => reduceAll('countNotFinite', x));
    const peaks = joinEndToEnd(reduceRows('maximum', [relative]), notFinite.reduce(sum));
    return [appendExtremes(peaks, { masks })];

    /** The mean of each problem over the rows that count, from sums over them. */
    function meanOf(sums: Tensor): Tensor {
      if (!masks) return elementwise('scale', [sums], [1 / rows, 0]);
      const grouped = context.alias(sums, [groups, batch / groups]);
      return context.alias(elementwise('divide', [grouped, context.alias(totals(masks), [groups, 1])]), [batch]);
    }
  };
  const key = `lasso largest ${intercept} ${nonNegative} ${batch} ${names.join()}`;
  return engine.run(
    key,
    names.map((name) => given[name] as Tensor),
    build,
  )[0];
}
