/**
 * The quadratic part of a batch of Lasso problems, ½ Σ_rows M(y − Xβ − β₀)², with the intercept β₀ eliminated: ½(y − Xβ)ᵀP(y − Xβ)
 * with P = M, or with an intercept P = M − M11ᵀM/(1ᵀM1), symmetric and positive semidefinite. M is the diagonal of a mask of
 * rows. Problems come in groups of equal length, one after the other; each group has a mask of its own.
 */
import { elementwise, elementwiseLaidOut, product, reduceAll, reduceAxes } from '../../tensor/kernels.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { spectralNormBound } from '../norm.ts';

/** Tensors are those of the Program being traced. */
export interface Design {
  /** [rows, features]; centred where there is an intercept. */
  readonly X: Tensor;
  /** [groups, rows], from 0 to 1: how much each row counts. */
  readonly masks: Tensor | undefined;
  readonly intercept: boolean;
  /** XᵀPX of each group, one below the other: [groups·features, features]. */
  readonly gram: Tensor | undefined;
  /** L ≥ ‖XᵀPX‖, [1]; above 0. */
  readonly bound: Tensor;
  /** h = maxⱼ ‖Xⱼ‖², [1]; 1 where that is 0. */
  readonly largest: Tensor;
}

export interface DesignOptions {
  readonly intercept: boolean;
  /** Form XᵀPX: worth it where it is small against X and used often. */
  readonly gram: boolean;
}

/** X as P wants it. P1 = 0: whatever is taken from a column changes nothing, and a column that is centred rounds least. */
export function centredColumns(X: Tensor, intercept: boolean): Tensor {
  if (!intercept) return X;
  const [rows, features] = X.shape;
  const sums = X.context.alias(reduceAxes('sum', [X], 0, 1), [1, features]);
  return elementwise('subtract', [X, elementwise('scale', [sums], [1 / rows, 0])]);
}

export function designOf(given: Tensor, masks: Tensor | undefined, { intercept, gram }: DesignOptions): Design {
  const X = centredColumns(given, intercept);
  const squares = reduceAxes('sum', [elementwise('square', [X])], 0, 1);
  // XᵀPX ⪯ XᵀX, since the masks do not exceed 1.
  const largest = reduceAll('maximum', squares);
  /** Both are divided by: where X = 0, and so β = 0, any scale will do. The norm of nothing is NaN. */
  const orOne = (scale: Tensor): Tensor =>
    elementwise('select', [largest, scale, scale.context.constant({ kind: 'fill', value: 1 }, [1])]);
  const bound = orOne(elementwise('square', [spectralNormBound(X)]));
  const ungrammed = { X, masks, intercept, gram: undefined, bound, largest: orOne(largest) };
  return gram ? { ...ungrammed, gram: gramOf(ungrammed) } : ungrammed;
}

/** XᵀMX − (XᵀM1)(XᵀM1)ᵀ/(1ᵀM1) of each group, [groups·features, features]. */
function gramOf({ X, masks, intercept }: Design): Tensor {
  const [rows, features] = X.shape;
  const { context } = X;
  // Centred columns need no correction.
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

/** Problems with the same mask are a group; without masks all are. */
export function groupsOf({ masks }: Design): number {
  return masks?.shape[0] ?? 1;
}

/** 1ᵀM1 of each group, [groups]. */
export function totals(masks: Tensor): Tensor {
  return reduceAxes('sum', [masks], 1, 2);
}

/** P of each row of R, [batch, rows]. */
export function projected({ masks, intercept }: Pick<Design, 'masks' | 'intercept'>, R: Tensor): Tensor {
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
export function predicted({ X }: Design, beta: Tensor): Tensor {
  return product(beta, X, { transposeB: true });
}

/** y − Xβ, [batch, rows]. */
export function errorOf({ X }: Design, y: Tensor, beta: Tensor): Tensor {
  return product(beta, X, { transposeB: true, prior: y, residual: true });
}

/** XᵀR, [batch, features]. */
export function correlated({ X }: Pick<Design, 'X'>, R: Tensor): Tensor {
  return product(R, X);
}

/** XᵀPXβ, [batch, features]: from the Gram matrices where they were formed. */
export function curved(design: Design, beta: Tensor): Tensor {
  const { gram, masks } = design;
  if (!gram) return correlated(design, projected(design, predicted(design, beta)));
  if (!masks) return product(beta, gram);
  // Every problem with the matrix of every group, of which its own is kept: cheap where the matrices are small.
  const [batch, features] = beta.shape;
  const [groups] = masks.shape;
  const all = product(beta, gram, { transposeB: true });
  const width = groups * features;
  const length = batch / groups;
  const own = { offset: 0, strides: [0, length * width + features, width, 1] as const };
  return beta.context.alias(elementwiseLaidOut('copy', [all], [own], [1, groups, length, features]), [batch, features]);
}

/** How many passes over the data a solve takes, about: what forming the Gram matrices has to be weighed against. */
const TYPICAL_ITERATIONS = 100;
/** Numbers in the Gram matrices that are still kept. */
const LARGEST_GRAM = 2 ** 24;

/** Whether XᵀPX costs less than X: to form once and to use in every iteration. */
export function prefersGram(rows: number, features: number, batch: number, groups: number): boolean {
  const width = groups * features;
  if (width * features > LARGEST_GRAM) return false;
  const formed = rows * width * features + TYPICAL_ITERATIONS * batch * features * width;
  return formed < TYPICAL_ITERATIONS * batch * 2 * rows * features;
}
