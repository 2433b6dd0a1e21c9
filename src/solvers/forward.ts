/**
 * Solves z = σ(Wz + b) by one method, or by several: each one takes over the samples that those before it have not
 * solved.
 */
import { reduceAll } from '../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import type { Activation } from './activations.ts';
import { type Equation, type Norms, normsFrom, preActivation, roundingOf, sizeOfRows } from './equation.ts';
import type { Begun, Iteration, Runner } from './iteration.ts';
import type { LinearOperator } from './linear-map.ts';
import { initialState, iterationsIn, reopenUnsolved, sharesOf, solvedIn, statusOf, whereRunning } from './monitor.ts';
import { proximalMapOf } from './nonlinearity.ts';
import { resolventOf, type SteppedResolvent } from './resolvent.ts';
import { type RoundsEnd, runInRounds } from './rounds.ts';

/** An iteration, and how it is run. */
export interface ForwardMethod {
  readonly iteration: Iteration;
  readonly run: Runner;
}

/** Methods in their order: each one takes over the samples that those before it have not solved. */
export type ForwardSolver = readonly ForwardMethod[];

/** Tensors are those of the Program being traced. */
interface FixedPointProblem {
  readonly map: LinearOperator; // W
  readonly b: Tensor; // [batch, n]
  /** Where to start, [batch, n]. Default zeros. */
  readonly initial: Tensor | undefined;
  /** The `kept` tensors of the resolvent of another W, from which the resolvent of this W may start. */
  readonly near?: readonly Tensor[];
  /** m > 0 with I − (W + Wᵀ)/2 ⪰ m·I, [1]. */
  readonly margin: Tensor;
  /** Bound of the relative fixed-point residual ‖z − σ(Wz + b)‖ / (ε + ‖z‖), [1]. */
  readonly tolerance: Tensor;
  /** Step size α > 0, [1]. Default: the solver chooses. */
  readonly step: Tensor | undefined;
  readonly activation: Activation;
  /** Largest number of iterations of all methods together; each has the same share. */
  readonly limit: number;
  /** Continues an earlier solve of the same equation, from `initial`. */
  readonly resumed?: Resumed;
}

/** Results of the earlier solve, so that nothing is computed twice. */
interface Resumed {
  /** State of the samples: those that are solved stay as they are. */
  readonly state: Tensor;
  readonly norms: Norms;
}

export interface FixedPointSolution {
  readonly z: Tensor;
  /** Statuses of the monitor, [batch]. */
  readonly status: Tensor;
  /** Iterations of all methods, [batch]. */
  readonly iterations: Tensor;
  /** Wz + b, [batch, n], at which J is taken. */
  readonly preActivation: Tensor;
  /** ‖z − σ(Wz + b)‖ / (ε + ‖z‖) of the z returned, [batch]. */
  readonly residual: Tensor;
  /** The residual of rounding in Wz + b, [batch]: ε(1 + ‖W‖ + ‖b‖/‖z‖). */
  readonly floor: Tensor;
  /** ε + ‖z‖, [batch]. */
  readonly size: Tensor;
  readonly norms: Norms;
  /** The resolvent, if the first method needed one. */
  readonly resolvent: SteppedResolvent | undefined;
}

/** Traces the whole solve: norms, iterations, and the true residual of the result. */
export function solveFixedPoint(
  tracing: LoopContext,
  methods: ForwardSolver,
  problem: FixedPointProblem,
): FixedPointSolution {
  const { map, b, margin, step, resumed } = problem;
  const norms = resumed?.norms ?? normsFrom(map.norms());
  const sigma = proximalMapOf(problem.activation);
  const equation: Equation = { map, b, sigma, margin, norms, step, resolvent: undefined };
  const [initial, initialPre] = startOf(tracing, equation, problem.initial);

  const [batch] = b.shape;
  const shares = sharesOf(problem.limit, methods.length);
  let progress: Progress = {
    values: { z: initial, p: initialPre },
    state: resumed?.state ?? initialState(tracing, batch, shares[0]),
  };
  let resolvent: SteppedResolvent | undefined;
  let limit = 0;
  for (const [index, method] of methods.entries()) {
    if (shares[index] === 0) continue;
    limit += shares[index];
    const first = index === 0;
    const isFresh = first && !resumed;
    const solved = solvedIn(progress.state);
    const wanted = isFresh ? undefined : reduceAll('anyZero', solved);
    const own = method.iteration.needsResolvent
      ? resolventOf(map, { margin, norms, step, tolerance: problem.tolerance, wanted, near: problem.near })
      : undefined;
    if (first) resolvent = own;
    const begun = method.iteration.begin(tracing, { ...equation, resolvent: own }, initial, initialPre);
    const start = isFresh ? progress : { ...progress, state: reopenUnsolved(progress.state, solved, shares[index]) };
    progress = runRounds(
      tracing,
      method,
      begun,
      { equation, problem, limit, giveUp: index < methods.length - 1 },
      start,
    );
  }
  const { z, p } = progress.values;
  const size = sizeOfRows(z);
  return {
    z,
    status: statusOf(progress.state),
    iterations: iterationsIn(progress.state, limit),
    preActivation: p,
    residual: sigma.residual(z, p),
    floor: roundingOf(equation, z, size),
    size,
    norms,
    resolvent,
  };
}

type Progress = RoundsEnd<{ z: Tensor; p: Tensor }>;

/**
 * The residual that an iteration computes is close to the true one, so that the first round aims at the tolerance
 * itself.
 */
const AIM = 1;

interface RoundsContext {
  readonly equation: Equation;
  readonly problem: FixedPointProblem;
  readonly giveUp: boolean;
  /** Largest number of iterations that remain. */
  readonly limit: number;
}

function runRounds(
  tracing: LoopContext,
  { run }: ForwardMethod,
  begun: Begun,
  { equation, problem, giveUp, limit }: RoundsContext,
  { values, state }: Progress,
): Progress {
  const { tolerance } = problem;
  const start = { values: { ...values, x: begun.start.x }, state };
  const end = runInRounds(tracing, start, { tolerance, aim: AIM, limit }, ({ x, z }, round) => {
    const from = { ...begun, start: { ...begun.start, x } };
    const { floor } = equation.norms;
    const inner = run(tracing, from, { ...round, floor, giveUp }, round.state);
    const found = whereRunning(round.state, begun.solution(inner.x), z);
    const p = preActivation(equation, found);
    return {
      values: { x: inner.x, z: found, p },
      residual: equation.sigma.residual(found, p),
      floor: roundingOf(equation, found),
      state: inner.state,
    };
  });
  return { ...end, values: { z: end.values.z, p: end.values.p } };
}

/** The start and its pre-activation, which is b for a start at 0, without a product. */
function startOf(tracing: LoopContext, equation: Equation, initial: Tensor | undefined): readonly [Tensor, Tensor] {
  if (initial) return [initial, preActivation(equation, initial)];
  return [tracing.constant({ kind: 'fill', value: 0 }, equation.b.shape), equation.b];
}
