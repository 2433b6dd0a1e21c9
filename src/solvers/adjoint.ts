/**
 * Solvers of the adjoint system (I − JW)ᵀu = v, per sample (Bolte et al. 2021, Proposition 3); rows are samples. They work
 * in rounds: each round iterates on a residual of its own, and ends with the true one, r = v − (I − JW)ᵀu; where that has
 * not met the tolerance another round starts from it.
 */
import { STATE_ROWS } from '../backends/kernels.ts';
import { elementwise, product, reduceRows } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Tracing } from '../tensor/tracing.ts';
import { type Norms, preActivation } from './equation.ts';
import type { ForwardMethod } from './forward.ts';
import { type Jacobian, proximalMapOfJacobian } from './jacobian.ts';
import { column, initialState, reopened, rowOf, solvedIn, whereRunning } from './monitor.ts';
import { type Resolvent, resolventOf } from './resolvent.ts';
import { inRounds, type Round, type RoundsEnd } from './rounds.ts';

export interface AdjointProblem {
  readonly W: Tensor; // [n, n]
  readonly J: Jacobian;
  readonly v: Tensor; // [batch, n]
  /** Of ‖v − (I − JW)ᵀu‖ / ‖v‖, [1]. */
  readonly tolerance: Tensor;
  /** m > 0 with I − (W + Wᵀ)/2 ⪰ m·I, [1]. */
  readonly margin: Tensor;
  readonly norms: Norms;
  /** Of the forward solve, where that had one. */
  readonly resolvent: Resolvent | undefined;
  /** Most iterations of one method. */
  readonly limit: number;
}

export interface AdjointSolution {
  readonly u: Tensor;
  readonly state: Tensor;
  /** True residual ‖v − (I − JW)ᵀu‖ / ‖v‖, [batch]. */
  readonly residual: Tensor;
  /** Of all rounds, [batch]. */
  readonly iterations: Tensor;
  /** The residual of rounding, [batch]. */
  readonly floor: Tensor;
}

/** A round, and what it starts from. */
export interface AdjointRound extends Round {
  readonly u: Tensor;
  /** r = v − (I − JW)ᵀu. */
  readonly r: Tensor;
  /** No method comes after this one. */
  readonly last: boolean;
}

export interface AdjointMethod {
  /** Iterations after which a round ends anyway. Default: all of them. */
  readonly restart?: number;
  readonly needsResolvent?: boolean;
  /** The u found and the state of the samples. */
  round(tracing: Tracing, problem: AdjointProblem, round: AdjointRound): { readonly u: Tensor; readonly state: Tensor };
}

/** One after the other: each takes over the samples that the one before has not solved. */
export type AdjointSolver = readonly AdjointMethod[];

export function solveAdjoint(tracing: Tracing, methods: AdjointSolver, given: AdjointProblem): AdjointSolution {
  const [batch] = given.v.shape;
  const { unit: v, size } = normalised(tracing, given.v);
  const problem = { ...withResolvent(tracing, methods, given), v };
  const fresh = initialState(tracing, batch);
  const zeros = tracing.constant({ kind: 'fill', value: 0 }, v.shape);
  const start = { values: { u: zeros, r: v }, state: fresh, iterations: rowOf(fresh, STATE_ROWS.iterations) };
  const end = methods.reduce<Progress>((before, method, index) => {
    const progress = index === 0 ? before : takenOver(before, start);
    return runRounds(tracing, method, problem, progress, index === methods.length - 1);
  }, start);
  const { u, r } = end.values;
  return {
    u: elementwise('multiply', [u, column(size)]),
    state: end.state,
    residual: reduceRows('norm', [r]),
    iterations: end.iterations,
    floor: roundingOf(problem, u),
  };
}

/**
 * A splitting method or a Neumann series. The correction e of a u with residual r solves (I − JW)ᵀe = r; a forward iteration
 * on ẽ = J(Wᵀẽ + r), from 0, gives e = r + Wᵀẽ.
 */
export function adjointIteration({ iteration, run }: ForwardMethod): AdjointMethod {
  return {
    needsResolvent: iteration.needsResolvent,
    round(tracing, { W, J, margin, norms, resolvent }, { u, r, state, tolerance, limit, last }) {
      const sigma = proximalMapOfJacobian(J, (x) => reduceRows('norm', [x]));
      const equation = { W, transposed: true, b: r, sigma, margin, norms, step: undefined, resolvent };
      const zeros = tracing.constant({ kind: 'fill', value: 0 }, r.shape);
      const begun = iteration.begin(tracing, equation, zeros, r);
      const floor = elementwise('multiply', [reduceRows('norm', [r]), correctionFloor(norms, margin)]);
      const final = run(tracing, begun, { tolerance, floor, limit, giveUp: !last }, state);
      const correction = preActivation(equation, begun.solution(final.x));
      return { u: elementwise('add', [u, correction]), state: final.state };
    },
  };
}

/** Rounding in e where ‖r‖ = 1: ε(1 + ‖W‖)·‖e‖ with ‖e‖ ≤ (m + ‖W‖)/m, [1]. */
function correctionFloor({ bound, floor }: Norms, margin: Tensor): Tensor {
  const largest = elementwise('divide', [elementwise('scale', [bound], [1, 1]), margin]);
  return elementwise('multiply', [floor, elementwise('scale', [largest], [1, 1])]);
}

function withResolvent(tracing: Tracing, methods: AdjointSolver, problem: AdjointProblem): AdjointProblem {
  const { W, margin, norms, tolerance } = problem;
  if (problem.resolvent || !methods.some(({ needsResolvent }) => needsResolvent)) return problem;
  const options = {
    margin,
    bound: norms.bound,
    step: undefined,
    tolerance: elementwise('scale', [tolerance], [0.01, 0]),
  };
  return { ...problem, resolvent: resolventOf(tracing, W, options) };
}

type Progress = RoundsEnd<{ u: Tensor; r: Tensor }>;

/** The method's residual may be this share of the tolerance in the first round. */
const AIM = 0.5;

function runRounds(
  tracing: Tracing,
  method: AdjointMethod,
  problem: AdjointProblem,
  start: Progress,
  last: boolean,
): Progress {
  const { v, W, J, tolerance, limit } = problem;
  const options = { tolerance, aim: AIM, limit, restart: method.restart };
  return inRounds(tracing, start, options, ({ u, r }, round) => {
    const found = method.round(tracing, problem, { ...round, u, r, last });
    const uNext = whereRunning(round.state, found.u, u);
    // r = v − u + WᵀJu
    const rNext = elementwise('subtract', [product(J.apply(uNext), W, { bias: v }), uNext]);
    return {
      values: { u: uNext, r: rNext },
      residual: reduceRows('norm', [rNext]),
      floor: roundingOf(problem, uNext),
      state: found.state,
    };
  });
}

/** Rounding of (I − JW)ᵀu where ‖v‖ = 1: ε(1 + ‖W‖)‖u‖, [batch]. */
export function roundingOf({ norms }: AdjointProblem, u: Tensor): Tensor {
  return elementwise('multiply', [reduceRows('norm', [u]), norms.floor]);
}

/**
 * Rows of length 1 (or 0), and the lengths taken from them, [batch]: inner products of a tiny cotangent underflow. Divided
 * by the largest entry first, since already the norm of one would.
 */
function normalised(tracing: Tracing, v: Tensor): { unit: Tensor; size: Tensor } {
  const one = tracing.constant({ kind: 'fill', value: 1 }, [v.shape[0]]);
  const divided = (x: Tensor, by: Tensor): Tensor =>
    elementwise('divide', [x, column(elementwise('select', [by, by, one]))]);
  const peak = reduceRows('maximumAbsolute', [v]);
  const scaled = divided(v, peak);
  const norm = reduceRows('norm', [scaled]);
  return { unit: divided(scaled, norm), size: elementwise('multiply', [peak, norm]) };
}

/** Samples that are not solved run again, from the start; the others stay as they are. */
function takenOver({ values, state, iterations }: Progress, start: Progress): Progress {
  const solved = solvedIn(state);
  const kept = (name: 'u' | 'r'): Tensor => elementwise('select', [column(solved), values[name], start.values[name]]);
  return { values: { u: kept('u'), r: kept('r') }, state: reopened(state, solved), iterations };
}
