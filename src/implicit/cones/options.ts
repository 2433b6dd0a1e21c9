/** The options of cone programs, and their checks. */
import { BOOLEAN } from '../../arguments/check.ts';
import type { Checks } from '../../arguments/options.ts';
import type { Cone } from '../../solvers/cones/cone.ts';
import type { Engine } from '../../tensor/engine.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { ProgramMatrix, ProgramVector } from '../programs/datum.ts';
import {
  findEngine,
  type ProgramSolveOptions,
  type ProgramSolveSettings,
  programSettings,
  readSelection,
  readStart,
  SOLVE_OPTIONS,
  surroundingsOf,
} from '../programs/options.ts';
import { type ConeBatch, readData, tensorsAmong } from './data.ts';

/** Where the solve of a cone program starts. */
export interface ConeStart {
  /** x, [n] or [batch, n]. */
  x?: Tensor | ArrayLike<number>;
  /** y, [m] or [batch, m]. */
  y?: Tensor | ArrayLike<number>;
  /** s, [m] or [batch, m]. */
  s?: Tensor | ArrayLike<number>;
}

/** The options of a solve of cone programs, without the data. */
export interface ConeSolveOptions extends Omit<ProgramSolveOptions, 'solver' | 'limit' | 'initial' | 'selection'> {
  /**
   * interior-point: in float64 on every backend, by an interior point method where all cones are symmetric, and else by
   * operator splitting; both end with Newton's method on the residual map. Small programs with symmetric cones are solved
   * by kernels on wasm, others by the host. splitting: operator
   * splitting on the device, in its precision; a program that has no solution ends as `limit`. Default auto: splitting
   * for 32 programs or more that are given as tensors on a graphics card, without a limit or a finer tolerance; else
   * interior-point.
   */
  solver?: ProgramSolveOptions['solver'];
  /** The largest number of iterations of a program. Default 20,000; for splitting 4000. */
  limit?: number;
  /** Where the solve starts, such as the solution of a program that is near to this one. Default: chosen from the data. */
  initial?: ConeStart | undefined;
  /**
   * Which element of the conservative Jacobian is taken at kinks, where s and y are not strictly complementary:
   * (1 − q)·J_min + q·J_max. A number q from 0 to 1 for all, or a list with one for each row, of which a cone takes that
   * of its first row at the kink. Default 0.
   */
  selection?: number | readonly number[];
  /**
   * Where the solution does not determine what is asked for: false (default), the gradient is refused; true, it is the
   * solution of least norm of the linear system in the least-squares sense, which need be no derivative. Needs the
   * solver interior-point.
   */
  leastNorm?: boolean;
}

/** The data and options of `coneProgram`. */
export interface ConeProgramOptions extends ConeSolveOptions {
  /** Positive semidefinite and symmetric, given in full: n × n, or one for each sample. Default 0. */
  P?: ProgramMatrix;
  /** The rows of the constraints, m × n, or one for each sample. */
  A: ProgramMatrix;
  /** The right-hand sides, [m] or [batch, m]. */
  b: ProgramVector;
  /** The linear part of the objective, [n] or [batch, n]. */
  c: ProgramVector;
  /** K, in the order of the rows: cones which have m rows together. */
  cones: readonly Cone[];
}

/** Options that have a 0 here are checked below. */
export const CONE_SOLVE_OPTIONS: Checks<ConeSolveOptions> = { ...SOLVE_OPTIONS, initial: 0, leastNorm: BOOLEAN };
export const CONE_PROGRAM_OPTIONS: Checks<ConeProgramOptions> = {
  ...CONE_SOLVE_OPTIONS,
  P: 0,
  A: 0,
  b: 0,
  c: 0,
  cones: 0,
};

/** Options that do not depend on the data. */
export interface ConeSolveSettings extends ProgramSolveSettings {
  readonly leastNorm: boolean;
}

/** A batch of cone programs with its options, checked as far as that can be done without reading tensors. */
export interface CheckedCones {
  /** The public function that was called, for messages. */
  readonly what: string;
  readonly engine: Engine;
  readonly data: ConeBatch;
  readonly settings: ConeSolveSettings;
  /** q of each row that is at a kink. */
  readonly selection: Float64Array | undefined;
  readonly initial: ConeStart;
}

const LIMIT = 20_000;

/** Checks the options that do not depend on the data. Layers call it when they are created. */
export function coneSettings(
  options: ConeSolveOptions,
  surroundings?: Parameters<typeof programSettings>[1],
): ConeSolveSettings {
  const settings = programSettings(options, surroundings);
  const { leastNorm = false, limit } = options;
  if (settings.solver === 'interior-point')
    return { ...settings, leastNorm, limit: limit === undefined ? LIMIT : settings.limit };
  if (leastNorm) {
    throw new RangeError(
      "leastNorm: it is true; the solver 'splitting' has none, so leave it out, or take 'interior-point'",
    );
  }
  return { ...settings, leastNorm };
}

/** @throws RangeError that names the option, its value and what is allowed */
export function checkCones(what: string, options: ConeProgramOptions): CheckedCones {
  const data = readData(options);
  const { n, m, batch } = data;
  const tensors = tensorsAmong(data);
  const engine = findEngine(what, options.engine, tensors);
  // A gradient of least norm is computed on the host.
  const isForDevice = tensors.length > 0 && !options.leastNorm;
  return {
    what,
    engine,
    data,
    settings: coneSettings(options, surroundingsOf(engine, options, isForDevice, data)),
    selection: options.selection === undefined ? undefined : readSelection(options.selection, m),
    initial: readStart(options.initial, { x: n, y: m, s: m }, batch, engine),
  };
}
