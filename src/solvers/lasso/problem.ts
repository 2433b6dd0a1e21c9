/** A batch of Lasso problems, ½‖y − Xβ‖²_P + Σⱼ tⱼ|βⱼ| + ½ρ‖β‖², and the conditions that their solutions satisfy. */
import { combine, divideOrZero, elementwise, reduceRows } from '../../tensor/kernels.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { asColumn, repeatForBatch } from '../monitor.ts';
import { applyGram, correlate, type Design, errorOf, project } from './design.ts';

/** Tensors are those of the Program being traced. */
export interface LassoProblem {
  readonly design: Design;
  /** [batch, rows] */
  readonly y: Tensor;
  /** t = λ·(weight of the feature), [batch, features]. */
  readonly penalty: Tensor;
  /** ρ ≥ 0, [batch]. */
  readonly ridge: Tensor;
  /** Whether ρ may be above 0. */
  readonly isRidged: boolean;
  /** Whether every coefficient must be at least 0. */
  readonly nonNegative: boolean;
}

/** XᵀPXβ + ρβ */
export function applyHessian({ design, ridge }: Pick<LassoProblem, 'design' | 'ridge'>, beta: Tensor): Tensor {
  return combine({ x: applyGram(design, beta) }, { x: beta, coefficient: ridge });
}

/**
 * Minus the gradient of the smooth part, Xᵀr − ρβ, and what it is computed from: e = y − Xβ and r = Pe, [batch,
 * rows].
 */
export interface Correlation {
  readonly correlation: Tensor;
  readonly error: Tensor;
  readonly residual: Tensor;
}

/** Uses X and never XᵀX: c − XᵀXβ would round like c, which is large when the residual is small. */
export function correlationAt({ design, y, ridge }: LassoProblem, beta: Tensor): Correlation {
  const error = errorOf(design, y, beta);
  const residual = project(design, error);
  const correlation = combine({ x: correlate(design, residual) }, { x: beta, coefficient: ridge, factor: -1 });
  return { correlation, error, residual };
}

/** XᵀPy, [batch, features] */
export function momentOf({ design, y }: LassoProblem): Tensor {
  return correlate(design, project(design, y));
}

/** h = maxⱼ ‖Xⱼ‖² + ρ, [batch]: the scale between coefficients and correlations. */
export function scaleOf({ design, ridge }: Pick<LassoProblem, 'design' | 'ridge'>): Tensor {
  return elementwise('add', [ridge, design.largest]);
}

/** p = hβ + correlation: β solves the problem if β = softThreshold(p, t)/h. */
export function preActivationOf(
  problem: Pick<LassoProblem, 'design' | 'ridge'>,
  beta: Tensor,
  correlation: Tensor,
): Tensor {
  return combine({ x: beta, coefficient: scaleOf(problem) }, { x: correlation });
}

/**
 * The proximal operator of the penalty, with a threshold for each entry: sign(x)·max(|x| − t, 0), or max(x − t, 0) where
 * coefficients must not be negative.
 */
export function applyProximal({ nonNegative }: Pick<LassoProblem, 'nonNegative'>, x: Tensor, t: Tensor): Tensor {
  if (nonNegative) return elementwise('relu', [elementwise('subtract', [x, t])]);
  return elementwise('proximalSoftThreshold', [x, t], [1]);
}

/** What of a correlation counts against the threshold: |g|, or max(g, 0) where coefficients must not be negative. */
export function countedPart({ nonNegative }: Pick<LassoProblem, 'nonNegative'>, g: Tensor): Tensor {
  return elementwise(nonNegative ? 'relu' : 'abs', [g]);
}

/** ‖β − prox(hβ + correlation)/h‖, [batch]. */
export function proximalDistance(problem: LassoProblem, beta: Tensor, correlation: Tensor): Tensor {
  const proximal = applyProximal(problem, preActivationOf(problem, beta, correlation), problem.penalty);
  const h = scaleOf(problem);
  const difference = combine({ x: beta, coefficient: h }, { x: proximal, factor: -1 });
  return elementwise('divide', [reduceRows('norm', [difference]), h]);
}

/** Keeps 0/0 from being NaN: the least number of float32 that no backend flushes to 0. */
const TINY = 2 ** -126;

/**
 * Is added to ‖β‖ before a division by it, ε‖XᵀPy‖/h, [batch]: in these units the result does not depend on the units
 * of X and y.
 */
export function leastSize(problem: LassoProblem, moment: Tensor): Tensor {
  const natural = elementwise('divide', [reduceRows('norm', [moment]), scaleOf(problem)]);
  return elementwise('scale', [natural], [moment.context.epsilon, TINY]);
}

/** A distance relative to the size of β, [batch]. @param least see leastSize */
export function makeRelative(beta: Tensor, distance: Tensor, least: Tensor): Tensor {
  return divideOrZero(distance, elementwise('add', [reduceRows('norm', [beta]), least]));
}

/** Rounding of that relative residual, [batch]: ε(1 + L/h + ‖XᵀPy‖/(h‖β‖)). */
export function roundingOf(problem: LassoProblem, moment: Tensor, beta: Tensor): Tensor {
  const { epsilon } = beta.context;
  const h = scaleOf(problem);
  const size = elementwise('add', [reduceRows('norm', [beta]), leastSize(problem, moment)]);
  const share = divideOrZero(elementwise('divide', [reduceRows('norm', [moment]), h]), size);
  const curvature = elementwise('divide', [elementwise('add', [problem.ridge, problem.design.bound]), h]);
  return elementwise('scale', [elementwise('add', [share, curvature])], [epsilon, epsilon]);
}

/** ⟨e, r⟩ + ρ‖β‖², [batch] */
function quadraticOf(
  { ridge }: LassoProblem,
  beta: Tensor,
  { error, residual }: Pick<Correlation, 'error' | 'residual'>,
): Tensor {
  const ridged = elementwise('multiply', [ridge, reduceRows('dot', [beta, beta])]);
  return elementwise('add', [reduceRows('dot', [error, residual]), ridged]);
}

function objectiveFrom({ penalty }: LassoProblem, beta: Tensor, quadratic: Tensor): Tensor {
  const l1 = reduceRows('dot', [penalty, elementwise('abs', [beta])]);
  return elementwise('add', [elementwise('scale', [quadratic], [0.5, 0]), l1]);
}

/** ½(⟨e, r⟩ + ρ‖β‖²) + Σ tⱼ|βⱼ|, [batch] */
export function objectiveAt(problem: LassoProblem, beta: Tensor, at: Correlation): Tensor {
  return objectiveFrom(problem, beta, quadraticOf(problem, beta, at));
}

/**
 * The duality gap relative to the objective at 0, ½yᵀPy, [batch]. With e = y − Xβ, r = Pe, the correlation g and α =
 * min(1, minⱼ tⱼ/|gⱼ|), with max(gⱼ, 0) for |gⱼ| where β ≥ 0, the point αr is feasible for the dual problem, and the gap is
 *   ½⟨e, r⟩ + Σ tⱼ|βⱼ| + ½ρ‖β‖² − α⟨y, r⟩ + ½α²(⟨e, r⟩ + ρ‖β‖²).
 * Features without a penalty do not count for α.
 */
export function dualityGap(problem: LassoProblem, beta: Tensor, { correlation, error, residual }: Correlation): Tensor {
  const { y, penalty, design } = problem;
  const { context } = y;
  const batch = beta.shape[0];
  const dot = (a: Tensor, b: Tensor): Tensor => reduceRows('dot', [a, b]);
  const times = (a: Tensor, b: Tensor): Tensor => elementwise('multiply', [a, b]);
  const quadratic = quadraticOf(problem, beta, { error, residual });
  const one = context.constant({ kind: 'fill', value: 1 }, [1]);
  const excess = elementwise('divide', [countedPart(problem, correlation), penalty]);
  const counted = elementwise('select', [penalty, excess, context.constant({ kind: 'fill', value: 0 }, [1])]);
  const alpha = elementwise('reciprocal', [elementwise('maximum', [reduceRows('maximum', [counted]), one])]);
  const half = (x: Tensor): Tensor => elementwise('scale', [x], [0.5, 0]);
  const primal = objectiveFrom(problem, beta, quadratic);
  const dual = elementwise('subtract', [
    times(alpha, dot(y, residual)),
    half(times(elementwise('square', [alpha]), quadratic)),
  ]);
  const atZero = half(dot(y, project(design, y)));
  const gap = elementwise('subtract', [primal, dual]);
  const zeros = context.constant({ kind: 'fill', value: 0 }, [batch]);
  return elementwise('select', [atZero, elementwise('divide', [gap, atZero]), zeros]);
}

/** The kink tolerance: how far |p| may be from t, [batch, features], as `units` of ε(t + max|XᵀPy|/16). */
export function kinkToleranceOf({ penalty }: LassoProblem, moment: Tensor, units: number): Tensor {
  const { epsilon } = penalty.context;
  const rounding = elementwise('scale', [reduceRows('maximumAbsolute', [moment])], [(units * epsilon) / 16, 0]);
  return elementwise('add', [elementwise('scale', [penalty], [units * epsilon, 0]), asColumn(rounding)]);
}

/** Turns [1] or [batch] into [batch]. */
export function perProblem(value: Tensor, batch: number): Tensor {
  return value.size === batch ? value.context.alias(value, [batch]) : repeatForBatch(value, batch);
}
