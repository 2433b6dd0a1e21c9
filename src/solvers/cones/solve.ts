/** Solves a cone program in float64, on the host, and says how that went. */
import { SYMMETRIC_CONES } from '../../backends/cone-program-kernels.ts';
import type { Interruptible } from '../../backends/event-loop.ts';
import { multiply } from '../programs/sparse.ts';
import { complementaryPair } from './complementary.ts';
import { dualOf } from './cone.ts';
import { solveByInteriorPoint } from './interior-point/solve.ts';
import { polishByNewton } from './newton/polish.ts';
import type { ConeData, ConePoint, ConeResult, ConeSettings } from './problem.ts';
import { type Judged, judge } from './residuals.ts';
import type { SplittingOutcome } from './splitting/iterations.ts';
import { solveBySplitting } from './splitting/solve.ts';

const STATUS: Readonly<Record<Exclude<SplittingOutcome, 'certified'>, ConeResult['status']>> = {
  met: 'converged',
  exhausted: 'stalled',
  limit: 'limit',
  diverged: 'diverged',
};

/** What rounding may leave of a program of any scaling. A solve that ends with more has not stalled at its floor. */
const FLOOR = { absolute: 1e-6, relative: 1e-6 };

/** How a part of a solve ended; its iterations count those of the parts before it. */
type Attempt = Pick<ConeResult, 'status' | 'iterations' | 'certificate'> & { readonly best: Judged };

/**
 * min ½xᵀPx + cᵀx over Ax + s = b, s ∈ K. With symmetric cones by an interior point method, polished by Newton's method
 * on the residual map; with exponential and power cones, and where that method fails, by operator splitting and Newton's
 * method. Iterations are steps of the interior point method, sweeps of the splitting and Newton steps together; a start
 * that meets the tolerances is the result after 0 of them, and from one that is near to a solution Newton's method is
 * tried first. It may be interrupted every few milliseconds.
 */
export function* solveConeProgram(data: ConeData, settings: ConeSettings): Interruptible<ConeResult> {
  const start = yield* startOf(data, settings);
  if (settings.initial && start.merit <= 1) return resultOf({ status: 'converged', iterations: 0, best: start });
  const attempt = yield* attempts(data, start, settings);
  const isFar = attempt.status === 'stalled' && !((yield* judge(data, attempt.best, FLOOR)).merit <= 1);
  const status = isFar ? 'limit' : attempt.status;
  return resultOf({ ...attempt, status, best: yield* ontoCones(data, attempt.best, settings) });
}

function* attempts(data: ConeData, start: Judged, settings: ConeSettings): Interruptible<Attempt> {
  let best = start;
  let iterations = 0;
  if (settings.initial) {
    const polished = yield* polishByNewton(data, start, settings);
    iterations += polished.steps;
    if (polished.best.merit <= 1) return { status: 'converged', iterations, best: polished.best };
  }
  if (data.blocks.every(({ type }) => SYMMETRIC_CONES.has(type))) {
    const attempt = yield* byInteriorPoint(data, settings, iterations);
    // A point that meets the tolerances and has stalled grows without end: the optimum is not attained.
    if (attempt.status !== 'stalled' || attempt.best.merit <= 1) return attempt;
    ({ iterations, best } = attempt);
  }
  const limit = Math.max(0, settings.limit - iterations);
  const run = yield* solveBySplitting(data, start, { ...settings, limit });
  iterations += run.iterations;
  if (run.best.merit < best.merit) best = run.best;
  if (run.found) return { status: run.found.status, iterations, best, certificate: run.found.vector };
  return { status: run.outcome === 'certified' ? 'stalled' : STATUS[run.outcome], iterations, best };
}

function* byInteriorPoint(data: ConeData, settings: ConeSettings, spent: number): Interruptible<Attempt> {
  const limit = Math.max(0, settings.limit - spent);
  const found = yield* solveByInteriorPoint(data, { ...settings, initial: undefined, limit });
  const { status, certificate } = found;
  const iterations = spent + found.iterations;
  if (certificate) return { status, iterations, best: yield* judge(data, found, settings), certificate };
  const isUnattained = status === 'stalled' && found.merit <= 1;
  if (isUnattained || settings.isCutShort?.()) return { status, iterations, best: yield* judge(data, found, settings) };
  const left = Math.max(0, settings.limit - iterations);
  const { best, steps } = yield* polishByNewton(data, found, { ...settings, limit: left });
  return { status: best.merit <= 1 ? 'converged' : status, iterations: iterations + steps, best };
}

/**
 * The start as it is given, or the nearest point with s ∈ K, y ∈ K* and sᵀy = 0 if that is better and the start does not
 * meet the tolerances. Without a start both are 0.
 */
function* startOf(data: ConeData, settings: ConeSettings): Interruptible<Judged> {
  const { n, m, A, b } = data;
  const { x, y, s } = settings.initial ?? {};
  const given: ConePoint = {
    x: x ?? new Float64Array(n),
    y: y ?? new Float64Array(m),
    s: s ?? (x ? multiply(A, x).map((value, i) => b[i] - value) : new Float64Array(m)),
  };
  const first = yield* judge(data, given, settings);
  const second = yield* judge(data, complementary(data, given), settings);
  return first.merit > 1 && second.merit < first.merit ? second : first;
}

/** y = Π(v) and s = y − v for v = y − s, where Π is the projection onto K*. */
function complementary({ blocks }: ConeData, { x, y, s }: ConePoint): ConePoint {
  const v = y.map((value, i) => value - s[i]);
  return { x, ...complementaryPair(blocks.map(dualOf), v) };
}

/** The point with y = Π(y − s) and s = y − (y − s) exactly, unless rounding in them would spoil the residuals. */
function* ontoCones(data: ConeData, point: Judged, settings: ConeSettings): Interruptible<Judged> {
  const moved = yield* judge(data, complementary(data, point), settings);
  return moved.merit <= Math.max(1, point.merit) ? moved : point;
}

function resultOf({ best, status, iterations, certificate }: Attempt): ConeResult {
  const { x, y, s, objective, residuals, merit } = best;
  return { x, y, s, objective, residuals, merit, status, iterations, certificate };
}
