/** The linear solves behind gradients and tangents of a user's equation: Bᵀu = v and Bż = −Aẋ. */
import { GENERAL_SOLVERS } from '../solvers/index.ts';
import { solveLinear } from '../solvers/linear.ts';
import { elementwise, reduceRows } from '../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import { chooseDefinedPoint, type DefinedPoint } from './defined-points.ts';
import { attachMarks, findKinks, type KinkedArgument } from './kinks.ts';
import type { LinearResult } from './reporting.ts';
import type { ImplicitSettings } from './root-options.ts';
import type { LimitedRun } from './run-limits.ts';
import { summariseLinear } from './summary.ts';
import { type ImplicitSystem, type LinearisedSystem, makeMatrixFreeProblem, type Solved } from './system.ts';
import { EAGER_LIMIT, runTracedOrEagerly } from './traced-or-eager.ts';

/** Solves Bᵀu = v; the tensors are −Aᵀu for the inputs whose gradient is needed. */
export function solveBackward(
  solved: Solved,
  cotangent: Tensor,
  needed: readonly boolean[],
  settings: ImplicitSettings,
  limited: LimitedRun,
): LinearResult {
  const { instead } = solved;
  const others = instead ? [cotangent, instead.start, instead.residual] : [cotangent];
  const task: Task = ([v], linearised) => ({
    direction: 'transposed',
    right: v,
    results: (u) => linearised.inputCotangents(u, needed),
  });
  return runLinearTask(solved, 'backward', others, settings, limited, task, instead && chooseDefinedPoint);
}

/** Solves Bż = −Aẋ; the tensor is ż. @param tangents ẋ of each input, where undefined stands for 0 */
export function solveTangent(
  solved: Solved,
  tangents: readonly (Tensor | undefined)[],
  settings: ImplicitSettings,
  limited: LimitedRun,
): LinearResult {
  const others = tangents.filter((tangent) => tangent !== undefined);
  return runLinearTask(solved, 'tangent', others, settings, limited, (moved, linearised) => {
    const left = [...moved];
    return {
      direction: 'direct',
      right: linearised.inputTangent(tangents.map((tangent) => (tangent ? left.shift() : undefined))),
      results: (u) => [elementwise('copy', [u.context.alias(u, solved.z.shape)])],
    };
  });
}

/** Solves Bu = right or Bᵀu = right; the tensor is u. The estimate of a singular value needs such solves. */
export function solveWith(
  solved: Solved,
  right: Tensor,
  direction: LinearTask['direction'],
  settings: ImplicitSettings,
): LinearResult {
  return runLinearTask(solved, 'any', [right], settings, settings.limits.linear(), ([v]) => ({
    direction,
    right: v,
    results: (u) => [elementwise('copy', [u])],
  }));
}

export interface LinearTask {
  /** transposed: Bᵀu = right. direct: Bu = right. */
  readonly direction: 'transposed' | 'direct';
  /** The right-hand side, of the size of z and any shape. */
  readonly right: Tensor;
  /** Computes the results from u, [batch, n]. */
  readonly results: (u: Tensor) => readonly Tensor[];
}

type Task = (others: readonly Tensor[], linearised: LinearisedSystem) => LinearTask;

/**
 * Runs the linear solve of a task, and summarises it.
 * @param others the tensors that the task needs besides the solution and its inputs
 * @param pointOf chooses where F is linearised. Default: at the solution, with the inputs as they are
 * @throws UnresolvedError where the function names a selection and the solution is not resolved
 */
function runLinearTask(
  { engine, systemOf, z, inputs, uncertainty }: Solved,
  name: string,
  others: readonly Tensor[],
  settings: ImplicitSettings,
  limited: LimitedRun,
  taskOf: Task,
  pointOf?: (system: ImplicitSystem, x: Tensor, others: readonly Tensor[]) => DefinedPoint,
): LinearResult {
  let operations: readonly KinkedArgument[] = [];
  const [summary, ...rest] = runTracedOrEagerly(
    engine,
    `implicit, ${name}`,
    [z, engine.scalar(settings.backwardTolerance), ...inputs, ...(uncertainty ?? []), ...others],
    ([solution, tolerance, ...given], context, isTraced) => {
      const left = [...given];
      const system = systemOf(left.splice(0, inputs.length));
      const { batch, n } = system.rows;
      const known = uncertainty && left.splice(0, uncertainty.length);
      const x = context.alias(solution, [batch, n]);
      const point = pointOf?.(system, x, left);
      const linearised = (point ? systemOf(point.inputs) : system).linearise(point?.x ?? x, known);
      if (!uncertainty && linearised.isSelected) throw new UnresolvedError();
      operations = linearised.kinks();
      const { direction, right, results } = taskOf(left, linearised);
      const { transposed, direct } = linearised;
      const [apply, applyTransposed] = direction === 'transposed' ? [transposed, direct] : [direct, transposed];
      const v = context.alias(right, [batch, n]);
      const limit = isTraced ? settings.backwardLimit : Math.min(settings.backwardLimit, EAGER_LIMIT);
      const problem = makeMatrixFreeProblem(apply, applyTransposed, v, tolerance, limit);
      const solved = solveLinear(context, GENERAL_SOLVERS[settings.linearSolver], problem);
      const kinks = findKinks(operations, batch);
      const summary = summariseLinear(batch, solved, kinks, {
        notFinite: reduceRows('countNotFinite', [v]),
        normBound: traceNormBound(context, linearised),
      });
      return [summary, ...(kinks?.marks ?? []), ...results(solved.u)];
    },
    limited,
  );
  const marked = operations.map((operation, index) => attachMarks(operation, rest[index]));
  return { summary, marked, tensors: rest.slice(marked.length) };
}

/** Thrown where the function names a selection and the solution is not resolved: the caller has to resolve it first. */
export class UnresolvedError extends Error {}

/** Stands for a bound that is not known: it is too large to show anything. */
const NO_BOUND = 2 ** 126;

function traceNormBound(context: LoopContext, linearised: LinearisedSystem): Tensor {
  const bound = linearised.normBound();
  if (typeof bound === 'function') return bound();
  return context.constant({ kind: 'fill', value: Math.min(bound, NO_BOUND) }, [1]);
}
