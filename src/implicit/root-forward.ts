/** Forward solves of equations that a user writes. */
import { createResultError } from '../arguments/check.ts';
import { runAccelerated } from '../solvers/anderson.ts';
import { type Begun, type Runner, runPlain } from '../solvers/iteration.ts';
import {
  asColumn,
  initialState,
  iterationsIn,
  reopenUnsolved,
  sharesOf,
  solvedIn,
  statusOf,
} from '../solvers/monitor.ts';
import type { Engine } from '../tensor/engine.ts';
import { NotTraceableError } from '../tensor/engine-of.ts';
import { elementwise, reduceRows } from '../tensor/kernels.ts';
import { formatShape, sameShape } from '../tensor/shape.ts';
import { isTensor, type LoopContext, type Tensor } from '../tensor/tensor.ts';
import { Tracing } from '../tensor/tracing.ts';
import { broyden } from './broyden.ts';
import { findDefinedPoints } from './defined-points.ts';
import { newtonKrylov } from './newton-krylov.ts';
import { LIMIT } from './options.ts';
import type { ImplicitSettings, OwnSolver } from './root-options.ts';
import type { LimitedRun } from './run-limits.ts';
import { summarise } from './summary.ts';
import type { ImplicitSystem, Solved, SystemOf } from './system.ts';
import { EAGER_LIMIT, runTracedOrEagerly } from './traced-or-eager.ts';

/** An iteration on the unknown, and the way in which it is run. */
interface GeneralMethod {
  readonly begin: (system: ImplicitSystem, start: Tensor, context: LoopContext) => Begun;
  readonly run: Runner;
  /** An upper bound of the limit, for a method that needs few iterations or does not converge. */
  readonly maximumLimit?: number;
}

const ANDERSON: GeneralMethod = { begin: beginRepetition, run: runAccelerated };
/** Newton's method needs few steps, or does not converge. */
export const MAXIMUM_NEWTON_STEPS = 50;
const NEWTON: GeneralMethod = { begin: newtonKrylov, run: runPlain, maximumLimit: MAXIMUM_NEWTON_STEPS };
const PICARD: GeneralMethod = { begin: beginRepetition, run: runPlain };
/** Where it has not contracted enough by then, acceleration is worth its price. */
const MAXIMUM_PICARD_STEPS = 200;

/** The methods of each named solver. They run in this order, each on the samples that the methods before it did not solve. */
const METHODS = {
  'anderson+newton-krylov': [ANDERSON, NEWTON],
  anderson: [ANDERSON],
  picard: [PICARD],
  'picard+anderson': [{ ...PICARD, maximumLimit: MAXIMUM_PICARD_STEPS }, ANDERSON],
  broyden: [{ begin: broyden, run: runPlain }],
  'newton-krylov': [NEWTON],
  given: [],
} as const satisfies Record<string, readonly GeneralMethod[]>;

interface ForwardResult {
  readonly z: Tensor;
  readonly summary: Tensor;
  /** Whether the trace cannot rule out that a row of the function depends on another row. */
  readonly areRowsInDoubt: boolean;
  readonly instead: Solved['instead'];
}

/**
 * Solves the equation from `unknown`.
 * @throws RangeError where the function mixes rows
 */
export function solveForward(
  engine: Engine,
  systemOf: SystemOf,
  unknown: Tensor,
  inputs: readonly Tensor[],
  settings: ImplicitSettings,
  limited: LimitedRun,
): ForwardResult {
  const { solver } = settings;
  if (typeof solver === 'function') {
    return engine.tidyNow((arena) => {
      const plainOf = (tensor: Tensor): Tensor => engine.aliasIn(arena, tensor);
      const start = runOwnSolver(solver, plainOf(unknown), inputs.map(plainOf));
      return solveFrom(engine, systemOf, start, inputs, settings, limited);
    });
  }
  return solveFrom(engine, systemOf, unknown, inputs, settings, limited);
}

function solveFrom(
  engine: Engine,
  systemOf: SystemOf,
  start: Tensor,
  inputs: readonly Tensor[],
  { solver, tolerance, limit, onFailure }: ImplicitSettings,
  limited: LimitedRun,
): ForwardResult {
  let areRowsInDoubt = mayRowsMix(engine, systemOf, start, inputs);
  const methods = methodsOf(solver);
  // The residual and the defined points are kept for gradients only, and there are gradients only if a tape follows an
  // input.
  const reports = onFailure === 'report' && inputs.some(({ node }) => node);
  const [z, summary, residual, defined] = runTracedOrEagerly(
    engine,
    'implicit, forward',
    [start, engine.scalar(tolerance), ...inputs],
    ([z0, aim, ...own], context, isTraced) => {
      const unscaled = systemOf(own);
      const { shape, batch, n } = unscaled.rows;
      const x0 = context.alias(z0, [batch, n]);
      const floor = context.constant({ kind: 'fill', value: FLOOR_UNITS * context.epsilon }, [1]);
      // Without a trace, every iteration of each method would run, so that only the first method is tried.
      const taken = isTraced ? methods : methods.slice(0, 1);
      const system = unscaled.withStart(x0, taken.length > 0 ? unscaled.image(x0) : undefined);
      const all = limit ?? sum(taken.map(({ maximumLimit: most = LIMIT }) => most));
      const shares = sharesOf(
        isTraced ? all : Math.min(all, EAGER_LIMIT),
        taken.length,
        taken.map(({ maximumLimit: most }) => most),
      );
      let [x, state, given] = [x0, initialState(context, batch, shares[0] ?? 0), 0];
      for (const [index, method] of taken.entries()) {
        if (shares[index] === 0) continue;
        given += shares[index];
        const solved = solvedIn(state);
        const giveUp = index < taken.length - 1;
        const begun = method.begin(system, x0, context);
        const limit = Math.min(given, method.maximumLimit ?? given);
        const stopping = { tolerance: aim, floor, limit, giveUp };
        const start = index === 0 ? state : reopenUnsolved(state, solved, shares[index]);
        const end = method.run(context, begun, stopping, start);
        x = index === 0 ? end.x : elementwise('select', [asColumn(solved), x, end.x]);
        state = end.state;
      }
      let image: Tensor | undefined;
      if (!isTraced && batch > 1) ({ image, isDoubtful: areRowsInDoubt } = system.evaluateRowwise(x));
      const rows = {
        status: statusOf(state),
        iterations: iterationsIn(state, given),
        residual: system.residual(x, image ?? system.image(x)),
        floor,
        notFinite: reduceRows('countNotFinite', [x]),
      };
      const told = [elementwise('copy', [context.alias(x, shape)]), summarise(batch, rows)];
      if (!reports) return told;
      const defined = batch > 1 ? [findDefinedPoints(system, x0, x, rows.residual)] : [];
      return [...told, rows.residual, ...defined];
    },
    limited,
  );
  const instead = reports ? { start: engine.alias(defined ?? start, start.shape), residual } : undefined;
  defined?.dispose();
  return { z, summary, areRowsInDoubt, instead };
}

/**
 * Traces the function, without running it, to see whether its rows depend on each other. A function that cannot be
 * traced is examined when it runs.
 * @throws RangeError where the function mixes rows
 */
function mayRowsMix(engine: Engine, systemOf: SystemOf, unknown: Tensor, inputs: readonly Tensor[]): boolean {
  const tracing = new Tracing('implicit, forward', engine);
  const [z, ...own] = [unknown, ...inputs].map(({ shape }) => tracing.input(shape));
  const system = systemOf(own);
  const { batch, n } = system.rows;
  if (batch === 1) return false;
  try {
    return system.evaluateRowwise(tracing.alias(z, [batch, n])).isDoubtful;
  } catch (error) {
    if (error instanceof NotTraceableError) return false;
    throw error;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function methodsOf(solver: ImplicitSettings['solver']): readonly GeneralMethod[] {
  if (typeof solver === 'string') return METHODS[solver];
  return typeof solver === 'object' ? [{ begin: (system, x) => solver.begin(system, x), run: runPlain }] : [];
}

/** Rounding of f is assumed to be this many ε. */
export const FLOOR_UNITS = 16;

/** The iteration x⁺ = f(x). */
export function beginRepetition(system: ImplicitSystem, start: Tensor): Begun {
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

function runOwnSolver(solver: OwnSolver, unknown: Tensor, inputs: readonly Tensor[]): Tensor {
  const found = solver(unknown, ...inputs);
  const isOfEngine = isTensor(found) && !found.isDisposed && found.context === unknown.context;
  if (!isOfEngine) throw createResultError('solver: it', found, 'a tensor of the engine of the unknown');
  if (!sameShape(found.shape, unknown.shape)) {
    throw new RangeError(
      `solver: it returned the shape ${formatShape(found.shape)}; it must return that of the unknown, ${formatShape(unknown.shape)}`,
    );
  }
  return found;
}
