/**
 * Derivatives of the solutions of a batch of quadratic programs, on tensors. With the active rows j and y, (x, y) ↦ the
 * data has the derivative
 *   P·dx + Aᵀdy = −(dP·x + dq + dAᵀy),  j∘(A·dx − db + dA·x) = (1 − j)∘dy,  dz = A·dx + dA·x,
 * where b is the bound at which a row is. The adjoint has the same matrix: with the cotangents x̄ + Aᵀz̄ and ȳ on the right
 * it gives w and v, and
 *   q̄ = −w,  P̄ = −½(wxᵀ + xwᵀ),  Ā = z̄xᵀ − ywᵀ − vxᵀ,  b̄ = v.
 */
import { elementwise, reduceRows } from '../../../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../../../tensor/tensor.ts';
import { constant, NO_BOUND, type ProgramTensors, repeatRows, times } from './batch-problem.ts';
import { type BoundedProblem, batchProblem } from './box.ts';
import {
  likeVector,
  onlyAsked,
  outerProduct,
  type SystemSettings,
  solveScaled,
  symmetricProduct,
  unitsOf,
} from './derivative-system.ts';
import { rowSlope, type SaddleSolution, type Slope } from './saddle.ts';
import { type Equilibrated, equilibrateBatch } from './scaling.ts';

/** A solution, [batch, n] and [batch, m]. */
export interface SolutionTensors {
  readonly x: Tensor;
  readonly y: Tensor;
}

export interface DerivativeSettings extends SystemSettings {
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

/** A weakly active row has the weight j/(j + (1 − j)κ): it depends on the units, the element that it stands for does not. */
function slopeOf(scaled: Equilibrated, active: Tensor): Slope {
  const share = multiply(oneMinus(active), unitsOf(scaled));
  return rowSlope(elementwise('divide', [active, add(active, share)]));
}

function problemOf(given: ProgramTensors, { x, y }: SolutionTensors): BoundedProblem {
  const [m, n] = given.A.shape.slice(-2);
  return batchProblem(given, { x: [x, n], y: [y, m] });
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
  const only = onlyAsked([gx, gy, gz]);
  const f = gz ? add(gx, times(A, gz, true)) : gx;
  const found = solveScaled(context, scaled, slopeOf(scaled, active), { f: only(f), g: gy }, settings);
  const [w, v, x, y] = [found.w, found.v, solution.x, solution.y].map(only);
  const ownA = given.A.shape.length === 3;
  const forA = add(outerProduct(y, w, ownA), outerProduct(v, x, ownA));
  return {
    P: symmetricProduct(w, x, given.P.shape.length === 3, -1),
    A: gz ? elementwise('subtract', [outerProduct(only(gz), x, ownA), forA]) : elementwise('negate', [forA]),
    q: likeVector(elementwise('negate', [w]), given.q),
    l: likeVector(multiply(v, oneMinus(isUpper)), given.l),
    u: likeVector(multiply(v, isUpper), given.u),
    ...{ residual: found.residual, status: found.status, iterations: found.iterations, kinks },
  };
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
  const found = solveScaled(context, scaled, slopeOf(scaled, active), { f, g }, settings);
  const z = times(problem.A, found.w);
  return {
    ...{ x: found.w, y: found.v, z: moved ? add(z, moved) : z },
    ...{ residual: found.residual, status: found.status, iterations: found.iterations, kinks },
  };
}
