/**
 * The quadratic part of a batch of Lasso problems, ½ Σ_rows M(y − Xβ − β₀)², with the intercept β₀ eliminated: ½(y −
 * Xβ)ᵀP(y − Xβ), where P = M without an intercept, else P = M − M11ᵀM/(1ᵀM1), symmetric and positive semidefinite. M
 * is the diagonal matrix of a mask of rows. Problems come in groups of equal length, one after the other; each group
 * has a mask of its own.
 */
import { elementwise, elementwiseLaidOut, product, reduceAll, reduceAxes } from '../../tensor/kernels.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { spectralNormBound } from '../norm.ts';

/** Tensors are those of the Program being traced. */
export interface Design {
  /** [rows, features]; the columns are centred if there is an intercept. */
  readonly X: Tensor;
  /** [groups, rows], at least 0: how much each row counts. */
  readonly masks: Tensor | undefined;
  readonly intercept: boolean;
  /** XᵀPX of each group, one below the other: [groups·features, features]; undefined if it was not formed. */
  readonly gram: Tensor | undefined;
  /** L ≥ ‖XᵀPX‖, [1]; above 0. */
  readonly bound: Tensor;
  /** h = maxⱼ ‖Xⱼ‖², [1]; 1 if X is 0. */
  readonly largest: Tensor;
}

interface DesignOptions {
  readonly intercept: boolean;
  /** Whether to form XᵀPX, which pays if it is small compared with X and used often. */
  readonly gram: boolean;
}

/**
 * Centres the columns of X if there is an intercept: since P1 = 0 this changes nothing, and centred columns round
 * least.
 */
export function centreColumns(X: Tensor, intercept: boolean): Tensor {
  if (!intercept) return X;
  const [rows, features] = X.shape;
  const sums = X.context.alias(reduceAxes('sum', [X], 0, 1), [1, features]);
  return elementwise('subtract', [X, elementwise('scale', [sums], [1 / rows, 0])]);
}

export function designOf(given: Tensor, masks: Tensor | undefined, { intercept, gram }: DesignOptions): Design {
  const X = centreColumns(given, intercept);
  const squares = reduceAxes('sum', [elementwise('square', [X])], 0, 1);
  // XᵀPX ⪯ μXᵀX, where no entry of the masks exceeds μ ≥ 1.
  const one = X.context.constant({ kind: 'fill', value: 1 }, [1]);
  const most = masks && elementwise('maximum', [reduceAll('maximum', masks), one]);
  const scaled = (x: Tensor): Tensor => (most ? elementwise('multiply', [x, most]) : x);
  const largest = scaled(reduceAll('maximum', squares));
  /** Both scales are divisors: if X = 0, and so β = 0, any scale will do, and the norm of X is NaN. */
  const orOne = (scale: Tensor): Tensor => elementwise('select', [largest, scale, one]);
  const bound = orOne(scaled(elementwise('square', [spectralNormBound(X)])));
  const ungrammed = { X, masks, intercept, gram: undefined, bound, largest: orOne(largest) };
  return gram ? { ...ungrammed, gram: gramOf(ungrammed) } : ungrammed;
}

/** XᵀMX − (XᵀM1)(XᵀM1)ᵀ/(1ᵀM1) of each group, [groups·features, features]. */
function gramOf({ X, masks, intercept }: Design): Tensor {
  const [rows, features] = X.shape;
  const { context } = X;
  // Columns that are centred need no correction.
  if (!masks) return product(X, X, { transposeA: true });
  const [groups] = masks.shape;
  const masked = elementwise('multiply', [
    context.alias(X, [rows, 1, features]),
    context.alias(elementwiseLaidOut('copy', [masks], [{ offset: 0, strides: [0, 0, 1, rows] }], [rows, groups]), [
      rows,
      groups,
      1,
    ]),
  ]);
  const gram = product(context.alias(masked, [rows, groups * features]), X, { transposeA: true });
  if (!intercept) return gram;
  const sums = product(masks, X);
  const outer = elementwise('multiply', [
    context.alias(sums, [groups, features, 1]),
    context.alias(sums, [groups, 1, features]),
  ]);
  const correction = elementwise('divide', [outer, context.alias(totals(masks), [groups, 1, 1])]);
  return elementwise('subtract', [gram, context.alias(correction, [groups * features, features])]);
}

/** Number of groups: problems with the same mask are a group; without masks all are. */
export function groupsOf({ masks }: Design): number {
  return masks?.shape[0] ?? 1;
}

/** 1ᵀM1 of each group, [groups]. */
export function totals(masks: Tensor): Tensor {
  return reduceAxes('sum', [masks], 1, 2);
}

/** Applies P to each row of R, [batch, rows]. */
export function project({ masks, intercept }: Pick<Design, 'masks' | 'intercept'>, R: Tensor): Tensor {
  const [batch, rows] = R.shape;
  const { context } = R;
  if (!masks) {
    if (!intercept) return R;
    const mean = elementwise('scale', [reduceAxes('sum', [R], 1, 2)], [1 / rows, 0]);
    return elementwise('subtract', [R, context.alias(mean, [batch, 1])]);
  }
  const [groups] = masks.shape;
  const grouped = [groups, batch / groups, rows];
  const mask = context.alias(masks, [groups, 1, rows]);
  const masked = elementwise('multiply', [context.alias(R, grouped), mask]);
  if (!intercept) return context.alias(masked, R.shape);
  const sums = context.alias(reduceAxes('sum', [masked], 2, 3), [groups, batch / groups, 1]);
  const means = elementwise('divide', [sums, context.alias(totals(masks), [groups, 1, 1])]);
  const correction = elementwise('multiply', [means, mask]);
  return context.alias(elementwise('subtract', [masked, correction]), R.shape);
}

/** Xβ for each row of β, [batch, rows]. */
export function predict({ X }: Design, beta: Tensor): Tensor {
  return product(beta, X, { transposeB: true });
}

/** y − Xβ, [batch, rows]. */
export function errorOf({ X }: Design, y: Tensor, beta: Tensor): Tensor {
  return product(beta, X, { transposeB: true, prior: y, residual: true });
}

/** XᵀR, [batch, features]. */
export function correlate({ X }: Pick<Design, 'X'>, R: Tensor): Tensor {
  return product(R, X);
}

/** XᵀPXβ, [batch, features], from the Gram matrices if they were formed. */
export function applyGram(design: Design, beta: Tensor): Tensor {
  const { gram, masks } = design;
  if (!gram) return correlate(design, project(design, predict(design, beta)));
  if (!masks) return product(beta, gram);
  // Multiplies every problem by the matrix of every group and takes its own result: cheap if the matrices are small.
  const [batch, features] = beta.shape;
  const [groups] = masks.shape;
  const all = product(beta, gram, { transposeB: true });
  const width = groups * features;
  const length = batch / groups;
  const own = { offset: 0, strides: [0, length * width + features, width, 1] as const };
  return beta.context.alias(elementwiseLaidOut('copy', [all], [own], [1, groups, length, features]), [batch, features]);
}

/** Typical number of iterations of a solve, by which the cost of forming the Gram matrices is judged. */
const TYPICAL_ITERATIONS = 100;
/** Largest number of entries of the Gram matrices. */
const LARGEST_GRAM = 2 ** 24;

/** Whether forming XᵀPX once and using it in every iteration costs less than using X. */
export function prefersGram(rows: number, features: number, batch: number, groups: number): boolean {
  const width = groups * features;
  if (width * features > LARGEST_GRAM) return false;
  const formed = rows * width * features + TYPICAL_ITERATIONS * batch * features * width;
  return formed < TYPICAL_ITERATIONS * batch * 2 * rows * features;
}
