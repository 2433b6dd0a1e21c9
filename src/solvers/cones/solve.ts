/** Solves a cone program in float64, on the host, and says how that went. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { multiply } from '../programs/sparse.ts';
import { complementaryPair } from './complementary.ts';
import { dualOf } from './cone.ts';
import type { ConeData, ConePoint, ConeResult, ConeSettings } from './problem.ts';
import { type JudgedPoint, judgePoint } from './residuals.ts';
import type { SplittingOutcome } from './splitting/iterations.ts';
import { type FoundCertificate, solveBySplitting } from './splitting/solve.ts';

const STATUS: Readonly<Record<Exclude<SplittingOutcome, 'certified'>, ConeResult['status']>> = {
  met: 'converged',
  exhausted: 'stalled',
  limit: 'limit',
  diverged: 'diverged',
};

/**
 * min ½xᵀPx + cᵀx over Ax + s = b, s ∈ K. With symmetric cones by an interior point method, polished by Newton's method
 * on the residual map; with exponential and power cones, and where that method fails, by operator splitting and Newton's
 * method. Iterations count steps of the interior point method, sweeps of the splitting and Newton steps.
 */
export function* solveConeProgram(data: ConeData, settings: ConeSettings): Interruptible<ConeResult> {
  const starts = startsOf(data, settings.initial).map((point) => judgePoint(data, point, settings));
  const solved = settings.initial && starts.find(({ merit }) => merit <= 1);
  if (solved) return resultOf(solved, 'converged', 0);
  const run = yield* solveBySplitting(data, starts[starts.length - 1], settings);
  const best = ontoCones(data, run.best, settings);
  if (run.found) return resultOf(best, run.found.status, run.iterations, run.found);
  return resultOf(best, run.outcome === 'certified' ? 'stalled' : STATUS[run.outcome], run.iterations);
}

/** The start as it is given, with what is absent, and the nearest one with s ∈ K, y ∈ K* and sᵀy = 0. */
function startsOf(data: ConeData, { x, y, s }: Partial<ConePoint> = {}): readonly ConePoint[] {
  const { n, m, A, b } = data;
  const isCold = !x && !y && !s;
  const start: ConePoint = {
    x: x ?? new Float64Array(n),
    y: y ?? new Float64Array(m),
    s: s ?? (isCold || !x ? new Float64Array(m) : multiply(A, x).map((value, i) => b[i] - value)),
  };
  return [start, complementary(data, start)];
}

/** y = Π(v) and s = y − v for v = y − s, where Π is the projection onto K*. */
function complementary({ blocks }: ConeData, { x, y, s }: ConePoint): ConePoint {
  const v = y.map((value, i) => value - s[i]);
  return { x, ...complementaryPair(blocks.map(dualOf), v) };
}

/** The point with y = Π(y − s) exactly, unless rounding in it would spoil the residuals. */
function ontoCones(data: ConeData, point: JudgedPoint, settings: ConeSettings): JudgedPoint {
  const moved = judgePoint(data, complementary(data, point), settings);
  return moved.merit <= Math.max(1, point.merit) ? moved : point;
}

function resultOf(
  { x, y, s, objective, residuals, merit }: JudgedPoint,
  status: ConeResult['status'],
  iterations: number,
  found?: FoundCertificate,
): ConeResult {
  return { x, y, s, objective, residuals, merit, status, iterations, certificate: found?.vector };
}
