/** Forward solves of equations that the user wrote. */
import { STATE_ROWS } from '../backends/kernels.ts';
import { accelerated } from '../solvers/anderson.ts';
import { type Begun, plain, type Runner } from '../solvers/iteration.ts';
import { column, initialState, reopened, rowOf, solvedIn, statusOf } from '../solvers/monitor.ts';
import type { Engine } from '../tensor/engine.ts';
import { elementwise, reduceRows } from '../tensor/kernels.ts';
import { describe, sameShape } from '../tensor/shape.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import { newtonKrylov } from './newton-krylov.ts';
import type { ImplicitSettings, OwnSolver } from './root-options.ts';
import type { LimitedRun } from './run-limits.ts';
import { summarise } from './summary.ts';
import type { ImplicitSystem, Solved, SystemOf } from './system.ts';
import { EAGER_PASSES, run } from './traced-or-eager.ts';

/** An iteration on the unknown, and how it is run. */
interface GeneralMethod {
  readonly begin: (system: ImplicitSystem, start: Tensor, context: LoopContext) => Begun;
  readonly run: Runner;
  /** Most iterations, whatever the limit: these take few, or find nothing. */
  readonly most?: number;
}

const ANDERSON: GeneralMethod = { begin: repetition, run: accelerated };
const NEWTON: GeneralMethod = { begin: newtonKrylov, run: plain, most: 50 };

/** What each solver by name runs: one after the other, each for the samples that the one before has not solved. */
const METHODS = {
  'anderson+newton-krylov': [ANDERSON, NEWTON],
  anderson: [ANDERSON],
  picard: [{ begin: repetition, run: plain }],
  'newton-krylov': [NEWTON],
  given: [],
} as const satisfies Record<string, readonly GeneralMethod[]>;

export function forward(
  engine: Engine,
  systemOf: SystemOf,
  unknown: Tensor,
  inputs: readonly Tensor[],
  { solver, tolerance, limit, onFailure }: ImplicitSettings,
  limited: LimitedRun,
): { z: Tensor; summary: Tensor; instead: Solved['instead'] } {
  const start = typeof solver === 'function' ? ownSolution(solver, unknown, inputs) : unknown;
  const methods = methodsOf(solver);
  const reports = onFailure === 'report';
  const [z, summary, residual] = run(
    engine,
    'implicit, forward',
    [start, engine.scalar(tolerance), ...inputs],
    ([z0, aim, ...own], context, isTraced) => {
      const system = systemOf(own);
      const { shape, batch, n } = system.rows;
      const x0 = context.alias(z0, [batch, n]);
      const floor = context.constant({ kind: 'fill', value: FLOOR_UNITS * context.epsilon }, [1]);
      const fresh = initialState(context, batch);
      const passes = isTraced ? limit : Math.min(limit, EAGER_PASSES);
      let [x, state, iterations] = [x0, fresh, rowOf(fresh, STATE_ROWS.iterations)];
      // Kernel by kernel every iteration of each method would be run.
      for (const [index, method] of (isTraced ? methods : methods.slice(0, 1)).entries()) {
        const solved = solvedIn(state);
        const giveUp = isTraced && index < methods.length - 1;
        const begun = method.begin(system, x0, context);
        const end = method.run(
          context,
          begun,
          { tolerance: aim, floor, limit: Math.min(passes, method.most ?? passes), giveUp },
          reopened(state, solved),
        );
        x = elementwise('select', [column(solved), x, end.x]);
        iterations = elementwise('add', [iterations, rowOf(end.state, STATE_ROWS.iterations)]);
        state = end.state;
      }
      const rows = {
        status: statusOf(state),
        iterations,
        residual: system.residual(x, system.image(x)),
        floor,
        notFinite: reduceRows('countNotFinite', [x]),
      };
      const told = [elementwise('copy', [context.alias(x, shape)]), summarise(batch, rows)];
      return reports ? [...told, rows.residual] : told;
    },
    limited,
  );
  return { z, summary, instead: reports ? { start: engine.alias(start, start.shape), residual } : undefined };
}

function methodsOf(solver: ImplicitSettings['solver']): readonly GeneralMethod[] {
  if (typeof solver === 'string') return METHODS[solver];
  return typeof solver === 'object' ? [{ begin: (system, x) => solver.begin(system, x), run: plain }] : [];
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
