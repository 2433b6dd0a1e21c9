/**
 * Solvers of linear systems Bᵀu = v, one for each row, whose matrix is known by what it does to vectors. They work in
 * rounds. Each round solves for a correction, Bᵀe = r, by a residual of its own, and ends with the true one, r = v −
 * Bᵀu; if that has not met the tolerance, another round starts from it.
 */
import { combine, divideOrZero, elementwise, reduceRows } from '../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import type { Convergence } from './iteration.ts';
import { asColumn, initialState, iterationsIn, reopenUnsolved, sharesOf, solvedIn, whereRunning } from './monitor.ts';
import { type Round, type RoundsEnd, runInRounds } from './rounds.ts';

export interface LinearProblem {
  readonly v: Tensor; // [batch, n]
  /** Bound of ‖v − Bᵀu‖ / ‖v‖, [1]. */
  readonly tolerance: Tensor;
  /** Rounding of Bᵀu for ‖u‖ = 1: about ε(1 + ‖B‖), [1]. */
  readonly floor: Tensor;
  /** Largest number of iterations of all methods together; each has the same share. */
  readonly limit: number;
  /** Computes v − Bᵀu for a right-hand side v. */
  residual(u: Tensor, v: Tensor): Tensor;
}

export interface LinearSolution {
  /** A row is 0 if that of v is 0, even if the sample failed. */
  readonly u: Tensor;
  /** 1 for each sample whose v is not 0, else 0, [batch]. */
  readonly isAsked: Tensor;
  readonly state: Tensor;
  /** True residual ‖v − Bᵀu‖ / ‖v‖, [batch]. */
  readonly residual: Tensor;
  /** Iterations of all rounds, [batch]. */
  readonly iterations: Tensor;
  /** The residual of rounding, [batch]. */
  readonly floor: Tensor;
  /** ‖v‖/‖u‖, an upper bound of σ_min(B) up to the residual, [batch]; 0 if v is 0. */
  readonly singularValueBound: Tensor;
}

/** A round, and the residual that it starts from. */
interface CorrectionRound extends Round {
  readonly r: Tensor;
  /** Whether no other method follows. */
  readonly last: boolean;
}

export interface LinearMethod<Problem extends LinearProblem> {
  readonly converges: Convergence;
  /** Whether the problem must have a resolvent. Default false. */
  readonly needsResolvent?: boolean;
  /** Number of iterations after which a round ends in any case. Default: no bound. */
  readonly restart?: number;
  /** Adds to the problem what is computed once, before the rounds. */
  prepare?(tracing: LoopContext, problem: Problem): Problem;
  /** Computes the correction e with Bᵀe = r, and the state of the samples. */
  correct(
    tracing: LoopContext,
    problem: Problem,
    round: CorrectionRound,
  ): { readonly e: Tensor; readonly state: Tensor };
}

/** Methods in their order: each one takes over the samples that those before it have not solved. */
export type LinearSolver<Problem extends LinearProblem> = readonly LinearMethod<Problem>[];

/** Traces the linear solve: each method in turn, in rounds, for v scaled to length 1. */
export function solveLinear<Problem extends LinearProblem>(
  tracing: LoopContext,
  methods: LinearSolver<Problem>,
  given: Problem,
): LinearSolution {
  const [batch] = given.v.shape;
  const { unit: v, size, isAsked } = normaliseRows(given.v);
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
    singularValueBound: divideOrZero(reduceRows('norm', [v]), reduceRows('norm', [u])),
  };
}

type Progress = RoundsEnd<{ u: Tensor; r: Tensor }>;

/** In the first round, the method's residual has to reach this share of the tolerance. */
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
  return runInRounds(tracing, start, options, ({ u, r }, round) => {
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

/** Rounding of Bᵀu for ‖v‖ = 1, [batch]. */
function roundingOf({ floor }: LinearProblem, u: Tensor): Tensor {
  return elementwise('multiply', [reduceRows('norm', [u]), floor]);
}

/**
 * Rows scaled to length 1 (or 0), their lengths, [batch], and whether they are not 0: inner products of a tiny
 * cotangent would underflow. Rows are first divided by their largest entry, so that their length cannot overflow.
 */
export function normaliseRows(v: Tensor): { unit: Tensor; size: Tensor; isAsked: Tensor } {
  const peak = reduceRows('maximumAbsolute', [v]);
  const isAsked = divideOrZero(peak, peak);
  // Rows of 0 become NaN here, and are left out below.
  const scaled = elementwise('divide', [v, asColumn(peak)]);
  const norm = reduceRows('norm', [scaled]);
  const unit = combine({
    x: scaled,
    coefficient: elementwise('select', [isAsked, elementwise('reciprocal', [norm]), isAsked]),
  });
  const size = combine({ x: asColumn(norm), coefficient: peak });
  return { unit, size: size.context.alias(size, [size.size]), isAsked };
}

/** Lets samples that are not solved run again from the start; the others stay as they are. */
function restrictToUnsolved({ values, state }: Progress, start: Progress, more: number): Progress {
  const solved = solvedIn(state);
  const kept = (name: 'u' | 'r'): Tensor => elementwise('select', [asColumn(solved), values[name], start.values[name]]);
  return { values: { u: kept('u'), r: kept('r') }, state: reopenUnsolved(state, solved, more) };
}
