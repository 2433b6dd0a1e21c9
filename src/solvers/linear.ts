/**
 * Solvers of linear systems Bᵀu = v, one for each row; the matrix is known by what it does to vectors. They work in rounds:
 * each round solves for a correction, Bᵀe = r, by a residual of its own, and ends with the true one, r = v − Bᵀu; where that
 * has not met the tolerance another round starts from it.
 */
import { combine, elementwise, ratio, reduceRows } from '../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import type { Convergence } from './iteration.ts';
import { column, initialState, iterationsIn, reopened, sharesOf, solvedIn, whereRunning } from './monitor.ts';
import { inRounds, type Round, type RoundsEnd } from './rounds.ts';

export interface LinearProblem {
  readonly v: Tensor; // [batch, n]
  /** Of ‖v − Bᵀu‖ / ‖v‖, [1]. */
  readonly tolerance: Tensor;
  /** Rounding of Bᵀu where ‖u‖ = 1: about ε(1 + ‖B‖), [1]. */
  readonly floor: Tensor;
  /** Most iterations, of all methods: each has the same share. */
  readonly limit: number;
  /** v − Bᵀu for a right-hand side v. */
  residual(u: Tensor, v: Tensor): Tensor;
}

export interface LinearSolution {
  /** Rows are 0 where those of v are, whatever has become of the sample. */
  readonly u: Tensor;
  /** 1 for each sample whose v is not 0, else 0, [batch]. */
  readonly isAsked: Tensor;
  readonly state: Tensor;
  /** True residual ‖v − Bᵀu‖ / ‖v‖, [batch]. */
  readonly residual: Tensor;
  /** Of all rounds, [batch]. */
  readonly iterations: Tensor;
  /** The residual of rounding, [batch]. */
  readonly floor: Tensor;
  /** ‖v‖/‖u‖, which σ_min(B) does not exceed (up to the residual), [batch]; 0 where v is 0. */
  readonly singularValueBound: Tensor;
}

/** A round, and what it starts from. */
export interface CorrectionRound extends Round {
  readonly r: Tensor;
  /** No method comes after this one. */
  readonly last: boolean;
}

export interface LinearMethod<Problem extends LinearProblem> {
  readonly converges: Convergence;
  /** The problem has to have a resolvent. Default false. */
  readonly needsResolvent?: boolean;
  /** Iterations after which a round ends anyway. Default: all of them. */
  readonly restart?: number;
  /** Adds to the problem what is made once, before the rounds. */
  prepare?(tracing: LoopContext, problem: Problem): Problem;
  /** The correction e with Bᵀe = r, and the state of the samples. */
  correct(
    tracing: LoopContext,
    problem: Problem,
    round: CorrectionRound,
  ): { readonly e: Tensor; readonly state: Tensor };
}

/** One after the other: each takes over the samples that the one before has not solved. */
export type LinearSolver<Problem extends LinearProblem> = readonly LinearMethod<Problem>[];

export function solveLinear<Problem extends LinearProblem>(
  tracing: LoopContext,
  methods: LinearSolver<Problem>,
  given: Problem,
): LinearSolution {
  const [batch] = given.v.shape;
  const { unit: v, size, isAsked } = normalised(given.v);
  const problem = { ...given, v };
  const shares = sharesOf(given.limit, methods.length);
  const zeros = tracing.constant({ kind: 'fill', value: 0 }, v.shape);
  const start = { values: { u: zeros, r: v }, state: initialState(tracing, batch, shares[0]) };
  let end: Progress = start;
  let limit = 0;
  for (const [index, method] of methods.entries()) {
    if (shares[index] === 0) continue;
    limit += shares[index];
    const progress = index === 0 ? end : restrictToUnsolved(end, start, shares[index]);
    end = runRounds(tracing, method, { ...problem, limit }, progress, index === methods.length - 1);
  }
  const { u, r } = end.values;
  return {
    u: combine({ x: u, coefficient: size }),
    isAsked,
    state: end.state,
    residual: reduceRows('norm', [r]),
    iterations: iterationsIn(end.state, limit),
    floor: roundingOf(problem, u),
    singularValueBound: ratio(reduceRows('norm', [v]), reduceRows('norm', [u])),
  };
}

type Progress = RoundsEnd<{ u: Tensor; r: Tensor }>;

/** The method's residual may be this share of the tolerance in the first round. */
const AIM = 0.5;

function runRounds<Problem extends LinearProblem>(
  tracing: LoopContext,
  method: LinearMethod<Problem>,
  problem: Problem,
  start: Progress,
  last: boolean,
): Progress {
  const { v, tolerance, limit } = problem;
  const prepared = method.prepare?.(tracing, problem) ?? problem;
  const options = { tolerance, aim: AIM, limit, restart: method.restart };
  return inRounds(tracing, start, options, ({ u, r }, round) => {
    const { e, state } = method.correct(tracing, prepared, { ...round, r, last });
    const uNext = whereRunning(round.state, elementwise('add', [u, e]), u);
    const rNext = problem.residual(uNext, v);
    return {
      values: { u: uNext, r: rNext },
      residual: reduceRows('norm', [rNext]),
      floor: roundingOf(problem, uNext),
      state,
    };
  });
}

/** Rounding of Bᵀu where ‖v‖ = 1, [batch]. */
function roundingOf({ floor }: LinearProblem, u: Tensor): Tensor {
  return elementwise('multiply', [reduceRows('norm', [u]), floor]);
}

/**
 * Rows of length 1 (or 0), the lengths taken from them, [batch], and whether they are not 0: inner products of a tiny cotangent
 * underflow. Divided by the largest entry first, which keeps the length of a row from overflowing.
 */
export function normalised(v: Tensor): { unit: Tensor; size: Tensor; isAsked: Tensor } {
  const peak = reduceRows('maximumAbsolute', [v]);
  const isAsked = ratio(peak, peak);
  // Rows of 0 are NaN until they are left out.
  const scaled = elementwise('divide', [v, column(peak)]);
  const norm = reduceRows('norm', [scaled]);
  const unit = combine({ x: elementwise('divide', [scaled, column(norm)]), coefficient: isAsked });
  const size = combine({ x: column(norm), coefficient: peak });
  return { unit, size: size.context.alias(size, [size.size]), isAsked };
}

/** Samples that are not solved run again, from the start; the others stay as they are. */
function restrictToUnsolved({ values, state }: Progress, start: Progress, more: number): Progress {
  const solved = solvedIn(state);
  const kept = (name: 'u' | 'r'): Tensor => elementwise('select', [column(solved), values[name], start.values[name]]);
  return { values: { u: kept('u'), r: kept('r') }, state: reopened(state, solved, more) };
}
