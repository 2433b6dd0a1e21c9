/**
 * Brings the solution of a user's equation to the floor of the precision, and estimates how far the arguments of its kinks
 * may still be off.
 */
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

/**
 * The most Newton steps. One is enough once every argument is on the right side of its kink, but each step solves its
 * system to three digits only.
 */
const STEPS = 32;
/** Newton's method gives up after this many steps without progress. */
const STALE_STEPS = 4;
/** The limits for a function that cannot be traced: of Newton steps, and of the iterations of a linear solve. */
const EAGER_STEPS = 2;
const EAGER_ITERATIONS = 16;
/**
 * The tolerance of the linear solve whose solution estimates the error, and the factor by which an argument may be off
 * further than estimated.
 */
const ESTIMATE_TOLERANCE = 1e-2;
const ESTIMATE_UNITS = 4;
/** A linear solve that ends above this residual has a matrix that is singular to the precision: the error is then unknown. */
const SINGULAR = 0.1;

/**
 * Takes semismooth Newton steps from z, and repeats a fixed point for the samples that these do not bring to the floor.
 * Then it solves Be = F(z) + ρ, where ρ has random signs and the size of rounding. To first order e is an error that z may
 * have, and an argument may be off by a few times the largest move, along e, of the arguments of its sample.
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
      const isKnown = elementwise('greater', [number(SINGULAR), residual]); // false if the residual is NaN
      const e = elementwise('select', [asColumn(isKnown), u, number(0)]);
      const errors = linearised.moveArguments(e).map((moved, index) => findLargestMove(moved, kinked[index].places));
      return [elementwise('copy', [context.alias(x, shape)]), ...errors];
    },
    limited,
  );
  return { ...solved, z, uncertainty };
}

/** Iterates from the start to the floor. A sample whose residual grows keeps its start. */
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

/** For each sample, x or y, whichever has the smaller residual. */
function selectCloser(system: ImplicitSystem, x: Tensor, y: Tensor): Tensor {
  const [first, second] = [x, y].map((at) => system.residual(at, system.image(at)));
  const isBetter = elementwise('greater', [first, second]); // false if a residual is NaN
  return elementwise('select', [asColumn(isBetter), y, x]);
}

/**
 * The rounding of F at x with random signs, [batch, n]: ε(16‖x‖/√n + the largest kinked argument) for each sample. It follows
 * from the numbers of that sample alone, since a sample that failed may hold any numbers.
 */
function estimateRounding(x: Tensor, kinked: readonly KinkedArgument[], context: LoopContext): Tensor {
  const [batch, n] = x.shape;
  const share = (FLOOR_UNITS * context.epsilon) / Math.sqrt(n);
  // Numbers that are all 0 are not rounded, but the linear system needs a right-hand side that is not 0.
  const norms = elementwise('scale', [reduceRows('norm', [x])], [share, context.epsilon ** 5]);
  const size = kinked.reduce((sum, one) => {
    const largest = findLargest(elementwise('abs', [one.x]), one.x, batch, one.places);
    return elementwise('add', [sum, elementwise('scale', [largest], [context.epsilon, 0])]);
  }, norms);
  return elementwise('multiply', [asColumn(size), makeSigns(n, context)]);
}

/** Signs that are the same on every backend, [1, n], and that no structure of a matrix follows. */
function makeSigns(n: number, context: LoopContext): Tensor {
  const values = Array.from({ length: n }, (_, index) => (Math.imul(index + 1, 0x9e3779b1) & 0x8000 ? 1 : -1));
  return context.constant({ kind: 'values', values }, [1, n]);
}

/**
 * The largest move of each sample, in a shape that broadcasts to x. An argument that belongs to no single sample takes the
 * largest move of all.
 */
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
