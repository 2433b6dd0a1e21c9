/** Cone programs as differentiable functions of their data (Bolte et al. 2021, Proposition 4). */
import { OBJECT } from '../../arguments/check.ts';
import { readOptions } from '../../arguments/options.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { LinearReport } from '../certificate.ts';
import type { ProgramMatrix, ProgramVector } from '../programs/datum.ts';
import { readParts, refuseOthers } from '../programs/given-derivatives.ts';
import type { ProgramReport } from '../programs/report.ts';
import type { ConeCertificates } from './certificate.ts';
import { type ConeBatch, DATA_NAMES, readDirectionData } from './data.ts';
import type { ConeTangent } from './derivative.ts';
import type { SampleConeGradients } from './host-derivative.ts';
import type { ConeInterval } from './interval.ts';
import { CONE_PROGRAM_OPTIONS, type ConeProgramOptions, checkCones } from './options.ts';
import { SolvedConeProgram } from './solved-cone-program.ts';

/** The solutions of a batch in float64. Each array has the numbers of one program after those of another. */
export interface ConeValues {
  /** batch × n */
  readonly x: Float64Array;
  /** batch × m */
  readonly y: Float64Array;
  /** batch × m */
  readonly s: Float64Array;
  /** ½xᵀPx + cᵀx of each program. */
  readonly objective: Float64Array;
}

/** Derivatives of a loss with respect to x, y and s. One that is absent is 0. */
export interface ConeCotangent {
  /** [n] for every program alike, or [batch, n]. */
  readonly x?: Tensor | ArrayLike<number>;
  /** [m] or [batch, m] */
  readonly y?: Tensor | ArrayLike<number>;
  /** [m] or [batch, m] */
  readonly s?: Tensor | ArrayLike<number>;
}

/** Directions of the data, in arrays of the forms that the data may have. One that is absent is 0. */
export interface ConeDirection {
  /** Symmetric, as P is. */
  readonly P?: Exclude<ProgramMatrix, Tensor>;
  /** m × n */
  readonly A?: Exclude<ProgramMatrix, Tensor>;
  /** m */
  readonly b?: Exclude<ProgramVector, Tensor>;
  /** n */
  readonly c?: Exclude<ProgramVector, Tensor>;
}

/** What `coneProgram` returns. */
export interface ConeSolution {
  /** The solution, [n] or [batch, n]. Reading it, as y and s, awaits the report. */
  readonly x: Tensor;
  /** The multipliers in K*, [m] or [batch, m]: Px + c + Aᵀy = 0. */
  readonly y: Tensor;
  /** The slacks b − Ax in K, [m] or [batch, m]. */
  readonly s: Tensor;
  /** The report of the solve, once it has ended. */
  readonly report: Promise<ProgramReport>;
  /** The report and certificate of each linear solve for a gradient or a tangent, in the order in which these were asked for. */
  readonly backwardReports: readonly Promise<LinearReport>[];
  /** The solutions in float64; x, y and s are these, rounded to the precision of the backend. Splitting has only these. */
  values(): Promise<ConeValues>;
  /**
   * Decides whether the theorem applies, exactly up to rounding: it does if and only if Aᵀ is injective on ker(I − J_max)
   * and ker P ∩ ker(J_min A) = {0}, for the largest and the smallest element of the Jacobian of the projection onto K*
   * at y − s.
   */
  certificate(): Promise<ConeCertificates>;
  /**
   * The gradients of a loss in all data, in float64, also of data given as arrays: one entry for each program.
   * @param cotangent the derivatives of the loss with respect to x, y and s; one that is absent is 0
   */
  gradients(cotangent: ConeCotangent): Promise<readonly SampleConeGradients[]>;
  /** The derivatives of x, y and s along a direction of the data, in float64: one entry for each program. */
  tangents(direction: ConeDirection): Promise<readonly ConeTangent[]>;
  /** The range of each number of `gradients` over all elements at the kinks, where these are segments: one entry for each program. */
  gradientIntervals(cotangent: ConeCotangent): Promise<readonly ConeInterval[]>;
  /** Frees x, y and s. Not needed inside `tidy` or a differentiated function. */
  dispose(): void;
}

/**
 * Solves min ½xᵀPx + cᵀx over Ax + s = b, s ∈ K for x, s and the multipliers y ∈ K*, for a batch of programs, and
 * differentiates the solutions in P, A, b and c (Bolte et al. 2021, Proposition 4). K is a product of cones: zero,
 * nonnegative, second-order, positive semidefinite, exponential and power cones and the duals of these two; see `Cone`.
 *
 * Forward: in float64 on every backend, by an interior point method where all cones are symmetric, and else by operator
 * splitting; both end with Newton's method on the residual map. Data given as arrays stay float64 all the way. Backward:
 * one factorisation of that map's Jacobian M(J) at v = y − s, in float64. Small programs with symmetric cones are solved
 * and differentiated by WebAssembly, where that is the backend. A program that has no solution is named, with
 * a certificate that was checked. The option `solver` has operator splitting on the device instead.
 *
 * Returns at once. Reading x, y or s, or anything computed from them, rejects with a NoSolutionError where a program is
 * infeasible or unbounded, with a ConvergenceError where one was not solved, with a RangeError where P is not convex,
 * and with the signal's reason once the signal is aborted.
 * @throws RangeError if a shape, a cone or an option is wrong; the signal's reason if the signal is aborted already
 */
export function coneProgram(given: ConeProgramOptions): ConeSolution {
  const options = readOptions('coneProgram', given, CONE_PROGRAM_OPTIONS, 'A', 'b', 'c', 'cones');
  const checked = checkCones('coneProgram', options);
  options.signal?.throwIfAborted();
  const { data } = checked;
  const program = checked.engine.runOrFree(() => new SolvedConeProgram(checked));
  const { solved } = program;
  const [x, y, s] = solved.parts;
  const { report, backwardReports } = solved;
  const cotangentsOf = (what: string, cotangent: ConeCotangent) =>
    readParts(what, cotangent, { x: data.n, y: data.m, s: data.m }, data.batch);
  return {
    x,
    y,
    s,
    report,
    backwardReports,
    values: () => program.values(),
    certificate: () => program.certificate(),
    gradients: async (cotangent) => program.gradients(await cotangentsOf('gradients', cotangent)),
    tangents: async (direction) => program.tangents(readDirections(direction, data)),
    gradientIntervals: async (cotangent) =>
      program.gradientIntervals(await cotangentsOf('gradientIntervals', cotangent)),
    dispose: () => solved.dispose(),
  };
}

/** @throws RangeError that names the direction */
function readDirections(given: ConeDirection, data: ConeBatch): ReturnType<typeof readDirectionData> {
  OBJECT('direction', given);
  refuseOthers('direction', given, DATA_NAMES);
  return readDirectionData('direction', given, data);
}
