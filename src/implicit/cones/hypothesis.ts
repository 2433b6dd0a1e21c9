/**
 * The hypothesis of the implicit function theorem at a solution of a cone program, exactly. M(J) = [P, AᵀJ; −A, I − J]
 * with 0 ⪯ J ⪯ I is singular if and only if some w ≠ 0 has Aᵀw = 0 and (I − J)w = 0, or some u ≠ 0 has Pu = 0 and
 * JAu = 0: M(u, w) = 0 gives uᵀPu = −wᵀJ(I − J)w ≤ 0. All elements lie between J_min and J_max. The larger J, the larger
 * ker(I − J), and the smaller J, the larger ker J. So every element is invertible if Aᵀ is injective on ker(I − J_max)
 * and ker P ∩ ker(J_min A) = {0}, and only if, where these two are elements themselves.
 */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { ConeData } from '../../solvers/cones/problem.ts';
import type { Eigenvector } from '../../solvers/cones/projection.ts';
import type { SampleCertificate } from '../certificate.ts';
import { findDependence, findFlatness } from '../programs/large-tests.ts';
import { invertibleAbove } from '../programs/rank-tests.ts';
import {
  findFault,
  isNearlySingular,
  judgeTest,
  nameAll,
  nearlySingularBelow,
  type ProgramTest,
  significant,
  toLargestOne,
  type Verdict,
} from '../programs/verdicts.ts';
import { type ConeActivities, type ConeActivity, placesWhere } from './activity.ts';
import { fromEigenvectors } from './eigenrows.ts';

/** What the exact test says of one cone program. */
export interface ConeCertificate extends SampleCertificate {
  /** The test that did not pass: rows, Aᵀ is not injective on ker(I − J_max); primal, x is not unique. Absent where both pass. */
  readonly test?: ProgramTest;
  /**
   * Of a failed test, with the largest entry 1: w [m] with Aᵀw = 0 and J_max w = w, or u [n] with Pu = 0 and J_min Au = 0.
   */
  readonly nullVector?: Float64Array;
  /** σ_min/σ_max of the equilibrated matrices of both tests, or the roots of the smallest relative pivots of factors. */
  readonly smallest: Readonly<Record<ProgramTest, number>>;
  /** The first row of each cone, or part of one, that is at a kink. */
  readonly kinkRows: readonly number[];
}

interface Examined {
  /** undefined where both tests pass. */
  readonly fault: Verdict | undefined;
  readonly smallest: Readonly<Record<ProgramTest, number>>;
}

/**
 * Both tests, with the kinks of one activity.
 * @param margin eigenvalues of J that are as near as this to 0 or 1 count as 0 or 1
 */
function* examine(data: ConeData, { eigenrows, accuracy }: ConeActivity, margin = 0): Interruptible<Examined> {
  const { matrices, eigenvectors } = eigenrows;
  const ones = placesWhere(eigenvectors, ({ high }) => high >= 1 - margin);
  const support = placesWhere(eigenvectors, ({ low }) => low > margin);
  const rows = yield* findDependence(matrices, ones);
  const ofRows = judgeTest(rows, 'rows', invertibleAbove(Math.max(data.n, ones.length), accuracy), {
    doubt: 'Aᵀ is singular, to the accuracy of the data, on ker(I − J) of the largest element J',
    failure(part) {
      const nullVector = toLargestOne(fromEigenvectors(eigenvectors, ones, part));
      const named = nameAll('row', 'rows', significant(nullVector, nullVector));
      const reason = `Aᵀ is not injective on ker(I − J) of the largest element J, by ${named}, so that y is not unique or not differentiable`;
      return { reason, nullVector };
    },
  });
  const flatness = yield* findFlatness(matrices, support, ofRows.status !== 'failed');
  const ofPrimal = judgeTest(flatness, 'primal', invertibleAbove(data.n + support.length, accuracy), {
    doubt: 'P is singular, to the accuracy of the data, on ker(JA) of the smallest element J',
    failure(part) {
      const nullVector = toLargestOne(part);
      const named = nameAll('variable', 'variables', significant(nullVector, nullVector));
      const reason = `P has no curvature along a direction of ${named}, and the smallest element J does not hold it, so that x is not determined along it`;
      return { reason, nullVector };
    },
  });
  const smallest = { rows: rows?.smallest ?? Number.NaN, primal: flatness?.smallest ?? Number.NaN };
  return { fault: findFault([ofRows, ofPrimal]), smallest };
}

/**
 * A pass with every kink that is possible certifies, and a failure with those that are certain is one, where J_max and
 * J_min are elements.
 */
export function* certifyConeProgram(data: ConeData, activities: ConeActivities): Interruptible<ConeCertificate> {
  const { likely, least, most } = activities;
  let examined = yield* examine(data, most);
  let reached = most;
  // The error of the solution may rule out kinks.
  if (examined.fault && likely.kinks.length < most.kinks.length) {
    examined = yield* examine(data, likely);
    reached = likely;
  }
  let { fault } = examined;
  if (fault?.status === 'failed' && reached !== least && least.kinks.length < reached.kinks.length) {
    const certain = yield* examine(data, least);
    fault =
      certain.fault?.status === 'failed'
        ? certain.fault
        : { ...fault, status: 'unknown', reason: doubtful(fault.reason) };
    reached = certain.fault?.status === 'failed' ? least : reached;
  }
  if (fault?.status === 'failed' && reached.kinks.some(({ kind }) => kind === 'bounds')) {
    fault = {
      ...fault,
      status: 'unknown',
      reason: `${fault.reason}; but bounds are all that is known of the elements here`,
    };
  }
  const { kinks, tolerance, accuracy } = likely;
  return {
    ...(fault ?? { status: 'certified', reason: reasonOfSuccess(kinks.length) }),
    argument: 'rank tests',
    kinks: kinks.length,
    kinkTolerance: tolerance,
    nearlySingular: isNearlySingular(examined.smallest, accuracy) || (!fault && (yield* isAlmostFault(data, reached))),
    smallest: examined.smallest,
    kinkRows: kinks.map(({ row }) => row),
  };
}

/**
 * Whether a test does not pass once eigenvalues of J that are 0 or 1 but for rounding count as such. In the flat parts of
 * exponential and power cones J has such eigenvalues far from any kink; M is invertible there, and all but singular.
 */
function* isAlmostFault(data: ConeData, activity: ConeActivity): Interruptible<boolean> {
  const margin = nearlySingularBelow(activity.accuracy);
  const isAlmostWhole = ({ low, high }: Eigenvector): boolean =>
    (low > 0 && low <= margin) || (high < 1 && high >= 1 - margin);
  if (!activity.eigenrows.eigenvectors.some(isAlmostWhole)) return false;
  const { fault, smallest } = yield* examine(data, activity, margin);
  return fault !== undefined || isNearlySingular(smallest, activity.accuracy);
}

function doubtful(reason: string): string {
  return `whether the solution is at a kink is within its error; at the kink, ${reason}`;
}

function reasonOfSuccess(kinks: number): string {
  const largest = kinks > 0 ? 'the largest element J' : 'J';
  const smallest = kinks > 0 ? 'the smallest one' : 'J';
  return `Aᵀ is injective on ker(I − J) of ${largest}, and P is positive definite on ker(JA) of ${smallest}`;
}
