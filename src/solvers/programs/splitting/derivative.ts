/**
 * Derivatives of the solutions of a batch of quadratic programs, on tensors. With the active rows j and y, (x, y) ↦ the
 * data has the derivative
 *   P·dx + Aᵀdy = −(dP·x + dq + dAᵀy),  j∘(A·dx − db + dA·x) = (1 − j)∘dy,  dz = A·dx + dA·x,
 * where b is the bound at which a row is. The adjoint has the same matrix: with the cotangents x̄ + Aᵀz̄ and ȳ on the right
 * it gives w and v, and
 *   q̄ = −w,  P̄ = −½(wxᵀ + xwᵀ),  Ā = z̄xᵀ − ywᵀ − vxᵀ,  b̄ = v.
 */
import { batchedProduct } from '../../../tensor/batched.ts';
import { elementwise, product, reduceAxes, reduceRows } from '../../../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../../../tensor/tensor.ts';
import { constant, NO_BOUND, type ProgramTensors, repeatRows, times } from './batch-problem.ts';
import { type BoundedProblem, batchProblem } from './box.ts';
import { rowSlope, type SaddleSolution, solveSaddle } from './saddle.ts';
import { type Equilibrated, equilibrateBatch } from './scaling.ts';

/** After so many corrections without progress the solve of a sample ends. */
const STALE = 8;

/** A solution, [batch, n] and [batch, m]. */
export interface SolutionTensors {
  readonly x: Tensor;
  readonly y: Tensor;
}

export interface DerivativeSettings {
  /** Bound of the relative residual of the linear system. */
  readonly tolerance: number;
  /** The largest number of corrections. */
  readonly limit: number;
  /**
   * The element at weakly active rows: from 0, they count as inactive, to 1, they count as active. A tensor has a number
   * for each row, [m] or [batch, m].
   */
  readonly selection: number | Tensor;
  /**
   * A row is weakly active if its multiplier and its distance to the bound differ by at most this, in the units of the
   * equilibrated program and relative to the largest of them.
   */
  readonly kinkTolerance: number;
}

/** How the linear system was solved, each [batch]. */
export interface DerivativeReport extends Pick<SaddleSolution, 'residual' | 'status' | 'iterations'> {
  /** How many rows are weakly active. */
  readonly kinks: Tensor;
}

/** Cotangents, or directions, of the solution; one that is absent is 0. [batch, n], [batch, m], [batch, m] */
export type SolutionDirection = Partial<Readonly<Record<'x' | 'y' | 'z', Tensor>>>;

/** Cotangents of the data, each of the shape of the data: what samples share has the sum of theirs. */
export type DataCotangents = ProgramTensors & DerivativeReport;

/** The side of each row at which it is, and how much. */
interface Activity {
  /** j of `Saddle` in the units of the program, [batch, m]. */
  readonly active: Tensor;
  /** 1 where b is u, 0 where it is l, [batch, m]. */
  readonly isUpper: Tensor;
  readonly kinks: Tensor;
}

const multiply = (x: Tensor, y: Tensor): Tensor => elementwise('multiply', [x, y]);
const add = (x: Tensor, y: Tensor): Tensor => elementwise('add', [x, y]);
const oneMinus = (x: Tensor): Tensor => elementwise('scale', [x], [-1, 1]);

/**
 * J at v = y − s, for the bound that is nearer. Which rows are weakly active is decided in the units of the equilibrated
 * program, in which the accuracy of the solution is the same for all rows.
 */
function activityOf(
  problem: BoundedProblem,
  scaled: Equilibrated,
  { x, y }: SolutionTensors,
  settings: DerivativeSettings,
): Activity {
  const { context } = x;
  const { e, c } = scaled;
  const zero = constant(context, 0);
  const far = constant(context, NO_BOUND / 2);
  const z = times(problem.A, x);
  const multiplier = multiply(elementwise('divide', [y, e]), c);
  const distance = (from: Tensor, to: Tensor, bound: Tensor): Tensor => {
    const slack = multiply(elementwise('subtract', [from, to]), e);
    return elementwise('select', [elementwise('greater', [far, elementwise('abs', [bound])]), slack, far]);
  };
  const v = {
    upper: elementwise('subtract', [elementwise('relu', [multiplier]), distance(problem.u, z, problem.u)]),
    lower: elementwise('subtract', [
      elementwise('relu', [elementwise('negate', [multiplier])]),
      distance(z, problem.l, problem.l),
    ]),
  };
  const isUpper = oneMinus(elementwise('greater', [v.lower, v.upper]));
  const nearer = elementwise('maximum', [v.lower, v.upper]);
  // Rows without a bound say nothing about the scale.
  const sizes = elementwise('abs', [
    elementwise('maximum', [nearer, elementwise('negate', [elementwise('abs', [multiplier])])]),
  ]);
  const counted = elementwise('select', [
    elementwise('greater', [far, elementwise('scale', [sizes], [2, 0])]),
    sizes,
    zero,
  ]);
  const width = elementwise('scale', [reduceRows('maximum', [counted])], [settings.kinkTolerance, 0]);
  const tolerance = context.alias(width, [width.size, 1]);
  const isStrong = elementwise('greater', [nearer, tolerance]);
  const isPossible = oneMinus(elementwise('greater', [elementwise('negate', [tolerance]), nearer]));
  const isEqual = oneMinus(elementwise('greater', [problem.u, problem.l]));
  const isWeak = multiply(multiply(isPossible, oneMinus(isStrong)), oneMinus(isEqual));
  const { selection } = settings;
  const share = typeof selection === 'number' ? constant(context, selection) : selection;
  const chosen = add(isStrong, multiply(isWeak, share));
  return {
    active: elementwise('maximum', [isEqual, chosen]),
    isUpper: elementwise('maximum', [isEqual, isUpper]),
    kinks: reduceRows('sum', [isWeak]),
  };
}

function problemOf(given: ProgramTensors, { x, y }: SolutionTensors): BoundedProblem {
  const [m, n] = given.A.shape.slice(-2);
  return batchProblem(given, { x: [x, n], y: [y, m] });
}

/**
 * Solves the linear system of the derivative in the units of the equilibrated program. There a weakly active row has the
 * weight j/(j + (1 − j)e²/c): it depends on the units, the element that it stands for does not.
 */
function solveScaled(
  context: LoopContext,
  scaled: Equilibrated,
  active: Tensor,
  right: Readonly<Record<'f' | 'g', Tensor>>,
  { tolerance, limit }: DerivativeSettings,
): SaddleSolution {
  const { d, e, c } = scaled;
  const unit = elementwise('divide', [elementwise('square', [e]), c]);
  const weight = elementwise('divide', [active, add(active, multiply(oneMinus(active), unit))]);
  const f = multiply(multiply(right.f, d), c);
  const g = multiply(right.g, e);
  const options = { tolerance: constant(context, tolerance), limit, staleLimit: STALE };
  const found = solveSaddle(context, { ...scaled, slope: rowSlope(weight) }, { f, g }, undefined, options);
  return { ...found, w: multiply(found.w, d), v: elementwise('divide', [multiply(found.v, e), c]) };
}

/**
 * Traces the cotangents of the data for cotangents of x, y and z = Ax. Where the status of a sample says that its system
 * was not solved, its cotangents mean nothing. For equalities only l̄ + ū is defined; the total is in ū.
 */
export function differentiateBySplitting(
  context: LoopContext,
  given: ProgramTensors,
  solution: SolutionTensors,
  cotangent: SolutionDirection,
  settings: DerivativeSettings,
): DataCotangents {
  const problem = problemOf(given, solution);
  const { batch, n, m, A } = problem;
  const scaled = equilibrateBatch(problem);
  const { active, isUpper, kinks } = activityOf(problem, scaled, solution, settings);
  const zeros = (size: number): Tensor => context.constant({ kind: 'fill', value: 0 }, [batch, size]);
  const [gx, gy, gz] = [
    cotangent.x ? repeatRows(cotangent.x, batch) : zeros(n),
    cotangent.y ? repeatRows(cotangent.y, batch) : zeros(m),
    cotangent.z && repeatRows(cotangent.z, batch),
  ];
  // A sample that the loss leaves out has no part in what samples share, even if its solution is not a number.
  const size = reduceRows('maximum', [elementwise('abs', [gx])]);
  const others = [gy, gz].filter((x) => x !== undefined).map((x) => reduceRows('maximum', [elementwise('abs', [x])]));
  const asked = others.reduce((left, right) => elementwise('maximum', [left, right]), size);
  const isAsked = context.alias(asked, [batch, 1]);
  const none = constant(context, 0);
  const only = (x: Tensor): Tensor => elementwise('select', [isAsked, x, none]);
  const f = gz ? add(gx, times(A, gz, true)) : gx;
  const found = solveScaled(context, scaled, active, { f: only(f), g: gy }, settings);
  const [w, v, x, y] = [found.w, found.v, solution.x, solution.y].map(only);
  const outer = (left: Tensor, right: Tensor, isOwn: boolean): Tensor => outerProduct(left, right, isOwn);
  const ownP = given.P.shape.length === 3;
  const ownA = given.A.shape.length === 3;
  const half = elementwise('scale', [add(outer(w, x, ownP), outer(x, w, ownP))], [-0.5, 0]);
  const forA = [outer(y, w, ownA), outer(v, x, ownA)].reduce(add);
  const likeData = (rows: Tensor, { shape }: Tensor): Tensor =>
    shape.length === 2 ? rows : reduceAxes('sum', [rows], 0, 1);
  return {
    P: half,
    A: gz ? elementwise('subtract', [outer(only(gz), x, ownA), forA]) : elementwise('negate', [forA]),
    q: likeData(elementwise('negate', [w]), given.q),
    l: likeData(multiply(v, oneMinus(isUpper)), given.l),
    u: likeData(multiply(v, isUpper), given.u),
    ...{ residual: found.residual, status: found.status, iterations: found.iterations, kinks },
  };
}

/** left·rightᵀ of each sample, [batch, rows, columns]; or the sum of all, [rows, columns]. */
function outerProduct(left: Tensor, right: Tensor, isOwn: boolean): Tensor {
  if (!isOwn) return product(left, right, { transposeA: true });
  const { context } = left;
  return batchedProduct(
    context.alias(left, [...left.shape, 1]),
    context.alias(right, [right.shape[0], 1, right.shape[1]]),
  );
}

/** A direction of the data; one that is absent is 0. Each has one of the shapes that the data may have. */
export type DataDirection = Partial<ProgramTensors>;

/** Traces the derivative of x, y and z = Ax in a direction of the data. */
export function tangentBySplitting(
  context: LoopContext,
  given: ProgramTensors,
  solution: SolutionTensors,
  direction: DataDirection,
  settings: DerivativeSettings,
): SolutionTensors & DerivativeReport & { readonly z: Tensor } {
  const problem = problemOf(given, solution);
  const { batch, n, m } = problem;
  const { x, y } = solution;
  const scaled = equilibrateBatch(problem);
  const { active, isUpper, kinks } = activityOf(problem, scaled, solution, settings);
  const zeros = (size: number): Tensor => context.constant({ kind: 'fill', value: 0 }, [batch, size]);
  const rows = (v: Tensor | undefined, size: number): Tensor => (v ? repeatRows(v, batch) : zeros(size));
  const { P, q, A, l, u } = direction;
  let f = elementwise('negate', [rows(q, n)]);
  if (P) f = elementwise('subtract', [f, times(P, x)]);
  if (A) f = elementwise('subtract', [f, times(A, y, true)]);
  const moved = A && times(A, x);
  const bound = elementwise('select', [isUpper, rows(u, m), rows(l, m)]);
  const g = moved ? elementwise('subtract', [bound, moved]) : bound;
  const found = solveScaled(context, scaled, active, { f, g }, settings);
  const z = times(problem.A, found.w);
  return {
    ...{ x: found.w, y: found.v, z: moved ? add(z, moved) : z },
    ...{ residual: found.residual, status: found.status, iterations: found.iterations, kinks },
  };
}
