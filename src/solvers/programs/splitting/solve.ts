/**
 * Solves a batch of programs by operator splitting, on tensors, in rounds. Where all samples share P and A, the first
 * rounds have one factor for all of them. The rounds after them take only samples that are not solved yet, with a penalty
 * for each of them, so that a few difficult samples cost no more than their own iterations.
 */
import { elementwise } from '../../../tensor/kernels.ts';
import { gatherAlong } from '../../../tensor/move-kernels.ts';
import type { LoopContext, Tensor } from '../../../tensor/tensor.ts';
import { initialState, iterationsIn, statusOf } from '../../monitor.ts';
import { type BatchProblem, type ProgramTensors, repeatRows, times } from './batch-problem.ts';
import { batchProblem } from './box.ts';
import type { SplittingPoint } from './constraint-set.ts';
import { runPickedRounds, runRounds } from './picked-rounds.ts';
import { type BatchResiduals, residualsAt, sizesOf, type Tolerances } from './residuals.ts';
import { observe, PENALTY, type Progress, runRound } from './round.ts';
import { type Equilibrated, equilibrateBatch, scaleBatch } from './scaling.ts';

/** The options of a solve. A sample has converged when each residual is at most absolute + relative · (its terms). */
export interface SplittingSettings extends Tolerances {
  /** The largest number of iterations of a sample. */
  readonly limit: number;
}

/** Where to start; either may be absent, or the same for all samples. */
export interface SplittingStart {
  /** [batch, n] or [n] */
  readonly x?: Tensor | undefined;
  /** [batch, m] or [m] */
  readonly y?: Tensor | undefined;
}

/** What the host prepared of P and A that all samples share, as tensors: see `Preparation` in host-preparation.ts. */
export interface PreparedTensors {
  readonly d: Tensor; // [n]
  readonly e: Tensor; // [m]
  readonly c: Tensor; // [1, 1]
  readonly weights: Tensor; // [m]
  readonly matrix: Tensor; // [n + m, n + m]
}

export interface SplittingResult extends SplittingPoint, BatchResiduals {
  /** Statuses of the monitor, [batch]: see STATUS in iteration-kernels.ts. */
  readonly status: Tensor;
  readonly iterations: Tensor; // [batch]
}

/**
 * Traces the solve of quadratic programs. An infeasible or unbounded program does not converge; it ends with another
 * status. z of the result is Ax.
 * @param prepared only where all samples share P and A
 * @throws RangeError if the shapes do not fit
 */
export function solveBySplitting(
  context: LoopContext,
  given: ProgramTensors,
  settings: SplittingSettings,
  start: SplittingStart = {},
  prepared?: PreparedTensors,
): SplittingResult {
  const [m, n] = given.A.shape.slice(-2);
  const problem = batchProblem(given, { x: [start.x, n], y: [start.y, m] });
  const found = solveBatch(context, problem, settings, start, prepared);
  return { ...found, z: found.Ax };
}

/** Traces the solve of programs over any set; see `solveBySplitting`. */
export function solveBatch(
  context: LoopContext,
  problem: BatchProblem,
  settings: SplittingSettings,
  start: SplittingStart & { readonly z?: Tensor | undefined },
  prepared?: PreparedTensors,
): SplittingResult {
  const { batch, isShared, set } = problem;
  if (prepared && !isShared) {
    throw new RangeError('solveBySplitting: prepared is given, but the samples do not share P and A; leave it out');
  }
  const scaled = prepared ? scaleBatch(problem, prepared) : equilibrateBatch(problem);
  const beginning = beginAt(context, problem, start);
  const residuals = residualsAt(problem, sizesOf(problem), beginning, settings);
  const each = (value: number): Tensor => context.constant({ kind: 'fill', value }, [batch]);
  let progress: Progress = {
    ...scalePoint(scaled, beginning),
    ...{ bestX: beginning.x, bestY: beginning.y, bestZ: beginning.z, ratio: residuals.ratio, floor: residuals.floor },
    ...{ rho: each(PENALTY), aim: each(set.plan.firstAim) },
    state: observe(initialState(context, batch, settings.limit), residuals, set.plan.staleRounds),
  };
  if (isShared) {
    const { weights, matrix } = prepared ?? { weights: set.weights(true), matrix: undefined };
    const all = { problem, scaled, weights };
    progress = runRound(context, { ...all, ...(matrix && { matrix }) }, progress, settings);
    const { sharedRounds, pickedRounds } = set.plan;
    if (sharedRounds > 1) progress = runRounds(context, all, progress, settings, sharedRounds - 1);
    if (pickedRounds > 0) progress = runPickedRounds(context, all, progress, settings, pickedRounds);
  }
  // A round has at least one iteration of each sample.
  const own = { problem, scaled, weights: set.weights(false) };
  progress = runPickedRounds(context, own, progress, settings, settings.limit + 2);
  const found = { x: progress.bestX, y: progress.bestY, z: progress.bestZ };
  return {
    ...residualsAt(problem, sizesOf(problem), found, settings),
    ...found,
    status: statusOf(progress.state),
    iterations: iterationsIn(progress.state, settings.limit),
  };
}

/** The point at which a solve starts: z is the point of D that is closest to Ax − b, where it is not given. */
function beginAt(
  context: LoopContext,
  { batch, n, m, A, set }: BatchProblem,
  start: Parameters<typeof solveBatch>[3],
): SplittingPoint {
  const rows = (given: Tensor | undefined, size: number): Tensor =>
    given ? repeatRows(given, batch) : context.constant({ kind: 'fill', value: 0 }, [batch, size]);
  const [x, y] = [rows(start.x, n), rows(start.y, m)];
  if (start.z) return { x, y, z: rows(start.z, m) };
  const Ax = times(A, x);
  const moved = set.offset ? elementwise('subtract', [Ax, set.offset]) : Ax;
  const projected = set.project(gatherAlong(x, 1, n + m, { more: moved }));
  return { x, y, z: gatherAlong(projected, 1, m, { offset: n }) };
}

function scalePoint({ d, e, c }: Equilibrated, { x, y, z }: SplittingPoint): SplittingPoint {
  return {
    x: elementwise('divide', [x, d]),
    z: elementwise('multiply', [z, e]),
    y: elementwise('multiply', [elementwise('divide', [y, e]), c]),
  };
}
