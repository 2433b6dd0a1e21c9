/**
 * Derivatives of the solutions of a batch of cone programs, on tensors (A. Agrawal et al. 2019, "Differentiating through a
 * cone program", with a quadratic term). With an element J of the Jacobian of the projection onto K* at v = y − s, η = dy:
 *   P·dx + Aᵀη = −(dP·x + dAᵀy + dc),  J(A·dx − db + dA·x) = (I − J)η,  ds = db − dA·x − A·dx.
 * The adjoint has the same matrix: for the cotangents x̄, ȳ, s̄ the solution of
 *   Pw + Aᵀr = −x̄ + Aᵀs̄,  J(Aw + ȳ) = (I − J)r
 * gives c̄ = w, b̄ = s̄ − r, Ā = ywᵀ − b̄xᵀ, P̄ = ½(wxᵀ + xwᵀ).
 */
import type { ConeBlock } from '../../../backends/cone-kernels.ts';
import { elementwise, reduceRows } from '../../../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../../../tensor/tensor.ts';
import { asColumn } from '../../monitor.ts';
import { type BatchProblem, constant, repeatRows, times } from './batch-problem.ts';
import { type ConeTensors, coneProblem, dualCones } from './cone-set.ts';
import { coneSlope } from './cone-slope.ts';
import {
  likeVector,
  onlyAsked,
  outerProduct,
  type SystemSettings,
  solveScaled,
  symmetricProduct,
  unitsOf,
} from './derivative-system.ts';
import type { SaddleSolution } from './saddle.ts';
import { equilibrateBatch } from './scaling.ts';

/**
 * A system counts as solved to rounding where its relative residual is at most four times `largestFloor`, or less. Few
 * corrections more would not change that, and all samples wait for them.
 */
const PATIENCE = { largestFloor: 2.5e-5, staleLimit: 4 };

/** A solution, [batch, n], [batch, m] and [batch, m]. */
export type ConeSolution = Readonly<Record<'x' | 'y' | 's', Tensor>>;

export interface ConeDerivativeSettings extends SystemSettings {
  /** The element at kinks: (1 − q)J_min + qJ_max. A tensor has a q for each row, [m] or [batch, m]. */
  readonly selection: number | Tensor;
  /** v is at a kink if it is that far from it, relative to its largest number. */
  readonly kinkTolerance: number;
  /** The largest residual, at least `tolerance`, with which a system that came no further counts as solved. */
  readonly acceptable: number;
}

/** How the linear system was solved, each [batch]. Where it was not, derivatives are NaN. */
export type ConeDerivativeReport = Pick<SaddleSolution, 'residual' | 'status' | 'iterations'>;

const subtract = (x: Tensor, y: Tensor): Tensor => elementwise('subtract', [x, y]);
const multiply = (x: Tensor, y: Tensor): Tensor => elementwise('multiply', [x, y]);
const divide = (x: Tensor, y: Tensor): Tensor => elementwise('divide', [x, y]);
const negate = (x: Tensor): Tensor => elementwise('negate', [x]);

/** Solves the system whose matrix both derivatives have; samples that were not solved are NaN. */
function solveSystem(
  context: LoopContext,
  problem: BatchProblem,
  blocks: readonly ConeBlock[],
  { y, s }: ConeSolution,
  right: Readonly<Record<'f' | 'g', Tensor>>,
  settings: ConeDerivativeSettings,
): SaddleSolution {
  const { batch, m } = problem;
  const scaled = equilibrateBatch(problem);
  // In the units of the equilibrated program neither y nor s is lost beside the other in y − s.
  const { e, c } = scaled;
  const v = subtract(divide(multiply(y, c), e), multiply(s, e));
  const { selection, kinkTolerance } = settings;
  const choice = {
    tolerance: elementwise('scale', [reduceRows('maximumAbsolute', [v])], [kinkTolerance, 0]),
    selection: selectionIn(context, unitsOf(scaled), selection, batch, m),
  };
  const slope = coneSlope(v, dualCones(blocks), choice);
  const found = solveScaled(context, scaled, slope, right, { ...PATIENCE, ...settings });
  const isOver = elementwise('greater', [found.residual, constant(context, settings.acceptable)]);
  const isSolved = asColumn(elementwise('scale', [isOver], [-1, 1]));
  const only = (x: Tensor): Tensor => elementwise('select', [isSolved, x, constant(context, Number.NaN)]);
  return { ...found, w: only(found.w), v: only(found.v) };
}

/**
 * An eigenvalue q of J is q/(q + κ(1 − q)) in the units of the equilibrated program: J(J + κ(I − J))⁻¹.
 * @param kappa [batch, m], [1, m] or [m]
 */
function selectionIn(
  context: LoopContext,
  kappa: Tensor,
  selection: number | Tensor,
  batch: number,
  m: number,
): number | Tensor {
  // Both ends stay where they are.
  if (selection === 0 || selection === 1) return selection;
  const q = typeof selection === 'number' ? context.constant({ kind: 'fill', value: selection }, [m]) : selection;
  const shares = repeatRows(q, batch);
  const rest = multiply(elementwise('scale', [shares], [-1, 1]), kappa);
  return divide(shares, elementwise('add', [shares, rest]));
}

/** Traces the cotangents of the data, each of the shape of the data: what samples share has the sum of theirs. */
export function differentiateConesBySplitting(
  context: LoopContext,
  given: ConeTensors,
  blocks: readonly ConeBlock[],
  solution: ConeSolution,
  cotangent: Partial<ConeSolution>,
  settings: ConeDerivativeSettings,
): ConeTensors & ConeDerivativeReport {
  const problem = problemOf(given, blocks, solution);
  const { batch, n, m, A } = problem;
  const rows = (x: Tensor | undefined, size: number): Tensor => rowsOrZeros(context, x, batch, size);
  const [gx, gy, gs] = [rows(cotangent.x, n), rows(cotangent.y, m), rows(cotangent.s, m)];
  const only = onlyAsked([gx, gy, gs]);
  const right = { f: only(subtract(times(A, gs, true), gx)), g: only(negate(gy)) };
  const { w: anyW, v, ...report } = solveSystem(context, problem, blocks, solution, right, settings);
  const [w, b, x, y] = [anyW, subtract(gs, v), solution.x, solution.y].map(only);
  const ownA = given.A.shape.length === 3;
  return {
    P: symmetricProduct(w, x, given.P.shape.length === 3, 1),
    A: subtract(outerProduct(y, w, ownA), outerProduct(b, x, ownA)),
    b: likeVector(b, given.b),
    c: likeVector(w, given.c),
    ...{ residual: report.residual, status: report.status, iterations: report.iterations },
  };
}

/** Traces the derivative of x, y and s in a direction of the data; what is absent of it is 0. */
export function tangentOfConesBySplitting(
  context: LoopContext,
  given: ConeTensors,
  blocks: readonly ConeBlock[],
  solution: ConeSolution,
  direction: Partial<ConeTensors>,
  settings: ConeDerivativeSettings,
): ConeSolution & ConeDerivativeReport {
  const problem = problemOf(given, blocks, solution);
  const { batch, n, m, A } = problem;
  const { P: dP, A: dA, b: db, c: dc } = direction;
  let f = negate(rowsOrZeros(context, dc, batch, n));
  if (dP) f = subtract(f, times(dP, solution.x));
  if (dA) f = subtract(f, times(dA, solution.y, true));
  const moved = rowsOrZeros(context, db, batch, m);
  const g = dA ? subtract(moved, times(dA, solution.x)) : moved;
  const found = solveSystem(context, problem, blocks, solution, { f, g }, settings);
  return {
    ...{ x: found.w, y: found.v, s: subtract(g, times(A, found.w)) },
    ...{ residual: found.residual, status: found.status, iterations: found.iterations },
  };
}

function problemOf(given: ConeTensors, blocks: readonly ConeBlock[], { x, y, s }: ConeSolution): BatchProblem {
  const [m, n] = given.A.shape.slice(-2);
  return coneProblem(given, blocks, { x: [x, n], y: [y, m], s: [s, m] });
}

function rowsOrZeros(context: LoopContext, x: Tensor | undefined, batch: number, size: number): Tensor {
  return x ? repeatRows(x, batch) : context.constant({ kind: 'fill', value: 0 }, [batch, size]);
}
