/** The solution of an equation that the user wrote, as a differentiable function of its inputs (Bolte et al. 2021, Theorem 2). */

import type { CustomOperation } from '../autodiff/custom.ts';
import { STATE_ROWS } from '../backends/kernels.ts';
import { accelerated } from '../solvers/anderson.ts';
import { GENERAL_SOLVERS, type GeneralSolverName } from '../solvers/index.ts';
import { type Begun, plain, type Runner } from '../solvers/iteration.ts';
import type { KrylovProblem } from '../solvers/krylov.ts';
import { solveLinear } from '../solvers/linear.ts';
import { initialState, rowOf, statusOf } from '../solvers/monitor.ts';
import type { SolveReport } from '../solvers/report.ts';
import { type Engine, engineOf, NotTraceableError } from '../tensor/engine.ts';
import { elementwise, reduceRows } from '../tensor/kernels.ts';
import { recorded } from '../tensor/operations.ts';
import { describe, sameShape } from '../tensor/shape.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import { type CertifyOptions, certify, type FailurePolicy, type ImplicitCertificate, upheld } from './certify.ts';
import { newtonKrylov } from './newton-krylov.ts';
import { checkCount, checkOneOf, checkPositive } from './options.ts';
import { guarded, reportOf } from './reporting.ts';
import { checkImplicitSelection, type ImplicitSelection } from './selections.ts';
import { summarise } from './summary.ts';
import { type ImplicitFunction, ImplicitSystem, matrixFree, rowsOf } from './system.ts';

/** Solves F(z, …) = 0 in a way of the caller's own, from the start and the inputs; not followed by any tape. */
export type OwnSolver = (start: Tensor, ...inputs: Tensor[]) => Tensor;

interface ImplicitOptions {
  /** Where the forward solver starts; its shape is that of the unknown. The first axis counts samples. */
  unknown: Tensor;
  /** What the function gets besides the unknown: the solution is differentiated with respect to these. */
  inputs: readonly Tensor[];
  /** All samples are one system: the function may mix rows. Default false; with one axis there is one system anyway. */
  coupled?: boolean;
  /** Of ‖F(z)‖/(ε + ‖z‖), per sample. Default 1e-4. */
  tolerance?: number;
  /** Of ‖v − Bᵀu‖/‖v‖, per sample. Default: `tolerance`. */
  backwardTolerance?: number;
  /** Of the backward pass. Default gmres. */
  linearSolver?: GeneralSolverName;
  /** Most forward iterations. Default 1000. */
  limit?: number;
  /** Most iterations of a round of the backward solve. Default 500. */
  backwardLimit?: number;
  /**
   * Which element of the Clarke interval is taken at the kinks of the function; see ImplicitSelection. Default: that with which
   * the function calls its operations.
   */
  selection?: ImplicitSelection;
  /** Check the theorem's hypothesis whenever a gradient or a tangent is asked for, once for each solution. Default false. */
  certify?: boolean | CertifyOptions;
  /** Where that check fails. Default warn. */
  onFailedCertificate?: FailurePolicy;
  /** throw (default): reading anything that depends on a failed solve rejects. report: the report alone tells. */
  onFailure?: 'throw' | 'report';
}

export interface FixedPointOptions extends ImplicitOptions {
  /**
   * anderson (default): accelerated; picard: plain repetition; newton-krylov: Newton steps by GMRES; given: the unknown solves
   * it already; or a function that solves it.
   */
  solver?: 'anderson' | 'picard' | 'newton-krylov' | 'given' | OwnSolver;
}

export interface RootOptions extends ImplicitOptions {
  /** newton-krylov (default): Newton steps by GMRES; given: the unknown solves it already; or a function that solves it. */
  solver?: 'newton-krylov' | 'given' | OwnSolver;
}

/** How a solution came about, and how its gradients do. */
export interface ImplicitSolve {
  readonly report: Promise<SolveReport>;
  /** Of each linear solve, for a gradient or for a tangent, in the order in which they were asked for. */
  readonly backwardReports: readonly Promise<SolveReport>[];
  /**
   * Whether the hypothesis of the implicit function theorem holds at the solution: that every element of the conservative
   * Jacobian ∂F/∂z is invertible, for every choice at the kinks. On the host, from n + (kinked values) products with ∂F/∂z.
   * @throws RangeError where the system is too large, or an option is wrong
   */
  certify(options?: CertifyOptions): Promise<ImplicitCertificate>;
}

/** A tensor that tells how it was solved for. */
export type ImplicitSolution = Tensor & { readonly solve: ImplicitSolve };

/**
 * The z with z = f(z, …inputs), row by row, as a differentiable function of the inputs.
 *
 * Backward: with F = z − f and B = ∂F/∂z, A = ∂F/∂(inputs) at the solution, Bᵀu = v by a linear solve in which B is known by
 * pullbacks of f alone; the gradients are −Aᵀu. One selection at each kink serves the solve and the gradients.
 * @param f written with tensor operations; it may be called often, and must give the same for the same tensors
 * @throws RangeError where a shape or an option is wrong; reading the solution rejects with a ConvergenceError where a sample
 *   was not solved, and reading a gradient where its backward solve was not
 */
export function fixedPoint(f: ImplicitFunction, options: FixedPointOptions): ImplicitSolution {
  return implicit('fixedPoint', f, 'fixed point', { ...options, solver: options.solver ?? 'anderson' });
}

/**
 * The z with F(z, …inputs) = 0, row by row, as a differentiable function of the inputs: see `fixedPoint`.
 * @param F written with tensor operations; scaled such that ‖F(z)‖ ≤ tolerance·‖z‖ means solved
 */
export function root(F: ImplicitFunction, options: RootOptions): ImplicitSolution {
  return implicit('root', F, 'root', { ...options, solver: options.solver ?? 'newton-krylov' });
}

type Settings = Required<Omit<ImplicitOptions, 'unknown' | 'inputs' | 'selection'>> &
  Pick<FixedPointOptions, 'solver' | 'selection'>;

function implicit(
  what: string,
  f: ImplicitFunction,
  kind: 'root' | 'fixed point',
  options: FixedPointOptions,
): ImplicitSolution {
  const settings = settingsOf(kind, options);
  const { unknown, inputs } = options;
  const engine = checkedEngine(what, unknown, inputs);
  const rows = rowsOf(unknown.shape, settings.coupled);
  const systemOf = (own: readonly Tensor[]): ImplicitSystem =>
    new ImplicitSystem(what, f, kind, rows, own, settings.selection);

  const since = performance.now();
  const { tolerance, backwardTolerance, onFailure, solver } = settings;
  const name = typeof solver === 'function' ? 'own' : `${solver}`;
  const ahead = {
    what,
    direction: 'forward',
    given: 'the solution',
    solver: name,
    tolerance,
    onFailure,
    isBounded: false,
  } as const;
  const { z: found, summary } = forward(engine, systemOf, unknown, inputs, settings);
  const report = reportOf(engine, ahead, summary, since);
  const z = guarded(engine, ahead, found, report);

  const backwardReports: Promise<SolveReport>[] = [];
  const own = typeof settings.certify === 'object' ? settings.certify : {};
  const certified = (options: CertifyOptions = {}): Promise<ImplicitCertificate> =>
    certify(engine, systemOf, z, inputs, options);
  let verdict: Promise<void> | undefined;
  const checked = (tensor: Tensor): Tensor => {
    if (!verdict) return tensor;
    const guardedToo = engine.withCheck(tensor, verdict);
    tensor.dispose();
    return guardedToo;
  };
  /** The tensors that came out of a linear solve, such that reading them awaits its report. */
  const told = (direction: 'backward' | 'tangent', tensors: readonly Tensor[], summary: Tensor, started: number) => {
    const given = direction === 'backward' ? 'the cotangent' : 'a tangent';
    const back = { ...ahead, direction, given, solver: settings.linearSolver, tolerance: backwardTolerance };
    const read = reportOf(engine, back, summary, started);
    backwardReports.push(read);
    verdict ??= settings.certify ? upheld(what, settings.onFailedCertificate, certified(own)) : undefined;
    return tensors.map((tensor) => checked(guarded(engine, back, tensor, read)));
  };
  const operation: CustomOperation = {
    name: what,
    pullback(cotangent, needed) {
      const started = performance.now();
      const { gradients, summary } = backward(engine, systemOf, { z, inputs, cotangent, needed }, settings);
      const checked = told('backward', gradients, summary, started);
      return needed.map((wanted) => (wanted ? checked.shift() : undefined));
    },
    pushforward(tangents) {
      const started = performance.now();
      const { tangent, summary } = forwardMode(engine, systemOf, { z, inputs, tangents }, settings);
      return told('tangent', [tangent], summary, started)[0];
    },
  };
  recorded('custom', inputs, z, operation);
  return Object.assign(z, { solve: { report, backwardReports, certify: certified } });
}

const ROOT_SOLVERS = { 'newton-krylov': 0, given: 0 };

function settingsOf(kind: 'root' | 'fixed point', options: FixedPointOptions): Settings {
  const tolerance = checkPositive('tolerance', options.tolerance ?? 1e-4);
  const names = kind === 'root' ? ROOT_SOLVERS : { anderson: 0, picard: 0, ...ROOT_SOLVERS };
  const { solver, onFailure = 'throw', linearSolver = 'gmres', coupled = false, selection } = options;
  const { certify = false, onFailedCertificate = 'warn' } = options;
  checkImplicitSelection(selection);
  if (typeof solver !== 'function') checkOneOf('solver', solver as keyof typeof names, names);
  return {
    tolerance,
    backwardTolerance: checkPositive('backwardTolerance', options.backwardTolerance ?? tolerance),
    linearSolver: checkOneOf('linearSolver', linearSolver, GENERAL_SOLVERS),
    limit: checkCount('limit', options.limit ?? 1000),
    backwardLimit: checkCount('backwardLimit', options.backwardLimit ?? 500),
    onFailure: checkOneOf('onFailure', onFailure, { throw: 0, report: 0 }),
    coupled,
    solver,
    selection,
    certify,
    onFailedCertificate: checkOneOf('onFailedCertificate', onFailedCertificate, { throw: 0, warn: 0, ignore: 0 }),
  };
}

function checkedEngine(what: string, unknown: Tensor, inputs: readonly Tensor[]): Engine {
  const engine = engineOf(`${what}: unknown`, unknown);
  if (unknown.shape.length === 0) {
    throw new RangeError(`${what}: unknown is a scalar; it must have an axis, such as [1]`);
  }
  for (const [index, input] of inputs.entries()) {
    if (input.context !== engine) throw new RangeError(`${what}: inputs[${index}] belongs to another engine`);
  }
  return engine;
}

type SystemOf = (inputs: readonly Tensor[]) => ImplicitSystem;

/** An iteration on the unknown, and how it is run. */
interface GeneralMethod {
  readonly begin: (system: ImplicitSystem, start: Tensor, context: LoopContext) => Begun;
  readonly run: Runner;
}

/** What each solver by name runs; a solution that is given is only looked at. */
const METHODS: Readonly<Record<'anderson' | 'picard' | 'newton-krylov', GeneralMethod>> = {
  anderson: { begin: repetition, run: accelerated },
  picard: { begin: repetition, run: plain },
  'newton-krylov': { begin: newtonKrylov, run: plain },
};

function forward(
  engine: Engine,
  systemOf: SystemOf,
  unknown: Tensor,
  inputs: readonly Tensor[],
  { solver, tolerance, limit }: Settings,
): { z: Tensor; summary: Tensor } {
  const start = typeof solver === 'function' ? ownSolution(solver, unknown, inputs) : unknown;
  const method = typeof solver === 'string' && solver !== 'given' ? METHODS[solver] : undefined;
  const [z, summary] = run(
    engine,
    'implicit, forward',
    [start, engine.scalar(tolerance), ...inputs],
    ([z0, aim, ...own], tracing, isTraced) => {
      const system = systemOf(own);
      const { shape, batch, n } = system.rows;
      const x0 = tracing.alias(z0, [batch, n]);
      const floor = tracing.constant({ kind: 'fill', value: FLOOR_UNITS * tracing.epsilon }, [1]);
      const fresh = initialState(tracing, batch);
      const passes = isTraced ? limit : Math.min(limit, EAGER_PASSES);
      const stopping = { tolerance: aim, floor, limit: passes, giveUp: false };
      const { x, state } = method
        ? method.run(tracing, method.begin(system, x0, tracing), stopping, fresh)
        : { x: x0, state: fresh };
      const rows = {
        status: statusOf(state),
        iterations: rowOf(state, STATE_ROWS.iterations),
        residual: system.residual(x, system.image(x)),
        floor,
        amplification: tracing.constant({ kind: 'fill', value: 0 }, [1]),
        singularValueBound: tracing.constant({ kind: 'fill', value: 0 }, [1]),
        notFinite: reduceRows('countNotFinite', [x]),
      };
      return [elementwise('copy', [tracing.alias(x, shape)]), summarise(batch, rows)];
    },
  );
  return { z, summary };
}

/** Most iterations where they cannot be traced: all of them are run then, whether samples have stopped or not. */
const EAGER_PASSES = 64;

type Build = (inputs: Tensor[], context: LoopContext, isTraced: boolean) => readonly Tensor[];

/** As one Program; where the user's function solves something itself, which cannot be traced, kernel by kernel. */
function run(engine: Engine, name: string, inputs: readonly Tensor[], build: Build): Tensor[] {
  try {
    return engine.runAnew(name, inputs, (traced, tracing) => build(traced, tracing, true));
  } catch (error) {
    if (!(error instanceof NotTraceableError)) throw error;
    return engine.runEagerly(inputs, (plain, context) => build(plain, context, false));
  }
}

/** Rounding of f is taken to be this many ε. */
const FLOOR_UNITS = 16;

/** x⁺ = f(x). */
function repetition(system: ImplicitSystem, start: Tensor): Begun {
  return {
    start: { x: start },
    step({ x }) {
      const image = system.image(x);
      return { next: { x: image }, residual: system.residual(x, image) };
    },
    keeps: 'x',
    solution: (x) => x,
  };
}

function ownSolution(solver: OwnSolver, unknown: Tensor, inputs: readonly Tensor[]): Tensor {
  const plainOf = (tensor: Tensor): Tensor => tensor.context.alias(tensor, tensor.shape);
  const found = solver(plainOf(unknown), ...inputs.map(plainOf));
  if (!sameShape(found.shape, unknown.shape)) {
    throw new RangeError(
      `solver: it returned the shape ${describe(found.shape)}; it must return that of the unknown, ${describe(unknown.shape)}`,
    );
  }
  return found;
}

interface BackwardInputs {
  readonly z: Tensor;
  readonly inputs: readonly Tensor[];
  readonly cotangent: Tensor;
  readonly needed: readonly boolean[];
}

/** Bᵀu = v, and −Aᵀu for the inputs that need it. */
function backward(
  engine: Engine,
  systemOf: SystemOf,
  { z, inputs, cotangent, needed }: BackwardInputs,
  settings: Settings,
): { gradients: Tensor[]; summary: Tensor } {
  const [summary, ...gradients] = run(
    engine,
    'implicit, backward',
    [z, cotangent, engine.scalar(settings.backwardTolerance), ...inputs],
    ([solution, v, tolerance, ...own], context, isTraced) => {
      const system = systemOf(own);
      const x = context.alias(solution, [system.rows.batch, system.rows.n]);
      const { transposed, direct, inputCotangents } = system.linearised(x);
      const right = context.alias(v, x.shape);
      const solved = solvedLinear(
        context,
        isTraced,
        matrixFree(transposed, direct, right, tolerance, settings.backwardLimit),
        settings,
      );
      return [solved.summary, ...inputCotangents(solved.u, needed)];
    },
  );
  return { gradients, summary };
}

interface TangentInputs {
  readonly z: Tensor;
  readonly inputs: readonly Tensor[];
  /** Undefined where an input has none, which is 0. */
  readonly tangents: readonly (Tensor | undefined)[];
}

/** Bż = −Aẋ. */
function forwardMode(
  engine: Engine,
  systemOf: SystemOf,
  { z, inputs, tangents }: TangentInputs,
  settings: Settings,
): { tangent: Tensor; summary: Tensor } {
  const present = tangents.filter((tangent) => tangent !== undefined);
  const [summary, tangent] = run(
    engine,
    'implicit, tangent',
    [z, engine.scalar(settings.backwardTolerance), ...inputs, ...present],
    ([solution, tolerance, ...rest], context, isTraced) => {
      const own = rest.slice(0, inputs.length);
      const moved = rest.slice(inputs.length);
      const system = systemOf(own);
      const { shape, batch, n } = system.rows;
      const x = context.alias(solution, [batch, n]);
      const { transposed, direct, inputTangent } = system.linearised(x);
      const right = inputTangent(tangents.map((one) => (one ? moved.shift() : undefined)));
      const solved = solvedLinear(
        context,
        isTraced,
        matrixFree(direct, transposed, right, tolerance, settings.backwardLimit),
        settings,
      );
      return [solved.summary, elementwise('copy', [context.alias(solved.u, shape)])];
    },
  );
  return { tangent, summary };
}

function solvedLinear(
  context: LoopContext,
  isTraced: boolean,
  problem: KrylovProblem,
  { linearSolver }: Settings,
): { u: Tensor; summary: Tensor } {
  const { v, limit } = problem;
  const bounded = isTraced ? problem : { ...problem, limit: Math.min(limit, EAGER_PASSES) };
  const solved = solveLinear(context, GENERAL_SOLVERS[linearSolver], bounded);
  const rows = {
    status: statusOf(solved.state),
    iterations: solved.iterations,
    residual: solved.residual,
    floor: solved.floor,
    amplification: context.constant({ kind: 'fill', value: 0 }, [1]),
    singularValueBound: solved.singularValueBound,
    notFinite: reduceRows('countNotFinite', [v]),
  };
  return { u: solved.u, summary: summarise(v.shape[0], rows) };
}
