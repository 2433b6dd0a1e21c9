/** Brings a solution of z = σ(Wz + b) from the tolerance of its solve to the floor of the precision, where kinks are found. */
import { type Equation, normsFrom } from '../solvers/equation.ts';
import { type FixedPointSolution, solveFixedPoint } from '../solvers/forward.ts';
import { forwardSolverOf, solverKey } from '../solvers/index.ts';
import { applyMap, type LinearMap } from '../solvers/linear-map.ts';
import { asColumn } from '../solvers/monitor.ts';
import { semismoothNewton } from '../solvers/newton.ts';
import { jacobianAt, proximalMapOf } from '../solvers/nonlinearity.ts';
import { roundingUnits } from '../solvers/report.ts';
import type { Engine } from '../tensor/engine.ts';
import { combine, elementwise, reduceRows } from '../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import type { Kept } from './monotone-forward.ts';
import type { ChosenSettings } from './options.ts';
import type { LimitedRun } from './run-limits.ts';

/** The solution at the floor, with its pre-activation and what is still uncertain of that. */
export type ResolvedSolution = Pick<Kept, 'preActivation'> & Readonly<Record<'z' | 'uncertainty', Tensor>>;

/** A tolerance below every residual, so that the solver continues to the floor. */
const UNREACHABLE = 1e-30;

/**
 * Takes semismooth Newton steps, mostly one linear solve in all. Samples that these do not bring to the floor continue with
 * the solver that was chosen.
 */
export function resolveSolution(
  engine: Engine,
  map: LinearMap,
  b: Tensor,
  { preActivation, bound }: Kept,
  { solver, activation, limit, backwardLimit, step }: ChosenSettings,
  run: LimitedRun,
): ResolvedSolution {
  const { parameters } = map;
  const key = ['resolved', map.key, solverKey(solver), JSON.stringify(activation), limit, backwardLimit, Boolean(step)];
  const scalars = [map.margin.value, ...(step === undefined ? [] : [step])].map((value) => engine.scalar(value));
  const build = (traced: Tensor[], tracing: LoopContext): Tensor[] => {
    const W = map.traced(traced.slice(0, parameters.length), tracing);
    const [tracedB, p, tracedBound, margin, tracedStep] = traced.slice(parameters.length);
    const norms = normsFrom({ bound: tracedBound });
    const sigma = proximalMapOf(activation);
    const equation: Equation = { map: W, b: tracedB, sigma, margin, norms, step: tracedStep, resolvent: undefined };
    const number = (value: number): Tensor => tracing.constant({ kind: 'fill', value }, [1]);
    // Any element of the Jacobian serves, except one that treats a unit near its kink as if it were at the kink.
    const jacobianOf = (at: Tensor) => jacobianAt(activation, at, number(0), 0);
    const newton = semismoothNewton(tracing, equation, jacobianOf, p, backwardLimit);
    const solution = solveFixedPoint(tracing, forwardSolverOf(solver), {
      ...{ map: W, b: tracedB, margin, step: tracedStep, activation, limit },
      initial: sigma.value(newton.p),
      tolerance: number(UNREACHABLE),
      resumed: { state: newton.state, norms },
    });
    const { z, preActivation: pre } = solution;
    const missed = elementwise('subtract', [sigma.value(pre), z]);
    const moved = reduceRows('norm', [applyMap(W, missed, {})]);
    return [z, pre, uncertaintyOf(moved, solution, { margin, norms }, map.n)];
  };
  const inputs = [...parameters, b, preActivation, bound, ...scalars];
  const [z, pre, uncertainty] = engine.run(key.join(' '), inputs, build, run);
  return { z, preActivation: pre, uncertainty };
}

/**
 * A bound of the distance of p = Wz + b from the p* of the true solution, [batch, 1]. With r = z − σ(p), ‖σ(p) − z*‖ ≤ ‖Wr‖/m,
 * because σ is a proximal operator and I − W ⪰ m·I. Therefore ‖p − p*‖ ≤ (1 + ‖W‖/m)·‖Wr‖, and rounding of p adds to Wr.
 * @param moved ‖Wr‖, [batch]
 */
function uncertaintyOf(
  moved: Tensor,
  { floor, size }: FixedPointSolution,
  { margin, norms }: Pick<Equation, 'margin' | 'norms'>,
  n: number,
): Tensor {
  const growth = elementwise('divide', [elementwise('scale', [norms.bound], [1, 1]), margin]);
  const error = combine({ x: asColumn(moved) }, { x: asColumn(floor), coefficient: size, factor: roundingUnits(n) });
  return elementwise('multiply', [elementwise('scale', [growth], [1, 1]), error]);
}
