/** What derivatives of programs over a box and over cones have in common: the linear system, and products with it. */
import { batchedProduct } from '../../../tensor/batched.ts';
import { elementwise, product, reduceAxes, reduceRows } from '../../../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../../../tensor/tensor.ts';
import { constant } from './batch-problem.ts';
import { type SaddleSolution, type Slope, solveSaddle } from './saddle.ts';
import type { Equilibrated } from './scaling.ts';

/** After so many corrections without progress the solve of a sample ends. */
const STALE = 8;

export interface SystemSettings {
  /** Bound of the relative residual of the linear system. */
  readonly tolerance: number;
  /** The largest number of corrections. */
  readonly limit: number;
  /** See `solveSaddle`. */
  readonly largestFloor?: number;
  /** Default 8. */
  readonly staleLimit?: number;
}

const multiply = (x: Tensor, y: Tensor): Tensor => elementwise('multiply', [x, y]);

/** κ = e²/c, by which J(Aw − g) = (I − J)v in the units of the program is J(Āw̄ − ḡ) = (I − J)κv̄ in others. */
export function unitsOf({ e, c }: Equilibrated): Tensor {
  return elementwise('divide', [elementwise('square', [e]), c]);
}

/**
 * Solves Pw + Aᵀv = f, J(Aw − g) = (I − J)v in the units of the equilibrated program.
 * @param slope J(J + κ(I − J))⁻¹
 */
export function solveScaled(
  context: LoopContext,
  scaled: Equilibrated,
  slope: Slope,
  right: Readonly<Record<'f' | 'g', Tensor>>,
  { tolerance, limit, largestFloor, staleLimit = STALE }: SystemSettings,
): SaddleSolution {
  const { d, e, c } = scaled;
  const f = multiply(multiply(right.f, d), c);
  const g = multiply(right.g, e);
  const options = {
    tolerance: constant(context, tolerance),
    limit,
    staleLimit,
    ...(largestFloor !== undefined && { largestFloor }),
  };
  const found = solveSaddle(context, { ...scaled, slope }, { f, g }, undefined, options);
  return { ...found, w: multiply(found.w, d), v: elementwise('divide', [multiply(found.v, e), c]) };
}

/**
 * Replaces by zeros the rows of samples whose cotangents are all 0: a sample that the loss leaves out has no part in what
 * samples share, even if its solution is not a number.
 * @param cotangents [batch, …] each
 */
export function onlyAsked(cotangents: readonly (Tensor | undefined)[]): (x: Tensor) => Tensor {
  const sizes = cotangents.filter((x) => x !== undefined).map((x) => reduceRows('maximum', [elementwise('abs', [x])]));
  const asked = sizes.reduce((left, right) => elementwise('maximum', [left, right]));
  const { context } = asked;
  const isAsked = context.alias(asked, [asked.size, 1]);
  const none = constant(context, 0);
  return (x) => elementwise('select', [isAsked, x, none]);
}

/** left·rightᵀ of each sample, [batch, rows, columns]; or the sum of all, [rows, columns]. */
export function outerProduct(left: Tensor, right: Tensor, isOwn: boolean): Tensor {
  if (!isOwn) return product(left, right, { transposeA: true });
  const { context } = left;
  return batchedProduct(
    context.alias(left, [...left.shape, 1]),
    context.alias(right, [right.shape[0], 1, right.shape[1]]),
  );
}

/** factor·½(wxᵀ + xwᵀ), as `outerProduct`. */
export function symmetricProduct(w: Tensor, x: Tensor, isOwn: boolean, factor: number): Tensor {
  const sum = elementwise('add', [outerProduct(w, x, isOwn), outerProduct(x, w, isOwn)]);
  return elementwise('scale', [sum], [factor / 2, 0]);
}

/** The rows of all samples, or their sum, as the data have them. */
export function likeVector(rows: Tensor, { shape }: Tensor): Tensor {
  return shape.length === 2 ? rows : reduceAxes('sum', [rows], 0, 1);
}
