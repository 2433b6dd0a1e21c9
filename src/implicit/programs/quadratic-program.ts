/** Quadratic and linear programs as differentiable functions of their data (Bolte et al. 2021, Proposition 4). */
import { readOptions } from '../../arguments/options.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { LinearReport } from '../certificate.ts';
import type { ProgramCertificates } from './certificate.ts';
import type { ProgramTangent } from './derivative.ts';
import { type ProgramCotangent, type ProgramDirection, readCotangents, readDirections } from './given-derivatives.ts';
import type { SampleGradients } from './host-derivative.ts';
import type { ProgramInterval } from './interval.ts';
import {
  checkPrograms,
  LINEAR_PROGRAM_OPTIONS,
  type LinearProgramOptions,
  QUADRATIC_PROGRAM_OPTIONS,
  type QuadraticProgramOptions,
} from './options.ts';
import type { ProgramReport } from './report.ts';
import { SolvedProgram } from './solved-program.ts';

/** The solutions of a batch in float64. Each array has the numbers of one program after those of another. */
export interface ProgramValues {
  /** batch × n */
  readonly x: Float64Array;
  /** batch × m */
  readonly y: Float64Array;
  /** batch × m */
  readonly z: Float64Array;
  /** ½xᵀPx + qᵀx of each program. */
  readonly objective: Float64Array;
}

/** What `quadraticProgram` and `linearProgram` return. */
export interface ProgramSolution {
  /** The solution, [n] or [batch, n]. Reading it, as y and z, awaits the report. */
  readonly x: Tensor;
  /** The multipliers, [m] or [batch, m]: yᵢ ≥ 0 where row i is at u, ≤ 0 where it is at l; Px + q + Aᵀy = 0. */
  readonly y: Tensor;
  /** Ax, [m] or [batch, m]. */
  readonly z: Tensor;
  /** The report of the solve, once it has ended. */
  readonly report: Promise<ProgramReport>;
  /** The report and certificate of each linear solve for a gradient or a tangent, in the order in which these were asked for. */
  readonly backwardReports: readonly Promise<LinearReport>[];
  /** The solutions in float64; x, y and z are these, rounded to the precision of the backend. Splitting has only these. */
  values(): Promise<ProgramValues>;
  /**
   * Decides whether the theorem applies, exactly up to rounding: it does if and only if all active rows are independent
   * and P is positive definite on the null space of the strongly active ones.
   */
  certificate(): Promise<ProgramCertificates>;
  /**
   * The gradients of a loss in all data, in float64, also of data given as arrays: one entry for each program.
   * @param cotangent the derivatives of the loss with respect to x, y and z; one that is absent is 0
   */
  gradients(cotangent: ProgramCotangent): Promise<readonly SampleGradients[]>;
  /** The derivatives of x, y and z along a direction of the data, in float64: one entry for each program. */
  tangents(direction: ProgramDirection): Promise<readonly ProgramTangent[]>;
  /** The range of each number of `gradients` over all selections at weakly active rows: one entry for each program. */
  gradientIntervals(cotangent: ProgramCotangent): Promise<readonly ProgramInterval[]>;
  /** Frees x, y and z. Not needed inside `tidy` or a differentiated function. */
  dispose(): void;
}

/**
 * Solves min ½xᵀPx + qᵀx over l ≤ Ax ≤ u for x, for a batch of programs, and differentiates the solutions in P, q, A, l
 * and u (Bolte et al. 2021, Proposition 4).
 *
 * Forward: a proximal interior point method in float64 on every backend, on the host or in kernels of WebAssembly. Data
 * given as arrays stay float64 all the way. Backward: one factorisation of the KKT matrix of the active rows, in float64.
 * A program that has no solution is named, with a certificate that was checked. The option `solver` has operator
 * splitting on the device instead (B. Stellato et al., OSQP, 2020).
 *
 * Returns at once. Reading x, y or z, or anything computed from them, rejects with a NoSolutionError where a program is
 * infeasible or unbounded, with a ConvergenceError where one was not solved, with a RangeError where P is not convex,
 * and with the signal's reason once the signal is aborted.
 * @throws RangeError if a shape or an option is wrong; the signal's reason if the signal is aborted already
 */
export function quadraticProgram(given: QuadraticProgramOptions): ProgramSolution {
  const options = readOptions('quadraticProgram', given, QUADRATIC_PROGRAM_OPTIONS, 'P', 'q');
  if (options.P === undefined) {
    throw new RangeError('P: it is undefined; it must be given, since only linearProgram solves without it');
  }
  return solvePrograms('quadraticProgram', options);
}

/**
 * Solves min qᵀx over l ≤ Ax ≤ u for x: `quadraticProgram` with P = 0, and all that is said there.
 * @throws RangeError if a shape or an option is wrong; the signal's reason if the signal is aborted already
 */
export function linearProgram(given: LinearProgramOptions): ProgramSolution {
  return solvePrograms('linearProgram', readOptions('linearProgram', given, LINEAR_PROGRAM_OPTIONS, 'q'));
}

function solvePrograms(
  what: string,
  options: LinearProgramOptions & Partial<QuadraticProgramOptions>,
): ProgramSolution {
  const checked = checkPrograms(what, options);
  options.signal?.throwIfAborted();
  const { data } = checked;
  const program = checked.engine.runOrFree(() => new SolvedProgram(checked));
  const { solved } = program;
  const [x, y, z] = solved.parts;
  const { report, backwardReports } = solved;
  return {
    x,
    y,
    z,
    report,
    backwardReports,
    values: () => program.values(),
    certificate: () => program.certificate(),
    gradients: async (cotangent) => program.gradients(await readCotangents('gradients', cotangent, data)),
    tangents: async (direction) => program.tangents(readDirections(direction, data)),
    gradientIntervals: async (cotangent) =>
      program.gradientIntervals(await readCotangents('gradientIntervals', cotangent, data)),
    dispose: () => solved.dispose(),
  };
}
