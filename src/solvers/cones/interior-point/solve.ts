/** Solves programs with symmetric cones in float64 by an interior point method. */
import type { Interruptible } from '../../../backends/event-loop.ts';
import type { Regularisation } from '../../programs/kkt.ts';
import { multiply } from '../../programs/sparse.ts';
import type { ConeData, ConeResult, ConeSettings } from '../problem.ts';
import { type Judged, judge } from '../residuals.ts';
import { type Certificate, givenCertificate } from './certificates.ts';
import { formOf } from './form.ts';
import { iterations, type Run } from './iterations.ts';
import { searchCertificate } from './search.ts';

/**
 * Regularisations, the best first. The next one is tried where the one before does not lead to a result. With them a
 * direction is a step of a proximal point method, so that dependent rows and columns do no harm.
 */
const REGULARISATIONS: readonly Regularisation[] = [
  { variables: 1e-11, rows: 1e-11, isProximal: true },
  { variables: 1e-8, rows: 1e-8, isProximal: true },
];

/**
 * Solves min ½xᵀPx + cᵀx over Ax + s = b, s ∈ K, for products of the cones zero, free, nonneg, soc and psd, by the
 * homogeneous embedding of Goulart and Chen ("Clarabel: An interior-point solver for conic programs with quadratic
 * objectives", 2024) with the scaling of Nesterov and Todd ("Self-scaled barriers and interior-point methods for convex
 * programming", 1997) as in Vandenberghe ("The CVXOPT linear and quadratic cone program solvers", 2010). It may be
 * interrupted every few milliseconds. Status infeasible or unbounded comes with a certificate that was checked; a
 * program whose optimum is not attained, or that is infeasible only in the limit, is stalled or ends at the limit.
 * @param settings `initial` is the result if it meets the tolerances, and otherwise not used
 * @throws RangeError for a cone of another type
 */
export function* solveByInteriorPoint(data: ConeData, settings: ConeSettings): Interruptible<ConeResult> {
  const start = yield* startOf(data, settings);
  if (start && start.merit <= 1) return resultOf(start, 'converged', 0);
  const form = yield* formOf(data);
  let last: Run | undefined;
  let count = 0;
  for (const regularisation of REGULARISATIONS) {
    const search = (status: Certificate['status']): Interruptible<Certificate | undefined> =>
      searchCertificate(form, status, settings, regularisation);
    const own = { ...settings, limit: settings.limit - count };
    const run: Run = yield* iterations(form, own, regularisation, search);
    count += run.iterations;
    if (!last || run.outcome === 'met' || run.outcome === 'shown' || run.best.merit < last.best.merit) last = run;
    if (run.outcome !== 'stalled' || run.best.merit <= 1) break;
  }
  if (!last) throw new Error('there are no regularisations');
  const { best, outcome } = last;
  const certificate = last.certificate && givenCertificate(form, last.certificate);
  if (last.certificate && certificate) return { ...resultOf(best, last.certificate.status, count), certificate };
  return resultOf(best, outcome === 'met' ? 'converged' : outcome === 'limit' ? 'limit' : 'stalled', count);
}

/** The point to start from, if there is one; s is b − Ax where it is left out. */
function* startOf(data: ConeData, settings: ConeSettings): Interruptible<Judged | undefined> {
  const { x, y, s } = settings.initial ?? {};
  if (!x || !y) return undefined;
  return yield* judge(data, { x, y, s: s ?? multiply(data.A, x).map((value, i) => data.b[i] - value) }, settings);
}

function resultOf(
  { x, y, s, residuals, merit, objective }: Judged,
  status: ConeResult['status'],
  iterations: number,
): ConeResult {
  const isOverflown = status === 'stalled' && !(Number.isFinite(merit) && Number.isFinite(objective));
  return { status: isOverflown ? 'diverged' : status, x, y, s, residuals, merit, objective, iterations };
}
