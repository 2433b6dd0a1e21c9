/** Forward solves of equations that the user wrote. */
import { STATE_ROWS } from '../backends/kernels.ts';
import { accelerated } from '../solvers/anderson.ts';
import { type Begun, plain, type Runner } from '../solvers/iteration.ts';
import { initialState, rowOf, statusOf } from '../solvers/monitor.ts';
import type { Engine } from '../tensor/engine.ts';
import { elementwise, reduceRows } from '../tensor/kernels.ts';
import { describe, sameShape } from '../tensor/shape.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import { newtonKrylov } from './newton-krylov.ts';
import type { ImplicitSettings, OwnSolver } from './root-options.ts';
import { summarise } from './summary.ts';
import type { ImplicitSystem, SystemOf } from './system.ts';
import { EAGER_PASSES, run } from './traced-or-eager.ts';

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

export function forward(
  engine: Engine,
  systemOf: SystemOf,
  unknown: Tensor,
  inputs: readonly Tensor[],
  { solver, tolerance, limit }: ImplicitSettings,
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
