/** The solution of a user's equation at the floor of the precision, and how far the arguments of its kinks may still be off. */
import { runAccelerated } from '../solvers/anderson.ts';
import { GENERAL_SOLVERS } from '../solvers/index.ts';
import { runPlain } from '../solvers/iteration.ts';
import { solveLinear } from '../solvers/linear.ts';
import { asColumn, initialState, reopenUnsolved, solvedIn } from '../solvers/monitor.ts';
import { combine, elementwise, reduceAll, reduceRows } from '../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import type { Places } from './kink-places.ts';
import { findLargest, type KinkedArgument, spreadBySample } from './kinks.ts';
import { newtonKrylov } from './newton-krylov.ts';
import { LIMIT } from './options.ts';
import { beginRepetition, FLOOR_UNITS } from './root-forward.ts';
import type { ImplicitSettings } from './root-options.ts';
import type { LimitedRun } from './run-limits.ts';
import { type ImplicitSystem, makeMatrixFreeProblem, type Resolved, type Solved } from './system.ts';
import { EAGER_LIMIT, runTracedOrEagerly } from './traced-or-eager.ts';

/** Newton steps: where every piece is right one is enough, but each solves its system to three digits only. */
const STEPS = 32;
/** Steps without progress that end them. */
const STALE_STEPS = 4;
/** Where they are run one by one, whether samples have stopped or not; and iterations of a linear solve there. */
const EAGER_STEPS = 2;
const EAGER_ITERATIONS = 16;
/** How well a linear system is solved whose solution is an estimate; and by how much more than that an argument may be off. */
const ESTIMATE_TOLERANCE = 1e-2;
const ESTIMATE_UNITS = 4;
/** Of a solve that was left at such a residual the matrix is singular to the precision: nothing is known of the error then. */
const SINGULAR = 0.1;

/**
 * Semismooth Newton steps from z; of a fixed point repetitions for the samples that these do not bring to the floor. Then
 * Be = F(z) + ρ with ρ of random signs and of the size of rounding: e is to first order an error that z may have, and an argument
 * may be off by a few times what the largest of its sample moves by with z.
 */
export function resolveRoot(solved: Solved, settings: ImplicitSettings, limited: LimitedRun): Resolved {
  const [z, ...uncertainty] = runTracedOrEagerly(
    solved.engine,
    'implicit, resolved',
    [solved.z, ...solved.inputs],
    ([start, ...own], context, isTraced) => {
      const system = solved.systemOf(own);
      const { shape, batch, n } = system.rows;
      const x0 = context.alias(start, [batch, n]);
      const x = iterateToFloor(system.withStart(x0), x0, settings, context, isTraced);
      const linearised = system.linearise(x);
      const kinked = linearised.kinks();
      const limit = isTraced ? settings.backwardLimit : EAGER_ITERATIONS;
      const tolerance = context.constant({ kind: 'fill', value: ESTIMATE_TOLERANCE }, [1]);
      const right = combine({ x: system.value(x, linearised.image) }, { x: estimateRounding(x, kinked, context) });
      const problem = makeMatrixFreeProblem(linearised.direct, linearised.transposed, right, tolerance, limit);
      const { u, residual } = solveLinear(context, GENERAL_SOLVERS[settings.linearSolver], problem);
      const number = (value: number): Tensor => context.constant({ kind: 'fill', value }, [1]);
      const isKnown = elementwise('greater', [number(SINGULAR), residual]); // not where it is NaN
      const e = elementwise('select', [asColumn(isKnown), u, number(0)]);
      const errors = linearised.moveArguments(e).map((moved, index) => findLargestMove(moved, kinked[index].places));
      return [elementwise('copy', [context.alias(x, shape)]), ...errors];
    },
    limited,
  );
  return { ...solved, z, uncertainty };
}

/** Never further from it than the start is, as the residual tells. */
function iterateToFloor(
  system: ImplicitSystem,
  start: Tensor,
  { limit = LIMIT }: ImplicitSettings,
  context: LoopContext,
  isTraced: boolean,
): Tensor {
  const floor = context.constant({ kind: 'fill', value: FLOOR_UNITS * context.epsilon }, [1]);
  const stopping = { tolerance: floor, floor, giveUp: true };
  const newton = { ...stopping, staleLimit: STALE_STEPS, limit: isTraced ? STEPS : EAGER_STEPS };
  const state = initialState(context, system.rows.batch, Math.max(newton.limit, EAGER_LIMIT));
  if (system.kind === 'root')
    return selectCloser(system, start, runPlain(context, newtonKrylov(system, start, context), newton, state).x);
  if (!isTraced) {
    const repeated = { ...stopping, limit: Math.min(limit, EAGER_LIMIT) };
    return selectCloser(system, start, runAccelerated(context, beginRepetition(system, start), repeated, state).x);
  }
  const stepped = runPlain(context, newtonKrylov(system, start, context), newton, state);
  const x = selectCloser(system, start, stepped.x);
  const again = reopenUnsolved(stepped.state, solvedIn(stepped.state), limit);
  return selectCloser(system, x, runAccelerated(context, beginRepetition(system, x), { ...stopping, limit }, again).x);
}

/** Of each sample the one with the less residual. */
function selectCloser(system: ImplicitSystem, x: Tensor, y: Tensor): Tensor {
  const [first, second] = [x, y].map((at) => system.residual(at, system.image(at)));
  const isBetter = elementwise('greater', [first, second]); // not where it is NaN
  return elementwise('select', [asColumn(isBetter), y, x]);
}

/**
 * Of F at x, of random signs, [batch, n]: ε(16‖x‖/√n + the largest kinked argument), for each sample from its own numbers: what one
 * that has failed holds says nothing of the others.
 */
function estimateRounding(x: Tensor, kinked: readonly KinkedArgument[], context: LoopContext): Tensor {
  const [batch, n] = x.shape;
  const share = (FLOOR_UNITS * context.epsilon) / Math.sqrt(n);
  // Of numbers that are all 0 nothing is rounded; but a linear system needs a right-hand side.
  const norms = elementwise('scale', [reduceRows('norm', [x])], [share, context.epsilon ** 5]);
  const size = kinked.reduce((sum, one) => {
    const largest = findLargest(elementwise('abs', [one.x]), one.x, batch, one.places);
    return elementwise('add', [sum, elementwise('scale', [largest], [context.epsilon, 0])]);
  }, norms);
  return elementwise('multiply', [asColumn(size), makeSigns(n, context)]);
}

/** Alike on every backend, [1, n]: no structure of a matrix follows them. */
function makeSigns(n: number, context: LoopContext): Tensor {
  const values = Array.from({ length: n }, (_, index) => (Math.imul(index + 1, 0x9e3779b1) & 0x8000 ? 1 : -1));
  return context.constant({ kind: 'values', values }, [1, n]);
}

/** The largest of each sample, of what belongs to none alone the largest of all: such that it broadcasts to x. */
function findLargestMove(x: Tensor, places: Places): Tensor {
  const of = (largest: Tensor): Tensor => elementwise('scale', [largest], [ESTIMATE_UNITS, 0]);
  const sizes = elementwise('abs', [x]);
  return spreadBySample(
    x,
    of(findLargest(sizes, x, places.batch, places)),
    of(reduceAll('maximumAbsolute', x)),
    places,
  );
}
