/** Solves z = σ(Wz + b) by one method, or by several of which each takes over what the one before has not solved. */
import { STATE_ROWS } from '../backends/kernels.ts';
import { elementwise, reduceAll, reduceRows } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Tracing } from '../tensor/tracing.ts';
import { type Activation, proximalMapOf } from './activations.ts';
import { type Equation, type Norms, normsOf, preActivation } from './equation.ts';
import type { Iteration, Runner } from './iteration.ts';
import { column, initialState, reopened, rowOf, solvedIn, statusOf } from './monitor.ts';
import { type Resolvent, resolventOf } from './resolvent.ts';

/** An iteration, and how it is run. */
export interface ForwardMethod {
  readonly iteration: Iteration;
  readonly run: Runner;
}

/** One after the other: each takes over the samples that the one before has not solved. */
export type ForwardSolver = readonly ForwardMethod[];

/** Tensors are those of the Program being traced. */
export interface FixedPointProblem {
  readonly W: Tensor; // [n, n]
  readonly b: Tensor; // [batch, n]
  /** Start, [batch, n]. Default zeros. */
  readonly initial: Tensor | undefined;
  /** m > 0 with I − (W + Wᵀ)/2 ⪰ m·I, [1]. */
  readonly margin: Tensor;
  /** Of the relative fixed-point residual ‖z − σ(Wz + b)‖ / (ε + ‖z‖), [1]. */
  readonly tolerance: Tensor;
  /** α > 0, [1]; by default the solver chooses. */
  readonly step: Tensor | undefined;
  readonly activation: Activation;
  /** Most iterations. */
  readonly limit: number;
}

export interface FixedPointSolution {
  readonly z: Tensor;
  /** Statuses of the monitor, [batch]. */
  readonly status: Tensor;
  /** Of all methods, [batch]. */
  readonly iterations: Tensor;
  /** Wz + b, [batch, n]: what J is taken from. */
  readonly preActivation: Tensor;
  /** ‖z − σ(Wz + b)‖ / (ε + ‖z‖) of the z returned, [batch]. */
  readonly residual: Tensor;
  /** The residual of rounding in Wz + b, [batch]: ε(1 + ‖W‖ + ‖b‖/‖z‖). */
  readonly floor: Tensor;
  readonly norms: Norms;
  /** Where the first method needed one: it has then been computed. */
  readonly resolvent: Resolvent | undefined;
}

/** Of ‖I − V⁻¹V‖_F, as a share of the tolerance. */
const RESOLVENT_SHARE = 0.01;

/** Traces the whole solve: norms, iterations, and the true residual of what they found. */
export function solveFixedPoint(
  tracing: Tracing,
  methods: ForwardSolver,
  problem: FixedPointProblem,
): FixedPointSolution {
  const { W, b, margin, step } = problem;
  const norms = normsOf(tracing, W);
  const sigma = proximalMapOf(problem.activation);
  const equation: Equation = { W, transposed: false, b, sigma, margin, norms, step, resolvent: undefined };
  const [initial, initialPre] = startOf(tracing, equation, problem.initial);

  let z = initial;
  let state = initialState(tracing, b.shape[0]);
  let iterations = rowOf(state, STATE_ROWS.iterations);
  let resolvent: Resolvent | undefined;
  for (const [index, { iteration, run }] of methods.entries()) {
    const solved = solvedIn(state);
    const wanted = index === 0 ? undefined : reduceAll('anyZero', solved);
    const own = iteration.needsResolvent ? resolventFor(tracing, problem, norms, wanted) : undefined;
    if (index === 0) resolvent = own;
    const begun = iteration.begin(tracing, { ...equation, resolvent: own }, initial, initialPre);
    const { amplification } = begun;
    const final = run(
      tracing,
      begun,
      {
        tolerance: amplification ? elementwise('divide', [problem.tolerance, amplification]) : problem.tolerance,
        floor: norms.floor,
        limit: problem.limit,
        giveUp: index < methods.length - 1,
      },
      index === 0 ? state : reopened(state, solved),
    );
    const found = begun.solution(final.x);
    z = index === 0 ? found : elementwise('select', [column(solved), z, found]);
    iterations = elementwise('add', [iterations, rowOf(final.state, STATE_ROWS.iterations)]);
    state = final.state;
  }
  const p = preActivation(equation, z);
  const residual = sigma.residual(z, p);
  return {
    z,
    status: statusOf(state),
    iterations,
    preActivation: p,
    residual,
    floor: roundingOf(equation, z),
    norms,
    resolvent,
  };
}

function resolventFor(
  tracing: Tracing,
  { W, margin, step, tolerance }: FixedPointProblem,
  { bound }: Norms,
  wanted: Tensor | undefined,
): Resolvent {
  const share = elementwise('scale', [tolerance], [RESOLVENT_SHARE, 0]);
  return resolventOf(tracing, W, { margin, bound, step, tolerance: share, wanted });
}

/** The start and its pre-activation; from zeros that is b, without a product. */
function startOf(tracing: Tracing, equation: Equation, initial: Tensor | undefined): readonly [Tensor, Tensor] {
  if (initial) return [initial, preActivation(equation, initial)];
  return [tracing.constant({ kind: 'fill', value: 0 }, equation.b.shape), equation.b];
}

/** ε(1 + ‖W‖ + ‖b‖/‖z‖), [batch]. */
function roundingOf({ b, norms }: Equation, z: Tensor): Tensor {
  const { epsilon } = z.context;
  const share = elementwise('divide', [
    reduceRows('norm', [b]),
    elementwise('scale', [reduceRows('norm', [z])], [1, epsilon]),
  ]);
  return elementwise('add', [norms.floor, elementwise('scale', [share], [epsilon, 0])]);
}
