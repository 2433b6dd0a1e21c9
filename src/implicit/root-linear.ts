/** The linear solves behind gradients and tangents of solutions: Bᵀu = v and Bż = −Aẋ. */

import { GENERAL_SOLVERS } from '../solvers/index.ts';
import type { KrylovProblem } from '../solvers/krylov.ts';
import { solveLinear } from '../solvers/linear.ts';
import { statusOf } from '../solvers/monitor.ts';
import type { Engine } from '../tensor/engine.ts';
import { elementwise, reduceRows } from '../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import type { ImplicitSettings } from './root-options.ts';
import { summarise } from './summary.ts';
import { matrixFree, type SystemOf } from './system.ts';
import { EAGER_PASSES, run } from './traced-or-eager.ts';

interface BackwardInputs {
  readonly z: Tensor;
  readonly inputs: readonly Tensor[];
  readonly cotangent: Tensor;
  readonly needed: readonly boolean[];
}

/** Bᵀu = v, and −Aᵀu for the inputs that need it. */
export function backward(
  engine: Engine,
  systemOf: SystemOf,
  { z, inputs, cotangent, needed }: BackwardInputs,
  settings: ImplicitSettings,
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
export function forwardMode(
  engine: Engine,
  systemOf: SystemOf,
  { z, inputs, tangents }: TangentInputs,
  settings: ImplicitSettings,
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
  { linearSolver }: ImplicitSettings,
): { u: Tensor; summary: Tensor } {
  const { v, limit } = problem;
  const bounded = isTraced ? problem : { ...problem, limit: Math.min(limit, EAGER_PASSES) };
  const solved = solveLinear(context, GENERAL_SOLVERS[linearSolver], bounded);
  const rows = {
    status: statusOf(solved.state),
    iterations: solved.iterations,
    residual: solved.residual,
    floor: solved.floor,
    singularValueBound: solved.singularValueBound,
    notFinite: reduceRows('countNotFinite', [v]),
  };
  return { u: solved.u, summary: summarise(v.shape[0], rows) };
}
