/** The options of quadratic programs, and their checks. */
import { createArgumentError, isListLike, NOT_NEGATIVE } from '../../arguments/check.ts';
import { type Checks, readOptions } from '../../arguments/options.ts';
import { ENGINE, type Engine } from '../../tensor/engine.ts';
import { engineOf } from '../../tensor/engine-of.ts';
import { formatShape } from '../../tensor/shape.ts';
import { checkTogether, isTensor, type Tensor } from '../../tensor/tensor.ts';
import type { FailurePolicy } from '../failure-policy.ts';
import { checkCount, checkFailurePolicy, checkOneOf, LIMIT_OPTIONS } from '../options.ts';
import { type LimitOptions, RunLimits } from '../run-limits.ts';
import type { ProgramBounds } from './data.ts';
import { type BatchData, readData, tensorsAmong } from './data.ts';
import type { Extents, ProgramMatrix, ProgramVector, TensorDatum } from './datum.ts';

const PROGRAM_SOLVERS = { 'interior-point': 0, splitting: 0 } as const;
/**
 * The solvers of programs by name.
 *
 * @useDeclaredType
 */
export type ProgramSolverName = keyof typeof PROGRAM_SOLVERS;

/** Where the solve of a program starts. */
export interface ProgramStart {
  /** x, [n] or [batch, n]. */
  x?: Tensor | ArrayLike<number>;
  /** The multipliers y, [m] or [batch, m]. */
  y?: Tensor | ArrayLike<number>;
}

/** The options of a solve of programs, without the data. */
export interface ProgramSolveOptions extends LimitOptions {
  /** The engine of the solution. Needed where no datum is a tensor. */
  engine?: Engine;
  /**
   * interior-point: in float64 on every backend; small programs of a batch are solved by kernels on wasm, others by the
   * host. splitting: operator splitting on the device, in its precision, with nothing read back but the report; a
   * program that has no solution ends as `limit`. Default auto: splitting for 32 programs or more that are given as
   * tensors on a graphics card, without a limit or a finer tolerance; else interior-point.
   */
  solver?: ProgramSolverName | 'auto';
  /**
   * A program is solved where the primal residual, the dual residual and the duality gap are each at most
   * absoluteTolerance + relativeTolerance · (the size of their terms), in max norms: finite numbers ≥ 0, not both 0.
   * Default 1e-9 each; for splitting 8ε of the backend if that is larger (1e-6 in float32). Where the absolute one is not
   * given and P and q are smaller than 1, it counts for the objective divided by their largest number.
   */
  absoluteTolerance?: number;
  /** See `absoluteTolerance`. */
  relativeTolerance?: number;
  /** The largest number of iterations of a program. Default 200; for splitting 4000. */
  limit?: number;
  /** Where the solve starts, such as the solution of a program that is near to this one. Default: chosen from the data. */
  initial?: ProgramStart | undefined;
  /**
   * Which element of the conservative Jacobian is taken at weakly active rows, which are at a bound with a multiplier
   * of 0: the share with which such a row counts as active, from 0 to 1; a number for all, or a list with one for each
   * row. Default 0.
   */
  selection?: number | readonly number[];
  /**
   * throw (default): reading anything that depends on a failed solve rejects. report: only the report says so, and
   * the numbers of a program that has no solution are NaN.
   */
  onFailure?: 'throw' | 'report';
  /**
   * What happens if a gradient is asked for and the hypothesis of the theorem fails: at a degenerate vertex, or where
   * the solution is not unique. Default warn.
   */
  onFailedCertificate?: FailurePolicy;
}

/** The data and options of `linearProgram`. */
export interface LinearProgramOptions extends ProgramSolveOptions {
  /** The objective qᵀx: [n] or [batch, n]. */
  q: ProgramVector;
  /** The rows of the constraints: m × n, or one for each sample. Default: no rows. */
  A?: ProgramMatrix;
  /** Lower bounds of Ax, [m] or [batch, m]. Default: none. Where l = u the row is an equality. */
  l?: ProgramBounds;
  /** Upper bounds of Ax, [m] or [batch, m]. Default: none. */
  u?: ProgramBounds;
}

/** The data and options of `quadraticProgram`. */
export interface QuadraticProgramOptions extends LinearProgramOptions {
  /** Positive semidefinite and symmetric, given in full: n × n, or one for each sample. */
  P: ProgramMatrix;
}

/** Options that have a 0 here are checked below. */
export const SOLVE_OPTIONS: Checks<ProgramSolveOptions> = {
  ...LIMIT_OPTIONS,
  engine: ENGINE,
  solver: 0,
  absoluteTolerance: NOT_NEGATIVE,
  relativeTolerance: NOT_NEGATIVE,
  limit: 0,
  initial: 0,
  selection: 0,
  onFailure: 0,
  onFailedCertificate: 0,
};
export const LINEAR_PROGRAM_OPTIONS: Checks<LinearProgramOptions> = { ...SOLVE_OPTIONS, q: 0, A: 0, l: 0, u: 0 };
export const QUADRATIC_PROGRAM_OPTIONS: Checks<QuadraticProgramOptions> = { ...LINEAR_PROGRAM_OPTIONS, P: 0 };

/** Options that do not depend on the data. */
export interface ProgramSolveSettings {
  readonly solver: ProgramSolverName;
  readonly absolute: number;
  /** Whether `absolute` is the default, which is meant for an objective of numbers that are not small. */
  readonly isAbsoluteUsual: boolean;
  readonly relative: number;
  readonly limit: number;
  readonly limits: RunLimits;
  readonly onFailure: 'throw' | 'report';
  readonly onFailedCertificate: FailurePolicy;
}

/** What decides the solver that auto stands for, and the defaults. */
export interface SolveSurroundings {
  readonly epsilon: number;
  /** Whether the programs are many, given as tensors, and on a graphics card. */
  readonly isForDevice: boolean;
}

/** The surroundings that layers assume before there is an engine. */
const ORACLE: SolveSurroundings = { epsilon: Number.EPSILON, isForDevice: false };
/** The least number of programs for which splitting on a graphics card is the default. */
const MANY = 32;

/** Checks the options that do not depend on the data. Layers call it when they are created. */
export function programSettings(
  options: ProgramSolveOptions,
  { epsilon, isForDevice }: SolveSurroundings = ORACLE,
): ProgramSolveSettings {
  const chosen = checkOneOf('solver', options.solver ?? 'auto', { auto: 0, ...PROGRAM_SOLVERS });
  const solver = chosen !== 'auto' ? chosen : isForDevice ? 'splitting' : 'interior-point';
  const isSplitting = solver === 'splitting';
  const usual = isSplitting ? Math.max(1e-9, 8 * epsilon) : 1e-9;
  const { absoluteTolerance = usual, relativeTolerance = usual, limit = isSplitting ? 4000 : 200 } = options;
  if (absoluteTolerance === 0 && relativeTolerance === 0) {
    throw new RangeError('absoluteTolerance and relativeTolerance are both 0; one of them must be a number > 0');
  }
  return {
    solver,
    absolute: absoluteTolerance,
    isAbsoluteUsual: options.absoluteTolerance === undefined,
    relative: relativeTolerance,
    limit: checkCount('limit', limit),
    limits: new RunLimits(options),
    onFailure: checkOneOf('onFailure', options.onFailure ?? 'throw', { throw: 0, report: 0 }),
    onFailedCertificate: checkFailurePolicy(options.onFailedCertificate ?? 'warn'),
  };
}

/** Whether splitting can do what the options ask for. */
function isWithinReachOfSplitting(
  { absoluteTolerance, relativeTolerance, limit }: Parameters<typeof surroundingsOf>[1],
  epsilon: number,
): boolean {
  const asked = [absoluteTolerance, relativeTolerance].filter((tolerance) => tolerance !== undefined);
  const isExact = asked.length > 0 && Math.max(...asked) < 8 * epsilon;
  // A limit that was given counts iterations of the interior point method, each of which is worth many of splitting.
  return !isExact && limit === undefined;
}

/** A batch of programs with its options, checked as far as that can be done without reading tensors. */
export interface CheckedPrograms {
  /** The public function that was called, for messages. */
  readonly what: string;
  readonly engine: Engine;
  readonly data: BatchData;
  readonly settings: ProgramSolveSettings;
  /** q of each row that is weakly active. */
  readonly selection: Float64Array | undefined;
  readonly initial: ProgramStart;
}

/** @throws RangeError that names the option, its value and what is allowed */
export function checkPrograms(what: string, options: LinearProgramOptions & { P?: ProgramMatrix }): CheckedPrograms {
  const data = readData(options);
  const tensors = tensorsAmong(data);
  const engine = findEngine(what, options.engine, tensors);
  const settings = programSettings(options, surroundingsOf(engine, options, tensors.length > 0, data));
  return {
    what,
    engine,
    data,
    settings,
    selection: options.selection === undefined ? undefined : readSelection(options.selection, data.m),
    initial: readStart(options.initial, { x: data.n, y: data.m }, data.batch, engine),
  };
}

/** The engine of the data, or the one that was given. @throws RangeError where there is none, or more than one */
export function findEngine(what: string, given: Engine | undefined, tensors: readonly TensorDatum[]): Engine {
  checkTogether(what, Object.fromEntries(tensors.map(({ name, tensor }) => [name, tensor])));
  // Any of these may belong to a Program that is being traced, in which nothing can be solved.
  const [engine = given] = tensors.map(({ name, tensor }) => engineOf(name, tensor));
  if (!engine) throw new RangeError(`${what}: engine is undefined; it must be given where no datum is a tensor`);
  if (given && given !== engine) {
    throw new RangeError(`${what}: engine is another one than that of ${tensors[0].name}; leave it out`);
  }
  return engine;
}

/** What decides the solver that auto stands for. */
export function surroundingsOf(
  engine: Engine,
  options: Pick<ProgramSolveOptions, 'absoluteTolerance' | 'relativeTolerance' | 'limit'>,
  hasTensors: boolean,
  { batch, m }: Pick<Extents, 'batch' | 'm'>,
): SolveSurroundings {
  const { epsilon } = engine;
  const isForDevice =
    engine.backend === 'webgpu' &&
    !engine.adapter.software &&
    hasTensors &&
    batch >= MANY &&
    m > 0 &&
    isWithinReachOfSplitting(options, epsilon);
  return { epsilon, isForDevice };
}

export function readSelection(selection: number | readonly number[], m: number): Float64Array {
  const isShare = (q: unknown): boolean => typeof q === 'number' && q >= 0 && q <= 1;
  if (isShare(selection)) return new Float64Array(m).fill(selection as number);
  if (!isListLike(selection) || !Array.from(selection).every(isShare)) {
    throw createArgumentError('selection: it', selection, 'a number from 0 to 1, or a list of these');
  }
  if (selection.length !== m) {
    throw new RangeError(`selection: it holds ${selection.length} numbers; A has ${m} rows, so it must hold ${m}`);
  }
  return Float64Array.from(selection as ArrayLike<number>);
}

/** A start by its parts. @param lengths the number of numbers of each part, by name */
export function readStart<Name extends string>(
  start: Readonly<Partial<Record<Name, Tensor | ArrayLike<number>>>> | undefined,
  lengths: Readonly<Record<Name, number>>,
  batch: number,
  engine: Engine,
): Partial<Record<Name, Tensor | ArrayLike<number>>> {
  if (start === undefined) return {};
  const names = Object.keys(lengths) as Name[];
  const read = readOptions(
    'initial',
    start,
    Object.fromEntries(names.map((name) => [name, 0])) as Checks<typeof start>,
  );
  const copied: Partial<Record<Name, Tensor | ArrayLike<number>>> = {};
  for (const name of names) {
    const given = read[name] as Tensor | ArrayLike<number> | undefined;
    if (given === undefined) continue;
    checkStart(`initial.${name}`, given, lengths[name], batch, engine);
    // The caller may change his lists while the solve is under way.
    copied[name] = isTensor(given) ? given : Float64Array.from(given);
  }
  return copied;
}

function checkStart(
  place: string,
  given: Tensor | ArrayLike<number>,
  length: number,
  batch: number,
  engine: Engine,
): void {
  if (isTensor(given)) {
    if (engineOf(place, given) !== engine) {
      throw new RangeError(`${place}: it belongs to another engine than the data`);
    }
    if (given.size === length || given.size === batch * length) return;
    throw new RangeError(
      `${place}: the shape is ${formatShape(given.shape)}; it must be [${length}] or [${batch}, ${length}]`,
    );
  }
  if (!isListLike(given)) throw createArgumentError(`${place}: it`, given, 'a tensor, or a list of numbers');
  if (given.length !== length && given.length !== batch * length) {
    throw new RangeError(`${place}: it holds ${given.length} numbers; it must hold ${length} or ${batch * length}`);
  }
  for (let index = 0; index < given.length; index++) {
    if (!Number.isFinite(given[index])) {
      throw createArgumentError(`${place}[${index}]: it`, given[index], 'a finite number');
    }
  }
}
