/** The linear solves behind gradients and tangents of a user's equation: Bᵀu = v and Bż = −Aẋ. */
import { GENERAL_SOLVERS } from '../solvers/index.ts';
import { solveLinear } from '../solvers/linear.ts';
import { asColumn } from '../solvers/monitor.ts';
import { elementwise, reduceRows } from '../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import { attachMarks, findKinks, type KinkedArgument } from './kinks.ts';
import type { LinearResult } from './reporting.ts';
import type { ImplicitSettings } from './root-options.ts';
import type { LimitedRun } from './run-limits.ts';
import { summariseLinear } from './summary.ts';
import { type LinearisedSystem, makeMatrixFreeProblem, type Solved } from './system.ts';
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
  return runLinearTask(solved, 'backward', others, settings, limited, task, chooseDefinedPoint);
}

/** The point at which to linearise: the start, in place of x, for failed samples whose cotangent is 0. */
function chooseDefinedPoint(x: Tensor, [v, start, residual]: readonly Tensor[]): Tensor {
  if (!start) return x;
  const { context, shape } = x;
  const asked = reduceRows('maximumAbsolute', [context.alias(v, shape)]);
  const unknown = elementwise('scale', [residual], [0, 0]); // NaN where the residual is not finite, else 0
  const replaced = elementwise('select', [asked, context.constant({ kind: 'fill', value: 0 }, [1]), unknown]);
  return elementwise('select', [asColumn(replaced), context.alias(start, shape), x]);
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
 * @param pointOf the point at which F is linearised, [batch, n]. Default: the solution
 * @throws UnresolvedError where the function names a selection and the solution is not resolved
 */
function runLinearTask(
  { engine, systemOf, z, inputs, uncertainty }: Solved,
  name: string,
  others: readonly Tensor[],
  settings: ImplicitSettings,
  limited: LimitedRun,
  taskOf: Task,
  pointOf: (x: Tensor, others: readonly Tensor[]) => Tensor = (x) => x,
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
      const linearised = system.linearise(pointOf(context.alias(solution, [batch, n]), left), known);
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
